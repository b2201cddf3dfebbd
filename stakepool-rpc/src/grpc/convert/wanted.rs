//! The desired state, in pieces.

use std::sync::Arc;

use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{
    BlockHeight, ExtendedPubKey, Network, PrivateKey, RedeemScript, ScriptAddress, TicketHash, VoteVersion,
};
use stakepool_core::desired::{AddedTicket, DesiredState, DesiredUser, KeyTicket};
use stakepool_core::ticket::{PoolFee, Terms, TermsHistory};
use zeroize::Zeroizing;

use super::fee_indexes::{fee_indexes_from_messages, fee_indexes_into_messages};
use super::field::{FieldError, hash_bytes, script_address, vote_bits};
use crate::grpc::generated::pool_daemon as pb;
use crate::grpc::wire::{MOST_ADDED, MOST_KEY_TICKETS};

/// Entries in a piece: few enough that even a slow line brings one within a second.
const PIECE: usize = 1_000;

/// Most terms that are taken: each may have a key of its own, for which thousands of addresses are derived.
const MOST_TERMS: usize = 200;

/// The pieces of a state; the last, and only the last, has the digest.
pub(in crate::grpc) fn wanted_into_pieces(wanted: &DesiredState) -> Vec<pb::WantedPiece> {
    let users: Vec<_> = wanted.users().map(user_into_message).collect();
    let added: Vec<_> = wanted.added().map(added_into_message).collect();
    let users = users.chunks(PIECE).map(|users| pb::WantedPiece { users: users.to_vec(), ..Default::default() });
    let added = added.chunks(PIECE).map(|added| pb::WantedPiece { added: added.to_vec(), ..Default::default() });
    let acknowledged: Vec<_> = wanted.acknowledged().map(ToString::to_string).collect();
    let acknowledged =
        acknowledged.chunks(PIECE).map(|some| pb::WantedPiece { acknowledged: some.to_vec(), ..Default::default() });
    let scripts: Vec<_> = wanted.scripts().map(RedeemScript::to_bytes).collect();
    let scripts = scripts.chunks(PIECE).map(|some| pb::WantedPiece { scripts: some.to_vec(), ..Default::default() });
    let keys: Vec<_> = wanted.key_tickets().collect();
    let keys = keys.chunks(PIECE).map(|some| {
        let key_tickets = some.iter().map(|ticket| key_ticket_into_message(ticket)).collect();
        pb::WantedPiece { key_tickets, ..Default::default() }
    });
    let terms: Vec<_> = wanted.terms().iter().map(terms_into_message).collect();
    let terms = terms.chunks(PIECE).map(|terms| pb::WantedPiece { terms: terms.to_vec(), ..Default::default() });
    let withdrawn: Vec<_> = wanted.withdrawn().map(|ticket| ticket.as_bytes().to_vec()).collect();
    let withdrawn =
        withdrawn.chunks(PIECE).map(|some| pb::WantedPiece { withdrawn: some.to_vec(), ..Default::default() });
    let fee_indexes = fee_indexes_into_messages(wanted.fee_indexes());
    let fee_indexes =
        fee_indexes.chunks(PIECE).map(|some| pb::WantedPiece { fee_indexes: some.to_vec(), ..Default::default() });
    let last = pb::WantedPiece { digest: wanted.digest().0.to_vec(), ..Default::default() };
    let classic = users.chain(added).chain(acknowledged).chain(scripts);
    classic.chain(keys).chain(withdrawn).chain(fee_indexes).chain(terms).chain([last]).collect()
}

/// Puts a state together from its pieces.
pub(in crate::grpc) struct WantedCollector {
    network: Network,
    most_users: usize,
    users: Vec<DesiredUser>,
    added: Vec<AddedTicket>,
    acknowledged: Vec<ScriptAddress>,
    scripts: Vec<RedeemScript>,
    key_tickets: Vec<KeyTicket>,
    withdrawn: Vec<TicketHash>,
    fee_indexes: Vec<pb::FeeIndex>,
    terms: Vec<Terms>,
}

impl WantedCollector {
    /// Nothing has come yet; every address must be of `network`, and there must be no more than `most_users`.
    pub(in crate::grpc) const fn new(network: Network, most_users: usize) -> Self {
        Self {
            network,
            most_users,
            users: Vec::new(),
            added: Vec::new(),
            acknowledged: Vec::new(),
            scripts: Vec::new(),
            key_tickets: Vec::new(),
            withdrawn: Vec::new(),
            fee_indexes: Vec::new(),
            terms: Vec::new(),
        }
    }

