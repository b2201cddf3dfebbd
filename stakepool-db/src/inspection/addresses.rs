//! Whether addresses and scripts come from the configured keys.

use std::collections::BTreeMap;

use stakepool_core::accounts::{PoolBranches, UserId};
use stakepool_core::chain::{Address, BlockHeight, KeyIndex, PubKeyAddress, RedeemScript, ScriptAddress};

use super::configured::Configured;
use super::defect::{Defect, MOST_NAMED, Severity};
use super::users::UserRow;

/// What is wrong with a user's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    Network,
    Unreadable,
    Script,
    OtherKey,
    PoolKey,
    Fee,
}

impl Wrong {
    const fn severity(self) -> Severity {
        match self {
            Self::Network | Self::Unreadable | Self::Script | Self::OtherKey => Severity::Error,
            Self::PoolKey | Self::Fee => Severity::Warning,
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Unreadable => "address",
            Self::Script => "script",
            Self::OtherKey => "underivable",
            Self::PoolKey => "pool_key",
            Self::Fee => "fee_address",
        }
    }

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Network => (
                "their address is on another network than the configuration",
                "check testnet and simnet in the configuration, and dbname",
            ),
            Self::Unreadable => (
                "their address or the key in UserPubKeyAddr cannot be read",
                "mend the row from a backup; their tickets are voted by what a wallet knows",
            ),
            Self::Script => (
                "MultiSigScript is not the script of MultiSigAddress",
                "mend the row from a backup; the script is 51 21 POOLKEY 21 USERKEY 52 ae",
            ),
            Self::OtherKey => (
                "their address does not come from votingwalletextpub, UserPubKeyAddr and their key index: they were given it \
                 with another key or number",
                "check votingwalletextpub; a few such users had a number that served somebody before, or another seed: keep a \
                 wallet that can sign for them until their last ticket is over",
            ),
            Self::PoolKey => {
                ("PoolPubKeyAddr is not the pool's key in their script", "nothing is needed: the script counts")
            }
            Self::Fee => (
                "UserFeeAddr is not from coldwalletextpub, nor from a key in oldcoldwalletextpubs: tickets that pay there are \
                 ignored",
                "name the earlier cold wallet's key in oldcoldwalletextpubs, in the web and in all daemons",
            ),
        }
    }
}

/// What should be known of addresses.
pub(super) fn judge(rows: &[UserRow], configured: &Configured) -> Vec<Defect> {
    let mut wrong: BTreeMap<Wrong, Vec<UserId>> = BTreeMap::new();
    let registered = rows.iter().filter(|row| !row.text("MultiSigAddress").is_empty());
    for (row, found) in registered.filter_map(|row| Some((row, wrong_of(row, configured)?))) {
        wrong.entry(found).or_default().push(row.id);
    }
    let defects = wrong.into_iter().filter_map(|(wrong, users)| {
        let (text, remedy) = wrong.texts();
        Defect::of_users(wrong.severity(), wrong.kind(), users, text).map(|defect| defect.remedy(remedy))
    });
    defects.chain(shared(rows)).collect()
}

/// The worst that is wrong with a user's address.
fn wrong_of(row: &UserRow, configured: &Configured) -> Option<Wrong> {
    let Configured { branches, .. } = configured;
    let Ok(address) = row.text("MultiSigAddress").parse::<ScriptAddress>() else { return Some(Wrong::Unreadable) };
    if address.network() != branches.voting.network() {
        return Some(Wrong::Network);
    }
    let user: Option<PubKeyAddress> =
        row.text("UserPubKeyAddr").parse::<Address>().ok().and_then(|user| user.try_into().ok());
    let Some(user) = user else { return Some(Wrong::Unreadable) };
    match row.text("MultiSigScript").parse::<RedeemScript>() {
        Ok(script) if script.address(address.network()) == address => {}
        _ => return Some(Wrong::Script),
    }
    let index = KeyIndex(u32::try_from(row.index).ok()?);
    let derived = branches.registration(index, &user, BlockHeight(0)).ok()?;
    if derived.address != address {
        return Some(Wrong::OtherKey);
    }
    if row.text("PoolPubKeyAddr") != derived.script.pool_address(address.network()).to_string() {
        return Some(Wrong::PoolKey);
    }
    let fee = row.text("UserFeeAddr");
    let olds = configured.old_cold.iter().map(|cold| PoolBranches { cold: *cold, ..*branches });
    let pays = |pool: PoolBranches| pool.cold.address(index).is_ok_and(|key| key.to_pubkey_hash().to_string() == fee);
    (!pays(*branches) && !olds.into_iter().any(pays)).then_some(Wrong::Fee)
}

/// Users with the same key of the pool: an index that served two people.
fn shared(rows: &[UserRow]) -> Option<Defect> {
    let mut by_key: BTreeMap<&str, Vec<UserId>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.text("PoolPubKeyAddr").is_empty()) {
        by_key.entry(row.text("PoolPubKeyAddr")).or_default().push(row.id);
    }
    let groups: Vec<Vec<UserId>> = by_key.into_values().filter(|users| users.len() > 1).collect();
    let text = format!("share a key of the pool, so that both pay to one fee address ({})", pairs(&groups));
    Defect::of_users(Severity::Warning, "shared_index", groups.concat(), &text)
        .map(|defect| defect.remedy("nothing is needed: each has an own address, and all are voted"))
}

/// Groups of users for people.
pub(super) fn pairs(groups: &[Vec<UserId>]) -> String {
    let group = |users: &Vec<UserId>| {
        let numbers: Vec<String> = users.iter().map(ToString::to_string).collect();
        numbers.join(" with ")
    };
    let mut named: Vec<String> = groups.iter().take(MOST_NAMED).map(group).collect();
    if groups.len() > MOST_NAMED {
        named.push("…".to_owned());
    }
    named.join(", ")
}
