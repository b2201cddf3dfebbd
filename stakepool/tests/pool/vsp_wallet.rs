//! A wallet of today, as far as it asks the service, and instances of the service on one store.

use std::sync::Arc;

use data_encoding::BASE64;
use serde_json::{Value, json};
use stakepool::Stores;
use stakepool::sealed::SealingKey;
use stakepool::vsp::{DaemonsSeen, Import, Request, Vsp, VspParts, VspTerms};
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHash, BlockHeight, ExtendedPubKey, Generation, KeyIndex, MessageSignature,
    Network, OutPoint, PrivateKey, Spends, TICKET_INPUT, TicketOutputs, Transaction, TxHash, TxInput, TxOutput,
    VoteBits, VoteChoice, sign_pubkey_hash, unsigned_vote,
};
use stakepool_core::ports::{Clock as _, RegisteredTicket, VspTicketStore};
use stakepool_core::testkit::{FakeVspNode, MemoryStore, TestClock};
use stakepool_core::ticket::PoolFee;
use stakepool_core::vsp::{FeeStatus, FeeTerms, SignedAnswer, server_version};

pub const FEE_KEY: &str =
    "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae";
pub const KEY_FILE: [u8; 32] = [7; 32];

/// A node, a store, and instances of the service on both.
pub struct Ground {
    pub node: Arc<FakeVspNode>,
    pub store: MemoryStore,
    pub clock: Arc<TestClock>,
    /// What the operator has configured.
    pub fee_key: ExtendedPubKey,
}

impl Ground {
    pub fn new() -> Self {
        Self {
            node: Arc::new(FakeVspNode::at(1000)),
            store: MemoryStore::default(),
            clock: Arc::default(),
            fee_key: FEE_KEY.parse().unwrap(),
        }
    }

    /// One more instance, for which there is nothing to be voted on.
    pub async fn instance(&self) -> Vsp {
        let vsp = self.instance_on(Arc::new(self.store.clone())).await;
        vsp.choose_from(Vec::new());
        vsp
    }

    /// Takes over from the predecessor's server.
    pub fn import_to(&self, tickets: Arc<dyn VspTicketStore>) -> Import {
        let stores = Stores { vsp_tickets: tickets, ..Arc::new(self.store.clone()).into() };
        let parts = VspParts { stores, node: self.node.clone(), clock: self.clock.clone() };
        Import::new(Network::Simnet, parts, SealingKey::from_bytes(&KEY_FILE))
    }

    /// One more instance, whose tickets lie in a store that may have its faults. Nobody has said who knows the agendas.
    pub async fn instance_on(&self, tickets: Arc<dyn VspTicketStore>) -> Vsp {
        self.instance_with(Stores { vsp_tickets: tickets, ..Arc::new(self.store.clone()).into() }).await
    }

    /// One more instance on these stores. Nobody has said who knows the agendas.
    pub async fn instance_with(&self, stores: Stores) -> Vsp {
        let terms = VspTerms {
            network: Network::Simnet,
            fee: FeeTerms { fee: PoolFee::from_percent(5.0).unwrap(), most: None },
            fee_key: self.fee_key,
            closed: None.into(),
            max_lag: 3,
            version: server_version("0.1.0"),
        };
        let parts = VspParts { stores, node: self.node.clone(), clock: self.clock.clone() };
        let vsp = Vsp::open(terms, parts, SealingKey::from_bytes(&KEY_FILE)).await.unwrap();
        self.look(&vsp).await;
        vsp
    }

    pub async fn look(&self, vsp: &Vsp) {
        self.look_where_daemons_remember(vsp, None).await;
    }

    /// The same where daemons remember which index the fee key gives next.
    pub async fn look_where_daemons_remember(&self, vsp: &Vsp, fee_index: Option<KeyIndex>) {
        let synced = Some(BlockHeight(self.node.chain().height));
        vsp.look(DaemonsSeen { all: 1, voting: 1, synced, fee_index }).await;
    }

    /// Some blocks come, and are worked through.
    pub async fn blocks(&self, vsp: &Vsp, number: u32) {
        self.node.chain().height += number;
        self.look(vsp).await;
        vsp.pass().await.unwrap();
    }

    pub async fn kept(&self, wallet: &Wallet) -> Option<RegisteredTicket> {
        self.store.registered_ticket(&wallet.ticket.hash().into()).await.unwrap()
    }

    pub async fn fee(&self, wallet: &Wallet) -> FeeStatus {
        self.kept(wallet).await.unwrap().registration.fee
    }
}

