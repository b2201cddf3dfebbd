//! A store in which another instance acts at the worst moment.

use std::sync::Arc;

use async_trait::async_trait;

use crate::accounts::UserId;
use crate::ports::{Session, SessionStore, SessionToken, StoreError, UserStore};
use crate::time::UnixTime;

/// Sessions where another instance changes a user's password in the very moment in which a session of the user begins.
pub struct RacingSessions {
    sessions: Arc<dyn SessionStore>,
    users: Arc<dyn UserStore>,
}

impl RacingSessions {
    /// In front of the sessions and users of a pool.
    pub fn new(sessions: Arc<dyn SessionStore>, users: Arc<dyn UserStore>) -> Self {
        Self { sessions, users }
    }
}

#[async_trait]
impl SessionStore for RacingSessions {
    async fn begin(&self, token: &SessionToken, session: &Session) -> Result<(), StoreError> {
        let before = self.users.by_id(session.user).await?.ok_or(StoreError::NotFound("user"))?;
        let mut after = before.clone();
        after.password.argon2 = Some("another".into());
        self.users.update(&before, &after).await?;
        self.sessions.end_all(session.user, None).await?;
        self.sessions.begin(token, session).await
    }

    async fn find(&self, token: &SessionToken, now: UnixTime) -> Result<Option<Session>, StoreError> {
        self.sessions.find(token, now).await
    }

    async fn set_end(&self, token: &SessionToken, expires: UnixTime) -> Result<(), StoreError> {
        self.sessions.set_end(token, expires).await
    }

    async fn end(&self, token: &SessionToken) -> Result<(), StoreError> {
        self.sessions.end(token).await
    }

    async fn end_all(&self, user: UserId, except: Option<&SessionToken>) -> Result<(), StoreError> {
        self.sessions.end_all(user, except).await
    }
}
