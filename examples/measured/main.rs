//! A pool on a simulated network, for measuring a `stakepool-web` process that serves it: see `benches/http.sh`.
//!
//! ```text
//! cargo run --release --example measured -- FOLDER LISTEN [SOCKET]
//! ```
//! writes the process's configuration and a user's API key into FOLDER, says `ready`, and keeps the wallets and
//! daemons running until its input ends. With SOCKET, that of a server of MariaDB whose `root` needs no password, the pool is on its
//! database `stakepool`.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use stakepool_core::accounts::PasswordCosts;
use stakepool_core::ports::{DatabaseServer, DatabaseTls};
use stakepool_core::secret::Secret;
use stakepool_core::ticket::PoolFee;
use stakepool_examples::{PoolOptions, SmallPool, write_web_config};
use stakepool_sim::SimNetwork;

/// Tickets that are bought before the start.
const TICKETS: u32 = 50;
/// Time between two blocks while it is measured.
const BLOCK_TIME: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(listen)) = (arguments.next().map(PathBuf::from), arguments.next()) else {
        return Err("usage: measured FOLDER LISTEN [SOCKET]".into());
    };
    let database = arguments.next().map(|socket| DatabaseServer {
        socket: Some(PathBuf::from(socket)),
        tls: DatabaseTls::Off,
        ..DatabaseServer::new("stakepool", "root", Secret::default())
    });
    std::fs::create_dir_all(&folder)?;
    let network = SimNetwork::builder().seed(42).voting_wallets(2).height(200).crowd(20).start().await?;
    let fee = PoolFee::from_percent(7.5)?;
    let options = PoolOptions {
        folder: folder.clone(),
        fee,
        share_wallets: true,
        password_costs: PasswordCosts::default(),
        new_pool: false,
        database,
        vsp: None,
    };
    let pool = SmallPool::start(&network, &options).await?;
    let user = pool.user("alice@example.org", "correct horse 42", false).await?;
    let registration = pool.register(user, &network.buyer_pubkey_address()?.to_string()).await?;
    network.buy_tickets(registration.address, Some(registration.fee_address), fee, TICKETS)?;
    for _ in 0..20 {
        network.mine_when_voted(Duration::from_secs(2)).await?;
    }
    write_web_config(&network, &pool, &options, &listen)?;
    std::fs::write(folder.join("apikey"), pool.api_key(user).await?)?;
    println!("ready");
    network.run(BLOCK_TIME);
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    network.pause();
    pool.stop().await?;
    network.shutdown().await;
    Ok(())
}
