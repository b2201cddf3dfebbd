//! Invitations, whom mail did not reach, tries, and accounts that nobody used.

use std::cmp::Reverse;

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{Tables, part, rows};
use crate::accounts::{EmailState, User, UserId};
use crate::ports::{
    CountedTry, Invitation, InvitationId, InvitationStore, Listed, MOST_MAIL_FAILURES, MailFailure, MailFailureStore,
    NewInvitation, Slice, StoreError, TokenPurpose, TryStore, UnverifiedStore,
};
use crate::store_rules::counted_try;
use crate::time::UnixTime;

impl Tables {
    fn open_invitation(&mut self, code_hash: &[u8; 32], now: UnixTime) -> Option<&mut Invitation> {
        let (_, invitation) = self.invitations.iter_mut().find(|(hash, _)| hash == code_hash)?;
        Some(invitation).filter(|invitation| invitation.is_open(now))
    }

    /// Whether an account was never used, but for its age.
    fn is_unused(&self, user: &User, now: UnixTime) -> bool {
        user.email_state == EmailState::Unverified
            && !user.admin
            && !user.disabled
            && user.registration.is_none()
            && user.created > UnixTime(0)
            && !self
                .tokens
                .values()
                .any(|token| token.user == user.id && token.purpose == TokenPurpose::VerifyEmail && token.expires > now)
            && !self.last_sign_ins.contains_key(&user.id)
            && !self.key_indexes.values().any(|owner| *owner == Some(user.id))
            && !self.tickets.values().any(|ticket| ticket.report.user == Some(user.id))
            && !self.claims.values().any(|claim| claim.user == user.id)
    }

    fn remove(&mut self, id: UserId) {
        self.users.remove(&id);
        self.tokens.retain(|_, token| token.user != id);
        self.sessions.retain(|_, session| session.user != id);
        self.factors.remove(&id);
        self.wishes.remove(&id);
        self.mail_failures.remove(&id);
    }
}

#[async_trait]
impl InvitationStore for MemoryStore {
    async fn add_invitation(&self, new: &NewInvitation) -> Result<InvitationId, StoreError> {
        let mut tables = self.tables();
        let id = InvitationId(i64::try_from(tables.invitations.len()).unwrap_or(i64::MAX).saturating_add(1));
        let NewInvitation { code_hash, made_by, note, uses, created, expires } = new.clone();
        let invitation = Invitation { id, made_by, note, uses, used: 0, created, expires, revoked: None };
        tables.invitations.push((code_hash, invitation));
        Ok(id)
    }

    async fn invitations(&self, slice: Slice) -> Result<Listed<Invitation>, StoreError> {
        let all = self.tables().invitations.iter().rev().map(|(_, invitation)| invitation.clone()).collect();
        let (total, rows) = part(all, slice);
        Ok(Listed { total, rows })
    }

    async fn revoke_invitation(&self, id: InvitationId, now: UnixTime) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let found =
            tables.invitations.iter_mut().find(|(_, invitation)| invitation.id == id && invitation.is_open(now));
        Ok(found.is_some_and(|(_, invitation)| {
            invitation.revoked = Some(now);
            true
        }))
    }

    async fn open_invitation(&self, code_hash: &[u8; 32], now: UnixTime) -> Result<Option<InvitationId>, StoreError> {
        Ok(self.tables().open_invitation(code_hash, now).map(|invitation| invitation.id))
    }

    async fn use_invitation(&self, code_hash: &[u8; 32], now: UnixTime) -> Result<Option<InvitationId>, StoreError> {
        Ok(self.tables().open_invitation(code_hash, now).map(|invitation| {
            invitation.used += 1;
            invitation.id
        }))
    }

    async fn return_invitation(&self, id: InvitationId) -> Result<(), StoreError> {
        if let Some((_, invitation)) = self.tables().invitations.iter_mut().find(|(_, found)| found.id == id) {
            invitation.used = invitation.used.saturating_sub(1);
        }
        Ok(())
    }
}

#[async_trait]
impl MailFailureStore for MemoryStore {
    async fn mail_failed(&self, failure: &MailFailure) -> Result<(), StoreError> {
        let mut tables = self.tables();
        tables.mail_failures.insert(failure.user, failure.clone());
        while tables.mail_failures.len() > rows(MOST_MAIL_FAILURES) {
            let oldest = tables.mail_failures.values().min_by_key(|failure| (failure.at, failure.user));
            let Some(oldest) = oldest.map(|failure| failure.user) else { break };
            tables.mail_failures.remove(&oldest);
        }
        Ok(())
    }

    async fn mail_arrived(&self, user: UserId) -> Result<(), StoreError> {
        self.tables().mail_failures.remove(&user);
        Ok(())
    }

    async fn mail_failures(&self, after: UnixTime) -> Result<Vec<MailFailure>, StoreError> {
        let tables = self.tables();
        let mut failures: Vec<_> =
            tables.mail_failures.values().filter(|failure| failure.at > after).cloned().collect();
        failures.sort_by_key(|failure| Reverse((failure.at, failure.user)));
        Ok(failures)
    }
}

#[async_trait]
impl TryStore for MemoryStore {
    async fn count_try(
        &self,
        subject: &str,
        most: u32,
        now: UnixTime,
        until: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError> {
        self.count_tries(&[CountedTry { subject: subject.to_owned(), most, until }], now).await
    }

    async fn count_tries(&self, tries: &[CountedTry], now: UnixTime) -> Result<Option<UnixTime>, StoreError> {
        let mut tables = self.tables();
        let counted: Vec<_> = tries
            .iter()
            .map(|one| counted_try(tables.tries.get(&one.subject).copied(), one.most, now, one.until))
            .collect();
        if let Some(ends) = counted.iter().filter_map(|one| one.err()).max() {
            return Ok(Some(ends));
        }
        tables.tries.retain(|_, (_, ends)| *ends > now);
        for (one, counted) in tries.iter().zip(counted.into_iter().flatten()) {
            tables.tries.insert(one.subject.clone(), counted);
        }
        Ok(None)
    }

    async fn end_tries(&self, forgotten: &[String], taken_back: &[String]) -> Result<(), StoreError> {
        let mut tables = self.tables();
        for subject in taken_back {
            if let Some((tries, _)) = tables.tries.get_mut(subject) {
                *tries = tries.saturating_sub(1);
            }
        }
        tables.tries.retain(|subject, _| !forgotten.contains(subject));
        Ok(())
    }

    async fn forget_tries(&self, subject: &str) -> Result<(), StoreError> {
        self.tables().tries.remove(subject);
        Ok(())
    }
}

#[async_trait]
impl UnverifiedStore for MemoryStore {
    async fn remove_unverified(
        &self,
        before: UnixTime,
        now: UnixTime,
        keep: &[UserId],
        limit: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        let mut tables = self.tables();
        let unused = tables.users.values().filter(|user| user.created < before && tables.is_unused(user, now));
        let unused = unused.map(|user| user.id).filter(|id| !keep.contains(id));
        let unused: Vec<_> = unused.take(rows(limit)).collect();
        for id in &unused {
            tables.remove(*id);
        }
        Ok(unused)
    }
}
