//! What each kind of trouble is called, how much it matters, what it costs, and which command mends it. The runbook says more.

use serde::Serialize;
use stakepool_core::alert::AlertKind;

/// How much a trouble matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Votes are lost, or nobody can use the pool: mend it now.
    Critical,
    /// Others do the work of what is broken, or something waits: mend it today.
    Warning,
    /// Nothing is broken yet: mend it within days.
    Notice,
}

impl Severity {
    /// The name for people and programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    /// That of a kind of trouble.
    pub(super) const fn of(kind: AlertKind) -> Self {
        match kind {
            AlertKind::Down | AlertKind::MissedVote | AlertKind::Database => Self::Critical,
            AlertKind::CertificateEnds | AlertKind::KeyIndexes | AlertKind::Test | AlertKind::Other => Self::Notice,
            _ => Self::Warning,
        }
    }
}

/// What is wrong, in a few words.
pub(super) const fn heading(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::WalletLocked => "Wallet locked",
        AlertKind::WalletAway => "Wallet unreachable",
        AlertKind::DaemonAway => "Daemon unreachable or out of sync",
        AlertKind::MissingScripts => "Wallet being repaired",
        AlertKind::NodeAway => "Node unreachable",
        AlertKind::MissedVote => "Vote missed",
        AlertKind::Lag => "Behind the chain",
        AlertKind::Disagreement => "Settings or keys differ",
        AlertKind::CertificateEnds => "Certificate expires",
        AlertKind::KeyIndexes => "Key indexes run out",
        AlertKind::PoolFull => "Pool full",
        AlertKind::Down => "Pool down",
        AlertKind::UnknownUsers => "Unknown users",
        AlertKind::TicketsDiffer => "Ticket lists differ",
        AlertKind::Mail => "Mail server unreachable",
        AlertKind::Database => "Database failing",
        AlertKind::Cluster => "Database cluster degraded",
        AlertKind::VspNotSold => "VSP sells no tickets",
        AlertKind::VspFees => "VSP fees delayed or refused",
        AlertKind::VspKeys => "VSP voting keys unreadable",
        AlertKind::Daemon => "Daemon reports a problem",
        AlertKind::AlertChannel => "Alerts not delivered",
        AlertKind::Test => "Test",
        _ => "Check the configuration",
    }
}

/// What it costs while it lasts.
pub(super) const fn costs(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::WalletLocked => "This wallet signs no votes. The other daemons vote meanwhile.",
        AlertKind::WalletAway => {
            "This wallet signs no votes. Registration stops when fewer than minservers wallets are in service."
        }
        AlertKind::DaemonAway => {
            "The pool cannot tell whether this daemon votes. It votes with the users and tickets that it has."
        }
        AlertKind::MissingScripts => "This wallet cannot vote for all users until the repair is done.",
        AlertKind::NodeAway => {
            "Without a node nothing here hears of winning tickets. The other daemons vote meanwhile."
        }
        AlertKind::MissedVote => "The owner gets the price back without the reward. It cannot be mended.",
        AlertKind::Lag => "Votes on new blocks may come too late from here. The other daemons vote meanwhile.",
        AlertKind::Disagreement => {
            "Tickets may be judged differently or votes not signed; nobody may be able to register."
        }
        AlertKind::CertificateEnds => "Nothing yet. After it expires nothing can connect any more.",
        AlertKind::KeyIndexes => "Nothing yet. When all indexes are given, nobody can register.",
        AlertKind::PoolFull => "Nobody can register. Votes are not affected.",
        AlertKind::Down => "Users cannot use the pool, or winning tickets are not voted.",
        AlertKind::UnknownUsers => "Their tickets are voted with default bits, and they cannot sign in.",
        AlertKind::TicketsDiffer => "A ticket may be voted by fewer daemons than it should be, or shown wrongly.",
        AlertKind::Mail => "Nobody can verify an e-mail address or reset a password. Emails wait.",
        AlertKind::Database => "Nobody can sign in or register. Votes are not affected.",
        AlertKind::Cluster => "The pool works. The loss of one more node may stop all pages.",
        AlertKind::VspNotSold => "Current wallets cannot register new tickets here. Registered tickets are voted.",
        AlertKind::VspFees => "Tickets whose fees do not arrive are not voted.",
        AlertKind::VspKeys => "The next start of the web fails. Daemons vote with the keys that they have.",
        AlertKind::Daemon => "It depends on the problem; the runbook lists them.",
        AlertKind::AlertChannel => "Nobody learns of other problems by this channel.",
        AlertKind::Test => "Nothing.",
        _ => "Votes are not affected.",
    }
}

/// The command that mends it, or shows what to do next. A command that `text` brings is the right one.
pub(super) fn command(kind: AlertKind, about: &str, text: &str) -> Option<String> {
    if let Some(named) = quoted(text) {
        return Some(named.to_owned());
    }
    let command = match kind {
        AlertKind::WalletLocked => "exccctl --wallet walletpassphrase PASSPHRASE 0",
        AlertKind::WalletAway => "systemctl restart exccwallet",
        AlertKind::DaemonAway => "systemctl restart stakepoold",
        AlertKind::NodeAway => "systemctl restart exccd",
        AlertKind::MissingScripts => "stakepoolctl wallets sync",
        AlertKind::Lag => "exccctl getpeerinfo",
        AlertKind::MissedVote => "stakepoolctl votes list --outcome failed",
        AlertKind::Disagreement if about.starts_with("wallet ") => "stakepoolctl wallets check",
        AlertKind::UnknownUsers => "stakepoolctl unknown list",
        AlertKind::TicketsDiffer => "stakepoolctl tickets list",
        AlertKind::Mail => "stakepoolctl alerts test",
        AlertKind::AlertChannel => "stakepoolctl alerts test",
        AlertKind::CertificateEnds => "stakepoolctl rotation",
        AlertKind::Database | AlertKind::Cluster => "df -h; journalctl -u stakepool-web -n 50",
        AlertKind::Daemon => "journalctl -u stakepoold -n 50",
        AlertKind::VspFees | AlertKind::VspNotSold => "journalctl -u stakepool-web -n 50",
        AlertKind::Down => "stakepoolctl status",
        _ => return None,
    };
    Some(command.to_owned())
}

/// The first command that stands in a text.
fn quoted(text: &str) -> Option<&str> {
    let quotes = text.split('`').skip(1).step_by(2);
    let mut commands = quotes.filter(|quote| quote.starts_with("stakepoolctl ") || quote.starts_with("exccctl "));
    commands.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_the_text_names_comes_before_that_of_its_kind() {
        let of = |text| command(AlertKind::WalletLocked, "wallet a:1", text);
        assert_eq!(of("it is locked").as_deref(), Some("exccctl --wallet walletpassphrase PASSPHRASE 0"));
        assert_eq!(
            of("check `database`, then `stakepoolctl wallets sync`").as_deref(),
            Some("stakepoolctl wallets sync")
        );
    }

    #[test]
    fn the_gravest_comes_first() {
        assert!(Severity::of(AlertKind::Down) < Severity::of(AlertKind::WalletLocked));
        assert!(Severity::of(AlertKind::WalletLocked) < Severity::of(AlertKind::CertificateEnds));
    }
}
