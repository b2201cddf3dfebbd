//! Two instances on one database work as one, behind nginx, too.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use stakepool_sim::SimNetwork;
use tokio::time::sleep;

use crate::browser::{Browser, PASSWORD, hidden_token};
use crate::http::send;
use crate::world::World;

/// A process that ends with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn free_port() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub fn start_web(network: &SimNetwork, folder: &Path, listen: SocketAddr) -> Running {
    let mut lines = vec![
        "[Application Options]".to_owned(),
        "simnet=1\nenablestakepoold=0\npoolfees=7.5\nmaxusers=50\ncaptcha=none\nminservers=2".to_owned(),
        "cookiesecret=0123456789abcdef0123456789abcdef\napisecret=fedcba9876543210fedcba9876543210".to_owned(),
        "realipheader=X-Real-IP\ntrustedproxies=127.0.0.1".to_owned(),
        format!("listen={listen}\ndatabase=sqlite:{}", folder.join("pool.sqlite").display()),
        format!("coldwalletextpub={}\nvotingwalletextpub={}", network.cold_wallet_xpub(), network.voting_wallet_xpub()),
    ];
    let endpoints: Vec<_> = network.voting_wallets().iter().map(|wallet| wallet.endpoint()).collect();
    let list = |of: &dyn Fn(usize) -> String| (0..endpoints.len()).map(of).collect::<Vec<_>>().join(",");
    for (number, endpoint) in endpoints.iter().enumerate() {
        fs::write(folder.join(format!("wallet{number}.cert")), &endpoint.certificate_pem).unwrap();
    }
    lines.push(format!("wallethosts={}", list(&|n| endpoints[n].host.to_string())));
    lines.push(format!("walletusers={}", list(&|n| endpoints[n].user.clone())));
    lines.push(format!("walletpasswords={}", list(&|n| endpoints[n].password.clone())));
    lines.push(format!("walletcerts={}", list(&|n| folder.join(format!("wallet{n}.cert")).display().to_string())));
    let file = folder.join(format!("{}.conf", listen.port()));
    fs::write(&file, lines.join("\n")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stakepool-web"));
    command.arg("-C").arg(&file).arg("--appdata").arg(folder);
    Running(command.stderr(fs::File::create(folder.join(format!("{}.log", listen.port()))).unwrap()).spawn().unwrap())
}

/// nginx that gives one request to the first, the next to the second.
fn start_nginx(folder: &Path, listen: SocketAddr, to: [SocketAddr; 2]) -> Running {
    let [first, second] = to;
    let path = |name: &str| folder.join(name).display().to_string();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", path(kind)))
        .concat();
    let text = format!(
        "daemon off;\npid {};\nerror_log {};\nworker_processes 1;\nevents {{ }}\nhttp {{\naccess_log off;\n{temporary}\
         upstream pool {{ server {first}; server {second}; keepalive 8; }}\n\
         server {{ listen {listen}; location / {{ proxy_pass http://pool; proxy_http_version 1.1;\n\
         proxy_set_header Connection \"\"; proxy_set_header Host $host;\n\
         proxy_set_header X-Real-IP $http_x_test_client; }} }} }}\n",
        path("nginx.pid"),
        path("nginx.log")
    );
    fs::write(folder.join("nginx.conf"), text).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-c").arg(folder.join("nginx.conf")).arg("-e").arg(folder.join("nginx.log"));
    Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("nginx is needed"))
}

pub async fn until_ready(server: SocketAddr, folder: &Path) {
    let began = Instant::now();
    loop {
        if tokio::net::TcpStream::connect(server).await.is_ok() {
            let reply = send(server, "GET", "/api/v2/stats", &[], b"").await;
            if reply.text().contains("success") {
                return;
            }
        }
        let logs = || fs::read_dir(folder).unwrap().filter_map(|file| fs::read_to_string(file.unwrap().path()).ok());
        assert!(began.elapsed() < Duration::from_secs(60), "{}", logs().collect::<Vec<_>>().join("\n"));
        sleep(Duration::from_millis(100)).await;
    }
}

async fn purchase_info(server: SocketAddr, key: &str) -> String {
    let bearer = format!("Bearer {key}");
    send(server, "GET", "/api/v2/getpurchaseinfo", &[("authorization", &bearer)], b"").await.text()
}

/// The same browser at another server.
fn moved(browser: &Browser, to: SocketAddr) -> Browser {
    let mut moved = Browser::new(to);
    moved.cookies = browser.cookies.clone();
    moved
}

