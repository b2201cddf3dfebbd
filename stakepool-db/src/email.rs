//! How e-mail addresses are compared.

/// What two e-mail addresses share where they are the same: the text without spaces around it, lower-cased, as
/// `Email::parse` makes it. Rows of the predecessor lie there as their users typed them.
pub(crate) fn email_key(text: &str) -> String {
    text.trim().to_lowercase()
}
