//! Mail: what letters say, the queue of outgoing mail, and SMTP.

pub mod letters;
mod outbox;
mod record;
#[cfg(feature = "smtp")]
mod smtp;

pub use outbox::Outbox;
pub use record::{MailOutage, MailTroubles};
#[cfg(feature = "smtp")]
pub use smtp::{SmtpEncryption, SmtpError, SmtpLogin, SmtpMailer, SmtpOptions};
