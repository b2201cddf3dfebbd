//! Asking for a new password. The answer is the same, and takes the same time, for every address.

use serde::Serialize;
use stakepool_core::accounts::Email;
use stakepool_core::ports::TokenPurpose;
use warp::http::StatusCode;

use crate::pages::message::Message;
use stakepool::accounts::email::send_behind;
use crate::site::Site;
use crate::captcha;
use crate::pages::captcha::Shown;
use stakepool::accounts::MustWait;
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
    let app = &visit.app;
    if !app.post.is_on() {
        return page(&visit, StatusCode::OK, None);
    }
    let typed = visit.form.text("email");
    let email = match Email::parse(typed) {
        Ok(email) => email,
        Err(error) => return page(&visit, StatusCode::OK, Some(format!("No mail was sent: {error}."))),
    };
    // The client first, since the question against robots is noted in the database; the address only after it, since
    // robots must not use up what its user may ask for.
    if let Err(wait) = app.count_stranger("password resets", visit.client) {
        return wait_page(&visit, wait);
    }
    if let Err(error) = captcha::check(&visit).await? {
        return page(&visit, StatusCode::OK, Some(format!("No mail was sent: {error}.")));
    }
    if let Err(wait) = app.limiter.ask_for_mail(typed, visit.client) {
        return wait_page(&visit, wait);
    }
    send_behind(app, TokenPurpose::ResetPassword, email, visit.client);
    tracing::info!(client = %visit.client, "a password reset was asked for");
    Told::RESET_SENT.show(&visit, StatusCode::OK)
}

fn wait_page(visit: &Visit, wait: MustWait) -> Outcome {
    let error = format!("Too many mails were asked for. None was sent; try again in {}.", wait.in_words());
    let mut response = visit.page_to_wait(TEMPLATE, wait, &content(visit, Some(error)))?;
    captcha::admit(&visit.app, &mut response);
    Ok(response)
}

fn content(visit: &Visit, error: Option<String>) -> Reset<'_> {
    let email = if error.is_some() { visit.form.text("email") } else { "" };
    Reset { email, error, mail: visit.app.post.is_on(), captcha: captcha::show(&visit.app) }
}

fn page(visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
    let mut response = visit.page(TEMPLATE, status, &content(visit, error))?;
    captcha::admit(&visit.app, &mut response);
    Ok(response)
}

/// The page, to try templates with.
pub fn samples(app: &App) -> Vec<Sample> {
    let page = |error, mail| Reset { email: "a@example.org", error, mail, captcha: captcha::show(app) };
    [page(Some("sample".to_owned()), true), page(None, false)].map(|page| Sample::new(TEMPLATE, &page)).into()
}
