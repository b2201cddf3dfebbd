//! The audit log, and lists for administrators.

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{Tables, part, rows};
use crate::accounts::{Actor, EmailState, User, UserId};
use crate::audit::{AuditAction, AuditKind};
use crate::ports::{
    AdminStore, AuditEntry, AuditQuery, AuditStore, Listed, LowFeeTicket, Slice, StoreError, StoredVote, UserFilter,
    UserOverview, VoteOverview, VoteQuery,
};
use crate::store_rules::email_key;
use crate::time::UnixTime;

/// Numbers of so many digits and more are the beginnings of tickets' hashes.
const HASH_DIGITS: usize = 8;

#[async_trait]
impl AuditStore for MemoryStore {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.tables().audit.push(entry.clone());
        Ok(())
    }

    async fn latest(&self, limit: u64) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(self.tables().audit.iter().rev().take(rows(limit)).cloned().collect())
    }
}

impl Tables {
    fn overview(&self, user: &User, now: UnixTime) -> UserOverview {
        let sessions = self.sessions.values().filter(|session| session.user == user.id && session.expires > now);
        let last_sign_in = self.last_sign_ins.get(&user.id).copied();
        UserOverview { user: user.clone(), last_sign_in, sessions: sessions.count() as u64 }
    }

    fn act_fits(&self, query: &AuditQuery, entry: &AuditEntry) -> bool {
        let is_own = entry.action.starts_with(AuditAction::OWN_PREFIX);
        if query.kind.is_some_and(|kind| (kind == AuditKind::Own) != is_own) {
            return false;
        }
        let text = query.text.trim();
        let is_of = |user: UserId| entry.subject == user.to_string() || entry.actor == Actor::User(user).to_string();
        if let Some(number) = text.parse().ok().filter(|_| text.len() < HASH_DIGITS) {
            return is_of(UserId(number));
        }
        let lower = text.to_lowercase();
        entry.subject.starts_with(&lower)
            || entry.actor == text
            || entry.detail.to_lowercase().contains(&lower)
            || self.users.values().any(|user| user.email.as_str().contains(&lower) && is_of(user.id))
    }
}

fn vote_fits(query: &VoteQuery, vote: &VoteOverview) -> bool {
    query.ticket.is_none_or(|ticket| vote.vote.record.ticket == ticket)
        && query.user.is_none_or(|user| vote.ticket.is_some_and(|(of, _)| of == Some(user)))
        && query.outcome.is_none_or(|outcome| vote.vote.record.outcome.kind() == outcome)
        && query.from.is_none_or(|from| vote.vote.record.height >= from)
        && query.to.is_none_or(|to| vote.vote.record.height <= to)
}

fn user_fits(text: &str, filter: UserFilter, user: &User) -> bool {
    let passes = match filter {
        UserFilter::All => true,
        UserFilter::Unverified => user.email_state == EmailState::Unverified,
        UserFilter::Disabled => user.disabled,
        UserFilter::WithoutAddress => user.registration.is_none(),
        UserFilter::Administrators => user.admin,
    };
    let has_address = || {
        user.registration.as_ref().is_some_and(|r| r.address.to_string() == text || r.fee_address.to_string() == text)
    };
    let has_email = || user.email.as_str().contains(&email_key(text));
    passes && (text.is_empty() || text.parse() == Ok(user.id.0) || has_address() || has_email())
}

#[async_trait]
impl AdminStore for MemoryStore {
    async fn find_users(
        &self,
        text: &str,
        filter: UserFilter,
        slice: Slice,
        now: UnixTime,
    ) -> Result<Listed<UserOverview>, StoreError> {
        let tables = self.tables();
        let found = tables.users.values().filter(|user| user_fits(text.trim(), filter, user));
        let (total, rows) = part(found.map(|user| tables.overview(user, now)).collect(), slice);
        Ok(Listed { total, rows })
    }

    async fn user_overview(&self, id: UserId, now: UnixTime) -> Result<Option<UserOverview>, StoreError> {
        let tables = self.tables();
        Ok(tables.users.get(&id).map(|user| tables.overview(user, now)))
    }

    async fn find_votes(&self, query: &VoteQuery, slice: Slice) -> Result<Listed<VoteOverview>, StoreError> {
        let tables = self.tables();
        let overview = |vote: StoredVote| {
            let ticket = tables.report(&vote.record.ticket).map(|report| (report.user, report.state));
            VoteOverview { vote, ticket }
        };
        let mut votes: Vec<_> = tables.latest_votes().into_iter().map(overview).collect();
        votes.retain(|vote| vote_fits(query, vote));
        let (total, rows) = part(votes, slice);
        Ok(Listed { total, rows })
    }

    async fn added_tickets(&self, slice: Slice) -> Result<Listed<LowFeeTicket>, StoreError> {
        let (total, rows) = part(self.tables().added(), slice);
        Ok(Listed { total, rows })
    }

    async fn audit_log(&self, query: &AuditQuery, slice: Slice) -> Result<Listed<AuditEntry>, StoreError> {
        let tables = self.tables();
        let found = tables.audit.iter().rev().filter(|entry| tables.act_fits(query, entry));
        let (total, rows) = part(found.cloned().collect(), slice);
        Ok(Listed { total, rows })
    }
}
