//! A pool that you can watch: a simulated network with three voting wallets, three voting daemons, and the web
//! application, all in this process, on data in `./demo-data`.
//!
//! ```text
//! cargo run --release --example demo
//! ```

mod screen;
mod story;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use stakepool_core::accounts::PasswordCosts;
use stakepool_core::ticket::PoolFee;
use stakepool_examples::{PoolOptions, SmallPool, SmallWeb, web_options};
use stakepool_sim::SimNetwork;
use stakepool_web::ListenAddress;
use tracing_subscriber::EnvFilter;

/// Time between two blocks.
const BLOCK_TIME: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let folder = PathBuf::from("demo-data");
    std::fs::create_dir_all(&folder)?;

    println!("The simulated network mines its history …");
    let saved = folder.join("network.json");
    let network =
        SimNetwork::builder().seed(42).voting_wallets(3).height(200).crowd(20).continue_from(&saved).start().await?;

    println!("The pool starts: three voting daemons, the database, the web application …");
    let fee = PoolFee::from_percent(7.5)?;
    let options = PoolOptions { folder, fee, share_wallets: true, password_costs: PasswordCosts::default() };
    let pool = SmallPool::start(&network, &options).await?;
    let listen =
        std::env::var("DEMO_LISTEN").unwrap_or_else(|_| "127.0.0.1:8000".to_owned()).parse::<ListenAddress>()?;
    let web = SmallWeb::start(&pool, web_options(listen)).await?;

    let user = story::prepare(&network, &pool, fee).await?;
    screen::welcome(web.url(), &user);
    network.run(BLOCK_TIME);
    tokio::select! {
        () = story::go_on(&network, &pool, &user, fee) => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }

    println!("\nStopping …");
    network.pause();
    web.stop().await?;
    pool.stop().await?;
    network.save(&saved).await?;
    network.shutdown().await;
    println!("Stopped. Started again, the demo goes on from ./demo-data.");
    Ok(())
}