    /// Takes a piece. Returns the digest that ends the pieces, in the last one.
    pub(in crate::grpc) fn take(&mut self, piece: pb::WantedPiece) -> Result<Option<[u8; 32]>, FieldError> {
        at_most("users", self.users.len() + piece.users.len(), self.most_users)?;
        at_most("added", self.added.len() + piece.added.len(), MOST_ADDED)?;
        for user in piece.users {
            let index = self.users.len();
            self.users.push(user_from_message(&user, self.network).map_err(|e| e.within(format!("users[{index}]")))?);
        }
        for ticket in piece.added {
            let index = self.added.len();
            self.added
                .push(added_from_message(&ticket, self.network).map_err(|e| e.within(format!("added[{index}]")))?);
        }
        at_most("acknowledged", self.acknowledged.len() + piece.acknowledged.len(), self.most_users)?;
        for address in piece.acknowledged {
            let field = format!("acknowledged[{}]", self.acknowledged.len());
            self.acknowledged.push(script_address(&field, &address, Some(self.network))?);
        }
        self.take_keys(&piece.scripts, &piece.key_tickets)?;
        at_most("withdrawn", self.withdrawn.len() + piece.withdrawn.len(), MOST_KEY_TICKETS)?;
        for ticket in piece.withdrawn {
            let field = format!("withdrawn[{}]", self.withdrawn.len());
            self.withdrawn.push(TicketHash::from_bytes(hash_bytes(&field, &ticket)?));
        }
        self.fee_indexes.extend(piece.fee_indexes);
        at_most("terms", self.terms.len() + piece.terms.len(), MOST_TERMS)?;
        for terms in piece.terms {
            let index = self.terms.len();
            self.terms.push(terms_from_message(&terms, self.network).map_err(|e| e.within(format!("terms[{index}]")))?);
        }
        if piece.digest.is_empty() { Ok(None) } else { hash_bytes("digest", &piece.digest).map(Some) }
    }

    fn take_keys(&mut self, scripts: &[Vec<u8>], key_tickets: &[pb::KeyTicket]) -> Result<(), FieldError> {
        at_most("scripts", self.scripts.len() + scripts.len(), self.most_users)?;
        for script in scripts {
            let field = format!("scripts[{}]", self.scripts.len());
            self.scripts.push(RedeemScript::from_bytes(script).map_err(|error| FieldError::new(field, error))?);
        }
        at_most("key_tickets", self.key_tickets.len() + key_tickets.len(), MOST_KEY_TICKETS)?;
        for ticket in key_tickets {
            let index = self.key_tickets.len();
            let ticket = key_ticket_from_message(ticket).map_err(|e| e.within(format!("key_tickets[{index}]")))?;
            self.key_tickets.push(ticket);
        }
        Ok(())
    }

    /// The whole, if its digest is the one that came.
    pub(in crate::grpc) fn finish(self, digest: [u8; 32]) -> Result<DesiredState, FieldError> {
        let wanted = DesiredState::new(self.users, self.added)
            .with_acknowledged(self.acknowledged)
            .with_scripts(self.scripts)
            .with_key_tickets(self.key_tickets)
            .with_withdrawn(self.withdrawn)
            .with_fee_indexes(fee_indexes_from_messages(&self.fee_indexes)?)
            .with_terms(TermsHistory::new(self.terms));
        if wanted.digest().0 == digest {
            Ok(wanted)
        } else {
            Err(FieldError::new(
                "digest",
                "does not match the users, tickets, addresses, scripts and terms that came; send them again",
            ))
        }
    }
}

fn at_most(list: &str, length: usize, most: usize) -> Result<(), FieldError> {
    if length <= most { Ok(()) } else { Err(FieldError::new(list, format!("at most {most} are taken"))) }
}

fn user_into_message(user: &DesiredUser) -> pb::WantedUser {
    pb::WantedUser {
        user_id: user.user.0,
        address: user.address.to_string(),
        vote_bits: user.voting.bits.0.into(),
        vote_version: user.voting.version.0,
    }
}

fn user_from_message(user: &pb::WantedUser, network: Network) -> Result<DesiredUser, FieldError> {
    Ok(DesiredUser {
        user: UserId(user.user_id),
        address: script_address("address", &user.address, Some(network))?,
        voting: VotingPreference {
            bits: vote_bits("vote_bits", user.vote_bits)?,
            version: VoteVersion(user.vote_version),
        },
    })
}

