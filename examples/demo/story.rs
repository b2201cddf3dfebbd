//! What happens in the demo: a user registers, buys tickets now and then, and watches them vote.

use std::error::Error;
use std::time::Duration;

use stakepool_core::accounts::{Registration, UserId};
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{LedgerStore, VspTicketStore as _};
use stakepool_core::ticket::PoolFee;
use stakepool_examples::SmallPool;
use stakepool_sim::SimNetwork;
use tokio::time::sleep;

use crate::screen;
use crate::wallet::Wallet;

/// The user of the demo.
pub const USER: (&str, &str) = ("alice@example.org", "correct horse 42");
/// The administrator of the demo.
pub const ADMIN: (&str, &str) = ("admin@example.org", "battery staple 42");

/// Blocks between two purchases.
const BUY_EVERY: u32 = 20;

/// The demo's user once everything is prepared.
pub struct DemoUser {
    id: UserId,
    registration: Registration,
    /// The key with which a wallet would ask the pool.
    pub api_key: String,
}

/// Makes the accounts, registers the user, and buys the first tickets; at later starts all of it is there.
pub async fn prepare(network: &SimNetwork, pool: &SmallPool, fee: PoolFee) -> Result<DemoUser, Box<dyn Error>> {
    pool.user(ADMIN.0, ADMIN.1, true).await?;
    let id = pool.user(USER.0, USER.1, false).await?;
    let key = network.buyer_pubkey_address()?.to_string();
    let registration = pool.register(id, &key).await?;
    let user = DemoUser { id, api_key: pool.api_key(id).await?, registration };
    if pool.database.ticket_counts(Some(id)).await?.is_empty() {
        buy(network, &user, fee)?;
        // The first tickets mature at once, so that there is something to see.
        for _ in 0..18 {
            network.mine_when_voted(Duration::from_secs(2)).await?;
        }
    }
    Ok(user)
}

/// Ten tickets with the pool's fee, two with too low a fee, and one with none.
fn buy(network: &SimNetwork, user: &DemoUser, fee: PoolFee) -> Result<(), Box<dyn Error>> {
    let Registration { address, fee_address, .. } = &user.registration;
    network.buy_tickets(*address, Some(*fee_address), fee, 10)?;
    network.buy_tickets(*address, Some(*fee_address), PoolFee::from_percent(1.0)?, 2)?;
    network.buy_tickets(*address, None, fee, 1)?;
    Ok(())
}

/// Tells about every block, and buys more tickets now and then, for ever.
pub async fn go_on(network: &SimNetwork, pool: &SmallPool, user: &DemoUser, wallet: &Wallet, fee: PoolFee) {
    let mut told = network.height();
    loop {
        sleep(Duration::from_millis(200)).await;
        while told < network.height() {
            told = told.plus(1);
            tell(network, pool, user, told).await;
            if told.0.is_multiple_of(BUY_EVERY)
                && let Err(error) = buy(network, user, fee)
            {
                println!("no tickets bought: {error}");
            }
            if told.0 % BUY_EVERY == BUY_EVERY / 2 {
                wallet.buy().await;
            }
        }
    }
}

async fn tell(network: &SimNetwork, pool: &SmallPool, user: &DemoUser, height: BlockHeight) {
    let votes = network.votes_in_block(height);
    let won = network.winners(height.minus(1));
    let latest = pool.database.votes(None, 100).await.unwrap_or_default();
    let ours: Vec<_> = latest.iter().filter(|vote| vote.record.height == height.minus(1)).collect();
    let counts = pool.database.ticket_counts(Some(user.id)).await.unwrap_or_default();
    let of_wallet = pool.database.registered_counts().await.unwrap_or_default();
    screen::block(height, votes.len(), won.len(), &ours, &counts, &of_wallet);
}
