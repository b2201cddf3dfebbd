//! What keeps robots from making accounts and from having mails sent.

pub mod error;
pub mod own;
pub mod recaptcha;
