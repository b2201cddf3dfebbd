//! A user as the list and the details show it.

use serde::Serialize;
use stakepool::Pool;
use stakepool_core::accounts::{Email, EmailState, User, UserId};
use stakepool_core::chain::{Address, BlockHeight, KeyIndex, ScriptAddress};
use stakepool_core::time::UnixTime;

use crate::answer::Answer;

/// A user as list and details show them. What is not there is null.
#[derive(Serialize)]
pub(super) struct Account {
    id: UserId,
    email: Email,
    email_verified: bool,
    admin: bool,
    disabled: bool,
    created: Option<UnixTime>,
    key_index: Option<KeyIndex>,
    address: Option<ScriptAddress>,
    fee_address: Option<Address>,
    registered_at: Option<BlockHeight>,
}

impl Account {
    /// What is shown of a user.
    pub(super) fn new(user: &User, pool: &Pool) -> Self {
        let registration = user.registration.as_ref();
        Self {
            id: user.id,
            email: user.email.clone(),
            email_verified: user.email_state != EmailState::Unverified,
            admin: pool.settings().administers(user),
            disabled: user.disabled,
            created: (user.created.0 != 0).then_some(user.created),
            key_index: registration.map(|registration| registration.key_index),
            address: registration.map(|registration| registration.address),
            fee_address: registration.map(|registration| pool.terms().fee_address(registration)),
            registered_at: registration.map(|registration| registration.registered_at),
        }
    }
}

impl Answer for Account {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let flags =
            [(self.admin, "administrator"), (self.disabled, "disabled"), (!self.email_verified, "not verified")];
        let flags: Vec<&str> = flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect();
        let readable = [
            ("user", Some(self.id.to_string())),
            ("e-mail", Some(self.email.to_string())),
            ("is", (!flags.is_empty()).then(|| flags.join(" and "))),
            ("created", self.created.map(UnixTime::readable)),
            ("key index", self.key_index.map(|index| index.to_string())),
            ("address", self.address.map(|address| address.to_string())),
            ("fee address", self.fee_address.map(|address| address.to_string())),
            ("registered at", self.registered_at.map(|height| format!("height {height}"))),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}
