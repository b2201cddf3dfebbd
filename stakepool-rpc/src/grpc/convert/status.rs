//! The state of a daemon.

use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{DaemonStatus, TicketCheck, UnknownAddress, WalletState};
use stakepool_core::ticket::PoolFee;

use super::field::FieldError;
use crate::grpc::generated::pool_daemon as pb;

/// Unknown addresses that are read of a daemon.
const MOST_UNKNOWN: usize = 100;

impl From<DaemonStatus> for pb::DaemonStatus {
    fn from(status: DaemonStatus) -> Self {
        Self {
            id: status.id,
            epoch: status.epoch,
            version: status.version,
            network: status.network.name().to_owned(),
            cold_wallet_xpub: status.cold_wallet_xpub,
            pool_fee_percent: status.pool_fee.percent(),
            wanted_digest: status.wanted_digest,
            users: status.users,
            node_height: status.node_height.map(|height| height.0),
            synced_height: status.synced_height.map(|height| height.0),
            wallets: status.wallets.into_iter().map(pb::WalletState::from).collect(),
            live_tickets: status.live_tickets,
            ignored_tickets: status.ignored_tickets,
            problems: status.problems,
            check: Some(status.check.into()),
        }
    }
}

impl TryFrom<pb::DaemonStatus> for DaemonStatus {
    type Error = FieldError;

    fn try_from(status: pb::DaemonStatus) -> Result<Self, FieldError> {
        Ok(Self {
            id: status.id,
            epoch: status.epoch,
            version: status.version,
            network: status.network.parse().map_err(|error| FieldError::new("network", error))?,
            cold_wallet_xpub: status.cold_wallet_xpub,
            pool_fee: PoolFee::from_percent(status.pool_fee_percent)
                .map_err(|error| FieldError::new("pool_fee_percent", error))?,
            wanted_digest: status.wanted_digest,
            users: status.users,
            node_height: status.node_height.map(BlockHeight),
            synced_height: status.synced_height.map(BlockHeight),
            wallets: status.wallets.into_iter().map(WalletState::from).collect(),
            live_tickets: status.live_tickets,
            ignored_tickets: status.ignored_tickets,
            problems: status.problems,
            check: status.check.map(TicketCheck::try_from).transpose()?.unwrap_or_default(),
        })
    }
}

impl From<WalletState> for pb::WalletState {
    fn from(WalletState { name, reachable, unlocked, votes_itself, account_key }: WalletState) -> Self {
        Self { name, reachable, unlocked, votes_itself, account_key }
    }
}

impl From<pb::WalletState> for WalletState {
    fn from(pb::WalletState { name, reachable, unlocked, votes_itself, account_key }: pb::WalletState) -> Self {
        Self { name, reachable, unlocked, votes_itself, account_key }
    }
}

impl From<TicketCheck> for pb::TicketCheck {
    fn from(check: TicketCheck) -> Self {
        let unknown = |UnknownAddress { address, voted, ignored }: UnknownAddress| pb::UnknownAddress {
            address: address.to_string(),
            voted,
            ignored,
        };
        Self {
            unknown: check.unknown.into_iter().map(unknown).collect(),
            unknown_addresses: check.unknown_addresses,
            unknown_tickets: check.unknown_tickets,
            lacking: check.lacking,
            wallet_tickets: check.wallet_tickets,
            missed: check.missed,
            missed_unvoted: check.missed_unvoted,
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
        // A daemon names a hundred at most; more are of no use to anybody.
        let named = check.unknown.into_iter().take(MOST_UNKNOWN).map(unknown);
        Ok(Self {
            unknown: named.collect::<Result<_, _>>()?,
            unknown_addresses: check.unknown_addresses,
            unknown_tickets: check.unknown_tickets,
            lacking: check.lacking,
            wallet_tickets: check.wallet_tickets,
            missed: check.missed,
            missed_unvoted: check.missed_unvoted,
        })
    }
}
