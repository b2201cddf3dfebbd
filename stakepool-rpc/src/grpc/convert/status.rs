//! The state of a daemon.

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHash, BlockHeight};
use stakepool_core::ports::{
    DaemonStatus, MissingUser, TicketCheck, TicketSet, TicketSets, UnknownAddress, WalletState,
};
use stakepool_core::sanitize::one_line;
use stakepool_core::ticket::PoolFee;

use super::fee_indexes::{fee_indexes_from_messages, fee_indexes_into_messages};
use super::field::{FieldError, hash_bytes};
use crate::grpc::generated::pool_daemon as pb;
use crate::grpc::wire::LONGEST_WORDS;

/// Most bytes of a name, a key or a digest.
const LONGEST_NAME: usize = 200;
/// Most wallets and problems that are looked at.
const MOST_WALLETS: usize = 64;
const MOST_PROBLEMS: usize = 100;

/// A name or key of the daemon's, which goes to logs and pages.
fn name(text: &str) -> String {
    one_line(text, LONGEST_NAME)
}

/// The daemon's problems, as many as a page can show.
fn problems(all: &[String]) -> Vec<String> {
    let mut shown: Vec<_> = all.iter().take(MOST_PROBLEMS).map(|text| one_line(text, LONGEST_WORDS)).collect();
    if all.len() > MOST_PROBLEMS {
        shown.push(format!("{} more problems are not shown", all.len() - MOST_PROBLEMS));
    }
    shown
}

/// What the problems that are shown are about; nothing where the daemon does not say it of each of them.
fn topics(topics: &[String], problems: &[String]) -> Vec<String> {
    if topics.len() != problems.len() {
        return Vec::new();
    }
    let rest = (problems.len() > MOST_PROBLEMS).then(|| "more problems".to_owned());
    topics.iter().take(MOST_PROBLEMS).map(|topic| name(topic)).chain(rest).collect()
}

/// Old keys of cold wallets that are read of a daemon.
const MOST_KEYS: usize = 100;
/// Unknown addresses, and missing users, that are read of a daemon.
const MOST_UNKNOWN: usize = 100;

/// Blocks that are read of a daemon.
const MOST_BLOCKS: usize = 16;

fn place((block, height): (BlockHash, BlockHeight)) -> pb::BlockPlace {
    pb::BlockPlace { block: block.as_bytes().to_vec(), height: height.0 }
}

fn block(place: &pb::BlockPlace) -> Result<(BlockHash, BlockHeight), FieldError> {
    let bytes = place.block.as_slice().try_into();
    let bytes = bytes.map_err(|_| FieldError::new("latest_blocks.block", "it is not 32 bytes"))?;
    Ok((BlockHash::from_bytes(bytes), BlockHeight(place.height)))
}

impl From<DaemonStatus> for pb::DaemonStatus {
    fn from(status: DaemonStatus) -> Self {
        Self {
            id: status.id,
            epoch: status.epoch,
            version: status.version,
            network: status.network.name().to_owned(),
            cold_wallet_xpub: status.cold_wallet_xpub,
            old_cold_wallet_xpubs: status.old_cold_wallet_xpubs,
            pool_fee_percent: status.pool_fee.percent(),
            wanted_digest: status.wanted_digest,
            users: status.users,
            node_height: status.node_height.map(|height| height.0),
            synced_height: status.synced_height.map(|height| height.0),
            wallets: status.wallets.into_iter().map(pb::WalletState::from).collect(),
            live_tickets: status.live_tickets,
            ignored_tickets: status.ignored_tickets,
            problems: status.problems,
            problem_topics: status.problem_topics,
            takes_acknowledged: status.takes_acknowledged,
            takes_keys: status.takes_keys,
            takes_terms: status.takes_terms,
            takes_format: status.takes_format,
            fee_indexes: fee_indexes_into_messages(&status.fee_indexes),
            check: Some(status.check.into()),
            latest_blocks: status.latest_blocks.into_iter().map(place).collect(),
        }
    }
}

impl TryFrom<pb::DaemonStatus> for DaemonStatus {
    type Error = FieldError;

