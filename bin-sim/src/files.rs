//! The files with which the pool's programs run on the simulated network.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use stakepool_rpc::tls::ensure_server_pair;
use stakepool_sim::{Endpoint, SimNetwork};

use crate::error::{RehearsalError, at};
use crate::folder;

/// The fee of the simulated wallets, in percent.
const FEE: &str = "7.5";
/// The highest key index of the simulated wallets.
const MAX_USERS: &str = "200";

/// What is written where.
pub(crate) struct Plan<'a> {
    /// Where everything lies.
    pub(crate) folder: &'a Path,
    /// Where the web application serves.
    pub(crate) listen: &'a str,
}

/// Lines of a configuration file.
type Lines = Vec<(&'static str, String)>;

impl Plan<'_> {
    fn web(&self) -> PathBuf {
        self.folder.join("web")
    }

    /// The home of the daemon beside the wallet of this number.
    fn voter(&self, number: usize) -> PathBuf {
        self.folder.join(format!("voter{}", number + 1))
    }

    /// Writes all files. Secrets and the daemons' certificates stay as they are where they are there already.
    pub(crate) fn write(&self, network: &SimNetwork) -> Result<(), RehearsalError> {
        let web = self.web();
        folder::make(&web)?;
        for secret in ["rpctoken", "cookiesecret", "apisecret", "statustoken"] {
            folder::write_secret(&web.join(secret))?;
        }
        let wallets: Vec<Endpoint> = network.voting_wallets().iter().map(|wallet| wallet.endpoint()).collect();
        // One to serve and one for monitors for each daemon, and the web's for monitors.
        let ports = free_ports(2 * wallets.len() + 1)?;
        for (number, wallet) in wallets.iter().enumerate() {
            self.write_voter(network, number, wallet, [ports[2 * number], ports[2 * number + 1]])?;
            let certificate = self.voter(number).join("rpc.cert");
            let text = fs::read_to_string(&certificate).map_err(at(&certificate))?;
            folder::write(&web.join(format!("stakepoold{}.cert", number + 1)), &text)?;
            folder::write(&web.join(format!("wallet{}.cert", number + 1)), &wallet.certificate_pem)?;
        }
        let count = wallets.len();
        let list = |of: &dyn Fn(usize) -> String| (0..count).map(of).collect::<Vec<_>>().join(",");
        let lines = vec![
            ("simnet", "1".to_owned()),
            ("coldwalletextpub", network.cold_wallet_xpub().to_string()),
            ("votingwalletextpub", network.voting_wallet_xpub().to_string()),
            ("poolfees", FEE.to_owned()),
            ("maxusers", MAX_USERS.to_owned()),
            ("wallethosts", list(&|n| wallets[n].host.to_string())),
            ("walletusers", list(&|n| wallets[n].user.clone())),
            ("walletpasswords", list(&|n| wallets[n].password.clone())),
            ("walletcerts", list(&|n| format!("wallet{}.cert", n + 1))),
            ("stakepooldhosts", list(&|n| format!("127.0.0.1:{}", ports[2 * n]))),
            ("stakepooldcerts", list(&|n| format!("stakepoold{}.cert", n + 1))),
            ("rpctoken", "file:rpctoken".to_owned()),
            ("listen", self.listen.to_owned()),
            ("baseurl", format!("http://{}", self.listen)),
            // No proxy: visitors come from this computer.
            ("realipheader", String::new()),
            ("cookiesecret", "file:cookiesecret".to_owned()),
            ("apisecret", "file:apisecret".to_owned()),
            ("statustoken", "file:statustoken".to_owned()),
            ("monitorlisten", format!("127.0.0.1:{}", ports[2 * count])),
        ];
        write_config(&web.join("exccstakepool.conf"), &lines)
    }

    fn write_voter(
        &self,
        network: &SimNetwork,
        number: usize,
        wallet: &Endpoint,
        [serves, monitors]: [u16; 2],
    ) -> Result<(), RehearsalError> {
        let home = self.voter(number);
        folder::make(&home)?;
        ensure_server_pair(&home.join("rpc.cert"), &home.join("rpc.key"), &[], SystemTime::now())?;
        let node = network.node().endpoint();
        folder::write(&home.join("exccd.cert"), &node.certificate_pem)?;
        folder::write(&home.join("wallet.cert"), &wallet.certificate_pem)?;
        let lines = vec![
            ("simnet", "1".to_owned()),
            ("coldwalletextpub", network.cold_wallet_xpub().to_string()),
            ("poolfees", FEE.to_owned()),
            ("maxusers", MAX_USERS.to_owned()),
            ("exccdhost", node.host.to_string()),
            ("exccduser", node.user),
            ("exccdpassword", node.password),
            ("exccdcert", "exccd.cert".to_owned()),
            ("wallethost", wallet.host.to_string()),
            ("walletuser", wallet.user.clone()),
            ("walletpassword", wallet.password.clone()),
            ("walletcert", "wallet.cert".to_owned()),
            ("rpclisten", format!("127.0.0.1:{serves}")),
            ("rpctoken", "file:../web/rpctoken".to_owned()),
            ("monitorlisten", format!("127.0.0.1:{monitors}")),
        ];
        write_config(&home.join("stakepoold.conf"), &lines)
    }

    /// What an operator does next, in words.
    pub(crate) fn what_to_do(&self, network: &SimNetwork) -> Result<String, RehearsalError> {
        let folder = fs::canonicalize(self.folder).map_err(at(self.folder))?;
        let folder = folder.display();
        let mut text = format!("The network is at height {}. In other terminals:\n\n", network.height());
        for number in 1..=network.voting_wallets().len() {
            let _ = writeln!(text, "  stakepoold -A {folder}/voter{number}");
        }
        let _ = write!(
            text,
            "  stakepool-web -A {folder}/web\n  \
             stakepoolctl -A {folder}/web users create --email you@pool.example --admin\n\n\
             Sign in at http://{listen}, and submit this address, which is of a user's wallet here:\n\n  {key}\n\n\
             Then buy tickets here with what the page of tickets says; `help` lists the commands.",
            listen = self.listen,
            key = network.buyer_pubkey_address()?,
        );
        Ok(text)
    }
}

fn write_config(path: &Path, lines: &Lines) -> Result<(), RehearsalError> {
    let mut text = "# Written by stakepool-sim at each of its starts.\n[Application Options]\n".to_owned();
    for (key, value) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{key}={value}");
    }
    folder::write(path, &text)
}

/// The first port that is tried, and how many there are: below those that connections get by themselves, of which one could take a
/// port before the program that is to listen there.
const PORTS: (u16, u16) = (20_000, 12_000);

/// Ports that nobody uses now. All are held until the last one is found, so that none comes twice.
fn free_ports(count: usize) -> Result<Vec<u16>, RehearsalError> {
    let (first, number) = PORTS;
    // Networks that start at one time begin at places of their own.
    let start = std::process::id().wrapping_mul(61) % u32::from(number);
    let candidates = (0..number).map(|n| first + (n + u16::try_from(start).unwrap_or_default()) % number);
    let mut held = Vec::new();
    let mut refused = None;
    for port in candidates {
        if held.len() == count {
            break;
        }
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => held.push((listener, port)),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) if held.len() < count => Err(RehearsalError::Port(error)),
        _ => Ok(held.iter().map(|(_, port)| *port).collect()),
    }
}
