//! The pool under another web framework: accounts, registration and the wallets' call, as JSON under axum.
//!
//! The front end is `front.rs`; what attackers try against it is in `tests`. Not here are the pages that send the JSON,
//! among them those that links in mails lead to (`SiteIdentity::paths`), and the proxy that ends TLS in front of it.

mod browser;
mod front;
#[cfg(test)]
mod tests;

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;
use stakepool::{Pool, PoolSettings, PoolTerms, SiteIdentity};
use stakepool_core::chain::Network;
use stakepool_core::secret::Secret;
use stakepool_core::testkit::MemoryStore;
use stakepool_core::ticket::PoolFee;
use stakepool_sim::SimNetwork;
use tokio::net::TcpListener;

use browser::Browser;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let network = SimNetwork::builder().without_servers().start().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (address, origin) = (listener.local_addr()?, format!("http://{}", listener.local_addr()?));

    let (voting, cold) = (network.voting_wallet_xpub(), network.cold_wallet_xpub());
    let terms = PoolTerms::new(Network::Simnet, voting, cold, PoolFee::from_percent(7.5)?);
    let secret = || Secret::new(hex::encode(rand::random::<[u8; 32]>()));
    let settings = PoolSettings::new(SiteIdentity::new(&*origin), secret(), secret());
    let wallets = network.voting_wallets().iter().map(|wallet| wallet.in_process() as _);
    let pool = Pool::builder(terms, settings).store(Arc::new(MemoryStore::default())).wallets(wallets).build()?;
    let pool = Arc::new(pool);
    let (runs, served) = (pool.clone(), front::router(pool.clone()));
    tokio::spawn(async move { runs.run(pending()).await });
    tokio::spawn(axum::serve(listener, served.into_make_service_with_connect_info::<SocketAddr>()).into_future());
    println!("the pool answers at {origin}");

    let mut browser = Browser::new(address, &origin);
    let account = json!({ "email": "user@example.org", "password": "gull anvil ferry nine" });
    for (path, fields) in [
        ("/signup", account.clone()),
        ("/signin", account),
        ("/address", json!({ "key": network.buyer_pubkey_address()?.to_string() })),
    ] {
        let reply = browser.post(path, fields).await?;
        println!("{path}: {} {}", reply.status, reply.body);
    }
    println!("/key: {}", browser.get("/key").await?.body);
    let key = browser.post("/key/show", json!({ "password": "gull anvil ferry nine" })).await?.body["key"]
        .as_str()
        .ok_or("there is no key")?
        .to_owned();
    println!("/purchaseinfo: {}", browser.call("/purchaseinfo", &key).await?.body);
    let forged = browser.send(axum::http::Method::POST, "/close", &[], "password=gull").await?;
    println!("a forged request: {} {}", forged.status, forged.body);
    network.shutdown().await;
    Ok(())
}
