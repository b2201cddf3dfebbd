//! Making an account.

use std::time::Duration;

use serde::Serialize;
use stakepool_core::accounts::{Email, PasswordHashes, check_policy};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{NewUser, StoreError};
use tokio::time::{Instant, sleep_until};
use warp::http::StatusCode;

use crate::pages::message::Message;
use crate::site::Site;
use crate::captcha;
use crate::pages::captcha::Shown;
use stakepool::accounts::MustWait;
use stakepool::mail::letters;
use crate::browser::flash::Flash;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

const TEMPLATE: &str = "signup.html.tera";
/// How long storing an account may take unnoticed: the answer waits for as long, whether there is one already or not.
const ANSWER_AFTER: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct SignUp<'a> {
    email: &'a str,
    error: Option<String>,
    mail: bool,
    captcha: Shown,
}

/// Shows the form, or says that the pool is closed.
pub async fn show(visit: Visit) -> Outcome {
    page(&visit, StatusCode::OK, None)
}

/// Makes the account. Where mail is sent, the answer does not tell whether there was one already: the mail does.
pub async fn submit(visit: Visit) -> Outcome {
    let app = &visit.app;
    if app.options.closed.is_some() {
        return page(&visit, StatusCode::FORBIDDEN, None);
    }
    let refuse = |error: String| page(&visit, StatusCode::OK, Some(format!("No account was made: {error}.")));
    if let Err(wait) = app.limiter.sign_up(visit.client) {
        return wait_page(&visit, "sign-ups from your address", wait);
    }
    let email = match Email::parse(visit.form.text("email")) {
        Ok(email) => email,
        Err(error) => return refuse(error.to_string()),
    };
    let password = visit.form.text("password");
    if let Err(error) = check_policy(password, &email) {
        return refuse(error.to_string());
    }
    if password != visit.form.text("passwordrepeat") {
        return refuse("the two passwords differ. Type the same one twice".to_owned());
    }
    if let Err(error) = captcha::check(&visit).await? {
        return refuse(error.to_string());
    }
    // Whether or not the address has an account: what is left of its mails must not tell.
    if app.post.is_on()
        && let Err(wait) = app.limiter.ask_for_mail(email.as_str(), visit.client)
    {
        return wait_page(&visit, "mails were asked for", wait);
    }
    let argon2 = match app.passwords.hash(visit.client, password).await {
        Ok(hash) => hash,
        Err(error) => {
            tracing::warn!(%error, "a sign-up failed");
            return refuse("the server is too busy. Try again in a few seconds".to_owned());
        }
    };
    let began = Instant::now();
    let outcome = create(&visit, email, argon2).await;
    if app.post.is_on() {
        sleep_until(began + ANSWER_AFTER).await;
    }
    outcome
}

async fn create(visit: &Visit, email: Email, argon2: String) -> Outcome {
    let (app, mail) = (&visit.app, visit.app.post.is_on());
    let user = NewUser {
        email: email.clone(),
        password: PasswordHashes { argon2: Some(argon2), bcrypt: None },
        verified: !mail,
        admin: false,
        voting: app.default_voting(),
        created: app.now(),
    };
    match app.services.users.create(user).await {
        Ok(id) => {
            tracing::info!(user = %id, client = %visit.client, "signed up");
            app.note(id, AuditAction::AccountCreate, format!("from {}", visit.client)).await;
            if !mail {
                return Ok(visit.done(Notice::SignedUp, "/signin"));
            }
            app.send_verification(id, &email).await?;
        }
        Err(StoreError::EmailTaken) if mail => {
            app.post.send_later(letters::known_already(&app.options, &email));
        }
        Err(StoreError::EmailTaken) => {
            let error = "There is an account with this e-mail address already. Sign in with its password.";
            return page(visit, StatusCode::OK, Some(error.to_owned()));
        }
        Err(error) => return Err(error.into()),
    }
    Told::CHECK_MAIL.show(visit, StatusCode::OK)
}

fn wait_page(visit: &Visit, too_many: &str, wait: MustWait) -> Outcome {
    let error = format!("Too many {too_many}. No account was made; try again in {}.", wait.in_words());
    let mut response = visit.page_to_wait(TEMPLATE, wait, &content(visit, Some(error)))?;
    captcha::admit(&visit.app, &mut response);
    Ok(response)
}

fn content(visit: &Visit, error: Option<String>) -> SignUp<'_> {
    let email = if error.is_some() { visit.form.text("email") } else { "" };
    SignUp { email, error, mail: visit.app.post.is_on(), captcha: captcha::show(&visit.app) }
}

fn page(visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
    let mut response = visit.page(TEMPLATE, status, &content(visit, error))?;
    captcha::admit(&visit.app, &mut response);
    Ok(response)
}

/// The page, to try templates with.
pub fn samples(app: &App) -> Vec<Sample> {
    let page = |error, mail| SignUp { email: "a@example.org", error, mail, captcha: captcha::show(app) };
    [page(None, true), page(Some("sample".to_owned()), false)].map(|page| Sample::new(TEMPLATE, &page)).into()
}
