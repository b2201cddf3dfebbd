//! Voting keys and the server's key are nowhere to be seen: not in logs, pages, answers, errors, metrics or Debug output, nor in the
//! database, its backups, or anything else but the daemon's state file.

use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64;
use stakepool::sealed::SealingKey;
use stakepool::vsp::Request;
use stakepool_core::chain::{Network, PrivateKey};
use stakepool_core::ports::{LedgerStore as _, SealedStore, TicketQuery, VotingDaemon as _};
use stakepool_core::voting::LocalDaemon;
use stakepool_db::{Database, Existing, SqliteOptions};
use tracing::subscriber::set_default;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::vsp_client::{PATIENCE, Scene};
use crate::vsp_wallet::{Ground, KEY_FILE, Wallet};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The forms in which 32 secret bytes could be shown.
fn shown(secret: &[u8; 32]) -> Vec<Vec<u8>> {
    let listed = format!("{secret:?}");
    let texts = [hex::encode(secret), BASE64.encode(secret), listed.trim_matches(['[', ']']).to_owned()];
    let reversed: Vec<u8> = secret.iter().rev().copied().collect();
    texts.into_iter().map(String::into_bytes).chain([secret.to_vec(), hex::encode(reversed).into_bytes()]).collect()
}

fn shown_key(key: &PrivateKey) -> Vec<Vec<u8>> {
    let wif = key.to_wif(Network::Simnet).expose().to_owned().into_bytes();
    shown(&key.to_bytes()).into_iter().chain([wif]).collect()
}

/// The seed of the server's key, as it lies sealed in a store.
async fn seed(store: &dyn SealedStore) -> [u8; 32] {
    const NAME: &str = "vsp server key";
    let sealed = store.sealed(NAME).await.unwrap().unwrap();
    SealingKey::from_bytes(&KEY_FILE).open(&sealed.0, NAME.as_bytes()).unwrap()[..].try_into().unwrap()
}

fn holds(bytes: &[u8], secrets: &[Vec<u8>]) -> bool {
    secrets.iter().any(|secret| bytes.windows(secret.len()).any(|window| window == secret))
}

fn assert_clean(what: &str, bytes: &[u8], secrets: &[Vec<u8>]) {
    assert!(!holds(bytes, secrets), "a key is in {what}: {}", String::from_utf8_lossy(bytes));
}

fn debug(value: &impl Debug) -> Vec<u8> {
    format!("{value:?} {value:#?}").into_bytes()
}

#[tokio::test(start_paused = true)]
async fn no_key_is_in_anything_that_is_logged_shown_or_answered_while_tickets_register_and_vote() {
    let log = Log::default();
    let writer = log.clone();
    let filter = EnvFilter::new("warn,stakepool=trace,stakepool_core=trace,stakepool_sim=info");
    let lines = fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    let _logging = set_default(tracing_subscriber::registry().with(filter).with(lines));

    let scene = Scene::set().await;
    let tickets = scene.wallet.purchase(3).await.unwrap();
    scene.sim.never_let_win(&tickets);
    for _ in 0..24 {
        scene.mine().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    let keys = scene.service.vsp.key_tickets().await.unwrap();
    assert_eq!(keys.len(), 3);
    scene.sim.let_win(&tickets[..1]);
    scene.sim.mine_when_voted(PATIENCE).await.unwrap();
    assert!(scene.sim.wait_for_vote(&tickets[0], PATIENCE).await);
    scene.mine().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut secrets: Vec<_> = keys.iter().flat_map(|entry| shown_key(&entry.key)).collect();
    secrets.extend(shown(&seed(&scene.store).await));

    // Requests that go wrong, with keys in them.
    let wif = keys[0].key.to_wif(Network::Simnet);
    for body in [
        format!(r#"{{"tickethash":"{}","votingkey":"{}"}}"#, tickets[0], wif.expose()),
        format!(r#"{{"votingkey":"{}","#, wif.expose()),
        format!(r#"{{"tickethash":{}}}"#, wif.expose()),
    ] {
        let answer = scene.service.vsp.pay_fee(Request { body: body.as_bytes(), signature: Some(wif.expose()) }).await;
        assert_clean("the answer to a bad request", &answer.body, &secrets);
    }

    let desired = scene.pool.daemons().desired().await.unwrap();
    scene.engine.put_desired(desired.clone());
    scene.engine.save().unwrap();
    let status = scene.pool.status().await;
    let ledger = scene.store.tickets(&TicketQuery { limit: 9, ..TicketQuery::default() }).await.unwrap();
    assert_eq!(ledger.total, 3, "the daemon has reported them");
    let daemon = LocalDaemon::new(scene.engine.clone(), "daemon", scene.sim.cold_wallet_xpub());
    for (what, bytes) in [
        ("the status", serde_json::to_vec(&status).unwrap()),
        ("the ledger", debug(&ledger)),
        ("the votes", debug(&scene.store.votes(None, 99).await.unwrap())),
        ("the service", debug(&scene.service.vsp)),
        ("its answer", scene.service.vsp.info().body.clone()),
        ("its report", debug(&scene.service.vsp.report().await.unwrap())),
        ("the pool", debug(&scene.pool)),
        ("the desired state", debug(&desired)),
        ("the desired state as JSON", serde_json::to_vec(&desired).unwrap()),
        ("the keys", debug(&keys)),
        ("the engine", debug(&scene.engine)),
        ("the daemon's status", debug(&daemon.status().await.unwrap())),
        ("the daemon's problems", debug(&scene.engine.problems())),
    ] {
        assert_clean(what, &bytes, &secrets);
    }
    let logged = log.0.lock().unwrap().clone();
    let text = String::from_utf8_lossy(&logged);
    assert!(text.contains("a ticket was registered") && text.contains("voted"), "that it would be seen: {text}");
    assert_clean("the log", &logged, &secrets);
    // The one place where keys may lie.
    let state = scene.file.bytes.lock().unwrap().clone().unwrap();
    assert!(holds(&state, &[keys[1].key.to_bytes().to_vec()]), "without it a daemon that restarts would vote nothing");
}

#[tokio::test]
async fn neither_the_database_nor_its_backup_holds_a_key_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open_sqlite(folder.path().join("pool.sqlite"), SqliteOptions::default()).await.unwrap();
    let (database, ground, wallet) = (Arc::new(database), Ground::new(), Wallet::new(1));
    let vsp = ground.instance_with(database.clone().into()).await;
    vsp.choose_from(Vec::new());
    ground.node.chain().add(&wallet.ticket, Some(990));
    ground.blocks(&vsp, 1).await;
    wallet.register(&vsp, &ground).await;
    assert_eq!(vsp.key_tickets().await.unwrap().len(), 1);
    database.backup(folder.path().join("backup.sqlite"), Existing::Keep).await.unwrap();
    let mut secrets = shown_key(&wallet.voting_key());
    secrets.extend(shown(&seed(database.as_ref()).await));
    let mut files = 0;
    for file in folder.path().read_dir().unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!holds(&bytes, &secrets), "a key is in {}", path.display());
        files += 1;
    }
    assert!(files >= 2, "the database and its backup");
}
