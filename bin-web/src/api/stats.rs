//! `stats`: the pool's figures, for everybody.

use hyper::body::Bytes;
use serde::Serialize;
use stakepool::accounts::ClientAddress;
use stakepool::{Notice, Pool, PoolFigures};
use stakepool_core::chain::Amount;
use stakepool_core::log_throttle::LogThrottle;
use stakepool_core::vsp::RegisteredCounts;
use tokio::time::Instant;

use super::answer::{Code, with_data};
use super::number::Decimal;
use crate::site::Site;

/// The version in the answer. Wallets show it; the predecessor's last was 2.0.0.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The data, in the order of the predecessor's fields.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Stats<'a> {
    all_mempool_tix: u64,
    #[serde(rename = "APIVersionsSupported")]
    api_versions_supported: &'static [u8],
    block_height: u32,
    difficulty: Decimal,
    expired: u64,
    immature: u64,
    live: u64,
    missed: u64,
    own_mempool_tix: u64,
    pool_size: u64,
    proportion_live: Decimal,
    proportion_missed: Decimal,
    revoked: u64,
    total_subsidy: Decimal,
    voted: u64,
    network: &'a str,
    pool_email: &'a str,
    pool_fees: Decimal,
    pool_status: &'a str,
    user_count: u64,
    user_count_active: u64,
    version: &'a str,
    /// Not the predecessor's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<ShownNotice>,
    /// Not the predecessor's. The other fields do not count these tickets: no wallet of the pool has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    vsp: Option<Registered>,
}

/// Tickets that wallets of today have registered.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Registered {
    /// To be voted: their fees are with the node.
    voting: u64,
    voted: u64,
    missed: u64,
    expired: u64,
    /// Missed or expired, as an older server noted it.
    revoked: u64,
}

impl From<RegisteredCounts> for Registered {
    fn from(counts: RegisteredCounts) -> Self {
        let RegisteredCounts { voting, voted, missed, expired, revoked, .. } = counts;
        Self { voting, voted, missed, expired, revoked }
    }
}

/// What users are to know, with moments in seconds since 1970.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownNotice {
    kind: &'static str,
    text: String,
    from: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

impl From<Notice> for ShownNotice {
    fn from(notice: Notice) -> Self {
        let until = notice.until.map(|until| until.0);
        Self { kind: notice.kind.name(), text: notice.text, from: notice.from.0, until }
    }
}

/// Answers a call. Keys are ignored, even bad ones.
pub async fn answer(site: &Site, client: ClientAddress) -> Bytes {
    match site.pool.figures().await {
        // Notices begin and end while the figures stay as they are.
        Ok(figures) if site.pool.notices().is_empty() => {
            site.stats_body.get(&figures, |figures| body(figures, &site.pool))
        }
        Ok(figures) => body(&figures, &site.pool),
        Err(error) => {
            static LINES: LogThrottle = LogThrottle::new();
            if let Some(unsaid) = LINES.pass(Instant::now().into_std()) {
                tracing::warn!(%error, %client, unsaid, "no statistics for the API");
            }
            with_data(Code::Unavailable, "stats error - RPC server error", None::<Stats>)
        }
    }
}

/// The answer with these figures.
fn body(figures: &PoolFigures, pool: &Pool) -> Bytes {
    let (stake, terms) = (&figures.stake, pool.terms());
    let data = Stats {
        all_mempool_tix: stake.all_mempool,
        api_versions_supported: if pool.vsp().is_some() { &[1, 2, 3] } else { &[1, 2] },
        block_height: stake.height.0,
        difficulty: coins(stake.difficulty),
        expired: stake.expired,
        immature: stake.immature,
        live: stake.live,
        missed: stake.missed,
        own_mempool_tix: stake.own_mempool,
        pool_size: stake.pool_size,
        proportion_live: Decimal(stake.proportion_live),
        proportion_missed: Decimal(stake.proportion_missed),
        revoked: stake.revoked,
        total_subsidy: coins(stake.total_subsidy),
        voted: stake.voted,
        network: terms.network.name(),
        pool_email: &pool.site().help_email,
        pool_fees: Decimal(terms.in_force().fee.percent()),
        pool_status: if terms.closed.get().is_some() { "Closed" } else { "Open" },
        user_count: figures.users,
        user_count_active: figures.active_users,
        version: VERSION,
        notices: pool.notices().into_iter().map(ShownNotice::from).collect(),
        vsp: figures.registered.map(Registered::from),
    };
    with_data(Code::Ok, "stats successfully retrieved", Some(data))
}

/// An amount as a number of coins, exact to the last atom.
fn coins(amount: Amount) -> Decimal {
    Decimal(amount.atoms() as f64 / Amount::ATOMS_PER_COIN as f64)
}
