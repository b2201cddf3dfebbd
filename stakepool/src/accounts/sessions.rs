//! Sessions: a row in the store, and a random secret that only the browser keeps.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::{SecretToken, User, UserId};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{Session, SessionToken, StoreError};

use crate::limits::origin::Origin;
use crate::pool::Pool;

/// How long a session lasts; an administrator's ends sooner where it is idle
/// ([`PoolSettings::admin_idle`](crate::PoolSettings::admin_idle)).
pub const SESSION_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// The end of an administrator's session is moved at most this often, in seconds.
const MOVE_EVERY: i64 = 60;

/// A session that has begun.
pub struct NewSession {
    /// The secret that the browser keeps, for [`SESSION_LASTS`].
    pub secret: SecretToken,
    /// Who signed in.
    pub user: User,
    /// A note for the browser to keep for a year, with which it comes back as [`Origin::known_browser`].
    pub known_browser: String,
    /// Whether the user is an administrator who must set up a second factor first.
    pub second_factor_due: bool,
}

// The note stands for a password in the count of tries: it stays out of logs, as the secret does.
impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, second_factor_due, .. } = self;
        f.debug_struct("NewSession")
            .field("user", &user.id)
            .field("second_factor_due", second_factor_due)
            .finish_non_exhaustive()
    }
}

/// Whether a session begins with the second factor shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FactorShown {
    /// The password alone was shown.
    No,
    /// The factor was shown, or this browser had shown it before.
    Yes,
}

impl Pool {
    /// The session that a secret opens, with its user, unless it has ended or the user is disabled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(&self, secret: &str) -> Result<Option<(SessionToken, Arc<User>)>, StoreError> {
        let Ok(secret) = SecretToken::parse(secret) else { return Ok(None) };
        let token = SessionToken(secret.hash());
        let Some(session) = self.parts.sessions.find(&token, self.now()).await? else { return Ok(None) };
        let user = self.user(session.user).await?.filter(|user| !user.disabled);
        if user.as_ref().is_some_and(|user| self.settings.administers(user)) {
            self.keep_awake(&token, &session).await;
        }
        Ok(user.map(|user| (token, user)))
    }

    /// Has an administrator's session end when it was idle for too long. The end is moved at each use, at most once a
    /// minute.
    async fn keep_awake(&self, token: &SessionToken, session: &Session) {
        let (now, idle) = (self.now(), self.settings.admin_idle);
        let ends = now.plus(idle).min(session.created.plus(SESSION_LASTS));
        if (session.expires.0 - ends.0).abs() < MOVE_EVERY {
            return;
        }
        // Who is signed in must not depend on whether a note can be written (a full disk, for one).
        if let Err(error) = self.parts.sessions.set_end(token, ends).await {
            tracing::warn!(%error, "the end of an administrator's session was not moved");
        }
    }

    /// Begins a session. `user` is as it was when the password was found right; `shown` is whether the second factor was
    /// shown as well, or need not be.
    ///
    /// [`StoreError::Conflict`] where the password has become another one since, where the account was disabled, or where a
    /// second factor was turned on that was not shown: all who were in by less are out everywhere, even one who was just
    /// signing in. No session is left then.
    pub(super) async fn begin_session(
        &self,
        user: User,
        shown: FactorShown,
        origin: &Origin,
    ) -> Result<NewSession, StoreError> {
        let secret = SecretToken::random(self.parts.random.as_ref());
        let now = self.now();
        let lasts =
            if self.settings.administers(&user) { SESSION_LASTS.min(self.settings.admin_idle) } else { SESSION_LASTS };
        let session = Session {
            user: user.id,
            created: now,
            last_seen: now,
            expires: now.plus(lasts),
            client: origin.to_string(),
        };
        let token = SessionToken(secret.hash());
        self.parts.sessions.begin(&token, &session).await?;
        // Looked at after the beginning: what is changed later ends this session with all others.
        if let Err(error) = self.check_still_valid(&user, shown).await {
            self.parts.sessions.end(&token).await?;
            return Err(error);
        }
        let known_browser = self.known_browsers.note(self.parts.random.as_ref(), &user.email);
        Ok(NewSession { secret, user, known_browser, second_factor_due: false })
    }

    async fn check_still_valid(&self, user: &User, shown: FactorShown) -> Result<(), StoreError> {
        let stored = self.parts.users.by_id(user.id).await?;
        if stored.is_none_or(|stored| stored.password != user.password || stored.disabled) {
            return Err(StoreError::Conflict("password"));
        }
        if shown == FactorShown::No && !self.lacks_second_factor(user.id).await? {
            return Err(StoreError::Conflict("second factor"));
        }
        Ok(())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_out(&self, session: &SessionToken) -> Result<(), StoreError> {
        self.parts.sessions.end(session).await
    }

    /// The sessions of a user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<(SessionToken, Session)>, StoreError> {
        self.parts.access.sessions_of(user, self.now()).await
    }

    /// Ends one of a user's own sessions, by the name that [`SessionToken`]'s hash has in hexadecimal. The session that was
    /// ended; none where it has ended by itself, which is as good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_session(
        &self,
        user: &User,
        name: &str,
        origin: &Origin,
    ) -> Result<Option<SessionToken>, StoreError> {
        let sessions = self.sessions_of(user.id).await?;
        let Some((token, _)) = sessions.into_iter().find(|(token, _)| hex::encode(token.0) == name) else {
            return Ok(None);
        };
        self.parts.sessions.end(&token).await?;
        self.note(user.id, AuditAction::AccountSessionEnd, format!("from {}", origin.client)).await;
        Ok(Some(token))
    }

    /// Ends all sessions of a user but one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_other_sessions(
        &self,
        user: &User,
        but: Option<&SessionToken>,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        self.parts.sessions.end_all(user.id, but).await?;
        self.note(user.id, AuditAction::AccountSessionEndAll, format!("from {}", origin.client)).await;
        Ok(())
    }
}
