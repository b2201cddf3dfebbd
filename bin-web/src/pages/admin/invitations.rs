//! Invitations to sign up.

use serde::Serialize;
use stakepool::administration::{InvitationWish, InviteError, Invited};
use stakepool_core::accounts::Actor;
use stakepool_core::ports::{Invitation, InvitationId};
use stakepool_core::time::UnixTime;
use warp::http::StatusCode;

use super::guard::guard;
use super::pager::{Pager, part, slice};
use crate::visit::{Outcome, Visit};

/// Invitations on one page.
const PER_PAGE: u64 = 50;

#[derive(Serialize)]
struct Content {
    required: bool,
    made: Option<Made>,
    done: Option<&'static str>,
    error: Option<String>,
    rows: Vec<Row>,
    pager: Pager,
}

/// An invitation that was just made.
#[derive(Serialize)]
struct Made {
    id: i64,
    code: String,
    link: String,
    expires: String,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    note: String,
    made_by: String,
    created: String,
    uses: u32,
    used: u32,
    expires: String,
    state: &'static str,
    is_open: bool,
}

/// What came of a form.
#[derive(Default)]
struct Reply {
    made: Option<Made>,
    done: Option<&'static str>,
    error: Option<String>,
}

/// Shows the invitations, the latest first.
pub async fn show(visit: Visit) -> Outcome {
    guard(&visit).await?;
    page(&visit, Reply::default()).await
}

/// Makes or revokes an invitation.
pub async fn submit(visit: Visit) -> Outcome {
    let by = Actor::User(guard(&visit).await?.id);
    let reply = match visit.form.text("action") {
        "create" => match create(&visit, by).await {
            Ok(invited) => Reply { made: Some(made(&visit, &invited)), ..Reply::default() },
            Err(InviteError::Store(error)) => return Err(error.into()),
            Err(refused) => refusal(format!("No invitation was made: {refused}.")),
        },
        "revoke" => {
            let id = visit.form.text("id").parse().map(InvitationId).ok();
            match id {
                Some(id) if visit.site.pool.revoke_invitation(by, id).await? => Reply {
                    done: Some("The invitation is revoked: nobody can sign up with it any more."),
                    ..Reply::default()
                },
                _ => refusal("Nothing was changed: this invitation is not open.".to_owned()),
            }
        }
        _ => refusal("Nothing was changed: press one of the buttons below.".to_owned()),
    };
    page(&visit, reply).await
}

fn refusal(error: String) -> Reply {
    Reply { error: Some(error), ..Reply::default() }
}

async fn create(visit: &Visit, by: Actor) -> Result<Invited, InviteError> {
    let form = &visit.form;
    let uses = form.text("uses").trim().parse().map_err(|_| InviteError::Uses)?;
    let days = form.text("days").trim().parse().map_err(|_| InviteError::Days)?;
    visit.site.pool.invite(by, &InvitationWish { note: form.text("note"), uses, days }).await
}

fn made(visit: &Visit, invited: &Invited) -> Made {
    let code = invited.code.reveal();
    let link = visit.site.pool.site().url(&format!("/signup?invitation={code}"));
    Made { id: invited.id.0, code, link, expires: invited.expires.readable() }
}

async fn page(visit: &Visit, reply: Reply) -> Outcome {
    let (pool, now) = (&visit.site.pool, visit.site.now());
    let wanted = slice(visit, "page", PER_PAGE);
    let (slice, found) = part(wanted, |slice| pool.invitations(slice)).await?;
    let content = Content {
        required: pool.asks_for_invitations(),
        made: reply.made,
        done: reply.done,
        error: reply.error,
        rows: found.rows.into_iter().map(|invitation| row(invitation, now)).collect(),
        pager: Pager::new("/admininvitations", &[], "page", slice, found.total),
    };
    visit.page("admininvitations.html.tera", StatusCode::OK, &content)
}

fn row(invitation: Invitation, now: UnixTime) -> Row {
    Row {
        id: invitation.id.0,
        is_open: invitation.is_open(now),
        state: state(&invitation, now),
        note: invitation.note,
        made_by: invitation.made_by,
        created: invitation.created.readable(),
        uses: invitation.uses,
        used: invitation.used,
        expires: invitation.expires.readable(),
    }
}

fn state(invitation: &Invitation, now: UnixTime) -> &'static str {
    if invitation.is_open(now) {
        "open"
    } else if invitation.revoked.is_some() {
        "revoked"
    } else if invitation.used >= invitation.uses {
        "used up"
    } else {
        "ended"
    }
}