fn added_into_message(ticket: &AddedTicket) -> pb::AddedTicket {
    pb::AddedTicket { ticket: ticket.ticket.as_bytes().to_vec(), address: ticket.address.to_string() }
}

fn added_from_message(ticket: &pb::AddedTicket, network: Network) -> Result<AddedTicket, FieldError> {
    Ok(AddedTicket {
        ticket: TicketHash::from_bytes(hash_bytes("ticket", &ticket.ticket)?),
        address: script_address("address", &ticket.address, Some(network))?,
    })
}

fn key_ticket_into_message(KeyTicket { ticket, key, voting }: &KeyTicket) -> pb::KeyTicket {
    pb::KeyTicket {
        ticket: ticket.as_bytes().to_vec(),
        key: key.to_bytes().to_vec(),
        vote_bits: voting.bits.0.into(),
        vote_version: voting.version.0,
    }
}

fn key_ticket_from_message(ticket: &pb::KeyTicket) -> Result<KeyTicket, FieldError> {
    let key = Zeroizing::new(hash_bytes("key", &ticket.key)?);
    Ok(KeyTicket {
        ticket: TicketHash::from_bytes(hash_bytes("ticket", &ticket.ticket)?),
        key: PrivateKey::from_bytes(&key).map(Arc::new).map_err(|error| FieldError::new("key", error))?,
        voting: VotingPreference {
            bits: vote_bits("vote_bits", ticket.vote_bits)?,
            version: VoteVersion(ticket.vote_version),
        },
    })
}

fn terms_into_message(terms: &Terms) -> pb::Terms {
    pb::Terms {
        from_height: terms.from.0,
        fee_percent: terms.fee.percent(),
        cold_wallet_xpub: terms.cold_wallet.to_string(),
    }
}

