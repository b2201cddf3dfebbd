//! Setting up, renewing and taking away the second factor.

use serde::Serialize;
use stakepool_core::accounts::{RecoveryCode, TotpSecret, User};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{SecondFactor, StoreError};
use warp::http::StatusCode;

use stakepool::accounts::email::{Denied, confirm_password};
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
    let (app, user) = (&visit.app, visit.need_user()?);
    if let Err(denied) = confirm_password(visit, user).await {
        return refuse(visit, &denied).await;
    }
    let secret = TotpSecret::random(app.services.random.as_ref());
    match app.services.second_factors.propose_factor(user.id, &secret).await {
        Ok(()) => set_up(visit, user, &secret, None),
        Err(StoreError::Conflict(_)) => {
            page(visit, StatusCode::OK, Some("The second factor is on already.".into())).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Turns the factor on.
async fn confirm(visit: &Visit) -> Outcome {
    let (app, user) = (&visit.app, visit.need_user()?);
    let store = &app.services.second_factors;
    let Some(factor) = store.second_factor(user.id).await?.filter(|factor| !factor.confirmed) else {
        return page(visit, StatusCode::OK, None).await;
    };
    let tried = match app.limiter.second_factor(user.id) {
        Ok(tried) => tried,
        Err(wait) => return refuse(visit, &Denied::Wait(wait)).await,
    };
    let Some(step) = factor.secret.step_of(visit.form.text("code"), app.now()) else {
        let error = "This code is wrong, so the second factor is not on yet. Wait for the next code, and see that the \
                     clock of your device is right.";
        return set_up(visit, user, &factor.secret, Some(error.to_owned()));
    };
    app.limiter.succeeded(tried);
    let codes = RecoveryCode::some(app.services.random.as_ref());
    if !store.confirm_factor(user.id, &factor.secret, step, &hashes(&codes)).await? {
        let error = "The second factor was set up at the same moment elsewhere. Begin again.";
        return page(visit, StatusCode::OK, Some(error.to_owned())).await;
    }
    // Whoever is signed in elsewhere has not shown the second factor.
    app.services.sessions.end_all(user.id, visit.session()).await?;
    app.note(user.id, AuditAction::AccountFactorOn, format!("from {}", visit.client)).await;
    app.tell(user, "The second factor of your account was turned on.");
    let done = "The second factor is on: from now on signing in takes a code from your device as well. Every other device is \
                signed out.";
    show_codes(visit, &codes, done)
}

/// Makes new recovery codes.
async fn renew(visit: &Visit) -> Outcome {
    let (app, user) = (&visit.app, visit.need_user()?);
    if let Err(denied) = confirm_password(visit, user).await {
        return refuse(visit, &denied).await;
    }
    if app.lacks_second_factor(user.id).await? {
        return page(visit, StatusCode::OK, None).await;
    }
    let codes = RecoveryCode::some(app.services.random.as_ref());
    app.services.second_factors.renew_recovery(user.id, &hashes(&codes)).await?;
    app.note(user.id, AuditAction::AccountFactorCodes, format!("from {}", visit.client)).await;
    app.tell(user, "New recovery codes were made for your account; the old ones no longer work.");
    show_codes(visit, &codes, "New recovery codes are made. The old ones are void.")
}

/// Turns the factor off.
async fn remove(visit: &Visit) -> Outcome {
    let (app, user) = (&visit.app, visit.need_user()?);
    if let Err(denied) = confirm_password(visit, user).await {
        return refuse(visit, &denied).await;
    }
    app.services.second_factors.remove_factor(user.id).await?;
    app.note(user.id, AuditAction::AccountFactorOff, format!("from {}", visit.client)).await;
    app.tell(user, "The second factor of your account was turned off.");
    Ok(visit.done(Notice::SecondFactorOff, "/settings"))
}

fn hashes(codes: &[RecoveryCode]) -> Vec<[u8; 32]> {
    codes.iter().map(RecoveryCode::hash).collect()
}

fn set_up(visit: &Visit, user: &User, secret: &TotpSecret, error: Option<String>) -> Outcome {
    let uri = secret.uri(&visit.app.options.site_name, user.email.as_str());
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

async fn refuse(visit: &Visit, denied: &Denied) -> Outcome {
    let error = format!("Nothing was changed: {}.", denied.reason());
    match denied {
        Denied::Wait(wait) => visit.page_to_wait(TEMPLATE, *wait, &content(visit, Some(error)).await?),
        Denied::Wrong | Denied::Busy => page(visit, denied.status(), Some(error)).await,
    }
}

async fn content(visit: &Visit, error: Option<String>) -> Result<TwoFactor, Trouble> {
    let user = visit.need_user()?;
    let factor = visit.app.services.second_factors.second_factor(user.id).await?.filter(|factor| factor.confirmed);
    let recovery_left = factor.as_ref().map_or(0, |factor: &SecondFactor| factor.recovery_left);
    let is_needed = visit.app.needs_second_factor(user);
    Ok(TwoFactor { error, is_on: factor.is_some(), is_needed, recovery_left, ..Default::default() })
}

async fn page(visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
    visit.page(TEMPLATE, status, &content(visit, error).await?)
}
