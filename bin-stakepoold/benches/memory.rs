//! What a daemon at rest holds in memory with 10,000 users and 49,000 tickets, and with 50,000 tickets beside them that vote by
//! keys of their own: the real program, connected to a simulated node and wallet, from a state file with all of them.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{
    Amount, BlockHash, BlockHeight, Generation, Hash160, KeyIndex, Network, OutPoint, OutputScript, PrivateKey,
    ScriptAddress, Transaction, TxHash, TxInput, TxOutput, VoteBits, VoteVersion,
};
use stakepool_core::desired::{DesiredState, DesiredUser, KeyTicket};
use stakepool_core::ports::StateFile;
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee};
use stakepool_core::voting::{Lottery, snapshot};
use stakepool_rpc::daemon::DiskStateFile;
use stakepool_sim::{Endpoint, SimNetwork};

const USERS: u32 = 10_000;
const TICKETS: u32 = 49_000;
const BY_KEY: u32 = 50_000;

#[tokio::main]
async fn main() {
    for by_key in [0, BY_KEY] {
        measure(by_key).await;
    }
}

async fn measure(by_key: u32) {
    let network = SimNetwork::builder().height(170).start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_state(&network, &folder.path().join("data/simnet"), by_key);
    let configuration = write_configuration(&network, folder.path());
    let mut daemon = Daemon::start(folder.path(), &configuration);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let kib = daemon.resident_kib();
    println!(
        "stakepoold at rest, {USERS} users and {TICKETS} tickets, {by_key} more by keys: {:.1} MB resident",
        kib as f64 / 1024.0
    );
    daemon.0.kill().unwrap();
    daemon.0.wait().unwrap();
    network.shutdown().await;
}

struct Daemon(Child);

impl Daemon {
    fn start(home: &Path, configuration: &Path) -> Self {
        let program = Command::new(env!("CARGO_BIN_EXE_stakepoold"))
            .arg(format!("--appdata={}", home.display()))
            .arg(format!("--configfile={}", configuration.display()))
            .spawn();
        Self(program.unwrap())
    }

    fn resident_kib(&mut self) -> u64 {
        assert!(self.0.try_wait().unwrap().is_none(), "the daemon has stopped");
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

fn write_configuration(network: &SimNetwork, folder: &Path) -> std::path::PathBuf {
    let server = |kind: &str, endpoint: &Endpoint| {
        let certificate = folder.join(format!("{kind}.cert"));
        fs::write(&certificate, &endpoint.certificate_pem).unwrap();
        let Endpoint { host, user, password, .. } = endpoint;
        format!(
            "{kind}host={host}\n{kind}user={user}\n{kind}password={password}\n{kind}cert={}\n",
            certificate.display()
        )
    };
    let text = format!(
        "simnet=1\ncoldwalletextpub={}\npoolfees=7.5\nrpclisten=127.0.0.1:0\nrpctoken=0123456789abcdef\n{}{}",
        network.cold_wallet_xpub(),
        server("exccd", &network.node().endpoint()),
        server("wallet", &network.wallet(0).endpoint()),
    );
    let path = folder.join("stakepoold.conf");
    fs::write(&path, text).unwrap();
    path
}

/// Tickets that were mined with the best block: immature, so that the daemon does not miss them in the lottery.
fn write_state(network: &SimNetwork, datadir: &Path, by_key: u32) {
    let fees = FeeAddresses::derive(&network.cold_wallet_xpub().external_branch().unwrap(), KeyIndex(1)).unwrap();
    let params = Network::Simnet.params(Generation::Today);
    let fee = PoolFee::from_percent(7.5).unwrap();
    let mut pool = Lottery::new(Evaluator::new(Network::Simnet, params, fee, fees));
    let voting = VotingPreference { bits: VoteBits(1), version: VoteVersion(11) };
    let user = |n: u32| DesiredUser {
        user: UserId(n.into()),
        address: ScriptAddress::new(Network::Simnet, script(n)),
        voting,
    };
    let numbers = TICKETS..TICKETS + by_key;
    let entry = |number| {
        let key = key(number);
        KeyTicket { ticket: key_ticket(&key, number).hash().into(), key: Arc::new(key), voting }
    };
    pool.set_desired(DesiredState::new((0..USERS).map(user), []).with_key_tickets(numbers.clone().map(entry)));
    let (hash, height): (BlockHash, BlockHeight) = network.best_block();
    for number in 0..TICKETS {
        pool.learn(&ticket(number), height);
    }
    for number in numbers {
        pool.learn(&key_ticket(&key(number), number), height);
    }
    let bytes = snapshot::Snapshot::of(&pool, 1, true, Some((hash, height)), []).encode().unwrap();
    DiskStateFile::in_directory(datadir).save(&bytes).unwrap();
}

fn script(user: u32) -> Hash160 {
    let mut hash = [0; 20];
    hash[..4].copy_from_slice(&user.to_le_bytes());
    Hash160(hash)
}

/// A key of its own for each ticket.
fn key(number: u32) -> PrivateKey {
    let mut bytes = [1; 32];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    PrivateKey::from_bytes(&bytes).unwrap()
}

fn key_ticket(key: &PrivateKey, number: u32) -> Transaction {
    let mut ticket = ticket(number);
    ticket.outputs[0].script = [&[0xba][..], &OutputScript::PubKeyHash(key.pubkey_hash()).to_bytes()].concat();
    ticket
}

fn ticket(number: u32) -> Transaction {
    let output = |value, script| TxOutput { value: Amount::from_atoms(value), script_version: 0, script };
    let mut commitment = vec![0x6a, 0x1e];
    commitment.extend_from_slice(&[0; 20]);
    commitment.extend_from_slice(&1_000_000_000i64.to_le_bytes());
    commitment.extend_from_slice(&[0, 0x58]);
    let voting = [&[0xba][..], &OutputScript::ScriptHash(script(number % USERS)).to_bytes()].concat();
    let change = [&[0xbd][..], &OutputScript::PubKeyHash(Hash160([0; 20])).to_bytes()].concat();
    let previous = OutPoint { hash: TxHash::from_bytes([0; 32]), index: 0, tree: 0 };
    let input = TxInput {
        previous,
        sequence: 0,
        value_in: Amount::ZERO,
        block_height: 0,
        block_index: 0,
        signature_script: Vec::new(),
    };
    Transaction {
        version: 1,
        inputs: vec![input],
        outputs: vec![output(900_000_000, voting), output(0, commitment), output(0, change)],
        lock_time: number,
        expiry: 0,
    }
}
