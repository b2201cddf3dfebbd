//! Why an answer to the question against robots does not count.

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CaptchaError {
    /// Wrong, or none.
    #[error("the anti-bot answer was wrong; here is a new question")]
    Wrong,
    /// Too old, or used before.
    #[error("the anti-bot question has expired; here is a new one")]
    Stale,
    /// Too fast for a person.
    #[error("the form was sent too quickly; wait three seconds and send it again")]
    TooFast,
    /// The box of reCAPTCHA was not ticked, or Google does not believe it.
    #[error("the anti-bot box was not ticked; it needs JavaScript and a connection to Google")]
    Unticked,
    /// Google cannot be asked.
    #[error("the anti-bot check is unavailable; try again in a few minutes")]
    Unavailable,
}
