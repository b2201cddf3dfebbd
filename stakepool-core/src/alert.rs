//! An alert: a message to the operator, and its kinds.

use std::fmt;

use serde::Serialize;

use crate::time::UnixTime;

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlertKind {
    /// A voting wallet is locked: it can sign nothing.
    WalletLocked,
    /// A voting wallet does not answer.
    WalletAway,
    /// A voting daemon does not answer, or cannot be kept at what is wanted.
    DaemonAway,
    /// A voting wallet lacks scripts of users or tickets of theirs, which are being brought over.
    MissingScripts,
    /// A voting wallet or daemon has no node, so that it hears of no winning ticket.
    NodeAway,
    /// A ticket won, and no daemon cast its vote.
    MissedVote,
    /// A wallet or a node is blocks behind.
    Lag,
    /// Wallets, daemons and web have different keys, networks or fees.
    Disagreement,
    /// A certificate ends soon, or has ended.
    CertificateEnds,
    /// Key indexes are given at such a pace that no more is for now, or four of five are given.
    KeyIndexes,
    /// All key indexes are given, or nearly so.
    PoolFull,
    /// The pool cannot serve its users, or cannot vote.
    Down,
    /// A wallet holds scripts of users whom the database does not know.
    UnknownUsers,
    /// Daemons, wallets or the database do not agree on the pool's tickets or on what became of them.
    TicketsDiffer,
    /// The mail server takes no mail.
    Mail,
    /// The database cannot be used, or a disk is full.
    Database,
    /// The cluster that holds the database has lost a node, or a host of it cannot be used.
    Cluster,
    /// Wallets of today are sold no tickets, although the operator has not closed the pool to them.
    VspNotSold,
    /// Fees of wallets of today go wrong, wait too long, or are higher than wallets pay.
    VspFees,
    /// Voting keys of wallets of today cannot be opened, or the file that opens them is not where it was.
    VspKeys,
    /// A voting daemon complains of something that no other kind says.
    Daemon,
    /// A channel of alerts does not work.
    AlertChannel,
    /// A try of the channels, on request: nothing is wrong.
    Test,
    /// Anything else that the status page shows.
    Other,
}

impl AlertKind {
    /// The name in messages to programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WalletLocked => "wallet_locked",
            Self::WalletAway => "wallet_away",
            Self::DaemonAway => "daemon_away",
            Self::MissingScripts => "missing_scripts",
            Self::NodeAway => "node_away",
            Self::MissedVote => "missed_vote",
            Self::Lag => "lag",
            Self::Disagreement => "disagreement",
            Self::CertificateEnds => "certificate_ends",
            Self::KeyIndexes => "key_indexes",
            Self::PoolFull => "pool_full",
            Self::Down => "down",
            Self::UnknownUsers => "unknown_users",
            Self::TicketsDiffer => "tickets_differ",
            Self::Mail => "mail",
            Self::Database => "database",
            Self::Cluster => "cluster",
            Self::VspNotSold => "vsp_not_sold",
            Self::VspFees => "vsp_fees",
            Self::VspKeys => "vsp_keys",
            Self::Daemon => "daemon",
            Self::AlertChannel => "alert_channel",
            Self::Test => "test",
            Self::Other => "other",
        }
    }

    /// Whether it happens once, and neither lasts nor ends.
    pub const fn is_event(self) -> bool {
        matches!(self, Self::MissedVote)
    }
}

impl fmt::Display for AlertKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a trouble is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertPhase {
    /// It is new.
    Begins,
    /// It lasts.
    Lasts,
    /// It is gone.
    Ends,
}

impl AlertPhase {
    /// The name in messages to programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begins => "begins",
            Self::Lasts => "lasts",
            Self::Ends => "ends",
        }
    }
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Of which kind.
    pub kind: AlertKind,
    /// Where the trouble is in its life.
    pub phase: AlertPhase,
    /// With what.
    pub about: String,
    /// What is wrong and what to do; for one that is over, what was wrong last.
    pub text: String,
    /// When it was first seen.
    pub since: UnixTime,
}
