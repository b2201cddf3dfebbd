//! Registration: from a user's public key to an address whose tickets the pool votes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;

use stakepool_core::accounts::{Registration, UserId};
use stakepool_core::chain::{Address, AddressError, ExternalBranch, HdKeyError, Network, PubKeyAddress, RedeemScript};
use stakepool_core::ports::{StoreError, UserStore};
use stakepool_core::typed::pasted;
use stakepool_core::wallets::{Agreement, GroupError, WalletGroup};

use crate::closed::Closed;

/// Lengths, in characters, between which a public key address lies (the predecessor's limits).
const LENGTHS: std::ops::RangeInclusive<usize> = 40..=65;

/// Blocks below the best one at which a registration is noted, since the best ones may yet be replaced.
const REORGANISATION: u32 = 6;

/// Why an address was not registered. Nothing is lost, and every case can be tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// The user has an address.
    #[error("an address was submitted already; a user has one address for good")]
    AlreadySubmitted,
    /// The pool takes no new addresses.
    #[error("{0}")]
    Closed(String),
    /// The user's e-mail address is not verified: key indexes are given for good, and only to people.
    #[error("the e-mail address is not verified yet; open the link in the mail first")]
    Unverified,
    /// So many addresses were registered that no more is taken before so long.
    #[error("so many addresses were registered within an hour that no more is taken now; try again later")]
    TooMany(Duration),
    /// The text is shorter than any public key address.
    #[error("the address has {0} characters, which is too short for a public key address")]
    TooShort(usize),
    /// The text is longer than any public key address.
    #[error("the address has {0} characters, which is too long for a public key address")]
    TooLong(usize),
    /// It is no address of this network.
    #[error(transparent)]
    Undecodable(AddressError),
    /// It is another kind of address.
    #[error(transparent)]
    WrongKind(AddressError),
    /// The wallets cannot take it now.
    #[error(transparent)]
    Wallets(#[from] GroupError),
    /// More users are lost than key indexes are withheld for by guess, and the next one may be one of theirs.
    #[error(
        "no key index is given, since daemons know the tickets of many users whom the database does not know, and {0} key indexes \
         are withheld for them by guess: bring the users back, or let others have these indexes with `stakepoolctl unknown release`"
    )]
    TooManyLost(u32),
    /// The keys cannot be derived.
    #[error(transparent)]
    Key(#[from] HdKeyError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for RegistrationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::AlreadyRegistered(_) => Self::AlreadySubmitted,
            other => Self::Store(other),
        }
    }
}

/// The keys and limits of a pool that registration needs.
#[derive(Clone, Debug)]
pub struct PoolKeys {
    /// The network.
    pub network: Network,
    /// External branch of the voting wallets' account: the pool's halves of the scripts.
    pub voting: ExternalBranch,
    /// External branch of the cold wallet's account: the fee addresses.
    pub cold: ExternalBranch,
    /// Highest key index to give.
    pub max_users: u32,
    /// Where the pool is closed, what users are told.
    pub closed: Closed,
}

/// Registers users' keys.
pub struct Registrar {
    keys: PoolKeys,
    users: Arc<dyn UserStore>,
    wallets: Arc<WalletGroup>,
    /// One at a time: registrations are rare, and wallets then see indexes in order.
    turn: Mutex<()>,
}

impl Registrar {
    /// A registrar of a pool.
    pub fn new(keys: PoolKeys, users: Arc<dyn UserStore>, wallets: Arc<WalletGroup>) -> Self {
        Self { keys, users, wallets, turn: Mutex::new(()) }
    }

    /// The keys and limits of the pool.
    pub const fn keys(&self) -> &PoolKeys {
        &self.keys
    }

    /// Registers the public key address `key` of a user: makes the script, has the wallets check and import it, and
    /// stores it. `before` is done in turn, before the index is given. A try that stopped half way goes on with the same
    /// key index.
    ///
    /// # Errors
    /// [`RegistrationError`], tested in the order of its cases.
    pub async fn register(
        &self,
        user: UserId,
        key: &str,
        before: &dyn BeforeIndex,
    ) -> Result<Registration, RegistrationError> {
        let _turn = self.turn.lock().await;
        let found = self.users.by_id(user).await?.ok_or(StoreError::NotFound("user"))?;
        if found.registration.is_some() {
            return Err(RegistrationError::AlreadySubmitted);
        }
        if let Some(message) = &*self.keys.closed.get() {
            return Err(RegistrationError::Closed(message.clone()));
        }
        let key = parse_key(key, self.keys.network)?;
        self.wallets.ready()?;
        // Where wallets will look for tickets from, some day: no wallet is behind it, and no reorganisation goes below.
        let registered_at = self.wallets.lowest_height()?.minus(REORGANISATION);
        before.prepare().await?;
        let index = self.users.reserve_index(user, self.keys.max_users).await?;
        let script = RedeemScript::for_user(&self.keys.voting, index, &key)?;
        let agreed = self.wallets.agree(&Agreement { index, script }).await?;
        let registration = Registration {
            key_index: index,
            address: script.address(self.keys.network),
            script,
            fee_address: self.keys.cold.address(index)?.to_pubkey_hash(),
            registered_at,
        };
        self.users.register(user, &registration).await?;
        self.wallets.recheck_others(&agreed);
        tracing::info!(%user, %index, address = %registration.address, "registered");
        Ok(registration)
    }
}

/// What must be done before a key index is given.
#[async_trait]
pub trait BeforeIndex: Send + Sync {
    /// Does it, while no other key index is given here. Where it fails, none is given.
    async fn prepare(&self) -> Result<(), RegistrationError>;
}

/// Registers users' public key addresses.
#[async_trait]
pub trait AddressRegistrar: Send + Sync {
    /// Registers the public key address `key`, as the user typed it. `before` is done once key and wallets are looked at.
    async fn register(
        &self,
        user: UserId,
        key: &str,
        before: &dyn BeforeIndex,
    ) -> Result<Registration, RegistrationError>;
}

#[async_trait]
impl AddressRegistrar for Registrar {
    async fn register(
        &self,
        user: UserId,
        key: &str,
        before: &dyn BeforeIndex,
    ) -> Result<Registration, RegistrationError> {
        Self::register(self, user, key, before).await
    }
}

fn parse_key(text: &str, network: Network) -> Result<PubKeyAddress, RegistrationError> {
    let text = &pasted(text);
    let length = text.chars().count();
    if length < *LENGTHS.start() {
        return Err(RegistrationError::TooShort(length));
    }
    if length > *LENGTHS.end() {
        return Err(RegistrationError::TooLong(length));
    }
    let address = Address::parse_for(text, network).map_err(RegistrationError::Undecodable)?;
    PubKeyAddress::try_from(address).map_err(RegistrationError::WrongKind)
}

impl std::fmt::Debug for Registrar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registrar").field("keys", &self.keys).finish_non_exhaustive()
    }
}