fn terms_from_message(terms: &pb::Terms, network: Network) -> Result<Terms, FieldError> {
    let of_key = |error: stakepool_core::chain::HdKeyError| FieldError::new("cold_wallet_xpub", error);
    let cold_wallet = ExtendedPubKey::parse_for(&terms.cold_wallet_xpub, network).map_err(of_key)?;
    // A key that has no addresses would be found out too late.
    cold_wallet.external_branch().map_err(of_key)?;
    Ok(Terms {
        from: BlockHeight(terms.from_height),
        fee: PoolFee::from_percent(terms.fee_percent).map_err(|error| FieldError::new("fee_percent", error))?,
        cold_wallet,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::chain::{Hash160, KeyIndex, PoolKey, ScriptAddress, UserKey, VoteBits};
    use stakepool_core::desired::FeeIndexes;

    fn state(users: u16, added: u16) -> DesiredState {
        let address = |n: u16| {
            let mut hash = [0; 20];
            hash[..2].copy_from_slice(&n.to_le_bytes());
            ScriptAddress::new(Network::Simnet, Hash160(hash))
        };
        DesiredState::new(
            (0..users).map(|n| DesiredUser {
                user: UserId(n.into()),
                address: address(n),
                voting: VotingPreference { bits: VoteBits(n), version: VoteVersion(n.into()) },
            }),
            (0..added).map(|n| {
                let mut hash = [7; 32];
                hash[..2].copy_from_slice(&n.to_le_bytes());
                AddedTicket { ticket: TicketHash::from_bytes(hash), address: address(n) }
            }),
        )
    }

    fn key(number: u16) -> PrivateKey {
        let mut bytes = [5; 32];
        bytes[..2].copy_from_slice(&number.to_le_bytes());
        PrivateKey::from_bytes(&bytes).unwrap()
    }

    fn with_keys(state: DesiredState, scripts: u16, tickets: u16) -> DesiredState {
        let user = UserKey(key(9).public_key());
        let scripts = (0..scripts).map(|n| RedeemScript::new(PoolKey(key(n).public_key()), user));
        state.with_scripts(scripts).with_key_tickets((0..tickets).map(|n| {
            let mut hash = [8; 32];
            hash[..2].copy_from_slice(&n.to_le_bytes());
            let voting = VotingPreference { bits: VoteBits(n), version: VoteVersion(n.into()) };
            KeyTicket { ticket: TicketHash::from_bytes(hash), key: Arc::new(key(n)), voting }
        }))
    }

    fn terms() -> TermsHistory {
        let cold_wallet = "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae"
            .parse()
            .unwrap();
        let terms = |from, percent| Terms {
            from: BlockHeight(from),
            fee: PoolFee::from_percent(percent).unwrap(),
            cold_wallet,
        };
        TermsHistory::new([terms(0, 8.2), terms(1_000, 1.15)])
    }

    fn collect(pieces: Vec<pb::WantedPiece>, network: Network) -> Result<DesiredState, FieldError> {
        let mut collector = WantedCollector::new(network, 20_000);
        for piece in pieces {
            if let Some(digest) = collector.take(piece)? {
                return collector.finish(digest);
            }
        }
        panic!("no digest came")
    }

    #[test]
    fn a_state_of_any_size_survives_the_way_in_pieces() {
        for (users, added) in [(0, 0), (1, 0), (0, 1), (5_000, 5_000), (12_345, 5_001)] {
            let state = state(users, added);
            assert_eq!(collect(wanted_into_pieces(&state), Network::Simnet), Ok(state.clone()));
            let acknowledged: Vec<_> = state.users().map(|user| user.address).collect();
            let state = state.with_acknowledged(acknowledged);
            assert_eq!(collect(wanted_into_pieces(&state), Network::Simnet), Ok(state.clone()));
            let state = with_keys(state, 30, users).with_terms(terms());
            let withdrawn: Vec<_> = state.added().map(|ticket| ticket.ticket).collect();
            let fee_indexes = FeeIndexes::new((0..3).map(|n| (format!("key {n}"), KeyIndex(n))));
            let state = state.with_withdrawn(withdrawn).with_fee_indexes(fee_indexes);
            assert_eq!(collect(wanted_into_pieces(&state), Network::Simnet), Ok(state));
        }
    }

    #[test]
    fn a_lost_piece_is_noticed() {
        let mut pieces = wanted_into_pieces(&state(6_000, 10));
        pieces.remove(1);
        assert_eq!(collect(pieces, Network::Simnet).unwrap_err().field, "digest");
    }

    #[test]
    fn no_message_prints_a_key() {
        let pieces = wanted_into_pieces(&with_keys(state(0, 0), 0, 1));
        let printed = format!("{pieces:?}");
        assert!(printed.contains("KeyTicket { .. }") && !printed.contains("5, 5, 5"), "{printed}");
    }

    #[test]
    fn a_bad_entry_is_named_by_its_place() {
        let error = |change: fn(&mut Vec<pb::WantedPiece>)| {
            let mut pieces = wanted_into_pieces(&state(5_003, 3));
            change(&mut pieces);
            collect(pieces, Network::Simnet).unwrap_err().field
        };
        assert_eq!(error(|pieces| pieces[5].users[2].address.clear()), "users[5002].address");
        assert_eq!(error(|pieces| pieces[0].users[2].vote_bits = 1 << 16), "users[2].vote_bits");
        assert_eq!(error(|pieces| pieces[6].added[1].ticket.truncate(31)), "added[1].ticket");
        assert_eq!(error(|pieces| pieces[7].digest.truncate(5)), "digest");
        let of_keys = |change: fn(&mut Vec<pb::WantedPiece>)| {
            let mut pieces = wanted_into_pieces(&with_keys(state(0, 0), 3, 1_002));
            change(&mut pieces);
            collect(pieces, Network::Simnet).unwrap_err()
        };
        assert_eq!(of_keys(|pieces| pieces[0].scripts[2].truncate(70)).field, "scripts[2]");
        let short = of_keys(|pieces| pieces[2].key_tickets[1].key.truncate(31));
        assert_eq!(short.field, "key_tickets[1001].key");
        let zero = of_keys(|pieces| pieces[1].key_tickets[5].key.fill(0));
        assert_eq!(zero.to_string(), "key_tickets[5].key: the private key is out of range");
        let with_terms = |change: fn(&mut pb::Terms)| {
            let mut pieces = wanted_into_pieces(&state(1, 0).with_terms(terms()));
            change(&mut pieces[1].terms[1]);
            collect(pieces, Network::Simnet).unwrap_err().field
        };
        assert_eq!(with_terms(|terms| terms.fee_percent = 101.0), "terms[1].fee_percent");
        assert_eq!(with_terms(|terms| terms.cold_wallet_xpub.clear()), "terms[1].cold_wallet_xpub");
        assert_eq!(with_terms(|terms| terms.fee_percent = 1.16), "digest");
        let other_network = collect(wanted_into_pieces(&state(1, 0)), Network::Mainnet).unwrap_err().to_string();
        assert!(other_network.ends_with("is an address of simnet, but this pool runs on mainnet"), "{other_network}");
    }
}