fn key(number: u8) -> PrivateKey {
    PrivateKey::from_bytes(&[number; 32]).unwrap()
}

fn transaction(spent: OutPoint, outputs: Vec<(i64, Vec<u8>)>) -> Transaction {
    let input = TxInput {
        previous: spent,
        sequence: u32::MAX,
        value_in: Amount::ZERO,
        block_height: 0,
        block_index: u32::MAX,
        signature_script: Vec::new(),
    };
    let output = |(value, script)| TxOutput { value: Amount::from_atoms(value), script_version: 0, script };
    let outputs = outputs.into_iter().map(output).collect();
    Transaction { version: 1, inputs: vec![input], outputs, lock_time: 0, expiry: 0 }
}

/// The owner of one ticket.
pub struct Wallet {
    number: u8,
    pub parent: Transaction,
    pub ticket: Transaction,
}

impl Wallet {
    /// With keys by its number.
    pub fn new(number: u8) -> Self {
        let price = 44_543_551_i64;
        let hash = |key: &PrivateKey| key.pubkey_hash().0.to_vec();
        let pubkey_hash = |tag: &[u8], hash: Vec<u8>| [tag, &[0x76, 0xa9, 0x14], &hash, &[0x88, 0xac]].concat();
        let outside = OutPoint { hash: TxHash::from_bytes([number; 32]), index: 0, tree: 0 };
        let parent = transaction(outside, vec![(price, pubkey_hash(&[], hash(&key(number))))]);
        let commitment = [&[0x6a, 0x1e], &hash(&key(number))[..], &price.to_le_bytes(), &[0, 0x4e]].concat();
        let outputs = vec![
            (price, pubkey_hash(&[0xba], hash(&key(100 + number)))),
            (0, commitment),
            (0, pubkey_hash(&[0xbd], vec![0; 20])),
        ];
        let ticket = transaction(OutPoint { hash: parent.hash(), index: 0, tree: 0 }, outputs);
        Self { number, parent, ticket }
    }

    /// The key that votes with the ticket.
    pub fn voting_key(&self) -> PrivateKey {
        key(100 + self.number)
    }

    fn signed(&self, body: &Value) -> (String, String) {
        let body = body.to_string();
        let signature = MessageSignature::sign(body.as_bytes(), &key(self.number)).to_base64();
        (body, signature)
    }

    pub async fn ask_address(&self, vsp: &Vsp, ground: &Ground) -> SignedAnswer {
        let (body, signature) = self.signed(&json!({
            "timestamp": ground.clock.now().0,
            "tickethash": self.ticket.hash().to_string(),
            "tickethex": hex::encode(self.ticket.encode()),
            "parenthex": hex::encode(self.parent.encode()),
        }));
        vsp.fee_address(Request { body: body.as_bytes(), signature: Some(&signature) }).await
    }

    /// The transaction that pays what was quoted; `number` makes another one of it.
    pub fn payment(&self, quoted: &SignedAnswer, number: u8) -> Transaction {
        let quoted = json_of(quoted);
        let address: Address = quoted["feeaddress"].as_str().unwrap().parse().unwrap();
        let outside = OutPoint { hash: TxHash::from_bytes([200 + number; 32]), index: self.number.into(), tree: 0 };
        transaction(outside, vec![(quoted["feeamount"].as_i64().unwrap(), address.output_script().to_bytes())])
    }

    pub async fn pay(&self, vsp: &Vsp, ground: &Ground, payment: &Transaction) -> SignedAnswer {
        self.pay_choosing(vsp, ground, payment, json!({"nosuch": "yes"})).await
    }

    pub async fn pay_choosing(
        &self,
        vsp: &Vsp,
        ground: &Ground,
        payment: &Transaction,
        choices: Value,
    ) -> SignedAnswer {
        let (body, signature) = self.signed(&json!({
            "timestamp": ground.clock.now().0,
            "tickethash": self.ticket.hash().to_string(),
            "feetx": hex::encode(payment.encode()),
            "votingkey": key(100 + self.number).to_wif(Network::Simnet).expose(),
            "votechoices": choices,
        }));
        vsp.pay_fee(Request { body: body.as_bytes(), signature: Some(&signature) }).await
    }

    /// Asks for other choices, signed by the key of a wallet by its number.
    pub async fn choose(&self, vsp: &Vsp, ground: &Ground, signer: u8, choices: Value) -> SignedAnswer {
        let body = json!({
            "timestamp": ground.clock.now().0,
            "tickethash": self.ticket.hash().to_string(),
            "votechoices": choices,
        });
        let (body, signature) = Self::new(signer).signed(&body);
        vsp.set_vote_choices(Request { body: body.as_bytes(), signature: Some(&signature) }).await
    }

