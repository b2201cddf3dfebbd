//! A pool on a simulated network, for measuring a `stakepool-web` process that serves it: see `benches/http.sh`.
//!
//! ```text
//! cargo run --release --example measured -- FOLDER LISTEN [SOCKET]
//! ```
//! writes into FOLDER the process's configuration, and of a user with ten thousand tickets the API key (`apikey`), the cookie of a
//! session (`cookie`) and the hash of a ticket (`ticket`), and a script with which `wrk` asks for a registered ticket
//! (`ticketstatus.lua`), says `ready`, and keeps the wallets and daemons running until its input ends. With SOCKET, that of a
//! server of MariaDB whose `root` needs no password, the pool is on its
//! database `stakepool`.

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stakepool::accounts::{ClientAddress, Origin, SignedIn};
use stakepool_core::accounts::{PasswordCosts, Registration, UserId};
use stakepool_core::chain::{Amount, BlockHeight, TicketHash, sha256};
use stakepool_core::ports::{Clock as _, DatabaseServer, DatabaseTls, LedgerStore as _, SystemClock};
use stakepool_core::reports::{TicketReport, TicketState, TicketTimes};
use stakepool_core::secret::Secret;
use stakepool_core::ticket::{PoolFee, TicketFacts, Verdict};
use stakepool_core::vsp::FeeTerms;
use stakepool_examples::{PoolOptions, SmallPool, SmallWeb, web_options, write_web_config};
use stakepool_sim::{HttpVspServer, SimNetwork};

/// Tickets that are bought before the start.
const TICKETS: u32 = 50;
/// Tickets that are in the ledger beside them, as if they had been bought and voted long ago.
const OLD_TICKETS: u32 = 10_000;
const EMAIL: &str = "alice@example.org";
const PASSWORD: &str = "correct horse 42";
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
        vsp: Some(FeeTerms { fee, most: None }),
    };
    let pool = SmallPool::start(&network, &options).await?;
    let user = pool.user(EMAIL, PASSWORD, false).await?;
    let registration = pool.register(user, &network.buyer_pubkey_address()?.to_string()).await?;
    network.buy_tickets(registration.address, Some(registration.fee_address), fee, TICKETS)?;
    for _ in 0..20 {
        network.mine_when_voted(Duration::from_secs(2)).await?;
    }
    write_status_script(&network, &pool, &folder.join("ticketstatus.lua")).await?;
    write_web_config(&network, &pool, &options, &listen)?;
    std::fs::write(folder.join("apikey"), pool.api_key(user).await?)?;
    let old: Vec<_> = (0..OLD_TICKETS).map(|number| old_ticket(number, user, &registration)).collect();
    pool.database.put_tickets("of long ago", &old, SystemClock.now()).await?;
    std::fs::write(folder.join("ticket"), old[1].ticket.to_string())?;
    let origin = Origin::new(ClientAddress::LOCAL);
    let SignedIn::Session(session) = pool.pool.sign_in(EMAIL, PASSWORD, &origin, None).await? else {
        return Err("the user has no second factor, and yet no session begins".into());
    };
    std::fs::write(folder.join("cookie"), format!("session={}", session.secret.reveal()))?;
    println!("ready");
    network.run(BLOCK_TIME);
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    network.pause();
    pool.stop().await?;
    network.shutdown().await;
    Ok(())
}

/// A ticket that a daemon reported long ago: of ten three are live, six have voted and one was missed.
fn old_ticket(number: u32, user: UserId, registration: &Registration) -> TicketReport {
    let mined_at = BlockHeight(20 + number % 80);
    let (state, ended_at) = match number % 10 {
        0 | 4 | 8 => (TicketState::Live, None),
        7 => (TicketState::Missed, Some(BlockHeight(150 + number % 50))),
        _ => (TicketState::Voted, Some(BlockHeight(150 + number % 50))),
    };
    TicketReport {
        ticket: TicketHash::from_bytes(sha256(&number.to_le_bytes())),
        address: registration.address.into(),
        user: Some(user),
        state,
        facts: TicketFacts {
            verdict: Verdict::Accepted,
            price: Amount::from_atoms(2_000_000_000 + i64::from(number % 97) * 1_000_000),
            fee_address: registration.fee_address,
            committed_fee: Amount::from_atoms(8_000_000),
            required_fee: Amount::from_atoms(7_500_000),
            mined_at,
        },
        added: false,
        ended_at,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
    }
}

/// Registers a ticket of a wallet of today, and writes the request of its `ticketstatus` for `wrk`.
async fn write_status_script(network: &SimNetwork, pool: &SmallPool, path: &Path) -> Result<(), Box<dyn Error>> {
    let web = SmallWeb::start(pool, web_options("127.0.0.1:0".parse()?)).await?;
    let place: SocketAddr = web.url().trim_start_matches("http://").parse()?;
    let vsp = pool.pool.vsp().ok_or("wallets of today are not served")?;
    let wallet = network.vsp_client(HttpVspServer::new(place), vsp.public_key(), Arc::new(SystemClock));
    // Nothing is sold until the daemons have what they should.
    while !vsp.standing().is_open() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ticket = wallet.purchase(1).await?[0];
    wallet.status(&ticket).await?;
    let (body, signature) = wallet.status_request(&ticket)?;
    std::fs::write(
        path,
        format!(
            "wrk.method = 'POST'\nwrk.body = '{body}'\nwrk.headers['Content-Type'] = 'application/json'\n\
             wrk.headers['VSP-Client-Signature'] = '{signature}'\n"
        ),
    )?;
    Ok(web.stop().await?)
}
