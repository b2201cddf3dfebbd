//! A pool of a database and voting daemons, with the configuration that names them.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use stakepool_core::accounts::{Email, PasswordHashes, Registration, UserId, VotingPreference};
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHeight, ExtendedPubKey, Hash160, Network, RedeemScript, ScriptAddress,
    TicketHash, VoteBits, VoteVersion,
};
use stakepool_core::ports::{AuditEntry, AuditStore, LedgerStore, LowFeeEntry, NewUser, UserStore};
use stakepool_core::reports::{TicketReport, TicketState, TicketTimes};
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::UnixTime;
use stakepool_db::{Database, SqliteOptions};
use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::grpc::server::Access;
use stakepool_sim::{SimNetwork, WalletServer};
use tempfile::TempDir;

use crate::daemon::{Daemon, TOKEN};

/// What nothing may ever print.
pub const SECRETS: [&str; 3] = [TOKEN, "the-long-cookie-secret-of-the-tests", "the-long-api-secret-of-all-the-tests"];

/// The outcome of a command.
pub struct Outcome {
    pub code: i32,
    pub output: String,
    pub errors: String,
}

impl Outcome {
    /// The output of a command that succeeded without a word on standard error.
    pub fn success(self) -> String {
        assert_eq!((self.code, self.errors.as_str()), (0, ""), "{}", self.output);
        self.output
    }

    /// The JSON of a command that succeeded.
    pub fn json(self) -> Value {
        serde_json::from_str(&self.success()).unwrap()
    }

    /// The one line on standard error of a command that ended with `code` and answered nothing.
    pub fn refusal(self, code: i32) -> String {
        assert_eq!((self.code, self.output.as_str()), (code, ""), "{}", self.errors);
        assert!(self.errors.ends_with('\n') && self.errors.lines().count() == 1, "{}", self.errors);
        self.errors
    }
}

