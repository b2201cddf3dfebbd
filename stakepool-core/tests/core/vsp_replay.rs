//! What a real server of the predecessor answered to real wallets and to probes: the rules alone, over a node of a few
//! lines, answer the same.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use stakepool_core::chain::{BlockHeight, Generation, Network, Params, TicketHash, Transaction, VoteVersion};
use stakepool_core::ticket::PoolFee;
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{
    AnswerSigner, BestBlock, Code, DoneAnswer, Echo, Eligibility, Facts, FeeAddressAnswer, FeeAddressRequest, FeeEvent,
    FeeKey, FeeTerms, Outcome, PayFeeRequest, Record, RecordKind, Records, Refusal, RegisteredCounts,
    SetAltSignAddrRequest, SetVoteChoicesRequest, SignedAnswer, TicketPackage, TicketRegistration, TicketStatusAnswer,
    VspInfo, VspTicket, alternate_address, authenticate, server_version, ticket_of,
};

const NETWORK: Network = Network::Simnet;
/// The server's fee key: the cold wallet of the simulation network.
const FEE_KEY: &str =
    "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae";
/// The predecessor knows no agendas, and calls that version 0.
const VERSION: VoteVersion = VoteVersion(0);

#[derive(Deserialize)]
struct Exchange {
    n: u32,
    world: World,
    time: f64,
    path: String,
    request_headers: BTreeMap<String, String>,
    request_body: String,
    status: u16,
    response_body: String,
}

/// What the node said, and what the operator had configured.
#[derive(Clone, Deserialize)]
struct World {
    height: BlockHeight,
    stake_difficulty_atoms: i64,
    fee_percent: f64,
    closed: bool,
    #[serde(default)]
    closed_message: String,
    #[serde(default)]
    ticket: String,
    sendrawtransaction: Option<String>,
}

impl World {
    /// The number that follows `words` in what is said of the ticket.
    fn number_after(&self, words: &str) -> Option<u32> {
        let rest = self.ticket.split(words).nth(1)?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }

    fn depth(&self, mined_at: u32) -> u32 {
        (self.height.0 + 1).saturating_sub(mined_at)
    }

    fn confirmations(&self) -> u32 {
        match self.number_after("mined at ") {
            Some(mined_at) => self.depth(mined_at),
            None if self.ticket.contains("6 or more confirmations") => 6,
            None => 0,
        }
    }

    fn is_known(&self) -> bool {
        !self.ticket.starts_with("unknown")
    }
}

impl Exchange {
    fn header(&self, name: &str) -> Option<&str> {
        self.request_headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn now(&self) -> UnixTime {
        UnixTime(self.time as i64)
    }
}

struct NoSigner;

impl AnswerSigner for NoSigner {
    fn public_key(&self) -> [u8; 32] {
        [0; 32]
    }

    fn sign(&self, _: &[u8]) -> [u8; 64] {
        [0; 64]
    }
}

struct Known {
    ticket: VspTicket,
    registration: TicketRegistration,
    records: Records,
}

/// The rules, with maps for a database.
struct Server {
    params: Params,
    key: FeeKey,
    known: BTreeMap<TicketHash, Known>,
    /// Tickets that the node knows, whether they are registered or not.
    node: BTreeMap<TicketHash, VspTicket>,
}

type Answer = Result<Value, Refusal>;

fn json(answer: impl serde::Serialize) -> Answer {
    let sealed = SignedAnswer::seal(200, &answer, &NoSigner).unwrap();
    Ok(serde_json::from_slice(&sealed.body).unwrap())
}

impl Server {
    fn answer(&mut self, exchange: &Exchange) -> Answer {
        if exchange.path.ends_with("/vspinfo") {
            return Self::info(exchange);
        }
        let body = exchange.request_body.as_bytes();
        let path = exchange.path.trim_start_matches("/api/v3/");
        let world = &exchange.world;
        if world.closed && matches!(path, "feeaddress" | "payfee" | "setaltsignaddr") {
            return Err(Code::VspClosed.into());
        }
        let package = match path {
            "feeaddress" | "setaltsignaddr" => Some(TicketPackage::parse(body)?),
            _ => None,
        };
        let hash = ticket_of(body)?;
        let ticket = match (&package, self.known.get(&hash)) {
            (Some(package), _) => package.ticket.clone(),
            (None, Some(known)) => known.ticket.clone(),
            (None, None) => self.node.get(&hash).filter(|_| world.is_known()).cloned().ok_or(Code::UnknownTicket)?,
        };
        let alternate = self.known.get(&hash).and_then(|known| known.registration.alternate);
        authenticate(body, exchange.header("VSP-Client-Signature"), ticket.owner(NETWORK), alternate)?;
        if let Some(known) = self.known.get_mut(&hash) {
            known.live_on(world);
        }
        let now = exchange.now();
        let echo = Echo(body);
        match path {
            "feeaddress" => self.fee_address(ticket, world, now, body),
            "setaltsignaddr" => {
                let request = SetAltSignAddrRequest::parse(body)?;
                let known = self.known.get_mut(&hash).ok_or(Code::UnknownTicket)?;
                known.registration.require_no_alternate()?;
                known.registration.alternate = Some(alternate_address(&request.alternate, NETWORK)?);
                json(DoneAnswer { timestamp: now, request: echo })
            }
            "payfee" => self.pay_fee(hash, exchange),
            "ticketstatus" => {
                let known = self.known.get(&hash).ok_or(Code::UnknownTicket)?;
                json(TicketStatusAnswer::new(now, &known.registration, echo))
            }
            "setvotechoices" => {
                let known = self.known.get_mut(&hash).ok_or(Code::UnknownTicket)?;
                known.registration.require_choosable()?;
                let request = SetVoteChoicesRequest::parse(body)?;
                request.require_later_than(known.records.latest())?;
                request.preferences.check(&[], VERSION)?;
                known.registration.preferences.merge(request.preferences);
                known.record(RecordKind::SetVoteChoices, request.timestamp, body);
                json(DoneAnswer { timestamp: now, request: echo })
            }
            other => panic!("{other}"),
        }
    }

