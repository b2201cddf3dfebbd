//! The question against robots, as forms show it and bring it back.

use serde::Serialize;
use warp::http::HeaderValue;
use warp::http::header::CONTENT_SECURITY_POLICY;
use warp::reply::Response;

use crate::captcha::error::CaptchaError;
use crate::captcha::recaptcha;
use crate::http::headers::POLICY;
use crate::options::CaptchaChoice;
use crate::page_error::PageError;
use crate::site::Site;
use crate::visit::Visit;

/// What a form shows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shown {
    kind: &'static str,
    question: String,
    token: String,
    site_key: String,
}

/// A new question, where one is asked.
pub fn show(site: &Site) -> Shown {
    match &site.options.captcha {
        CaptchaChoice::None => Shown { kind: "none", ..Shown::default() },
        CaptchaChoice::Own => {
            let asked = site.questions.ask(site.random(), site.now());
            Shown { kind: "own", question: asked.question, token: asked.token, ..Shown::default() }
        }
        CaptchaChoice::Recaptcha { site_key, .. } => {
            Shown { kind: "recaptcha", site_key: site_key.clone(), ..Shown::default() }
        }
    }
}

/// The question of a form that is shown again. Who has answered one rightly, and not too fast, is not held up once more: a
/// password manager fills the form in at once.
pub fn show_again(visit: &Visit) -> Shown {
    let site = &visit.site;
    match &site.options.captcha {
        CaptchaChoice::Own if site.questions.check(&visit.form, site.now()).is_ok() => {
            let asked = site.questions.ask_patient(site.random(), site.now());
            Shown { kind: "own", question: asked.question, token: asked.token, ..Shown::default() }
        }
        _ => show(site),
    }
}

/// Checks what a form brings.
///
/// # Errors
/// [`CaptchaError`] inside where the answer does not count; outside where the database fails.
pub async fn check(visit: &Visit) -> Result<Result<(), CaptchaError>, PageError> {
    let site = &visit.site;
    match &site.options.captcha {
        CaptchaChoice::None => Ok(Ok(())),
        CaptchaChoice::Own => {
            let checked = site.questions.check(&visit.form, site.now());
            let (key, expires) = match checked {
                Ok(solved) => solved,
                Err(error) => return Ok(Err(error)),
            };
            let first = site.pool.parts().access.first_use(&key, site.now(), expires).await?;
            Ok(if first { Ok(()) } else { Err(CaptchaError::Stale) })
        }
        CaptchaChoice::Recaptcha { secret, .. } => {
            let answer = visit.form.text("g-recaptcha-response");
            Ok(recaptcha::check(site.judge.as_ref(), secret, answer, visit.client, site.pool.site().host()).await)
        }
    }
}

/// Lets a page load reCAPTCHA where it shows it. No other page ever may.
pub fn admit(site: &Site, response: &mut Response) {
    if matches!(site.options.captcha, CaptchaChoice::Recaptcha { .. }) {
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