/// The cold wallet's and the voting wallets' account key where no wallet runs.
fn keys() -> [ExtendedPubKey; 2] {
    let path = format!("{}/../stakepool-core/tests/vectors/simnet.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    [0, 1].map(|number| vectors["keys"][number]["account_xpub"].as_str().unwrap().parse().unwrap())
}

pub fn ticket(number: u8) -> TicketHash {
    TicketHash::from_bytes([number; 32])
}

/// The height of the daemons' node, and of the wallets where some run.
pub const HEIGHT: u32 = 200;

/// A pool on a simulated network's parameters.
pub struct Scene {
    pub home: TempDir,
    pub daemons: Vec<Daemon>,
    /// Where wallets run.
    network: Option<SimNetwork>,
    /// The cold wallet's and the voting wallets' account key.
    keys: [ExtendedPubKey; 2],
}

impl Scene {
    /// A pool with so many daemons, whose only wallet does not run, and without a database.
    pub async fn set(daemons: usize) -> Self {
        Self::set_with(daemons, with_token(), None).await
    }

    /// As [`Scene::set`], with daemons of the predecessor's service, which ask for nothing.
    pub async fn set_with_old_daemons(daemons: usize) -> Self {
        Self::set_with(daemons, Access::default().with_old_clients(true), None).await
    }

    /// A pool with so many daemons, two wallets that both must agree, and a database: what the web runs on.
    pub async fn served(daemons: usize) -> Self {
        Self::served_with(daemons, with_token()).await
    }

    /// As [`Scene::served`], with daemons that ask for one of some certificates (PEM) beside the token.
    pub async fn served_with_client_certificates(daemons: usize, certificates: &str) -> Self {
        let certificates = Some(certificates.as_bytes().to_vec());
        Self::served_with(daemons, with_token().with_client_certificates(certificates)).await
    }

    /// As [`Scene::served`], with daemons that ask for this.
    pub async fn served_with(daemons: usize, access: Access) -> Self {
        Self::served_by_wallets(2, daemons, access).await
    }

    /// As [`Scene::served`], with one daemon and so many wallets.
    pub async fn with_wallets(wallets: usize) -> Self {
        Self::served_by_wallets(wallets, 1, with_token()).await
    }

    async fn served_by_wallets(wallets: usize, daemons: usize, access: Access) -> Self {
        let network = SimNetwork::builder().height(HEIGHT).voting_wallets(wallets).start().await.unwrap();
        let scene = Self::set_with(daemons, access, Some(network)).await;
        scene.database().await.close().await;
        scene
    }

    async fn set_with(count: usize, access: Access, network: Option<SimNetwork>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let of_network = |network: &SimNetwork| [network.cold_wallet_xpub(), network.voting_wallet_xpub()];
        let keys = network.as_ref().map_or_else(keys, of_network);
        let mut daemons = Vec::new();
        for number in 0..count {
            let folder = home.path().join(format!("daemon{number}"));
            daemons.push(Daemon::start(&folder, access.clone(), &keys[0], HEIGHT).await);
        }
        let scene = Self { home, daemons, network, keys };
        fs::write(scene.config_file(), scene.config()).unwrap();
        scene
    }

    /// The cold wallet's and the voting wallets' account key.
    pub const fn keys(&self) -> [ExtendedPubKey; 2] {
        self.keys
    }

    /// A wallet, where wallets run.
    pub fn wallet(&self, number: usize) -> &WalletServer {
        self.network.as_ref().unwrap().wallet(number)
    }

    pub fn config_file(&self) -> PathBuf {
        self.home.path().join("web.conf")
    }

    /// Changes the configuration.
    pub fn reconfigure(&self, from: &str, to: &str) {
        let config = fs::read_to_string(self.config_file()).unwrap();
        assert!(config.contains(from), "{from}");
        fs::write(self.config_file(), config.replace(from, to)).unwrap();
    }

    /// Has the configuration serve wallets of today, over a node that is away.
    pub fn serve_wallets_of_today(&self) {
        let mut config = fs::read_to_string(self.config_file()).unwrap();
        config.push_str(&format!(
            "\nvsp=1\nvspfeexpub={}\nexccdhost=127.0.0.1:1\nexccduser=pool\nexccdpassword=hunter3\nexccdcert={}\n",
            self.keys[1],
            self.daemons[0].certificate.display(),
        ));
        fs::write(self.config_file(), config).unwrap();
    }

    /// Has the configuration serve wallets of today, over the simulated network's node.
    pub fn serve_wallets_of_today_over_the_node(&self, fee_key: &str) {
        let node = self.network.as_ref().unwrap().node().endpoint();
        let certificate = self.home.path().join("node.cert");
        fs::write(&certificate, &node.certificate_pem).unwrap();
        let mut config = fs::read_to_string(self.config_file()).unwrap();
        config.push_str(&format!(
            "\nvsp=1\nvspfeexpub={fee_key}\nexccdhost={}\nexccduser={}\nexccdpassword={}\nexccdcert={}\n",
            node.host,
            node.user,
            node.password,
            certificate.display(),
        ));
        fs::write(self.config_file(), config).unwrap();
    }

    /// Makes the key file for wallets of today, as the web does at its first start.
    pub fn make_vsp_key(&self) {
        let file = self.home.path().join("data/simnet/vsp.key");
        fs::write(&file, "07".repeat(32)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn config(&self) -> String {
        let [cold, voting] = self.keys;
        let list = |texts: Vec<String>| texts.join(",");
        let [token, cookie, api] = SECRETS;
        format!(
            "simnet=1\nappdata={home}\ncoldwalletextpub={cold}\nvotingwalletextpub={voting}\npoolfees=7.5\n\
             {wallets}\nstakepooldhosts={hosts}\nstakepooldcerts={certificates}\nrpctoken={token}\n\
             cookiesecret={cookie}\napisecret={api}\n",
            home = self.home.path().display(),
            wallets = self.config_of_wallets(),
            hosts = list(self.daemons.iter().map(|daemon| daemon.address.to_string()).collect()),
            certificates = list(self.daemons.iter().map(|daemon| daemon.certificate.display().to_string()).collect()),
        )
    }

    fn config_of_wallets(&self) -> String {
        let Some(network) = &self.network else {
            let certificate = self.daemons[0].certificate.display();
            return format!(
                "minservers=1\nwallethosts=127.0.0.1:1\nwalletusers=user\nwalletpasswords=hunter2\n\
                 walletcerts={certificate}"
            );
        };
        let endpoints = network.voting_wallets().iter().map(|wallet| wallet.endpoint());
        let [mut hosts, mut users, mut passwords, mut certificates] = [const { Vec::new() }; 4];
        for (number, endpoint) in endpoints.enumerate() {
            let certificate = self.home.path().join(format!("wallet{number}.cert"));
            fs::write(&certificate, &endpoint.certificate_pem).unwrap();
            hosts.push(endpoint.host.to_string());
            users.push(endpoint.user);
            passwords.push(endpoint.password);
            certificates.push(certificate.display().to_string());
        }
        format!(
            "minservers={}\nwallethosts={}\nwalletusers={}\nwalletpasswords={}\nwalletcerts={}",
            if self.daemons.len() > 1 { 2 } else { 1 },
            hosts.join(","),
            users.join(","),
            passwords.join(","),
            certificates.join(",")
        )
    }

    /// Where the configuration puts the database.
    pub fn database_file(&self) -> PathBuf {
        self.home.path().join("data/simnet/pool.sqlite")
    }

    /// The database, made where there is none yet.
    pub async fn database(&self) -> Database {
        Database::open_sqlite(self.database_file(), SqliteOptions::default()).await.unwrap()
    }

    /// The audit log, latest first.
    pub async fn audit(&self) -> Vec<AuditEntry> {
        let database = self.database().await;
        let entries = database.latest(100).await.unwrap();
        database.close().await;
        entries
    }

    /// Runs the program with the scene's configuration.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with_input(arguments, "")
    }

    /// Runs the program with something on standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Outcome {
        let config = self.config_file();
        let arguments: Vec<&str> = arguments.iter().copied().chain(["-C", config.to_str().unwrap()]).collect();
        run(self.home.path(), &arguments, input)
    }

    /// Starts the program, which is not waited for.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = command(self.home.path(), arguments);
        command.arg("-C").arg(self.config_file()).spawn().unwrap()
    }

    /// A user with an address.
    pub async fn register(&self, email: &str) -> (UserId, Registration) {
        let database = self.database().await;
        let registered = self.register_in(&database, email, BlockHeight(150)).await;
        database.close().await;
        registered
    }

    /// A user with an address, in an open database.
    pub async fn register_in(&self, database: &Database, email: &str, at: BlockHeight) -> (UserId, Registration) {
        let user = database
            .create(NewUser {
                email: Email::parse(email).unwrap(),
                password: PasswordHashes { bcrypt: None, argon2: Some("$argon2id$secret".to_owned()) },
                verified: true,
                admin: false,
                voting: VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(11) },
                created: UnixTime(1_795_337_279),
            })
            .await
            .unwrap();
        let index = database.reserve_index(user, 10_000).await.unwrap();
        let [cold, voting] = self.keys.map(|key| key.external_branch().unwrap());
        let script = RedeemScript::for_user(&voting, index, &cold.address(index).unwrap()).unwrap();
        let registration = Registration {
            key_index: index,
            address: script.address(Network::Simnet),
            script,
            fee_address: cold.address(index).unwrap().to_pubkey_hash(),
            registered_at: at,
        };
        database.register(user, &registration).await.unwrap();
        (user, registration)
    }

    /// Has a low-fee ticket seen by all daemons and reported to the ledger.
    pub async fn low_fee(&self, number: u8, user: UserId, address: ScriptAddress) -> TicketReport {
        self.seen_by_daemons(number, address);
        let report = report(number, user, address);
        self.tell(&report).await;
        report
    }

    /// Has a low-fee ticket seen by all daemons; the ledger does not hear of it.
    pub fn seen_by_daemons(&self, number: u8, address: ScriptAddress) {
        for daemon in &self.daemons {
            daemon.backend.low_fee.lock().unwrap().push(LowFeeEntry { ticket: ticket(number), address });
        }
    }

    /// Puts a report into the ledger.
    pub async fn tell(&self, report: &TicketReport) {
        let database = self.database().await;
        database.put_tickets("daemon", std::slice::from_ref(report), UnixTime(5)).await.unwrap();
        database.close().await;
    }
}

