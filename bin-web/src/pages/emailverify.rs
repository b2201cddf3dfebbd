//! Showing that an e-mail address is one's own. The link in the mail shows a button, since programs that look for
//! harmful links open them, too.

use serde::Serialize;
use stakepool_core::accounts::{Email, EmailState};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::TokenPurpose;
use warp::http::StatusCode;

use crate::pages::message::Message;
use stakepool::accounts::email::{send_behind, take_token, token_of};
use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

const PURPOSE: TokenPurpose = TokenPurpose::VerifyEmail;

#[derive(Serialize)]
struct Verify<'a> {
    token: &'a str,
}

/// Shows the button.
pub async fn show(visit: Visit) -> Outcome {
    let Ok(token) = token_of(&visit) else { return stale(&visit) };
    if visit.app.services.tokens.peek(PURPOSE, &token.hash(), visit.app.now()).await?.is_none() {
        return stale(&visit);
    }
    visit.page("emailverify.html.tera", StatusCode::OK, &Verify { token: visit.form.text("t") })
}

/// Verifies the address, or sends the mail again.
pub async fn submit(visit: Visit) -> Outcome {
    if visit.form.get("resend").is_some() {
        return resend(&visit);
    }
    let app = &visit.app;
    let Some((id, email)) = take_token(&visit, PURPOSE).await? else { return stale(&visit) };
    let user = app.services.users.by_id(id).await?;
    // The link shows that one address can be read, and no other.
    let Some(user) = user.filter(|user| email.is_none_or(|email| email == user.email)) else { return stale(&visit) };
    app.change_user(user.id, |user| user.email_state = EmailState::Verified).await?;
    app.services.access.revoke_tokens(user.id, PURPOSE).await?;
    app.note(user.id, AuditAction::AccountVerify, "").await;
    tracing::info!(user = %user.id, client = %visit.client, "e-mail address verified");
    Ok(visit.done(Notice::EmailVerified, "/signin"))
}

fn stale(visit: &Visit) -> Outcome {
    Told::STALE_VERIFICATION.show(visit, StatusCode::OK)
}

fn resend(visit: &Visit) -> Outcome {
    let typed = visit.form.text("email");
    if let Err(wait) = visit.app.limiter.ask_for_mail(typed, visit.client) {
        return Err(Trouble::too_many_mails(wait));
    }
    if let Ok(email) = Email::parse(typed) {
        send_behind(&visit.app, PURPOSE, email, visit.client);
    }
    Told::SENT_AGAIN.show(visit, StatusCode::OK)
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    vec![Sample::new("emailverify.html.tera", &Verify { token: "0" })]
}
