//! How a daemon is, and what it must be to be one of this pool's.

use std::fmt::Display;

use stakepool_core::chain::Network;
use stakepool_core::ports::DaemonStatus;
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::RecentHeights;
use tokio::time::Instant;

use crate::daemons::round::RoundError;
use crate::terms::PoolTerms;

/// How a daemon is, as the pool last saw it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonView {
    /// Whether it answered when it was last asked, if only with a refusal.
    pub reachable: bool,
    /// What it said of itself, where it can say so and did.
    pub status: Option<DaemonStatus>,
    /// Whether it has the desired state, as far as can be known.
    pub in_sync: bool,
    /// Whether it is none of this pool's, because it has another network or other keys.
    pub refused: bool,
    /// Whether the database did not say what it should have: then what was known of that before stands.
    pub unjudged: bool,
    /// What is wrong with it, if anything.
    pub error: Option<String>,
    /// When it was last in sync.
    pub last_in_sync: Option<UnixTime>,
    /// The heights of its node, by time.
    pub node_heights: RecentHeights,
    /// The heights that it had worked through, by time.
    pub synced_heights: RecentHeights,
}

impl DaemonView {
    /// A daemon that answers, and lacks the desired state for this reason.
    pub(super) fn out_of_sync(status: DaemonStatus, reason: String) -> Self {
        Self { reachable: true, status: Some(status), error: Some(reason), ..Self::default() }
    }

    /// A daemon that answers while the database fails, which is no fault of its: it is taken to have what it should have, as
    /// long as nothing else was known before.
    pub(super) fn unjudged(status: Option<DaemonStatus>) -> Self {
        Self { reachable: true, status, in_sync: true, unjudged: true, ..Self::default() }
    }

    /// The same, of an answer that was asked for at this moment: with its heights.
    pub(super) fn asked_at(mut self, asked: Instant) -> Self {
        let (node, synced) =
            self.status.as_ref().map_or((None, None), |status| (status.node_height, status.synced_height));
        let heights = [(&mut self.node_heights, node), (&mut self.synced_heights, synced)];
        for (heights, height) in heights {
            if let Some(height) = height {
                heights.note(asked, Instant::now(), height);
            }
        }
        self
    }

    /// The same, with the heights of the view before it.
    pub(crate) fn after(mut self, before: &Self) -> Self {
        self.node_heights = before.node_heights.clone().followed_by(&self.node_heights);
        self.synced_heights = before.synced_heights.clone().followed_by(&self.synced_heights);
        if self.unjudged && before.reachable {
            (self.in_sync, self.refused) = (before.in_sync, before.refused);
            self.error.clone_from(&before.error);
        }
        self
    }

    /// A daemon of which only this failure is known.
    pub(super) fn failed(error: &RoundError) -> Self {
        Self { reachable: error.is_answer(), error: Some(error.to_string()), ..Self::default() }
    }
}

/// What a daemon must be configured with to be one of this pool's.
#[derive(Clone, Debug)]
pub struct Expected(PoolTerms);

impl Expected {
    /// By the terms of a pool.
    pub const fn of(terms: PoolTerms) -> Self {
        Self(terms)
    }

    /// The network.
    pub(super) const fn network(&self) -> Network {
        self.0.network
    }

    /// Why a daemon is none of this pool's, if it is none. Its cold wallet may be any of the history's, where it takes that: a
    /// configuration is not changed in the very block in which announced terms come into force.
    pub(crate) fn refusal(&self, status: &DaemonStatus) -> Option<String> {
        let differs = |what: &str, theirs: &dyn Display, ours: &dyn Display| {
            let (theirs, ours) = (theirs.to_string(), ours.to_string());
            let text = format!(
                "it is not given the users, because its {what} is {theirs}, but the web's is {ours}: make them the same"
            );
            (theirs != ours).then_some(text)
        };
        let theirs = &status.cold_wallet_xpub;
        let is_known = self.0.knows_cold_wallet(theirs, status.takes_terms);
        differs("network", &status.network, &self.network())
            .or_else(|| if is_known { None } else { differs("coldwalletextpub", theirs, &self.0.cold_wallet) })
    }
}
