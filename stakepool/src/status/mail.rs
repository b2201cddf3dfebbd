//! What the status says of mail.

use crate::mail::MailTroubles;
use crate::status::judge::{Overall, PoolStatus};

/// Adds what mail could not be sent. A mail server that takes nothing is a problem. Users whom mail did not reach are only
/// shown: strangers may give any address.
pub(super) fn add_mail(status: &mut PoolStatus, mail: &MailTroubles) {
    if let Some(reason) = &mail.away {
        status.problems.push(format!(
            "no mail can be sent: {reason}; look at the mail server, and at smtphost and what belongs to it in the \
             configuration"
        ));
        if status.state == Overall::Ok {
            status.state = Overall::Degraded;
        }
    }
    let Some((last, failure)) = mail.failed.iter().max_by_key(|(_, failure)| failure.at) else { return };
    let others = match mail.failed.len() {
        1 => String::new(),
        2 => ", and to another user before".to_owned(),
        more => format!(", and to {} others before", more - 1),
    };
    status.warnings.push(format!(
        "mail to user {last} was given up{others}: {}; the pages of users say whom mail did not reach",
        failure.reason
    ));
}