/// What daemons ask for that share the token of the configuration.
fn with_token() -> Access {
    Access::default().with_token(Some(RpcToken::new(TOKEN).unwrap()))
}

/// A live ticket whose fee is too small.
pub fn report(number: u8, user: UserId, address: ScriptAddress) -> TicketReport {
    TicketReport {
        ticket: ticket(number),
        address: address.into(),
        user: Some(user),
        state: TicketState::Live,
        facts: TicketFacts {
            verdict: Verdict::LowFee,
            price: Amount::from_atoms(20_000_000),
            fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([9; 20]))),
            committed_fee: Amount::from_atoms(70_000),
            required_fee: Amount::from_atoms(1_500_000),
            mined_at: BlockHeight(170 + u32::from(number)),
        },
        added: false,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
        ended_at: None,
    }
}

/// The program in a home of its own.
fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stakepoolctl"));
    command.args(arguments).env_clear().env("HOME", home);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program in a home of its own; no secret may show.
pub fn run(home: &Path, arguments: &[&str], input: &str) -> Outcome {
    let mut child = command(home, arguments).spawn().unwrap();
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let outcome = Outcome {
        code: output.status.code().unwrap(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    };
    for secret in SECRETS.into_iter().chain(["hunter2", "argon2", "correct horse"]) {
        assert!(!outcome.output.contains(secret) && !outcome.errors.contains(secret), "{secret} is shown");
    }
    outcome
}
