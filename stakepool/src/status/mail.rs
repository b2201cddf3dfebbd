//! What the status says of mail.

use stakepool_core::alert::AlertKind;

use crate::mail::{MailOutage, MailTroubles};
use crate::status::finding::Finding;

/// A mail server that takes nothing is a problem.
pub(super) fn of_mail_server(MailOutage { since, last_try, reason, .. }: &MailOutage) -> Finding {
    let text = format!(
        "no mail was sent since {}; the last try was at {}: {reason}; look at the mail server, and at smtphost and what \
         belongs to it in the configuration; it is over with the next mail that is taken (`stakepoolctl alerts test` sends \
         one)",
        since.readable(),
        last_try.readable()
    );
    Finding::new(AlertKind::Mail, "the mail server", text)
}

/// Users whom mail did not reach are only shown: strangers may give any address.
pub(super) fn of_failed_mails(mail: &MailTroubles) -> Option<String> {
    let (last, failure) = mail.failed.iter().max_by_key(|(_, failure)| failure.at)?;
    let others = match mail.failed.len() {
        1 => String::new(),
        2 => ", and to another user before".to_owned(),
        more => format!(", and to {} others before", more - 1),
    };
    Some(format!(
        "mail to user {last} was given up{others}: {}; the page Mail and `stakepoolctl mail failures` list all",
        failure.reason
    ))
}
