//! The second step of signing in: a one-time password, or a recovery code.
//!
//! Between the steps the browser holds a signed note of who showed the right password. It lasts ten minutes, and ends
//! with that password.

use serde::Serialize;
use stakepool_core::accounts::{RecoveryCode, User, UserId};
use stakepool_core::audit::AuditAction;
use stakepool_core::time::UnixTime;
use std::time::Duration;
use warp::http::StatusCode;
use warp::reply::Response;

use super::signin;
use crate::site::Site;
use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};
use crate::http::respond::{add_cookie, see_other};

const TEMPLATE: &str = "signincode.html.tera";
/// The cookie that holds the note.
pub const COOKIE: &str = "firststep";
const LASTS: Duration = Duration::from_secs(600);

#[derive(Default, Serialize)]
struct Code {
    error: Option<String>,
}

/// Sends a user who showed the right password on to the second step.
pub fn ask(visit: &Visit, user: &User) -> Response {
    let app = &visit.app;
    let (id, expires) = (user.id.0.to_be_bytes(), app.now().plus(LASTS).0.to_be_bytes());
    let signature = sign(app, user, &id, &expires);
    let note = format!("{}{}{}", hex::encode(id), hex::encode(expires), hex::encode(signature));
    let mut response = see_other("/signincode");
    add_cookie(&mut response, app.cookies.set(COOKIE, &note, Some(LASTS)));
    response
}

/// Shows the form.
pub async fn show(visit: Visit) -> Outcome {
    if first_step(&visit).await?.is_none() {
        return Ok(see_other("/signin"));
    }
    visit.page(TEMPLATE, StatusCode::OK, &Code::default())
}

/// Checks the code and begins a session.
pub async fn submit(visit: Visit) -> Outcome {
    let app = &visit.app;
    let Some(user) = first_step(&visit).await? else { return Ok(see_other("/signin")) };
    let tried = match app.limiter.second_factor(user.id) {
        Ok(tried) => tried,
        Err(wait) => {
            let error = format!("Too many failed tries. Nothing is lost; try again in {}.", wait.in_words());
            return visit.page_to_wait(TEMPLATE, wait, &Code { error: Some(error) });
        }
    };
    let Some(way) = check(&visit, user.id).await? else {
        tracing::info!(user = %user.id, client = %visit.client, "a second factor failed");
        let error = "This code is wrong, or was used already. Wait for the next one, and see that the clock of your \
                     device is right.";
        return visit.page(TEMPLATE, StatusCode::OK, &Code { error: Some(error.to_owned()) });
    };
    app.limiter.succeeded(tried);
    let notice = match way {
        Way::Device => None,
        Way::Recovery => {
            app.note(user.id, AuditAction::AccountRecovery, format!("from {}", visit.client)).await;
            app.tell(&user, "Somebody signed in to your account with a recovery code, which is used up now.");
            Some(Notice::RecoveryCodeUsed)
        }
    };
    let mut response = signin::enter(&visit, &user, notice).await?;
    add_cookie(&mut response, app.cookies.clear(COOKIE));
    Ok(response)
}

/// How the second factor was shown.
enum Way {
    Device,
    Recovery,
}

async fn check(visit: &Visit, user: UserId) -> Result<Option<Way>, Trouble> {
    let (app, typed) = (&visit.app, visit.form.text("code"));
    let store = &app.services.second_factors;
    let Some(factor) = store.second_factor(user).await?.filter(|factor| factor.confirmed) else { return Ok(None) };
    if let Some(step) = factor.secret.step_of(typed, app.now()) {
        return Ok(store.use_step(user, step).await?.then_some(Way::Device));
    }
    match RecoveryCode::parse(typed) {
        Some(code) => Ok(store.use_recovery(user, &code.hash()).await?.then_some(Way::Recovery)),
        None => Ok(None),
    }
}

/// The user who showed the right password in this browser a short while ago.
async fn first_step(visit: &Visit) -> Result<Option<User>, Trouble> {
    let app = &visit.app;
    let Some(note) = visit.first_step.as_ref().and_then(|note| hex::decode(note).ok()) else { return Ok(None) };
    let Some((id, rest)) = note.split_first_chunk::<8>() else { return Ok(None) };
    let Some((expires, signature)) = rest.split_first_chunk::<8>() else { return Ok(None) };
    if UnixTime(i64::from_be_bytes(*expires)) <= app.now() {
        return Ok(None);
    }
    let user = app.services.users.by_id(UserId(i64::from_be_bytes(*id))).await?;
    let is_right = |user: &User| !user.disabled && app.first_steps.is_right(&parts(user, id, expires), signature);
    Ok(user.filter(is_right))
}

fn sign(app: &App, user: &User, id: &[u8], expires: &[u8]) -> [u8; 32] {
    app.first_steps.sign(&parts(user, id, expires))
}

/// What is signed: the password's hash is part of it, so that a new password ends all first steps.
fn parts<'a>(user: &'a User, id: &'a [u8], expires: &'a [u8]) -> [&'a [u8]; 3] {
    let hash = user.password.argon2.as_deref().or(user.password.bcrypt.as_deref()).unwrap_or_default();
    [id, expires, hash.as_bytes()]
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    [None, Some("sample".to_owned())].map(|error| Sample::new(TEMPLATE, &Code { error })).into()
}
