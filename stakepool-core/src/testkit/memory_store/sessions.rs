//! The sessions.

use std::cmp::Reverse;

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::rows;
use crate::accounts::UserId;
use crate::ports::{MOST_SESSIONS, Session, SessionStore, SessionToken, StoreError};
use crate::time::UnixTime;

/// A use is noted at most this often, in seconds.
const NOTE_EVERY: i64 = 60;

#[async_trait]
impl SessionStore for MemoryStore {
    async fn begin(&self, token: &SessionToken, session: &Session) -> Result<(), StoreError> {
        let mut tables = self.tables();
        tables.sessions.retain(|_, other| other.expires > session.created);
        // The new session stays whatever the clock says; of the others the youngest.
        let others = tables.sessions.iter().filter(|(hash, other)| other.user == session.user && **hash != token.0);
        let mut others: Vec<_> = others.map(|(hash, other)| (*hash, other.created, other.last_seen)).collect();
        others.sort_by_key(|(_, created, last_seen)| Reverse((*created, *last_seen)));
        for (hash, ..) in others.into_iter().skip(rows(MOST_SESSIONS.unsigned_abs()) - 1) {
            tables.sessions.remove(&hash);
        }
        tables.sessions.insert(token.0, session.clone());
        let last = tables.last_sign_ins.entry(session.user).or_insert(session.created);
        *last = session.created.max(*last);
        Ok(())
    }

    async fn find(&self, token: &SessionToken, now: UnixTime) -> Result<Option<Session>, StoreError> {
        let mut tables = self.tables();
        let found = tables.sessions.get_mut(&token.0).filter(|session| session.expires > now);
        Ok(found.map(|session| {
            if now.0 >= session.last_seen.0.saturating_add(NOTE_EVERY) {
                session.last_seen = now;
            }
            session.clone()
        }))
    }

    async fn set_end(&self, token: &SessionToken, expires: UnixTime) -> Result<(), StoreError> {
        if let Some(session) = self.tables().sessions.get_mut(&token.0) {
            session.expires = expires;
        }
        Ok(())
    }

    async fn end(&self, token: &SessionToken) -> Result<(), StoreError> {
        self.tables().sessions.remove(&token.0);
        Ok(())
    }

    async fn end_all(&self, user: UserId, except: Option<&SessionToken>) -> Result<(), StoreError> {
        let stays = |hash: &[u8; 32]| except.is_some_and(|token| token.0 == *hash);
        self.tables().sessions.retain(|hash, session| session.user != user || stays(hash));
        Ok(())
    }
}
