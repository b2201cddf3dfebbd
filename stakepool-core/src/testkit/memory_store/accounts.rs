//! Single-use tokens, and open ways into accounts.

use std::cmp::Reverse;

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{Tables, Token};
use crate::accounts::{Email, UserId};
use crate::ports::{AccessStore, Session, SessionToken, StoreError, TokenPurpose, TokenStore};
use crate::time::UnixTime;

impl Tables {
    fn token(&self, purpose: TokenPurpose, hash: &[u8; 32], now: UnixTime) -> Option<(UserId, Option<Email>)> {
        let token = self.tokens.get(hash).filter(|token| token.purpose == purpose && token.expires > now)?;
        Some((token.user, token.email.clone()))
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn put(
        &self,
        purpose: TokenPurpose,
        hash: [u8; 32],
        user: UserId,
        email: Option<&Email>,
        expires: UnixTime,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if !tables.users.contains_key(&user) {
            return Err(StoreError::NotFound("user"));
        }
        tables.tokens.insert(hash, Token { purpose, user, email: email.cloned(), expires });
        Ok(())
    }

    async fn peek(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
        Ok(self.tables().token(purpose, hash, now))
    }

    async fn take(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
        let mut tables = self.tables();
        let found = tables.token(purpose, hash, now);
        if found.is_some() {
            tables.tokens.remove(hash);
        }
        Ok(found)
    }
}

#[async_trait]
impl AccessStore for MemoryStore {
    async fn sessions_of(&self, user: UserId, now: UnixTime) -> Result<Vec<(SessionToken, Session)>, StoreError> {
        let tables = self.tables();
        let open = tables.sessions.iter().filter(|(_, session)| session.user == user && session.expires > now);
        let mut open: Vec<_> = open.map(|(token, session)| (SessionToken(*token), session.clone())).collect();
        open.sort_by_key(|(_, session)| Reverse((session.last_seen, session.created)));
        Ok(open)
    }

    async fn revoke_tokens(&self, user: UserId, purpose: TokenPurpose) -> Result<(), StoreError> {
        self.tables().tokens.retain(|_, token| token.user != user || token.purpose != purpose);
        Ok(())
    }

    async fn first_use(&self, key: &[u8; 32], now: UnixTime, expires: UnixTime) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        tables.used_once.retain(|_, until| *until > now);
        let is_first = !tables.used_once.contains_key(key);
        if is_first {
            tables.used_once.insert(*key, expires);
        }
        Ok(is_first)
    }
}
