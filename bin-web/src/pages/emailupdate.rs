//! Confirming a new e-mail address.

use serde::Serialize;
use stakepool::accounts::revoke_all_tokens;
use stakepool_core::accounts::{EmailState, User};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{StoreError, TokenPurpose};
use warp::http::StatusCode;

use crate::pages::message::Message;
use stakepool::accounts::email::{take_token, token_of};
use stakepool::mail::letters;
use crate::browser::flash::Flash;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

const PURPOSE: TokenPurpose = TokenPurpose::ChangeEmail;

#[derive(Serialize)]
struct Update<'a> {
    token: &'a str,
    email: String,
}

/// Shows the button.
pub async fn show(visit: Visit) -> Outcome {
    let Ok(token) = token_of(&visit) else { return stale(&visit) };
    match visit.app.services.tokens.peek(PURPOSE, &token.hash(), visit.app.now()).await? {
        Some((_, Some(email))) => {
            let page = Update { token: visit.form.text("t"), email: email.to_string() };
            visit.page("emailupdate.html.tera", StatusCode::OK, &page)
        }
        _ => stale(&visit),
    }
}

/// Changes the address.
pub async fn submit(visit: Visit) -> Outcome {
    let app = &visit.app;
    let Some((id, Some(email))) = take_token(&visit, PURPOSE).await? else { return stale(&visit) };
    let Some(before) = app.services.users.by_id(id).await?.filter(|user| !user.disabled) else { return stale(&visit) };
    let change = |user: &mut User| {
        user.email = email.clone();
        user.email_state = EmailState::Verified;
    };
    match app.change_user(id, change).await {
        Ok(_) => {}
        Err(StoreError::EmailTaken) => return Told::ADDRESS_TAKEN.show(&visit, StatusCode::OK),
        Err(error) => return Err(error.into()),
    }
    // What was sent to the old address opens the account no longer.
    revoke_all_tokens(app.services.access.as_ref(), id).await?;
    if before.email_state != EmailState::Unverified {
        app.post.send_later(letters::changed(&app.options, &before.email, &email));
    }
    app.note(id, AuditAction::AccountEmail, format!("{} to {email}", before.email)).await;
    tracing::info!(user = %id, client = %visit.client, "e-mail address changed");
    Ok(visit.done(Notice::EmailChanged, if visit.user().is_some() { "/settings" } else { "/signin" }))
}

fn stale(visit: &Visit) -> Outcome {
    Told::STALE_CHANGE.show(visit, StatusCode::OK)
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    vec![Sample::new("emailupdate.html.tera", &Update { token: "0", email: "a@example.org".to_owned() })]
}
