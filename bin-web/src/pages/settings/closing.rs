//! Closing an account that holds no tickets.

use stakepool_core::accounts::{Email, EmailState, PasswordHashes, SecureRandom, User, UserId, revoked_validity};
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::ScriptAddress;
use warp::http::StatusCode;

use super::{Fault, deny, page};
use stakepool::accounts::email::confirm_password;
use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::session;
use stakepool::daemons::legacy_lists;
use stakepool::daemons::legacy_lists::ListError;
use crate::visit::{Outcome, Visit};
use crate::http::respond::add_cookie;

const NOT_DONE: &str = "Your account stays open";
/// The field for the password and the box to tick, by their ids.
const FIELDS: (&str, &str) = ("close-password", "close-sure");

/// Closes the account: e-mail address, password, keys and sessions go; number, address and script stay, since a ticket
/// of the address that turns up later must be voted.
pub async fn close(visit: &Visit) -> Outcome {
    let (app, user) = (&visit.app, visit.need_user()?);
    if visit.form.get("closeSure").is_none() {
        let fault = Fault::of(FIELDS.1, NOT_DONE, "tick the box that says that you are sure");
        return page(visit, StatusCode::OK, fault).await;
    }
    if let Err(denied) = confirm_password(visit, user).await {
        return deny(visit, FIELDS.0, NOT_DONE, &denied).await;
    }
    if let Some(reason) = obstacle(visit, user).await? {
        return page(visit, StatusCode::OK, format!("{NOT_DONE}: {reason}.")).await;
    }
    let id = user.id;
    let nobody = nobodys_address(id, app.services.random.as_ref());
    let clear = |user: &mut User| {
        user.email = nobody.clone();
        user.email_state = EmailState::Unverified;
        user.password = PasswordHashes::default();
        user.api_keys_valid_from = revoked_validity(user);
        user.disabled = true;
        user.admin = false;
    };
    app.change_user(id, clear).await?;
    // To the address that the account had.
    app.tell(user, "Your account was closed.");
    app.services.second_factors.remove_factor(id).await?;
    app.revoke_all_access(id).await?;
    app.note(id, AuditAction::AccountClose, format!("from {}", visit.client)).await;
    tracing::info!(user = %id, client = %visit.client, "account closed");
    let mut response = visit.done(Notice::AccountClosed, "/");
    add_cookie(&mut response, app.cookies.clear(session::COOKIE));
    Ok(response)
}

/// The address of a closed account: no mail ever goes there, and nobody can have signed up with it, since nobody can
/// guess it.
fn nobodys_address(id: UserId, random: &dyn SecureRandom) -> Email {
    let mut guard = [0; 8];
    random.fill(&mut guard);
    Email::from_store(format!("closed-{id}-{}@closed.invalid", hex::encode(guard)))
}

/// Why an account cannot be closed now, if it cannot.
async fn obstacle(visit: &Visit, user: &User) -> Result<Option<String>, Trouble> {
    let Some(registration) = &user.registration else { return Ok(None) };
    // Without a daemon that tells of tickets, none in the ledger means nothing.
    let hears = visit.app.daemons.views().values().any(|view| view.in_order && view.status.is_some());
    let open = if hears {
        open_tickets(visit, user.id).await?
    } else {
        match open_by_wallets(visit, &registration.address).await? {
            Some(open) => open,
            None => {
                let reason = "the pool cannot see at this moment whether it holds tickets, since neither its voting \
                              daemons nor its wallets answer. Try again later";
                return Ok(Some(reason.to_owned()));
            }
        }
    };
    Ok((open > 0).then(|| {
        let tickets = if open == 1 { "a ticket that is" } else { "tickets that are" };
        let count = if open == 1 { String::new() } else { format!("{open} ") };
        format!("it holds {count}{tickets} live or immature. Close it when all have voted or expired")
    }))
}

/// As [`open_tickets`], of pools whose daemons tell nothing; `None` where no wallet tells either.
async fn open_by_wallets(visit: &Visit, address: &ScriptAddress) -> Result<Option<u64>, Trouble> {
    let Some(source) = &visit.app.services.tickets else { return Ok(None) };
    match ticket_lists::open_tickets(source.as_ref(), visit.app.services.ledger.as_ref(), address).await {
        Ok(open) => Ok(Some(open)),
        Err(ListError::Store(error)) => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "no wallet tells of a user's tickets, whose account stays open");
            Ok(None)
        }
    }
}

/// The tickets in the ledger that may still vote.
async fn open_tickets(visit: &Visit, user: UserId) -> Result<u64, Trouble> {
    let counts = visit.app.services.ledger.ticket_counts(Some(user)).await?;
    Ok(counts.iter().filter(|(state, ..)| !state.is_over()).map(|(.., count)| count).sum())
}
