//! Closing an account that holds no tickets.

use stakepool_core::accounts::{Email, EmailState, PasswordHashes, SecureRandom, User, UserId, revoked_validity};
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::ScriptAddress;
use stakepool_core::ports::{AuditQuery, Slice, StoreError, TicketQuery};
use stakepool_core::reports::TicketState;
use stakepool_core::time::UnixTime;

use crate::accounts::confirm::{Confirmation, Denied};
use crate::daemons::legacy_lists::{ListError, open_tickets};
use crate::limits::origin::Origin;
use crate::pool::Pool;

/// How the addresses of closed accounts end.
const NOBODYS: &str = "@closed.invalid";
/// Among how many of the latest acts about an account its closing is looked for.
const LOOKED_THROUGH: u64 = 50;

/// Why an account stays open.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// The password.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It holds so many tickets that may still vote.
    #[error("it holds {0} tickets that are live or immature; close it when all have voted or expired")]
    HoldsTickets(u64),
    /// Nobody says at this moment whether it holds tickets.
    #[error("neither voting daemons nor wallets say at this moment whether it holds tickets; try again later")]
    NobodyKnows,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// Closes an account: e-mail address, password, keys, sessions and claims on tickets of wallets of today go; number, address
    /// and script stay, since a ticket of the address that turns up later must be voted.
    ///
    /// # Errors
    /// [`CloseError`].
    pub async fn close_account(
        &self,
        user: &User,
        confirmation: impl Into<Confirmation<'_>>,
        origin: &Origin,
    ) -> Result<(), CloseError> {
        let confirmation = confirmation.into();
        self.confirm_password(user, confirmation.password, origin.client).await?;
        self.check_holds_no_tickets(user).await?;
        self.confirm_code(user, confirmation.code, origin.client).await?;
        let id = user.id;
        // First: an account that nobody can enter must not hold anybody's tickets.
        self.parts.claims.release_claims(id).await?;
        let nobody = nobodys_address(id, self.parts.random.as_ref());
        let clear = |user: &mut User| {
            user.email = nobody.clone();
            user.email_state = EmailState::Unverified;
            user.password = PasswordHashes::default();
            user.api_keys_valid_from = revoked_validity(user);
            user.disabled = true;
            user.admin = false;
        };
        self.change_user(id, clear).await?;
        // To the address that the account had.
        self.mail_change(user, "Your account was closed.");
        self.parts.second_factors.remove_factor(id).await?;
        // One that came meanwhile.
        self.parts.claims.release_claims(id).await?;
        self.revoke_access(user).await?;
        self.note(id, AuditAction::AccountClose, format!("from {}", origin.client)).await;
        tracing::info!(user = %id, client = %origin.client, "account closed");
        Ok(())
    }

    async fn check_holds_no_tickets(&self, user: &User) -> Result<(), CloseError> {
        let Some(registration) = &user.registration else { return Ok(()) };
        // Without a daemon that reports tickets, none in the ledger means nothing.
        let hears = self.reconciler.views().values().any(|view| view.in_sync && view.status.is_some());
        let open = if hears {
            self.open_in_ledger(user.id).await?
        } else {
            self.open_by_wallets(&registration.address).await?.ok_or(CloseError::NobodyKnows)?
        };
        if open > 0 { Err(CloseError::HoldsTickets(open)) } else { Ok(()) }
    }

    /// As [`Pool::open_in_ledger`], of pools whose daemons report nothing; `None` where no wallet answers either.
    async fn open_by_wallets(&self, address: &ScriptAddress) -> Result<Option<u64>, StoreError> {
        let Some(source) = &self.parts.tickets else { return Ok(None) };
        match open_tickets(source.as_ref(), self.parts.ledger.as_ref(), address).await {
            Ok(open) => Ok(Some(open)),
            Err(ListError::Store(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "no wallet lists a user's tickets, whose account stays open");
                Ok(None)
            }
        }
    }

    /// The tickets in the ledger that may still vote.
    async fn open_in_ledger(&self, user: UserId) -> Result<u64, StoreError> {
        // Those that the account has claimed are voted without it.
        let states = vec![TicketState::Immature, TicketState::Live];
        let query = TicketQuery { user: Some(user), states, by_own_key: Some(false), ..TicketQuery::default() };
        Ok(self.parts.ledger.tickets(&query).await?.total)
    }
}

impl Pool {
    /// When an account was closed by its user, where that was noted; whether it was, [`is_closed`] says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn closed_at(&self, user: &User) -> Result<Option<UnixTime>, StoreError> {
        let query = AuditQuery { text: user.id.to_string(), ..AuditQuery::default() };
        let acts = self.parts.admin.audit_log(&query, Slice { offset: 0, limit: LOOKED_THROUGH }).await?;
        let closing = AuditAction::AccountClose.name();
        let own = user.id.to_string();
        Ok(acts.rows.iter().find(|entry| entry.action == closing && entry.subject == own).map(|entry| entry.at))
    }
}

/// Whether an account was closed by its user.
pub fn is_closed(user: &User) -> bool {
    let begin = format!("closed-{}-", user.id);
    user.disabled && user.email.as_str().starts_with(&begin) && user.email.as_str().ends_with(NOBODYS)
}

/// The address of a closed account: no mail ever goes there, and nobody can have signed up with it, since nobody can
/// guess it.
fn nobodys_address(id: UserId, random: &dyn SecureRandom) -> Email {
    let mut guard = [0; 8];
    random.fill(&mut guard);
    Email::from_store(format!("closed-{id}-{}{NOBODYS}", hex::encode(guard)))
}
