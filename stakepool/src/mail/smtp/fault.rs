//! What goes wrong with a mail server, and whether it is of the mail or of the server.

use std::io;
use std::time::Duration;

use stakepool_core::accounts::Email;
use stakepool_core::ports::MailError;

use super::reply::Reply;

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The connection.
    #[error("{0}")]
    Network(io::Error),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Silent(Duration),
    /// It speaks something else.
    #[error("{0}")]
    Protocol(String),
    /// It does not do what every mail of ours needs: the settings are at fault, not the mail.
    #[error("{0}")]
    Setup(String),
    /// It refuses a step that every mail of ours needs.
    #[error("it refuses {}: {}", .0, .1.said())]
    Step(&'static str, Reply),
    /// It does not take this mail now.
    #[error("{}", .0.said())]
    NotNow(Reply),
    /// It does not take this mail at all.
    #[error("{}", .0.said())]
    Never(Reply),
    /// It cannot deliver to such an address.
    #[error("{0}")]
    Unsendable(String),
}

/// Codes that ask for a sign-in or encryption, at whichever step they come (RFC 4954, section 6; RFC 3207, section 4).
const SETUP: [u16; 5] = [530, 534, 535, 538, 454];

impl Fault {
    /// The refusal of a mail.
    pub(super) fn of_mail(reply: Reply) -> Self {
        match reply.code {
            code if SETUP.contains(&code) => Self::Step("mail", reply),
            500..600 => Self::Never(reply),
            _ => Self::NotNow(reply),
        }
    }

    /// Without the address in the server's words: logs name users by number.
    pub(super) fn without(mut self, address: &Email) -> Self {
        if let Self::NotNow(reply) | Self::Never(reply) | Self::Step(_, reply) = &mut self {
            for line in &mut reply.lines {
                for shown in Email::spellings(address.as_str()) {
                    *line = without(line, shown.as_str());
                }
            }
        }
        self
    }

    /// As the mailer tells it.
    pub(super) fn into_error(self, server: &str) -> MailError {
        let text = self.to_string();
        match self {
            Self::Never(_) => MailError::Refused(text),
            Self::NotNow(_) => MailError::Later(text),
            Self::Unsendable(_) => MailError::Unsendable(text),
            Self::Network(_) if text.contains("certificate") => MailError::Away(format!(
                "{text}: {server} shows a certificate that is not trusted; smtphost must be a name in it, and its issuer \
                 known to this machine"
            )),
            Self::Network(_) | Self::Silent(_) | Self::Protocol(_) | Self::Setup(_) | Self::Step(..) => {
                MailError::Away(format!("{server}: {text}"))
            }
        }
    }
}

/// The line with `…` in the place of an address, whatever its case.
fn without(line: &str, address: &str) -> String {
    let (lower, mut kept, mut from) = (line.to_ascii_lowercase(), String::new(), 0);
    while let Some(at) = lower.get(from..).and_then(|rest| rest.find(&address.to_ascii_lowercase())) {
        kept.push_str(&line[from..from + at]);
        kept.push('…');
        from += at + address.len();
    }
    kept.push_str(&line[from..]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_do_not_name_the_user() {
        let said = |code| {
            let lines = vec!["5.1.1 <Bob@Example.org>: no such user bob@example.org".to_owned(), "ü".to_owned()];
            let fault = Fault::of_mail(Reply { code, lines });
            fault.without(&Email::from_store("bob@example.org".to_owned())).into_error("mail:25")
        };
        assert_eq!(said(550), MailError::Refused("550 5.1.1 <…>: no such user … ü".to_owned()));
        assert_eq!(said(450), MailError::Later("450 5.1.1 <…>: no such user … ü".to_owned()));
        for code in SETUP {
            let text = format!("mail:25: it refuses mail: {code} 5.1.1 <…>: no such user … ü");
            assert_eq!(
                said(code),
                MailError::Away(text),
                "the settings are at fault, and the user is not named either"
            );
        }
    }

    #[test]
    fn what_the_settings_are_to_blame_for_is_told_from_what_the_mail_is() {
        let of = |code| Fault::of_mail(Reply { code, lines: vec!["words".to_owned()] }).into_error("mail:25");
        assert_eq!(of(550), MailError::Refused("550 words".to_owned()));
        assert_eq!(of(451), MailError::Later("451 words".to_owned()));
        assert_eq!(of(530), MailError::Away("mail:25: it refuses mail: 530 words".to_owned()));
        assert!(of(530).is_passing() && of(451).is_passing() && !of(550).is_passing());
    }
}