    fn try_from(status: pb::DaemonStatus) -> Result<Self, FieldError> {
        Ok(Self {
            id: name(&status.id),
            epoch: status.epoch,
            version: name(&status.version),
            network: status.network.parse().map_err(|error| FieldError::new("network", error))?,
            cold_wallet_xpub: name(&status.cold_wallet_xpub),
            old_cold_wallet_xpubs: status.old_cold_wallet_xpubs.iter().take(MOST_KEYS).map(|key| name(key)).collect(),
            pool_fee: PoolFee::from_percent(status.pool_fee_percent)
                .map_err(|error| FieldError::new("pool_fee_percent", error))?,
            wanted_digest: name(&status.wanted_digest),
            users: status.users,
            node_height: status.node_height.map(BlockHeight),
            synced_height: status.synced_height.map(BlockHeight),
            wallets: status.wallets.into_iter().take(MOST_WALLETS).map(WalletState::from).collect(),
            live_tickets: status.live_tickets,
            ignored_tickets: status.ignored_tickets,
            problem_topics: topics(&status.problem_topics, &status.problems),
            problems: problems(&status.problems),
            takes_acknowledged: status.takes_acknowledged,
            takes_keys: status.takes_keys,
            takes_terms: status.takes_terms,
            takes_format: status.takes_format,
            fee_indexes: fee_indexes_from_messages(&status.fee_indexes)?,
            check: status.check.map(TicketCheck::try_from).transpose()?.unwrap_or_default(),
            latest_blocks: status.latest_blocks.iter().take(MOST_BLOCKS).map(block).collect::<Result<_, _>>()?,
        })
    }
}

impl From<WalletState> for pb::WalletState {
    fn from(WalletState { name, reachable, unlocked, votes_itself, account_key }: WalletState) -> Self {
        Self { name, reachable, unlocked, votes_itself, account_key }
    }
}

impl From<pb::WalletState> for WalletState {
    fn from(state: pb::WalletState) -> Self {
        let pb::WalletState { reachable, unlocked, votes_itself, .. } = state;
        Self {
            name: name(&state.name),
            reachable,
            unlocked,
            votes_itself,
            account_key: state.account_key.as_deref().map(name),
        }
    }
}

impl From<TicketCheck> for pb::TicketCheck {
    fn from(check: TicketCheck) -> Self {
        let unknown = |UnknownAddress { address, voted, ignored }: UnknownAddress| pb::UnknownAddress {
            address: address.to_string(),
            voted,
            ignored,
        };
        let missing = |MissingUser { user, address, tickets }: MissingUser| pb::MissingUser {
            user_id: user.0,
            address: address.to_string(),
            tickets,
        };
        Self {
            unknown: check.unknown.into_iter().map(unknown).collect(),
            missing: check.missing.into_iter().map(missing).collect(),
            unknown_addresses: check.unknown_addresses,
            unknown_tickets: check.unknown_tickets,
            lacking: check.lacking,
            wallet_tickets: check.wallet_tickets,
            missed: check.missed,
            missed_unvoted: check.missed_unvoted,
            key_tickets: check.key_tickets,
            sets: check.sets.map(pb::TicketSets::from),
        }
    }
}

impl TryFrom<pb::TicketCheck> for TicketCheck {
    type Error = FieldError;

    fn try_from(check: pb::TicketCheck) -> Result<Self, FieldError> {
        let unknown = |pb::UnknownAddress { address, voted, ignored }| {
            let address = address.parse().map_err(|error| FieldError::new("check.unknown.address", error))?;
            Ok(UnknownAddress { address, voted, ignored })
        };
        let missing = |pb::MissingUser { user_id, address, tickets }| {
            let address = address.parse().map_err(|error| FieldError::new("check.missing.address", error))?;
            Ok(MissingUser { user: UserId(user_id), address, tickets })
        };
        // A daemon names a hundred at most; more are of no use to anybody.
        let named = check.unknown.into_iter().take(MOST_UNKNOWN).map(unknown);
        let lost = check.missing.into_iter().take(MOST_UNKNOWN).map(missing);
        Ok(Self {
            unknown: named.collect::<Result<_, _>>()?,
            missing: lost.collect::<Result<_, _>>()?,
            unknown_addresses: check.unknown_addresses,
            unknown_tickets: check.unknown_tickets,
            lacking: check.lacking,
            wallet_tickets: check.wallet_tickets,
            missed: check.missed,
            missed_unvoted: check.missed_unvoted,
            key_tickets: check.key_tickets,
            sets: check.sets.map(TicketSets::try_from).transpose()?,
        })
    }
}

impl From<TicketSets> for pb::TicketSets {
    fn from(TicketSets { block, height, voted, ignored, others }: TicketSets) -> Self {
        let set = |TicketSet { count, digest }| Some(pb::TicketSet { count, digest });
        Self { block: block.as_bytes().to_vec(), height: height.0, voted: set(voted), ignored: set(ignored), others }
    }
}

impl TryFrom<pb::TicketSets> for TicketSets {
    type Error = FieldError;

    fn try_from(sets: pb::TicketSets) -> Result<Self, FieldError> {
        let set = |set: Option<pb::TicketSet>| {
            set.map(|pb::TicketSet { count, digest }| TicketSet { count, digest }).unwrap_or_default()
        };
        Ok(Self {
            block: BlockHash::from_bytes(hash_bytes("check.sets.block", &sets.block)?),
            height: BlockHeight(sets.height),
            voted: set(sets.voted),
            ignored: set(sets.ignored),
            others: sets.others,
        })
    }
}
