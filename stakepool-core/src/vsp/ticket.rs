//! The tickets that can be registered, and who owns them.

use super::refusal::{Code, Refusal};
use crate::chain::{
    Address, AddressKind, Amount, Hash160, MessageSignature, Network, OutputScript, Params, PrivateKey, TicketHash,
    TicketOutputs, Transaction,
};

/// A ticket of the form that can be registered: one input, and so one commitment. (A classic pool's has two.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VspTicket(TicketOutputs);

impl VspTicket {
    /// Reads a ticket.
    ///
    /// # Errors
    /// [`Code::InvalidTicket`] for another transaction, and for a ticket with more than three outputs.
    pub fn from_transaction(transaction: &Transaction) -> Result<Self, Refusal> {
        let outputs = TicketOutputs::from_transaction(transaction).map_err(|_| Code::InvalidTicket)?;
        if outputs.commitments.len() == 1 { Ok(Self(outputs)) } else { Err(Code::InvalidTicket.into()) }
    }

    /// The ticket's hash.
    pub const fn hash(&self) -> TicketHash {
        self.0.ticket
    }

    /// The ticket price.
    pub const fn price(&self) -> Amount {
        self.0.price
    }

    /// What a vote of the ticket needs to know.
    pub const fn outputs(&self) -> &TicketOutputs {
        &self.0
    }

    /// The commitment address: whoever has its key owns the ticket.
    pub fn owner(&self, network: Network) -> Address {
        let kind = match self.0.commitments[0].to {
            OutputScript::PubKeyHash(hash) => AddressKind::PubKeyHash(hash),
            OutputScript::ScriptHash(hash) => AddressKind::ScriptHash(hash),
        };
        Address::new(network, kind)
    }

    /// Whether the key may vote with the ticket.
    pub fn is_voted_by(&self, key: &PrivateKey) -> bool {
        self.0.voting == OutputScript::PubKeyHash(key.pubkey_hash())
    }
}

/// Checks that a request was signed by the ticket's owner, or by the alternate address that the owner has named.
///
/// # Errors
/// A bad request without a signature; [`Code::BadSignature`] for one that is malformed or somebody else's, and always where the
/// owner is a script, which cannot sign, unless the alternate address did.
pub fn authenticate(
    body: &[u8],
    signature: Option<&str>,
    owner: Address,
    alternate: Option<Address>,
) -> Result<(), Refusal> {
    let signature = signature
        .filter(|signature| !signature.is_empty())
        .ok_or_else(|| Refusal::bad_request("no VSP-Client-Signature header"))?;
    let signer = MessageSignature::from_base64(signature).ok().and_then(|signature| signature.signer(body));
    let signer: Hash160 = signer.ok_or(Code::BadSignature)?;
    let may = |address: Address| address.kind() == AddressKind::PubKeyHash(signer);
    if may(owner) || alternate.is_some_and(may) { Ok(()) } else { Err(Code::BadSignature.into()) }
}

/// Reads an alternate address to sign with.
///
/// # Errors
/// A bad request for anything but a P2PKH address of the network.
pub fn alternate_address(text: &str, network: Network) -> Result<Address, Refusal> {
    let address = Address::parse_for(text, network).map_err(|error| Refusal::bad_request(error.to_string()))?;
    match address.kind() {
        AddressKind::PubKeyHash(_) => Ok(address),
        _ => Err(Refusal::bad_request("wrong type for alternate signing address")),
    }
}

/// Whether a ticket may vote at some time to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eligibility {
    /// It is immature, or not mined yet.
    Eligible,
    /// It is eligible where the node counts it among the live tickets (`existslivetickets`).
    IfLive,
    /// It is too old.
    TooOld,
}

impl Eligibility {
    /// Of a ticket with so many confirmations; 0 where it is not mined.
    pub fn of(confirmations: u32, params: &Params) -> Self {
        let last = params.ticket_maturity.saturating_add(params.ticket_expiry).saturating_add(1);
        if confirmations > last {
            Self::TooOld
        } else if confirmations <= params.ticket_maturity {
            Self::Eligible
        } else {
            Self::IfLive
        }
    }

    /// # Errors
    /// [`Code::TicketCannotVote`] where the ticket cannot vote, whose being live `is_live` says.
    pub fn require(self, is_live: bool) -> Result<(), Refusal> {
        match self {
            Self::Eligible => Ok(()),
            Self::IfLive if is_live => Ok(()),
            Self::IfLive | Self::TooOld => Err(Code::TicketCannotVote.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Generation;

    #[test]
    fn a_ticket_is_eligible_while_immature_then_while_live_and_at_last_no_more() {
        let params = Network::Simnet.params(Generation::Today);
        for (confirmations, expected) in [
            (0, Eligibility::Eligible),
            (16, Eligibility::Eligible),
            (17, Eligibility::IfLive),
            (401, Eligibility::IfLive),
            (402, Eligibility::TooOld),
            (u32::MAX, Eligibility::TooOld),
        ] {
            assert_eq!(Eligibility::of(confirmations, &params), expected, "{confirmations}");
        }
        assert!(Eligibility::Eligible.require(false).is_ok());
        assert!(Eligibility::IfLive.require(true).is_ok());
        assert_eq!(Eligibility::IfLive.require(false), Err(Code::TicketCannotVote.into()));
        assert_eq!(Eligibility::TooOld.require(true), Err(Code::TicketCannotVote.into()));
    }

    #[test]
    fn owner_and_alternate_sign_and_nobody_else() {
        let [owner, alternate, other] = [1, 2, 3].map(|n| PrivateKey::from_bytes(&[n; 32]).unwrap());
        let address = |key: &PrivateKey| Address::new(Network::Simnet, AddressKind::PubKeyHash(key.pubkey_hash()));
        let signed = |key: &PrivateKey| MessageSignature::sign(b"body", key).to_base64();
        let check = |key: &PrivateKey, alternate| authenticate(b"body", Some(&signed(key)), address(&owner), alternate);
        assert_eq!(check(&owner, None), Ok(()));
        assert_eq!(check(&alternate, None), Err(Code::BadSignature.into()));
        assert_eq!(check(&alternate, Some(address(&alternate))), Ok(()));
        assert_eq!(check(&owner, Some(address(&alternate))), Ok(()));
        assert_eq!(check(&other, Some(address(&alternate))), Err(Code::BadSignature.into()));
        let script = Address::new(Network::Simnet, AddressKind::ScriptHash(owner.pubkey_hash()));
        assert_eq!(authenticate(b"body", Some(&signed(&owner)), script, None), Err(Code::BadSignature.into()));
        for missing in [None, Some("")] {
            let refusal = authenticate(b"body", missing, address(&owner), None).unwrap_err();
            assert_eq!((refusal.code, &*refusal.message), (Code::BadRequest, "no VSP-Client-Signature header"));
        }
    }

    #[test]
    fn an_alternate_address_is_p2pkh_and_of_this_network() {
        assert!(alternate_address("SsdSbGJK1JS5BfYV2bzkDSW3iLeiysGoA8R", Network::Simnet).is_ok());
        assert!(alternate_address("SsdSbGJK1JS5BfYV2bzkDSW3iLeiysGoA8R", Network::Mainnet).is_err());
        assert!(alternate_address("nonsense", Network::Simnet).is_err());
        let script = alternate_address("ScoTGFqm1qHWZrtuNvCBMNKQNXS3K8LKhRf", Network::Simnet).unwrap_err();
        assert_eq!((script.code, &*script.message), (Code::BadRequest, "wrong type for alternate signing address"));
    }
}