/// Waits until a key counts at an instance, or no longer, which other instances learn within a second.
async fn until_counts(server: SocketAddr, key: &str, counts: bool) {
    let began = Instant::now();
    loop {
        let answer = purchase_info(server, key).await;
        let is_known = answer.contains("no address submitted");
        assert!(is_known || answer.contains("invalid api token"), "{answer}");
        if is_known == counts {
            return;
        }
        assert!(began.elapsed() < Duration::from_millis(1500), "after a second another instance still says: {answer}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_key_renewed_or_revoked_at_one_instance_counts_or_not_at_the_other_within_a_second() {
    let world = World::start().await;
    let (here, there) = (world.server, world.another_instance().await);
    world.account("a@example.org", false).await;
    let mut browser = Browser::new(here);
    browser.sign_in("a@example.org", PASSWORD).await;
    // Twice: a renewal soon after another must count as well.
    for _ in 0..2 {
        let old = browser.api_key().await;
        for server in [here, there] {
            assert!(purchase_info(server, &old).await.contains("no address submitted"));
        }
        assert!(
            browser.submit("/settings", &[("renewApiKey", "true"), ("password", PASSWORD)]).await.status.as_u16() < 400
        );
        let new = browser.api_key().await;
        assert_ne!(new, old);
        assert!(purchase_info(here, &old).await.contains("invalid api token"), "at once where it was renewed");
        assert!(purchase_info(here, &new).await.contains("no address submitted"), "at once where it was renewed");
        until_counts(there, &new, true).await;
        until_counts(there, &old, false).await;
    }
    let last = browser.api_key().await;
    assert!(
        browser.submit("/settings", &[("revokeApiKey", "true"), ("password", PASSWORD)]).await.status.as_u16() < 400
    );
    assert!(purchase_info(here, &last).await.contains("invalid api token"), "at once where it was revoked");
    until_counts(there, &last, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nginx"]
async fn two_processes_on_one_database_behind_nginx_work_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let network = SimNetwork::builder().seed(7).voting_wallets(2).height(150).start().await.unwrap();
    let [first, second, proxy] = std::array::from_fn(|_| free_port());
    let _first = start_web(&network, folder.path(), first);
    until_ready(first, folder.path()).await;
    let _second = start_web(&network, folder.path(), second);
    until_ready(second, folder.path()).await;
    let _nginx = start_nginx(folder.path(), proxy, [first, second]);
    until_ready(proxy, folder.path()).await;

    // A form that the first shows is taken by the second; who signs in at one goes on at the other.
    let email = "two@example.org";
    let mut at_first = Browser::new(first);
    let page = at_first.get("/signup").await.text();
    let token = hidden_token(&page).unwrap();
    let mut at_second = moved(&at_first, second);
    let fields =
        [("csrf_token", token.as_str()), ("email", email), ("password", PASSWORD), ("passwordrepeat", PASSWORD)];
    let reply = at_second.post("/signup", &fields).await;
    assert!(reply.status.as_u16() < 400, "{} {}", reply.status, reply.text());
    let mut at_first = moved(&at_second, first);
    assert_eq!(at_first.sign_in(email, PASSWORD).await.location(), "/start");
    let mut at_second = moved(&at_first, second);
    assert_eq!(at_second.get("/settings").await.status, 200);

    // Behind nginx every other request goes to the other process.
    let mut behind = moved(&at_first, proxy);
    for _ in 0..6 {
        assert_eq!(behind.get("/settings").await.status, 200);
    }

    // An address that is registered through one is known to the other within a second.
    let key = at_first.api_key().await;
    assert!(purchase_info(second, &key).await.contains("no address submitted"));
    let address = network.buyer_pubkey_address().unwrap().to_string();
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let body = format!("UserPubKeyAddr={address}");
    let reply = send(first, "POST", "/api/v2/address", &headers, body.as_bytes()).await.text();
    assert!(reply.contains("address successfully imported"), "{reply}");
    sleep(Duration::from_millis(1100)).await;
    assert!(purchase_info(second, &key).await.contains("successfully retrieved"));

    // Signing out at one ends the session at the other.
    let mut leaving = moved(&at_first, second);
    leaving.submit("/logout", &[]).await;
    assert_eq!(moved(&at_first, first).get("/settings").await.location(), "/signin");
    assert_eq!(behind.get("/settings").await.location(), "/signin");
    network.shutdown().await;
}
