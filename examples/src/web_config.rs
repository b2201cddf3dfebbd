//! The configuration of a `stakepool-web` process on a small pool.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use stakepool_sim::SimNetwork;

use crate::daemon::PoolDaemon;
use crate::pool::{PoolOptions, SmallPool};
use crate::vsp::{KEY_FILE, MAX_LAG};

/// Writes, in the folder of the pool, the configuration with which a `stakepool-web` process serves the pool beside the web
/// application of this process: on the same database, wallets, daemons and secrets. A database on a server is reached by its
/// socket, without a password.
///
/// # Errors
/// Where a file cannot be written.
pub fn write_web_config(
    network: &SimNetwork,
    pool: &SmallPool,
    options: &PoolOptions,
    listen: &str,
) -> io::Result<PathBuf> {
    let folder = fs::canonicalize(&options.folder)?;
    let at = |name: &str| folder.join(name).display().to_string();
    let endpoints: Vec<_> = network.voting_wallets().iter().map(|wallet| wallet.endpoint()).collect();
    let mut certificates = Vec::new();
    for (number, endpoint) in endpoints.iter().enumerate() {
        let path = at(&format!("wallet{}.cert", number + 1));
        fs::write(&path, &endpoint.certificate_pem)?;
        certificates.push(path);
    }
    let list = |of: &dyn Fn(usize) -> String, count: usize| (0..count).map(of).collect::<Vec<_>>().join(",");
    let daemons: &[PoolDaemon] = &pool.daemons;
    let daemon_certificate = |n: usize| fs::canonicalize(&daemons[n].options().certificate);
    let daemon_certificates = (0..daemons.len()).map(daemon_certificate).collect::<io::Result<Vec<_>>>()?;
    let mut lines = vec![
        ("simnet", "1".to_owned()),
        ("appdata", folder.display().to_string()),
        ("coldwalletextpub", network.cold_wallet_xpub().to_string()),
        ("votingwalletextpub", network.voting_wallet_xpub().to_string()),
        ("poolfees", options.fee.percent().to_string()),
        ("maxusers", "200".to_owned()),
        ("wallethosts", list(&|n| endpoints[n].host.to_string(), endpoints.len())),
        ("walletusers", list(&|n| endpoints[n].user.clone(), endpoints.len())),
        ("walletpasswords", list(&|n| endpoints[n].password.clone(), endpoints.len())),
        ("walletcerts", certificates.join(",")),
        ("minservers", endpoints.len().min(2).to_string()),
        ("stakepooldhosts", list(&|n| daemons[n].address().to_string(), daemons.len())),
        ("stakepooldcerts", list(&|n| daemon_certificates[n].display().to_string(), daemons.len())),
        ("rpctoken", format!("file:{}", at("rpctoken"))),
        ("cookiesecret", format!("file:{}", at("cookiesecret"))),
        ("apisecret", format!("file:{}", at("apisecret"))),
        ("baseurl", pool.pool.site().base_url.clone()),
        ("listen", listen.to_owned()),
        ("captcha", "none".to_owned()),
    ];
    match &options.database {
        None => lines.push(("database", format!("sqlite:{}", at("pool.sqlite")))),
        Some(server) => {
            lines.extend([
                ("database", "mysql:".to_owned()),
                ("dbname", server.name.clone()),
                ("dbuser", server.user.clone()),
                ("dbtls", "off".to_owned()),
            ]);
            lines.extend(server.socket.iter().map(|socket| ("dbsocket", socket.display().to_string())));
        }
    }
    lines.extend(vsp_lines(network, options, &folder)?);
    let mut text = "[Application Options]\n".to_owned();
    for (key, value) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{key}={value}");
    }
    let path = folder.join("exccstakepool.conf");
    fs::write(&path, text)?;
    Ok(path)
}

/// How wallets of today are served, where they are.
fn vsp_lines(network: &SimNetwork, options: &PoolOptions, folder: &Path) -> io::Result<Vec<(&'static str, String)>> {
    let Some(fee) = options.vsp else { return Ok(Vec::new()) };
    let node = network.node().endpoint();
    let certificate = folder.join("node.cert");
    fs::write(&certificate, &node.certificate_pem)?;
    Ok(vec![
        ("vsp", "1".to_owned()),
        ("vspfee", fee.fee.percent().to_string()),
        ("vspmaxfee", fee.most.map_or_else(|| "0".to_owned(), |most| most.to_string())),
        ("vspfeexpub", network.vsp_account_xpub().to_string()),
        ("vspkeyfile", folder.join(KEY_FILE).display().to_string()),
        ("vspmaxlag", MAX_LAG.to_string()),
        ("exccdhost", node.host.to_string()),
        ("exccduser", node.user),
        ("exccdpassword", node.password),
        ("exccdcert", certificate.display().to_string()),
    ])
}
