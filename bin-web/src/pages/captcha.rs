//! What keeps robots from making accounts and from having mails sent.

pub mod own;
pub mod recaptcha;

use serde::Serialize;
use warp::http::HeaderValue;
use warp::http::header::CONTENT_SECURITY_POLICY;
use warp::reply::Response;

use crate::site::Site;
use crate::options::CaptchaChoice;
use crate::page_error::PageError;
use crate::http::headers::POLICY;
use crate::visit::Visit;

/// What a form shows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shown {
    kind: &'static str,
    question: String,
    token: String,
    site_key: String,
}

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

/// A new question, where one is asked.
pub fn show(app: &App) -> Shown {
    match &app.options.captcha {
        CaptchaChoice::None => Shown { kind: "none", ..Shown::default() },
        CaptchaChoice::Own => {
            let riddle = app.riddles.new_riddle(app.services.random.as_ref(), app.now());
            Shown { kind: "own", question: riddle.question, token: riddle.token, ..Shown::default() }
        }
        CaptchaChoice::Recaptcha { site_key, .. } => {
            Shown { kind: "recaptcha", site_key: site_key.clone(), ..Shown::default() }
        }
    }
}

/// Checks what a form brings.
///
/// # Errors
/// [`CaptchaError`] inside where the answer does not count; outside where the database fails.
pub async fn check(visit: &Visit) -> Result<Result<(), CaptchaError>, Trouble> {
    let app = &visit.app;
    match &app.options.captcha {
        CaptchaChoice::None => Ok(Ok(())),
        CaptchaChoice::Own => {
            let checked = app.riddles.check(&visit.form, app.now());
            let (key, expires) = match checked {
                Ok(solved) => solved,
                Err(error) => return Ok(Err(error)),
            };
            let first = app.services.access.first_use(&key, app.now(), expires).await?;
            Ok(if first { Ok(()) } else { Err(CaptchaError::Stale) })
        }
        CaptchaChoice::Recaptcha { secret, .. } => {
            let answer = visit.form.text("g-recaptcha-response");
            Ok(recaptcha::check(app.services.judge.as_ref(), secret, answer, visit.client).await)
        }
    }
}

/// Lets a page load reCAPTCHA where it shows it. No other page ever may.
pub fn admit(app: &App, response: &mut Response) {
    if matches!(app.options.captcha, CaptchaChoice::Recaptcha { .. }) {
        // Of two directives of one name the first counts.
        let policy = format!(
            "script-src 'self' https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/; \
             frame-src https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/; {POLICY}"
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        }
    }
}
