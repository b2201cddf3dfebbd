//! A pool that you can watch: a simulated network with three voting wallets, three voting daemons, and the web
//! application, all in this process, on data in `./demo-data`. It says where its page is: on port 8000 unless that is taken,
//! or where `DEMO_LISTEN=HOST:PORT` wants it.
//!
//! ```text
//! cargo run --release --example demo
//! ```

mod log;
mod screen;
mod story;
mod wallet;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use stakepool::{Parts, PoolSettings};
use stakepool_core::accounts::PasswordCosts;
use stakepool_core::ticket::PoolFee;
use stakepool_core::vsp::FeeTerms;
use stakepool_examples::{Place, PoolOptions, SmallPool, SmallWeb, web_options};
use stakepool_sim::SimNetwork;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::wallet::Wallet;

/// Time between two blocks.
const BLOCK_TIME: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(log::filter())).init();
    let place = Place::choose(std::env::var("DEMO_LISTEN").ok().as_deref(), "127.0.0.1:8000")?;
    let folder = PathBuf::from("demo-data");
    std::fs::create_dir_all(&folder)?;

    println!("The simulated network mines its history …");
    let saved = folder.join("network.json");
    let network =
        SimNetwork::builder().seed(42).voting_wallets(3).height(200).crowd(20).continue_from(&saved).start().await?;

    println!("The pool starts: three voting daemons, the database, the web application …");
    let fee = PoolFee::from_percent(7.5)?;
    let options = PoolOptions {
        folder,
        fee,
        share_wallets: true,
        password_costs: PasswordCosts::default(),
        new_pool: false,
        database: None,
        vsp: Some(FeeTerms { fee, most: None }),
    };
    // Pages and keys name the address at which the pool answers.
    let at_place = |settings: &mut PoolSettings, _: &mut Parts| settings.site.base_url.clone_from(&place.url);
    let pool = SmallPool::start_with(&network, &options, at_place).await?;
    let web = SmallWeb::start(&pool, web_options(place.listen.clone())).await?;

    let user = story::prepare(&network, &pool, fee).await?;
    let wallet = Wallet::new(&network, &pool, &web)?;
    screen::welcome(&place.url, &user);
    network.run(BLOCK_TIME);
    tokio::select! {
        () = story::go_on(&network, &pool, &user, &wallet, fee) => {}
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
