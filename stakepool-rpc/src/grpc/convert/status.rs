//! The state of a daemon.

use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{DaemonStatus, WalletState};
use stakepool_core::ticket::PoolFee;

use super::field::FieldError;
use crate::grpc::generated::pool_daemon as pb;

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
