//! The user without an account: a wallet of today, which registers each of its tickets by itself.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use stakepool_core::ports::SystemClock;
use stakepool_examples::{SmallPool, SmallWeb};
use stakepool_sim::{HttpVspServer, SimNetwork, VspClient};

/// Tickets that are bought at a time.
const TICKETS: u32 = 2;

/// A wallet of today with the pool configured.
pub struct Wallet(Arc<VspClient>);

impl Wallet {
    /// A wallet that reaches the pool by its web application.
    pub fn new(network: &SimNetwork, pool: &SmallPool, web: &SmallWeb) -> Result<Self, Box<dyn Error>> {
        let place: SocketAddr = web.url().trim_start_matches("http://").parse()?;
        let key = pool.pool.vsp().ok_or("wallets of today are not served")?.public_key();
        Ok(Self(Arc::new(network.vsp_client(HttpVspServer::new(place), key, Arc::new(SystemClock)))))
    }

    /// Buys tickets, and looks after them from now on.
    pub async fn buy(&self) {
        match self.0.purchase(TICKETS).await {
            Ok(tickets) => {
                for ticket in tickets {
                    let wallet = Arc::clone(&self.0);
                    tokio::spawn(async move { wallet.follow(&ticket).await });
                }
            }
            Err(error) => println!("the wallet of today buys nothing: {error}"),
        }
    }
}
