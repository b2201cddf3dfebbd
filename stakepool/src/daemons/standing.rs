//! Which tickets two daemons judge otherwise, by their lists.

use std::collections::{BTreeSet, HashMap, HashSet};

use stakepool_core::chain::{ScriptAddress, TicketHash};
use stakepool_core::ports::{DaemonError, LowFeeEntry, VotingDaemon};

/// How a daemon stands to a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is to vote it.
    Voted,
    /// It ignores it.
    Ignored,
    /// It has it in neither of its lists.
    Unknown,
}

/// A ticket that two daemons judge otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Differing {
    /// The ticket.
    pub(super) ticket: TicketHash,
    /// How the one and the other stand to it.
    pub(super) standings: (Standing, Standing),
}

/// The tickets that a daemon votes and ignores.
#[derive(Debug, Default)]
pub(super) struct Lists(HashMap<TicketHash, (Standing, ScriptAddress)>);

impl Lists {
    /// Asks a daemon for them.
    pub(super) async fn of(daemon: &dyn VotingDaemon) -> Result<Self, DaemonError> {
        Ok(Self::new(&daemon.live_tickets().await?, &daemon.ignored_tickets().await?))
    }

    /// The lists with these entries.
    pub(super) fn new(voted: &[LowFeeEntry], ignored: &[LowFeeEntry]) -> Self {
        let entries = |list: &[LowFeeEntry], standing| {
            list.iter().map(|entry| (entry.ticket, (standing, entry.address))).collect::<Vec<_>>()
        };
        Self(entries(voted, Standing::Voted).into_iter().chain(entries(ignored, Standing::Ignored)).collect())
    }

    fn standing(&self, ticket: &TicketHash) -> Standing {
        self.0.get(ticket).map_or(Standing::Unknown, |(standing, _)| *standing)
    }

    /// The tickets of users' addresses.
    pub(super) fn of_users(&self, users: &HashSet<ScriptAddress>) -> impl Iterator<Item = TicketHash> {
        self.0.iter().filter(|(_, (_, address))| users.contains(address)).map(|(ticket, _)| *ticket)
    }

    /// The tickets of users' addresses that two daemons judge otherwise, by hash. Others depend on which scripts the daemons'
    /// wallets hold.
    pub(super) fn differing(&self, other: &Self, users: &HashSet<ScriptAddress>) -> Vec<Differing> {
        let of_users = self.0.iter().chain(&other.0).filter(|(_, (_, address))| users.contains(address));
        let tickets: BTreeSet<_> = of_users.map(|(ticket, _)| *ticket).collect();
        let standings = |ticket| (self.standing(&ticket), other.standing(&ticket));
        let both = tickets.into_iter().map(|ticket| Differing { ticket, standings: standings(ticket) });
        both.filter(|differing| differing.standings.0 != differing.standings.1).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::chain::{Hash160, Network};

    fn entry(number: u8) -> LowFeeEntry {
        LowFeeEntry {
            ticket: TicketHash::from_bytes([number; 32]),
            address: ScriptAddress::new(Network::Simnet, Hash160([number / 10; 20])),
        }
    }

    #[test]
    fn users_tickets_that_one_ignores_or_does_not_know_differ_and_no_others() {
        let a = Lists::new(&[entry(10), entry(11), entry(12), entry(20)], &[]);
        let b = Lists::new(&[entry(10)], &[entry(11), entry(13)]);
        let users = HashSet::from([entry(10).address]);
        let found: Vec<_> = a.differing(&b, &users).iter().map(|it| (it.ticket, it.standings)).collect();
        assert_eq!(
            found,
            [
                (entry(11).ticket, (Standing::Voted, Standing::Ignored)),
                (entry(12).ticket, (Standing::Voted, Standing::Unknown)),
                (entry(13).ticket, (Standing::Unknown, Standing::Ignored)),
            ]
        );
        assert_eq!(a.differing(&a, &users), []);
    }
}