    fn fee_address(&mut self, ticket: VspTicket, world: &World, now: UnixTime, body: &[u8]) -> Answer {
        FeeAddressRequest::parse(body)?;
        let best = BestBlock {
            height: world.height,
            stake_difficulty: stakepool_core::chain::Amount::from_atoms(world.stake_difficulty_atoms),
        };
        let terms = FeeTerms { fee: PoolFee::from_percent(world.fee_percent).unwrap(), most: None };
        let quote = terms.quote(&self.params, best, ticket.price(), now);
        if let Some(known) = self.known.get_mut(&ticket.hash()) {
            known.registration.require_payable()?;
            Eligibility::of(world.confirmations(), &self.params).require(true)?;
            if known.registration.quote.is_expired(now) {
                known.registration.quote = quote;
            }
        } else {
            Eligibility::of(world.confirmations(), &self.params).require(true)?;
            let registration = TicketRegistration::new(&ticket, NETWORK, self.key.give().unwrap(), quote);
            let mut known = Known { ticket: ticket.clone(), registration, records: Records::default() };
            known.live_on(world);
            self.known.insert(ticket.hash(), known);
        }
        let registration = &self.known[&ticket.hash()].registration;
        json(FeeAddressAnswer::new(now, registration.fee_address.address, registration.quote, Echo(body)))
    }

    fn pay_fee(&mut self, hash: TicketHash, exchange: &Exchange) -> Answer {
        let (body, world, now) = (exchange.request_body.as_bytes(), &exchange.world, exchange.now());
        let known = self.known.get_mut(&hash).ok_or(Code::UnknownTicket)?;
        let request = PayFeeRequest::parse(body)?;
        known.registration.require_payable()?;
        Eligibility::of(world.confirmations(), &self.params).require(true)?;
        known.registration.require_quote(now)?;
        let paid = known.registration.check_payment(&request, &known.ticket, NETWORK, &self.params)?;
        assert!(known.ticket.is_voted_by(&paid.voting_key));
        let (preferences, _) = request.preferences.kept(&[], VERSION);
        known.registration.pay(&paid, preferences).unwrap();
        if world.sendrawtransaction.as_ref().is_some_and(|said| said.contains("unknown or fully-spent")) {
            known.registration.fee_happened(FeeEvent::Refused).unwrap();
            return Err(Code::CannotBroadcastFeeUnknownOutputs.into());
        }
        known.live_on(world);
        known.record(RecordKind::PayFee, request.timestamp, body);
        json(DoneAnswer { timestamp: now, request: Echo(body) })
    }

    fn info(exchange: &Exchange) -> Answer {
        let world = &exchange.world;
        json(VspInfo::from(&Facts {
            now: exchange.now(),
            public_key: NoSigner.public_key(),
            fee: PoolFee::from_percent(world.fee_percent).unwrap(),
            closed: world.closed.then_some(&world.closed_message),
            network: NETWORK,
            version: &server_version("0.1.0"),
            tickets: RegisteredCounts::default(),
            daemons: (3, 3),
            height: world.height,
        }))
    }
}

impl Known {
    /// What the background work would have done by the height of the world.
    fn live_on(&mut self, world: &World) {
        let registration = &mut self.registration;
        if world.confirmations() >= 6 {
            registration.confirmed_at = Some(BlockHeight(world.number_after("mined at ").unwrap_or(1)));
        }
        if registration.is_fee_due() {
            registration.fee_happened(FeeEvent::Sent).unwrap();
        }
        if world.number_after("fee tx mined at ").is_some_and(|mined_at| world.depth(mined_at) >= 6) {
            registration.fee_happened(FeeEvent::Settled).unwrap();
        }
        if world.ticket.starts_with("voted") {
            registration.outcome = Some(Outcome::Voted);
        }
    }

