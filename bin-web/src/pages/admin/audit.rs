//! What administrators did with the pool, and users with their accounts.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use stakepool_core::accounts::{Actor, UserId};
use stakepool_core::audit::{AuditAction, AuditKind};
use stakepool_core::ports::{AuditEntry, AuditQuery, Listed, StoreError};
use warp::http::StatusCode;

use super::guard::guard;
use super::pager::{Pager, part, pieces, slice};
use super::search;
use crate::visit::{Outcome, Visit};

/// Entries on one page.
const PER_PAGE: u64 = 50;

#[derive(Serialize)]
struct Audit<'a> {
    query: &'a str,
    shown: &'static str,
    kinds: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
    pager: Pager,
}

#[derive(Serialize)]
struct Row {
    at: String,
    actor: Party,
    action: String,
    /// On what, where that is not the actor's own account.
    subject: Option<Party>,
    detail: String,
}

/// Who acted, or on what.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Party {
    /// A user, with the e-mail address where there still is one.
    User { id: i64, email: Option<Vec<String>> },
    /// A ticket.
    Ticket { hash: String },
    /// Anything else, by name.
    Other { name: String },
}

const KINDS: [(&str, &str, Option<AuditKind>); 3] = [
    ("pool", "Administrative acts", Some(AuditKind::Administrative)),
    ("own", "Users’ own accounts", Some(AuditKind::Own)),
    ("all", "All", None),
];

/// Shows the acts that fit, the latest first.
pub async fn show(visit: Visit) -> Outcome {
    guard(&visit).await?;
    let texts = search::texts(visit.form.text("q"));
    let wanted = visit.form.text("show");
    let (shown, _, kind) = *KINDS.iter().find(|(name, ..)| *name == wanted).unwrap_or(&KINDS[0]);
    let admin = &visit.site.pool.parts().admin;
    let page = slice(&visit, "page", PER_PAGE);
    let (mut text, mut slice, mut found) = ("", page, Listed { total: 0, rows: Vec::new() });
    for searched in &texts {
        text = searched;
        let query = AuditQuery { kind, text: searched.clone() };
        (slice, found) = part(page, |slice| admin.audit_log(&query, slice)).await?;
        if found.total > 0 {
            break;
        }
    }
    let emails = emails(&visit, &found.rows).await?;
    let fields = [("q", text), ("show", if kind == KINDS[0].2 { "" } else { shown })];
    let content = Audit {
        query: text,
        shown,
        kinds: KINDS.iter().map(|(name, title, _)| (*name, *title)).collect(),
        rows: found.rows.into_iter().map(|entry| row(entry, &emails)).collect(),
        pager: Pager::new("/adminaudit", &fields, "page", slice, found.total),
    };
    visit.page("adminaudit.html.tera", StatusCode::OK, &content)
}

fn actor(entry: &AuditEntry) -> Option<UserId> {
    Actor::from_name(&entry.actor).and_then(Actor::user)
}

/// The user whom an act is about, if it is one.
fn subject(entry: &AuditEntry) -> Option<UserId> {
    entry.subject.parse().ok().map(UserId)
}

/// The e-mail addresses of the users whom some entries name.
async fn emails(visit: &Visit, entries: &[AuditEntry]) -> Result<HashMap<UserId, Vec<String>>, StoreError> {
    let mut emails = HashMap::new();
    let mut named = BTreeSet::new();
    for entry in entries {
        named.extend([actor(entry), subject(entry)].into_iter().flatten());
    }
    for user in named {
        if let Some(found) = visit.site.pool.parts().users.by_id(user).await? {
            emails.insert(user, pieces(&found.email));
        }
    }
    Ok(emails)
}

