//! The entries of the predecessor's service.

use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{Network, TicketHash, VoteVersion};
use stakepool_core::desired::{AddedTicket, DesiredUser};
use stakepool_core::ports::LowFeeEntry;

use super::field::{FieldError, hash_bytes, script_address, vote_bits};
use crate::grpc::generated::stakepoolrpc as pb;

/// The name of the list of tickets in every message that has one.
const TICKETS: &str = "tickets";

/// Tickets of a list that an answer has.
pub(in crate::grpc) fn entries_into_old(entries: Vec<LowFeeEntry>) -> Vec<pb::TicketEntry> {
    entries
        .into_iter()
        .map(|entry| pb::TicketEntry {
            ticket_address: entry.address.to_string(),
            ticket_hash: entry.ticket.as_bytes().to_vec(),
        })
        .collect()
}

/// Tickets out of a list; of `network` where one is given.
pub(in crate::grpc) fn entries_from_old(
    entries: &[pb::TicketEntry],
    network: Option<Network>,
) -> Result<Vec<LowFeeEntry>, FieldError> {
    named(TICKETS, entries, |entry| {
        Ok(LowFeeEntry {
            ticket: TicketHash::from_bytes(hash_bytes("TicketHash", &entry.ticket_hash)?),
            address: script_address("TicketAddress", &entry.ticket_address, network)?,
        })
    })
}

/// Added tickets for a request.
pub(in crate::grpc) fn added_into_old<'a>(added: impl Iterator<Item = &'a AddedTicket>) -> Vec<pb::TicketEntry> {
    entries_into_old(added.map(|&AddedTicket { ticket, address }| LowFeeEntry { ticket, address }).collect())
}

/// Added tickets out of a request.
pub(in crate::grpc) fn added_from_old(
    entries: &[pb::TicketEntry],
    network: Network,
) -> Result<Vec<AddedTicket>, FieldError> {
    let entries = entries_from_old(entries, Some(network))?;
    Ok(entries.into_iter().map(|LowFeeEntry { ticket, address }| AddedTicket { ticket, address }).collect())
}

/// Users for a request.
pub(in crate::grpc) fn users_into_old<'a>(
    users: impl Iterator<Item = &'a DesiredUser>,
) -> Vec<pb::UserVotingConfigEntry> {
    users
        .map(|user| pb::UserVotingConfigEntry {
            user_id: user.user.0,
            multi_sig_address: user.address.to_string(),
            vote_bits: user.voting.bits.0.into(),
            vote_bits_version: user.voting.version.0.into(),
        })
        .collect()
}

/// Users out of a request.
pub(in crate::grpc) fn users_from_old(
    entries: &[pb::UserVotingConfigEntry],
    network: Network,
) -> Result<Vec<DesiredUser>, FieldError> {
    named("user_voting_config", entries, |entry| {
        let version = u32::try_from(entry.vote_bits_version).map_err(|_| {
            FieldError::new("VoteBitsVersion", format!("{} is not from 0 to 4294967295", entry.vote_bits_version))
        })?;
        Ok(DesiredUser {
            user: UserId(entry.user_id),
            address: script_address("MultiSigAddress", &entry.multi_sig_address, Some(network))?,
            voting: VotingPreference { bits: vote_bits("VoteBits", entry.vote_bits)?, version: VoteVersion(version) },
        })
    })
}

/// Reads every entry of a list; an error names the entry by its place.
fn named<M, T>(list: &str, entries: &[M], read: impl Fn(&M) -> Result<T, FieldError>) -> Result<Vec<T>, FieldError> {
    let name = |index: usize| format!("{list}[{index}]");
    entries.iter().enumerate().map(|(index, entry)| read(entry).map_err(|error| error.within(name(index)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "ScoTGFqm1qHWZrtuNvCBMNKQNXS3K8LKhRf";

    fn ticket(address: &str, hash: &[u8]) -> pb::TicketEntry {
        pb::TicketEntry { ticket_address: address.to_owned(), ticket_hash: hash.to_vec() }
    }

    fn user(address: &str, vote_bits: i64, vote_bits_version: i64) -> pb::UserVotingConfigEntry {
        pb::UserVotingConfigEntry { user_id: 7, multi_sig_address: address.to_owned(), vote_bits, vote_bits_version }
    }

    #[test]
    fn a_ticket_hash_is_in_internal_order() {
        let mut hash = [0; 32];
        hash[31] = 0xab;
        let read = entries_from_old(&[ticket(ADDRESS, &hash)], Some(Network::Simnet)).unwrap();
        assert!(read[0].ticket.to_string().starts_with("ab00"));
        assert_eq!(entries_into_old(read), [ticket(ADDRESS, &hash)]);
    }

    #[test]
    fn a_bad_ticket_is_named_by_its_place() {
        let error = |bad| added_from_old(&[ticket(ADDRESS, &[1; 32]), bad], Network::Simnet).unwrap_err().to_string();
        assert_eq!(error(ticket("", &[1; 32])), "tickets[1].TicketAddress: a multisig address is missing");
        assert_eq!(error(ticket(ADDRESS, &[1; 31])), "tickets[1].TicketHash: a hash has 32 bytes, not 31");
        assert!(error(ticket("Scnonsense", &[1; 32])).starts_with("tickets[1].TicketAddress: `Scnonsense` is"));
        let p2pkh = error(ticket("SsZCEU4RYALXMEquCTWyR5QJzPXSQsjgdt5", &[1; 32]));
        assert!(p2pkh.ends_with("but a script address (P2SH) is needed here"), "{p2pkh}");
    }

    #[test]
    fn a_bad_preference_is_named_by_its_place() {
        let read = |entry| users_from_old(&[entry], Network::Simnet);
        let error = |entry| read(entry).unwrap_err().to_string();
        assert_eq!(error(user("", 1, 5)), "user_voting_config[0].MultiSigAddress: a multisig address is missing");
        assert_eq!(error(user(ADDRESS, 65_536, 5)), "user_voting_config[0].VoteBits: 65536 is not from 0 to 65535");
        assert_eq!(error(user(ADDRESS, -1, 5)), "user_voting_config[0].VoteBits: -1 is not from 0 to 65535");
        assert!(error(user(ADDRESS, 1, -5)).starts_with("user_voting_config[0].VoteBitsVersion: -5 is not"));
        let entry = user(ADDRESS, 65_535, 4_294_967_295);
        assert_eq!(users_into_old(read(entry.clone()).unwrap().iter()), [entry]);
    }
}