    /// Names the address of another wallet, by its number, whose key may sign, too.
    pub async fn name_alternate(&self, vsp: &Vsp, ground: &Ground, other: u8) -> SignedAnswer {
        let (body, signature) = self.signed(&json!({
            "timestamp": ground.clock.now().0,
            "tickethash": self.ticket.hash().to_string(),
            "tickethex": hex::encode(self.ticket.encode()),
            "parenthex": hex::encode(self.parent.encode()),
            "altsignaddress": Address::new(Network::Simnet, AddressKind::PubKeyHash(key(other).pubkey_hash())).to_string(),
        }));
        vsp.set_alt_sign_addr(Request { body: body.as_bytes(), signature: Some(&signature) }).await
    }

    pub async fn ask_status(&self, vsp: &Vsp) -> SignedAnswer {
        let (body, signature) = self.signed(&json!({"tickethash": self.ticket.hash().to_string()}));
        vsp.ticket_status(Request { body: body.as_bytes(), signature: Some(&signature) }).await
    }

    pub async fn prove(&self, vsp: &Vsp) -> SignedAnswer {
        let now = json_of(&self.ask_status(vsp).await)["timestamp"].clone();
        self.prove_by(vsp, now, json!("ticketproof"), &vsp.public_key()).await
    }

    /// Asks for a proof by a request that says these.
    pub async fn prove_by(&self, vsp: &Vsp, made: Value, purpose: Value, server: &[u8]) -> SignedAnswer {
        let (body, signature) = self.signed(&json!({
            "timestamp": made,
            "tickethash": self.ticket.hash().to_string(),
            "purpose": purpose,
            "pubkey": BASE64.encode(server),
        }));
        vsp.ticket_proof(Request { body: body.as_bytes(), signature: Some(&signature) }).await
    }

    /// Registers the ticket and pays its fee.
    pub async fn register(&self, vsp: &Vsp, ground: &Ground) -> Transaction {
        let quoted = self.ask_address(vsp, ground).await;
        assert_eq!(quoted.status, 200, "{}", json_of(&quoted));
        let payment = self.payment(&quoted, 0);
        let paid = self.pay(vsp, ground, &payment).await;
        assert_eq!(paid.status, 200, "{}", json_of(&paid));
        payment
    }

    /// A transaction of the form of the ticket's vote.
    pub fn vote(&self) -> Transaction {
        let stake = OutPoint { hash: self.ticket.hash(), index: 0, tree: 1 };
        let mut vote = transaction(stake, vec![(0, reference()), (0, vec![0x6a, 4, 1, 0, 11, 0]), (0, vec![0xbb; 26])]);
        let base = OutPoint { hash: TxHash::from_bytes([0; 32]), index: u32::MAX, tree: 0 };
        vote.inputs.insert(0, TxInput { previous: base, ..vote.inputs[0].clone() });
        vote
    }

    /// The ticket's vote on a block, signed by the key that was handed over.
    pub fn vote_on(&self, block: BlockHash, height: u32, bits: u16) -> Transaction {
        let (generation, ticket) = (Generation::Today, TicketOutputs::from_transaction(&self.ticket).unwrap());
        let (height, bits, extended_bits) = (BlockHeight(height), VoteBits(bits), &[11, 0, 0, 0][..]);
        let choice = VoteChoice { block, height, bits, extended_bits };
        let params = Network::Simnet.params(generation);
        let mut vote = unsigned_vote(&params, generation, &ticket, &choice).unwrap();
        sign_pubkey_hash(&mut vote, TICKET_INPUT, Spends::Ticket, &key(100 + self.number));
        vote
    }

    /// A transaction of the form of the ticket's revocation.
    pub fn revocation(&self) -> Transaction {
        transaction(OutPoint { hash: self.ticket.hash(), index: 0, tree: 1 }, vec![(0, vec![0xbc; 26])])
    }
}

/// What a vote's first output says.
fn reference() -> Vec<u8> {
    [&[0x6a, 0x24][..], &[9; 36]].concat()
}

/// The body of an answer.
pub fn json_of(answer: &SignedAnswer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// The status and code of a refusal.
pub fn code(answer: &SignedAnswer) -> (u16, u64) {
    (answer.status, json_of(answer)["code"].as_u64().unwrap())
}
