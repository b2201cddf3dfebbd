//! One user, and what an administrator may do about them. Nothing here touches live tickets: they are voted whatever
//! becomes of the account.

use serde::Serialize;
use stakepool::administration::AccountRescue;
use stakepool_core::accounts::{Actor, User, UserId};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::UserOverview;
use stakepool_core::reports::TicketState;
use warp::http::StatusCode;

use super::{ago, guard, note, pieces, users};
use crate::page_error::PageError;
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Page {
    id: i64,
    email: Vec<String>,
    states: Vec<&'static str>,
    disabled: bool,
    is_self: bool,
    can_verify: bool,
    has_factor: bool,
    created: Option<String>,
    last_sign_in: Option<String>,
    sessions: u64,
    registration: Option<Registered>,
    vote_bits: u16,
    vote_version: u32,
    tickets: Vec<(&'static str, u64)>,
    done: Option<String>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Registered {
    address: String,
    fee_address: String,
    key_index: u32,
    height: u32,
}

/// What came of a form.
enum Told {
    Nothing,
    Done(String),
    Refused(String),
}

/// Shows the user of the field `id`.
pub async fn show(visit: Visit) -> Outcome {
    guard(&visit).await?;
    page(&visit, Told::Nothing).await
}

/// Does what the pressed button says.
pub async fn submit(visit: Visit) -> Outcome {
    let by = guard(&visit).await?.id;
    let user = wanted(&visit).await?.user;
    let told = match visit.form.text("action") {
        "disable" if user.id == by => {
            Told::Refused("You cannot disable your own account: ask another administrator.".to_owned())
        }
        "disable" => {
            visit.app.change_user(user.id, |user| user.disabled = true).await?;
            visit.app.services.sessions.end_all(user.id, None).await?;
            note(&visit, by, AuditAction::UserDisable, &user).await?;
            Told::Done(
                "The account is disabled and signed out everywhere. Its live tickets are voted all the same.".into(),
            )
        }
        "enable" => {
            visit.app.change_user(user.id, |user| user.disabled = false).await?;
            note(&visit, by, AuditAction::UserEnable, &user).await?;
            Told::Done("The account is enabled: its user can sign in again.".to_owned())
        }
        "endsessions" => {
            visit.app.services.sessions.end_all(user.id, visit.session().filter(|_| user.id == by)).await?;
            note(&visit, by, AuditAction::UserEndSessions, &user).await?;
            let done = if user.id == by {
                "All your sessions are ended, but for the one that you are using."
            } else {
                "All sessions of this user are ended."
            };
            Told::Done(done.to_owned())
        }
        "resend" if visit.app.must_verify(&user) => {
            visit.app.send_verification(user.id, &user.email).await?;
            note(&visit, by, AuditAction::UserResendVerification, &user).await?;
            Told::Done("A new link for verification is on its way to the user. It works for a day.".to_owned())
        }
        "removefactor" => remove_factor(&visit, by, &user).await?,
        _ => Told::Refused("Nothing was changed: press one of the buttons below.".to_owned()),
    };
    page(&visit, told).await
}

/// Takes the second factor of a user away who lost the device. An administrator's own is turned off with the password,
/// so that an open browser is not enough for it.
async fn remove_factor(visit: &Visit, by: UserId, user: &User) -> Result<Told, Trouble> {
    if user.id == by {
        let told = "You cannot take away your own second factor here: turn it off in the settings, with your password.";
        return Ok(Told::Refused(told.to_owned()));
    }
    if visit.form.get("sure").is_none() {
        return Ok(Told::Refused("Nothing was changed: tick the box that says who asked for it.".to_owned()));
    }
    let services = &visit.app.services;
    let rescue = AccountRescue {
        users: services.users.as_ref(),
        sessions: services.sessions.as_ref(),
        access: services.access.as_ref(),
        factors: services.second_factors.as_ref(),
        audit: services.audit.as_ref(),
        by: Actor::User(by),
        now: visit.app.now(),
    };
    if !rescue.remove_second_factor(user).await? {
        return Ok(Told::Refused("Nothing was changed: this user has no second factor.".to_owned()));
    }
    tracing::info!(user = %by, client = %visit.client, subject = %user.id, "an administrator removed a second factor");
    visit.app.tell(user, "The second factor of your account was taken away by the operator of the pool.");
    Ok(Told::Done(
        "The second factor is gone, with its recovery codes: the password alone opens the account.".to_owned(),
    ))
}

async fn wanted(visit: &Visit) -> Result<UserOverview, Trouble> {
    let id = visit.form.text("id").parse().map(UserId).map_err(|_| Trouble::NoSuchUser)?;
    let found = visit.app.services.admin.user_overview(id, visit.app.now()).await?;
    found.ok_or(Trouble::NoSuchUser)
}

async fn page(visit: &Visit, told: Told) -> Outcome {
    let overview = wanted(visit).await?;
    let user = &overview.user;
    let counts = visit.app.services.ledger.ticket_counts(Some(user.id)).await?;
    let (done, error) = match told {
        Told::Nothing => (None, None),
        Told::Done(text) => (Some(text), None),
        Told::Refused(text) => (None, Some(text)),
    };
    let now = visit.app.now();
    let content = Page {
        id: user.id.0,
        email: pieces(&user.email),
        states: users::states(&overview, visit.app.options.administration.users.contains(&user.id)),
        disabled: user.disabled,
        is_self: visit.user().is_some_and(|me| me.id == user.id),
        can_verify: visit.app.must_verify(user),
        has_factor: !visit.app.lacks_second_factor(user.id).await?,
        created: (user.created.0 != 0).then(|| user.created.readable()),
        last_sign_in: overview.last_sign_in.map(|at| format!("{}, {} ago", at.readable(), ago(now, at))),
        sessions: overview.sessions,
        registration: user.registration.as_ref().map(|registration| Registered {
            address: registration.address.to_string(),
            fee_address: registration.fee_address.to_string(),
            key_index: registration.key_index.0,
            height: registration.registered_at.0,
        }),
        vote_bits: user.voting.bits.0,
        vote_version: user.voting.version.0,
        tickets: counts.iter().map(|(state, ignored, count)| (kind(*state, *ignored), *count)).collect(),
        done,
        error,
    };
    visit.page("adminuser.html.tera", StatusCode::OK, &content)
}

const fn kind(state: TicketState, ignored: bool) -> &'static str {
    match (state, ignored) {
        (TicketState::Immature, false) => "immature",
        (TicketState::Immature, true) => "immature, ignored",
        (TicketState::Live, false) => "live",
        (TicketState::Live, true) => "live, ignored",
        (TicketState::Voted, false) => "voted",
        (TicketState::Voted, true) => "voted, ignored",
        (TicketState::Missed, false) => "missed",
        (TicketState::Missed, true) => "missed, ignored",
        (TicketState::Expired, false) => "expired",
        (TicketState::Expired, true) => "expired, ignored",
    }
}
