//! Why an answer to the question against robots does not count.

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CaptchaError {
    /// Wrong, or none.
    #[error("the question against robots was not answered rightly; answer the new one")]
    Wrong,
    /// Too old, or used before.
    #[error("the question against robots was too old; answer the new one")]
    Stale,
    /// Too fast for a person.
    #[error("the form came back faster than a person can fill it in; wait three seconds and send it again")]
    TooFast,
    /// The box of reCAPTCHA was not ticked, or Google does not believe it.
    #[error("the box against robots was not ticked; it needs JavaScript and a connection to Google")]
    Unticked,
    /// Google cannot be asked.
    #[error("the check against robots is out of order at this moment; try again in a few minutes")]
    Unavailable,
}