fn row(entry: AuditEntry, emails: &HashMap<UserId, Vec<String>>) -> Row {
    let person = |user: UserId| Party::User { id: user.0, email: emails.get(&user).cloned() };
    let (by, about) = (actor(&entry), subject(&entry));
    let subject = match about {
        Some(_) if by == about && entry.action.starts_with(AuditAction::OWN_PREFIX) => None,
        Some(user) => Some(person(user)),
        None if entry.subject.len() == 64 => Some(Party::Ticket { hash: entry.subject }),
        None => Some(Party::Other { name: entry.subject }),
    };
    Row {
        at: entry.at.readable(),
        actor: by.map_or(Party::Other { name: entry.actor }, person),
        action: AuditAction::from_name(&entry.action).map_or(entry.action, |action| words(action).to_owned()),
        subject,
        detail: entry.detail,
    }
}

/// An act in words, after its actor.
const fn words(action: AuditAction) -> &'static str {
    match action {
        AuditAction::TicketAdd => "added a low-fee ticket",
        AuditAction::TicketRemove => "took a low-fee ticket back",
        AuditAction::UnknownAcknowledge => "acknowledged an address without a user",
        AuditAction::UnknownRelease => "let others have key indexes that were guessed for an address",
        AuditAction::UnknownAlarm => "took the acknowledgement of an address back",
        AuditAction::TermsAnnounce => "announced another fee or cold wallet",
        AuditAction::TermsRevoke => "took announced terms back",
        AuditAction::TermsConfigured => "took over another fee or cold wallet from the configuration",
        AuditAction::VspClose => "closed the pool for new tickets of wallets of today",
        AuditAction::VspOpen => "opened the pool for new tickets of wallets of today",
        AuditAction::VspKeyRetire => "retired a key for the fees of wallets of today",
        AuditAction::NoticeAdd => "made a notice to the users",
        AuditAction::NoticeRemove => "took a notice to the users back",
        AuditAction::InvitationCreate => "made an invitation",
        AuditAction::InvitationRevoke => "revoked an invitation",
        AuditAction::UserCreate => "made a user",
        AuditAction::UserDisable => "disabled a user",
        AuditAction::UserEnable => "enabled a user",
        AuditAction::UserEndSessions => "ended a user’s sessions",
        AuditAction::UserResendVerification => "sent a user the verification again",
        AuditAction::UserExpire => "removed an account that was never verified",
        AuditAction::UserPassword => "gave a user a new password",
        AuditAction::UserFactorOff => "took a user’s second factor away",
        AuditAction::UserApiKeyShow => "had a user’s API key shown",
        AuditAction::UserApiKeyRenew => "renewed a user’s API key",
        AuditAction::DatabaseBackup => "copied the database",
        AuditAction::DatabaseRestore => "restored the database from a backup",
        AuditAction::VspImport => "took over the tickets of a vspd",
        AuditAction::AccountCreate => "signed up",
        AuditAction::AccountVerify => "verified the e-mail address",
        AuditAction::AccountEmailAsk => "asked for another e-mail address",
        AuditAction::AccountEmail => "changed the e-mail address",
        AuditAction::AccountPassword => "changed the password",
        AuditAction::AccountResetAsk => "had a link mailed for another password",
        AuditAction::AccountReset => "reset the password by mail",
        AuditAction::AccountFactorOn => "set up a second factor",
        AuditAction::AccountFactorOff => "removed the second factor",
        AuditAction::AccountFactorCodes => "made new recovery codes",
        AuditAction::AccountRecovery => "signed in with a recovery code",
        AuditAction::AccountApiKeyShow => "had the API key shown",
        AuditAction::AccountApiKeyNetwork => "used the API key from another network",
        AuditAction::AccountApiKeyRenew => "renewed the API key",
        AuditAction::AccountApiKeyRevoke => "revoked the API key",
        AuditAction::AccountSessionEnd => "ended a session",
        AuditAction::AccountSessionEndAll => "ended all other sessions",
        AuditAction::AccountMails => "chose what is mailed",
        AuditAction::AccountTicketClaim => "claimed a VSP ticket",
        AuditAction::AccountTicketRelease => "released a VSP ticket",
        AuditAction::AccountClose => "closed the account",
    }
}
