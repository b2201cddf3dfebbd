//! Setting up, renewing and taking away the second factor.

use serde::Serialize;
use stakepool::accounts::{ConfirmFactorError, Denied, SecondFactorError};
use stakepool_core::accounts::{RecoveryCode, TotpSecret, User};
use stakepool_core::ports::SecondFactor;
use warp::http::StatusCode;

use super::confirm::denied_status;
use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::view::qr;
use crate::visit::{Outcome, Visit};

const TEMPLATE: &str = "twofactor.html.tera";

#[derive(Default, Serialize)]
struct TwoFactor {
    error: Option<String>,
    is_on: bool,
    is_needed: bool,
    recovery_left: u64,
    /// The secret that is to be confirmed, with its picture.
    secret: Option<String>,
    qr: String,
    /// New recovery codes.
    codes: Option<Vec<String>>,
    /// What was done when they were made.
    done: &'static str,
}

/// Shows how things stand.
pub async fn show(visit: Visit) -> Outcome {
    visit.need_user()?;
    page(&visit, StatusCode::OK, None).await
}

/// Does what the pressed button says.
pub async fn submit(visit: Visit) -> Outcome {
    visit.need_user()?;
    let pressed = |name: &str| visit.form.get(name).is_some();
    if pressed("begin") {
        begin(&visit).await
    } else if pressed("confirm") {
        confirm(&visit).await
    } else if pressed("renew") {
        renew(&visit).await
    } else if pressed("remove") {
        remove(&visit).await
    } else {
        page(&visit, StatusCode::OK, Some("Nothing was changed: press one of the buttons.".to_owned())).await
    }
}

/// Proposes a secret. It counts once the device has shown that it has it.
async fn begin(visit: &Visit) -> Outcome {
    let (pool, user) = (&visit.site.pool, visit.need_user()?);
    match pool.propose_second_factor(user, visit.form.text("password"), &visit.origin).await {
        Ok(set_up) => show_secret(visit, user, &set_up.secret, None),
        Err(error) => refuse(visit, error).await,
    }
}

/// Turns the factor on.
async fn confirm(visit: &Visit) -> Outcome {
    let (pool, user) = (&visit.site.pool, visit.need_user()?);
    let confirmed = pool.confirm_second_factor(user, visit.form.text("code"), visit.session(), &visit.origin).await;
    match confirmed {
        Ok(codes) => show_codes(
            visit,
            &codes,
            "The second factor is on: from now on signing in takes a code from your device as well. Every other device is \
             signed out.",
        ),
        Err(ConfirmFactorError::NothingProposed) => page(visit, StatusCode::OK, None).await,
        Err(ConfirmFactorError::Wait(wait)) => deny(visit, Denied::Wait(wait)).await,
        Err(ConfirmFactorError::Wrong(secret)) => {
            let error = "This code is wrong, so the second factor is not on yet. Wait for the next code, and see that the \
                         clock of your device is right.";
            show_secret(visit, user, &secret, Some(error.to_owned()))
        }
        Err(ConfirmFactorError::SetUpElsewhere) => {
            let error = "The second factor was set up at the same moment elsewhere. Begin again.";
            page(visit, StatusCode::OK, Some(error.to_owned())).await
        }
        Err(ConfirmFactorError::Store(error)) => Err(error.into()),
    }
}

/// Makes new recovery codes.
async fn renew(visit: &Visit) -> Outcome {
    let (pool, user) = (&visit.site.pool, visit.need_user()?);
    let (password, code) = (visit.form.text("password"), visit.form.text("code"));
    match pool.renew_recovery_codes(user, password, code, &visit.origin).await {
        Ok(codes) => show_codes(visit, &codes, "New recovery codes are made. The old ones are void."),
        Err(error) => refuse(visit, error).await,
    }
}

/// Turns the factor off.
async fn remove(visit: &Visit) -> Outcome {
    let (pool, user) = (&visit.site.pool, visit.need_user()?);
    let (password, code) = (visit.form.text("password"), visit.form.text("code"));
    match pool.remove_second_factor(user, password, code, &visit.origin).await {
        Ok(()) => Ok(visit.done(Flash::SecondFactorOff, "/settings")),
        Err(error) => refuse(visit, error).await,
    }
}

async fn refuse(visit: &Visit, error: SecondFactorError) -> Outcome {
    match error {
        SecondFactorError::Denied(denied) => deny(visit, denied).await,
        SecondFactorError::IsOn => {
            page(visit, StatusCode::OK, Some("The second factor is on already.".to_owned())).await
        }
        SecondFactorError::WrongCode => {
            let error = "Nothing was changed: this code is wrong, or was used already. Wait for the next one.";
            page(visit, StatusCode::OK, Some(error.to_owned())).await
        }
        SecondFactorError::IsOff => page(visit, StatusCode::OK, None).await,
        SecondFactorError::Store(error) => Err(error.into()),
    }
}

async fn deny(visit: &Visit, denied: Denied) -> Outcome {
    let error = format!("Nothing was changed: {denied}.");
    match denied {
        Denied::Wait(wait) => visit.page_to_wait(TEMPLATE, wait, &content(visit, Some(error)).await?),
        Denied::Wrong | Denied::Code | Denied::Busy => page(visit, denied_status(denied), Some(error)).await,
    }
}

fn show_secret(visit: &Visit, user: &User, secret: &TotpSecret, error: Option<String>) -> Outcome {
    let uri = secret.uri(&visit.site.pool.site().name, user.email.as_str());
    let qr = qr::svg(&uri, "QR code with the secret for your device");
    let secret = Some(in_groups(&secret.reveal()));
    visit.page(TEMPLATE, StatusCode::OK, &TwoFactor { error, secret, qr, ..Default::default() })
}

/// A secret in groups of four, as people type it.
fn in_groups(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    characters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

fn show_codes(visit: &Visit, codes: &[RecoveryCode], done: &'static str) -> Outcome {
    let codes = Some(codes.iter().map(RecoveryCode::reveal).collect());
    visit.page(TEMPLATE, StatusCode::OK, &TwoFactor { codes, done, is_on: true, ..Default::default() })
}

async fn content(visit: &Visit, error: Option<String>) -> Result<TwoFactor, PageError> {
    let user = visit.need_user()?;
    let factor = visit.site.pool.second_factor(user).await?;
    let recovery_left = factor.as_ref().map_or(0, |factor: &SecondFactor| factor.recovery_left);
    let is_needed = visit.site.pool.needs_second_factor(user);
    Ok(TwoFactor { error, is_on: factor.is_some(), is_needed, recovery_left, ..Default::default() })
}

async fn page(visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
    visit.page(TEMPLATE, status, &content(visit, error).await?)
}
