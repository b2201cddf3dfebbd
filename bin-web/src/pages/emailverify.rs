//! Showing that an e-mail address is one's own. The link in the mail shows a button, since programs that look for
//! harmful links open them, too.

use serde::Serialize;
use stakepool::accounts::VerifyError;
use warp::http::StatusCode;

use super::captcha;
use super::email_form::EmailForm;
use super::message::Message;
use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::site::Site;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

/// The form for a new mail, where the one on the page of signing in was refused.
const RESEND: EmailForm = EmailForm("emailresend.html.tera");

#[derive(Serialize)]
struct Verify<'a> {
    token: &'a str,
}

/// Shows the button.
pub async fn show(visit: Visit) -> Outcome {
    let token = visit.form.text("t");
    if !visit.site.pool.can_verify_email(token).await? {
        return stale(&visit);
    }
    visit.page("emailverify.html.tera", StatusCode::OK, &Verify { token })
}

/// Verifies the address, or sends the mail again.
pub async fn submit(visit: Visit) -> Outcome {
    if visit.form.get("resend").is_some() {
        return resend(&visit).await;
    }
    match visit.site.pool.verify_email(visit.form.text("t"), &visit.origin).await {
        Ok(()) => Ok(visit.done(Flash::EmailVerified, "/signin")),
        Err(VerifyError::Stale) => stale(&visit),
        Err(VerifyError::Wait(_)) => Err(PageError::too_many_tries()),
        Err(VerifyError::Store(error)) => Err(error.into()),
    }
}

fn stale(visit: &Visit) -> Outcome {
    Message::STALE_VERIFICATION.show(visit, StatusCode::OK)
}

async fn resend(visit: &Visit) -> Outcome {
    let asked = visit.site.pool.ask_verification(visit.form.text("email"), &visit.origin);
    let request = asked.map_err(PageError::too_many_mails)?;
    if let Err(error) = captcha::check(visit).await? {
        return RESEND.page(visit, StatusCode::OK, Some(format!("No email was sent: {error}.")));
    }
    request.send().map_err(PageError::too_many_mails)?;
    Message::SENT_AGAIN.show(visit, StatusCode::OK)
}

/// The pages, to try templates with.
pub fn samples(site: &Site) -> Vec<Sample> {
    let mut samples = RESEND.samples(site);
    samples.push(Sample::new("emailverify.html.tera", &Verify { token: "0" }));
    samples
}
