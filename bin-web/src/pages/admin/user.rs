//! One user, and what an administrator may do about them. Nothing here touches live tickets: they are voted whatever
//! becomes of the account.

use serde::Serialize;
use stakepool::administration::AdministerError;
use stakepool_core::accounts::{User, UserId};
use stakepool_core::ports::UserOverview;
use stakepool_core::reports::TicketState;
use warp::http::StatusCode;

use super::guard::guard;
use super::pager::pieces;
use super::users;
use crate::page_error::PageError;
use crate::view::when::ago;
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Page {
    id: i64,
    email: Vec<String>,
    states: Vec<&'static str>,
    /// When and why the last mail to the user was given up.
    no_mail: Option<String>,
    disabled: bool,
    is_self: bool,
    can_verify: bool,
    user_has_factor: bool,
    /// Whether the administrator has a second factor, and so is asked for a code.
    has_factor: bool,
    /// Of a closed account, in the place of its address: when it was closed.
    closed: Option<String>,
    created: Option<String>,
    last_sign_in: Option<String>,
    sessions: u64,
    registration: Option<Registered>,
    vote_bits: u16,
    vote_version: u32,
    tickets: Vec<(&'static str, u64)>,
    done: Option<String>,
    error: Option<String>,
    /// The field that the error is about, by its id.
    wrong: Option<&'static str>,
}

#[derive(Serialize)]
struct Registered {
    address: String,
    fee_address: String,
    key_index: u32,
    height: u32,
}

/// What is answered to a form without a button that can be pressed now.
const NO_BUTTON: &str = "Nothing was changed: press one of the buttons below.";

/// What came of a form.
enum Reply {
    Nothing,
    Done(String),
    /// With the field that it is about, by its id.
    Refused(String, Option<&'static str>),
}

/// Shows the user of the field `id`.
pub async fn show(visit: Visit) -> Outcome {
    guard(&visit).await?;
    page(&visit, Reply::Nothing).await
}

/// Does what the pressed button says. What is hard to undo is asked for twice, with the administrator's second factor.
pub async fn submit(visit: Visit) -> Outcome {
    let by = guard(&visit).await?;
    let user = wanted(&visit).await?.user;
    let action = visit.form.text("action");
    let asked_twice = match action {
        "disable" if user.id != by.id => Some(("disable-sure", "disable-code")),
        "removefactor" if user.id != by.id => Some(("factor-sure", "factor-code")),
        _ => None,
    };
    if let Some((sure, code)) = asked_twice {
        if visit.form.get("sure").is_none() {
            let text = "Nothing was changed: tick the box that confirms it.";
            return page(&visit, Reply::Refused(text.to_owned(), Some(sure))).await;
        }
        if let Err(denied) = visit.site.pool.confirm_code(by, visit.form.text("code"), visit.client).await {
            return page(&visit, Reply::Refused(format!("Nothing was changed: {denied}."), Some(code))).await;
        }
    }
    let reply = match act(&visit, by.id, &user, action).await {
        Ok(Some(done)) => Reply::Done(done.to_owned()),
        Ok(None) => Reply::Refused(NO_BUTTON.to_owned(), None),
        Err(error) => Reply::Refused(refusal(error)?.to_owned(), None),
    };
    page(&visit, reply).await
}

/// What was done, in words; nothing for a button that there is not.
async fn act(visit: &Visit, by: UserId, user: &User, action: &str) -> Result<Option<&'static str>, AdministerError> {
    let (pool, origin) = (&visit.site.pool, &visit.origin);
    Ok(Some(match action {
        "disable" => {
            pool.disable_user(by, user, origin).await?;
            "The account is disabled and signed out everywhere. Its live tickets will still be voted."
        }
        "enable" => {
            pool.enable_user(by, user, origin).await?;
            "The account is enabled: its user can sign in again."
        }
        "endsessions" if user.id == by => {
            pool.end_sessions_of(by, user, visit.session(), origin).await?;
            "All your sessions are ended, but for the one that you are using."
        }
        "endsessions" => {
            pool.end_sessions_of(by, user, None, origin).await?;
            "All sessions of this user are ended."
        }
        "resend" => {
            pool.resend_verification_to(by, user, origin).await?;
            "A new verification link is on its way to the user. It works for a day."
        }
        "removefactor" => {
            pool.remove_second_factor_of(by, user, origin).await?;
            "Two-factor authentication is off, and the recovery codes are void: the password alone opens the account."
        }
        _ => return Ok(None),
    }))
}

/// Why nothing was done, in words.
fn refusal(error: AdministerError) -> Result<&'static str, PageError> {
    Ok(match error {
        AdministerError::OwnAccount => "You cannot disable your own account: ask another administrator.",
        AdministerError::OwnSecondFactor => {
            "You cannot turn off your own two-factor authentication here: do it in the settings, with your password."
        }
        AdministerError::NoSecondFactor => "Nothing was changed: this user has no two-factor authentication.",
        AdministerError::NothingToVerify => NO_BUTTON,
        AdministerError::Store(error) => return Err(error.into()),
    })
}

async fn wanted(visit: &Visit) -> Result<UserOverview, PageError> {
    let id = visit.form.text("id").parse().map(UserId).map_err(|_| PageError::NoSuchUser)?;
    let found = visit.site.pool.user_overview(id).await?;
    found.ok_or(PageError::NoSuchUser)
}

async fn page(visit: &Visit, reply: Reply) -> Outcome {
    let overview = wanted(visit).await?;
    let user = &overview.user;
    let counts = visit.site.pool.parts().ledger.ticket_counts(Some(user.id)).await?;
    let (done, error, wrong) = match reply {
        Reply::Nothing => (None, None, None),
        Reply::Done(text) => (Some(text), None, None),
        Reply::Refused(text, field) => (None, Some(text), field),
    };
    let has_factor = match visit.user() {
        Some(me) => !visit.site.pool.lacks_second_factor(me.id).await?,
        None => false,
    };
    let now = visit.site.now();
    let failure = visit.site.pool.mail_troubles().await?.failed.remove(&user.id);
    let content = Page {
        id: user.id.0,
        email: pieces(&user.email),
        states: users::states(visit, &overview, failure.is_some()),
        no_mail: failure
            .map(|failure| format!("{}, {} ago: {}", failure.at.readable(), ago(now, failure.at), failure.reason)),
        disabled: user.disabled,
        is_self: visit.user().is_some_and(|me| me.id == user.id),
        can_verify: visit.site.pool.must_verify(user),
        user_has_factor: !visit.site.pool.lacks_second_factor(user.id).await?,
        has_factor,
        closed: users::closed(visit, user).await?,
        created: (user.created.0 != 0).then(|| user.created.readable()),
        last_sign_in: overview.last_sign_in.map(|at| format!("{}, {} ago", at.readable(), ago(now, at))),
        sessions: overview.sessions,
        registration: user.registration.as_ref().map(|registration| Registered {
            address: registration.address.to_string(),
            fee_address: visit.site.pool.terms().fee_address(registration).to_string(),
            key_index: registration.key_index.0,
            height: registration.registered_at.0,
        }),
        vote_bits: user.voting.bits.0,
        vote_version: user.voting.version.0,
        tickets: counts.iter().map(|(state, ignored, count)| (kind(*state, *ignored), *count)).collect(),
        done,
        error,
        wrong,
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
