//! On a unix socket, with a proxy of another user in front.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use stakepool_config::SocketAccess;
use stakepool_web::{BoundAddress, ListenAddress, ProxyTrust, Web};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::admin;
use crate::http::send;
use crate::world::{Plan, World};

/// The web of a world once more, on a socket.
async fn serve(world: &World, path: &Path, access: SocketAccess) -> BoundAddress {
    let mut options = Plan::default().options;
    options.listen = ListenAddress::Unix(path.to_owned());
    options.listen_access = access;
    options.proxies = ProxyTrust { header: Some("X-Real-IP".into()), proxies: vec!["127.0.0.1".parse().unwrap()] };
    let web = Web::bind(options, Arc::clone(&world.pool), Default::default()).await.unwrap();
    let address = web.address().clone();
    tokio::spawn(web.serve(std::future::pending()));
    address
}

#[tokio::test]
async fn a_socket_answers_and_has_the_rights_that_it_is_given() {
    let (world, folder) = (World::start().await, tempfile::tempdir().unwrap());
    let path = folder.path().join("web.sock");
    let access = SocketAccess { mode: 0o660, group: None };
    assert_eq!(serve(&world, &path, access).await, BoundAddress::Unix(path.clone()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: pool.example\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// nginx that ends with the test.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        // SIGTERM goes to the workers, too; SIGKILL would leave them.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// nginx with the delivered sample's way to the pool; as root its workers run as another user.
fn start_nginx(folder: &Path, socket: &Path, port: u16) -> Nginx {
    let sample = include_str!("../../../config/nginx.conf");
    let part = |from: &str, to: &str| {
        let begin = sample.find(from).unwrap();
        &sample[begin..begin + sample[begin..].find(to).unwrap() + to.len()]
    };
    let upstream = part("upstream ", "}\n").replace("/run/stakepool/web.sock", &socket.display().to_string());
    let location = part("    location / {", "    }\n");
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", folder.join(kind).display()))
        .concat();
    let user = if is_root() { "user www-data;\n" } else { "" };
    let text = format!(
        "{user}daemon off;\npid {0}/nginx.pid;\nerror_log {0}/nginx.log;\nworker_processes 1;\nevents {{ }}\nhttp {{\n\
         access_log off;\n{temporary}{upstream}server {{ listen 127.0.0.1:{port};\n{location}}} }}\n",
        folder.display()
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, text).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-c").arg(&file).arg("-e").arg(folder.join("nginx.log"));
    Nginx(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("nginx is needed"))
}

fn is_root() -> bool {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::MetadataExt::uid(&fs::metadata(folder.path()).unwrap()) == 0
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx"]
async fn a_proxy_of_another_user_reaches_the_pool_by_the_sample_and_names_the_visitor() {
    let ((world, admin, _), folder) = (admin::people(admin::plan()).await, tempfile::tempdir().unwrap());
    let cookies = admin.cookie_header();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let socket = folder.path().join("web.sock");
    let group = is_root().then(|| "www-data".to_owned());
    let by_group = SocketAccess { mode: if group.is_some() { 0o660 } else { 0o666 }, group };
    for access in [SocketAccess::default(), by_group] {
        let _ = fs::remove_file(&socket);
        serve(&world, &socket, access.clone()).await;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let _nginx = start_nginx(folder.path(), &socket, port);
        let began = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "nginx does not listen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let forged = [("x-real-ip", "203.0.113.9"), ("cookie", cookies.as_str())];
        let reply = send(([127, 0, 0, 1], port).into(), "GET", "/", &forged[..1], b"").await;
        let log = fs::read_to_string(folder.path().join("nginx.log")).unwrap_or_default();
        assert_eq!(reply.status, 200, "{access:?}: {log}");
        // Whom the pool takes the visitor for stands on the page that refuses an administrator.
        let refused = send(([127, 0, 0, 1], port).into(), "GET", "/status", &forged, b"").await.text();
        assert!(refused.contains("come from 127.0.0.1."), "{access:?}: {refused}");
    }
}
