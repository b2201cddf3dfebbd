//! Asking for a new password. The answer is the same, and takes the same time, for every address.

use serde::Serialize;
use stakepool::accounts::{MustWait, ResetError};
use warp::http::StatusCode;

use super::captcha::{self, Shown};
use super::message::Message;
use crate::site::Site;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

const TEMPLATE: &str = "passwordreset.html.tera";

#[derive(Serialize)]
struct Reset<'a> {
    email: &'a str,
    error: Option<String>,
    mail: bool,
    captcha: Shown,
}

/// Shows the form, or says that the pool sends no mail.
pub async fn show(visit: Visit) -> Outcome {
    page(&visit, StatusCode::OK, None)
}

/// Sends the mail, if there is such an account.
pub async fn submit(visit: Visit) -> Outcome {
    let request = match visit.site.pool.ask_reset(visit.form.text("email"), &visit.origin) {
        Ok(request) => request,
        Err(ResetError::NoMail) => return page(&visit, StatusCode::OK, None),
        Err(ResetError::Email(error)) => {
            return page(&visit, StatusCode::OK, Some(format!("No mail was sent: {error}.")));
        }
        Err(ResetError::Wait(wait)) => return wait_page(&visit, wait),
    };
    if let Err(error) = captcha::check(&visit).await? {
        return page(&visit, StatusCode::OK, Some(format!("No mail was sent: {error}.")));
    }
    match request.send() {
        Ok(()) => Message::RESET_SENT.show(&visit, StatusCode::OK),
        Err(wait) => wait_page(&visit, wait),
    }
}

fn wait_page(visit: &Visit, wait: MustWait) -> Outcome {
    let error = format!("Too many mails were asked for. None was sent; try again in {}.", wait.in_words());
    let mut response = visit.page_to_wait(TEMPLATE, wait, &content(visit, Some(error)))?;
    captcha::admit(&visit.site, &mut response);
    Ok(response)
}

fn content(visit: &Visit, error: Option<String>) -> Reset<'_> {
    let email = if error.is_some() { visit.form.text("email") } else { "" };
    Reset { email, error, mail: visit.site.pool.sends_mail(), captcha: captcha::show(&visit.site) }
}

fn page(visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
    let mut response = visit.page(TEMPLATE, status, &content(visit, error))?;
    captcha::admit(&visit.site, &mut response);
    Ok(response)
}

/// The page, to try templates with.
pub fn samples(site: &Site) -> Vec<Sample> {
    let page = |error, mail| Reset { email: "a@example.org", error, mail, captcha: captcha::show(site) };
    [page(Some("sample".to_owned()), true), page(None, false)].map(|page| Sample::new(TEMPLATE, &page)).into()
}
