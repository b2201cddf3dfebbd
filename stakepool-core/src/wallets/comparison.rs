//! The wallets compared with the users of the database, for a program that does not keep them in service.

use std::collections::HashSet;

use futures_util::future::join_all;

use super::census;
use super::group::WalletGroup;
use super::member::{Health, Member, MemberStatus};
use super::missing::missing_scripts;
use super::probe;
use super::recovery::{BroughtOver, Progress};
use crate::accounts::{Registration, User, UserId};
use crate::chain::{BlockHeight, KeyIndex, ScriptAddress};
use crate::ports::StoreError;

/// A user of the database whose script a wallet lacks: it can vote none of the user's tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingScript {
    /// The user.
    pub user: UserId,
    /// The user's key index.
    pub index: KeyIndex,
    /// The multisig address.
    pub address: ScriptAddress,
    /// When the user registered it: tickets are from there on.
    pub registered_at: BlockHeight,
}

/// A wallet beside the users of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletComparison {
    /// How it is at this moment.
    pub status: MemberStatus,
    /// Users of the database with an address.
    pub users: usize,
    /// Those whose scripts it lacks, by key index; why they are not known where it has other keys than the pool, or did not
    /// answer.
    pub missing: Result<Vec<MissingScript>, String>,
    /// Why the scripts of users whom the database does not know could not be counted, where that was tried.
    pub uncounted: Option<String>,
}

/// What became of a wallet that was brought up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletSync {
    /// The wallet.
    pub name: String,
    /// What was brought over, or how the wallet is that could not be brought up to date.
    pub outcome: Result<BroughtOver, Health>,
}

impl WalletGroup {
    /// Compares all wallets with the users of the database at once: keys, state, and scripts. Nothing changes.
    ///
    /// # Errors
    /// [`StoreError`] where the users cannot be read.
    pub async fn compare(&self) -> Result<Vec<WalletComparison>, StoreError> {
        let users = self.users.registered().await?;
        let mut comparisons = Vec::with_capacity(self.members.len());
        for member in &self.members {
            comparisons.push(self.compare_one(member, &users));
        }
        Ok(join_all(comparisons).await)
    }

    async fn compare_one(&self, member: &Member, users: &[User]) -> WalletComparison {
        let wallet = member.wallet.as_ref();
        let mut status = probe::look(wallet, &self.key, self.rescans.as_ref()).await;
        let missing = match &status.health {
            Health::Healthy | Health::Recovering { .. } => {
                let registrations: Vec<_> = users.iter().filter_map(|user| user.registration.as_ref()).collect();
                let missing = missing_scripts(wallet, &registrations).await;
                missing.map(|missing| of_users(users, &missing)).map_err(|error| error.to_string())
            }
            Health::Unknown => Err("it has not answered".to_owned()),
            Health::Unreachable { error: why } | Health::Disagrees { how: why } => Err(why.clone()),
        };
        let mut uncounted = None;
        if let Ok(missing) = &missing {
            status.pending.scripts = Some(missing.len());
            match census::count(wallet, &self.users, &self.pool_scripts).await {
                Ok(census) => status.census = census,
                Err(error) => uncounted = Some(error.to_string()),
            }
        }
        WalletComparison { status, users: users.len(), missing, uncounted }
    }

    /// Brings all wallets up to date at once, each with one rescan from the lowest height needed, and says how far each is.
    /// What was cut off is made up for by the next call; a pool may [run](WalletGroup::run) on the same wallets elsewhere.
    pub async fn sync(&self, progress: impl Fn(&str, Progress)) -> Vec<WalletSync> {
        let mut recoveries = Vec::with_capacity(self.members.len());
        for member in &self.members {
            recoveries.push(self.recover(member, |how_far| progress(member.wallet.name(), how_far)));
        }
        let outcomes = join_all(recoveries).await;
        let named = |(member, outcome): (&Member, Result<BroughtOver, Health>)| {
            match &outcome {
                Ok(_) => member.in_service(),
                Err(health) => member.set_health(health.clone()),
            }
            WalletSync { name: member.wallet.name().to_owned(), outcome }
        };
        self.members.iter().zip(outcomes).map(named).collect()
    }
}

/// The users whose registrations are among `missing`, by key index.
fn of_users(users: &[User], missing: &[&Registration]) -> Vec<MissingScript> {
    let lacked: HashSet<_> = missing.iter().map(|registration| registration.address).collect();
    let script = |user: &User| {
        let registration = user.registration.as_ref().filter(|known| lacked.contains(&known.address))?;
        Some(MissingScript {
            user: user.id,
            index: registration.key_index,
            address: registration.address,
            registered_at: registration.registered_at,
        })
    };
    let mut scripts: Vec<_> = users.iter().filter_map(script).collect();
    scripts.sort_by_key(|script| script.index);
    scripts
}
