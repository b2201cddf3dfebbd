//! Asking for a new password. The answer is the same, and takes the same time, for every address.

use stakepool::accounts::{MustWait, ResetError};
use warp::http::StatusCode;

use super::captcha;
use super::email_form::EmailForm;
use super::message::Message;
use crate::site::Site;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

const FORM: EmailForm = EmailForm("passwordreset.html.tera");

/// Shows the form, or says that the pool sends no mail.
pub async fn show(visit: Visit) -> Outcome {
    FORM.page(&visit, StatusCode::OK, None)
}

/// Sends the mail, if there is such an account.
pub async fn submit(visit: Visit) -> Outcome {
    let request = match visit.site.pool.ask_reset(visit.form.text("email"), &visit.origin) {
        Ok(request) => request,
        Err(ResetError::NoMail) => return FORM.page(&visit, StatusCode::OK, None),
        Err(ResetError::Email(error)) => {
            return FORM.page_about(
                &visit,
                StatusCode::OK,
                Some(format!("No email was sent: {error}.")),
                Some("email"),
            );
        }
        Err(ResetError::Wait(wait)) => return wait_page(&visit, wait),
    };
    if let Err(error) = captcha::check(&visit).await? {
        return FORM.page_about(&visit, StatusCode::OK, Some(format!("No email was sent: {error}.")), Some("captcha"));
    }
    match request.send() {
        Ok(()) => Message::RESET_SENT.show(&visit, StatusCode::OK),
        Err(wait) => wait_page(&visit, wait),
    }
}

fn wait_page(visit: &Visit, wait: MustWait) -> Outcome {
    let error = format!("Too many mails were asked for. None was sent; try again in {}.", wait.in_words());
    FORM.page_to_wait(visit, wait, error)
}

/// The page, to try templates with.
pub fn samples(site: &Site) -> Vec<Sample> {
    FORM.samples(site)
}