    fn record(&mut self, kind: RecordKind, timestamp: UnixTime, request: &[u8]) {
        self.records.push(Record {
            kind,
            timestamp,
            request: request.to_vec(),
            request_signature: String::new(),
            answer: Vec::new(),
            answer_signature: String::new(),
            notes: Vec::new(),
        });
    }
}

fn exchanges() -> Vec<Exchange> {
    include_str!("../vectors/vsp.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn server(exchanges: &[Exchange]) -> Server {
    let sent = exchanges.iter().filter_map(|exchange| {
        let body: Value = serde_json::from_str(&exchange.request_body).ok()?;
        let transaction = Transaction::decode_hex(body["tickethex"].as_str()?).ok()?;
        VspTicket::from_transaction(&transaction).ok()
    });
    Server {
        params: NETWORK.params(Generation::Today),
        key: FeeKey::new(FEE_KEY.parse().unwrap()),
        known: BTreeMap::new(),
        node: sent.map(|ticket| (ticket.hash(), ticket)).collect(),
    }
}

/// Takes out what may differ, and why it may.
fn comparable(mut answer: Value) -> Value {
    let fields = answer.as_object_mut().unwrap();
    // Key and version are the server's own, wallets and tickets are counted elsewhere, two fields were added.
    for field in ["pubkey", "vspdversion", "voting", "voted", "revoked", "expired", "missed"] {
        fields.remove(field);
    }
    for number in ["feepercentage", "estimatednetworkproportion"] {
        if let Some(value) = fields.get_mut(number) {
            *value = value.as_f64().unwrap().into();
        }
    }
    // The predecessor stored an invalid policy for want of a `return`.
    if let Some(policies) = fields.get_mut("treasurypolicy") {
        policies.as_object_mut().unwrap().remove("zz");
    }
    answer
}

#[test]
fn requests_are_answered_as_a_real_server_answered_them() {
    let exchanges = exchanges();
    assert_eq!(exchanges.len(), 53);
    let mut server = server(&exchanges);
    for exchange in &exchanges {
        let (n, answer) = (exchange.n, server.answer(exchange));
        match exchange.n {
            // An unknown ticket was an internal error, which stops a wallet that recovers its tickets.
            12 => assert_eq!(answer, Err(Code::UnknownTicket.into())),
            // Two answers in one, the second of which the signature fits.
            36 => assert_eq!(answer.unwrap_err().code, Code::InvalidVoteChoices),
            _ => {
                let recorded: Value = serde_json::from_str(&exchange.response_body).unwrap();
                match answer {
                    Ok(answer) => {
                        assert_eq!(exchange.status, 200, "#{n}: {recorded}");
                        assert_eq!(comparable(answer), comparable(recorded), "#{n}");
                    }
                    Err(refusal) => {
                        assert_eq!(refusal.code.http_status(), exchange.status, "#{n}: {refusal:?}");
                        assert_eq!(u64::from(refusal.code.number()), recorded["code"], "#{n}: {refusal:?}");
                        // Texts of the JSON decoder, of addresses and of agendas are our own.
                        if !matches!(n, 10 | 39) {
                            assert_eq!(refusal.message, recorded["message"].as_str().unwrap(), "#{n}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_recorded_signature_is_by_the_tickets_owner_and_of_that_body_alone() {
    let exchanges = exchanges();
    let server = server(&exchanges);
    let mut signed = 0;
    for exchange in exchanges.iter().filter(|exchange| exchange.status == 200) {
        let (body, signature) = (exchange.request_body.as_bytes(), exchange.header("VSP-Client-Signature"));
        let Some(ticket) = ticket_of(body).ok().and_then(|hash| server.node.get(&hash)) else { continue };
        let owner = ticket.owner(NETWORK);
        // One was signed by the alternate address.
        if exchange.n != 43 {
            assert_eq!(authenticate(body, signature, owner, None), Ok(()), "#{}", exchange.n);
            signed += 1;
        }
        let longer = [body, b" "].concat();
        assert_eq!(authenticate(&longer, signature, owner, None), Err(Code::BadSignature.into()), "#{}", exchange.n);
        for other in server.node.values().filter(|other| other.hash() != ticket.hash()) {
            let others = authenticate(body, signature, other.owner(NETWORK), None);
            assert_eq!(others, Err(Code::BadSignature.into()), "#{}", exchange.n);
        }
    }
    assert!(signed > 20, "{signed}");
}
