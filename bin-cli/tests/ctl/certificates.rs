//! `stakepoolctl` and voting daemons that ask for a client certificate (`rpcclientcerts`).

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;
use stakepool_core::ports::LowFeeEntry;
use stakepool_rpc::tls::ensure_server_pair;

use crate::scene::{Scene, ticket};

/// A certificate and its key in files.
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn make(folder: &Path, name: &str) -> Self {
        let [certificate, key] = ["cert", "key"].map(|kind| folder.join(format!("{name}.{kind}")));
        ensure_server_pair(&certificate, &key, &[], SystemTime::now()).unwrap();
        Self { certificate, key }
    }

    fn pem(&self) -> String {
        fs::read_to_string(&self.certificate).unwrap()
    }
}

impl Scene {
    /// Has the web's configuration name a certificate that is shown to the daemons.
    fn shows(&self, certificate: &Path, key: &Path) {
        let mut config = fs::OpenOptions::new().append(true).open(self.config_file()).unwrap();
        writeln!(config, "rpcclientcert={}\nrpcclientkey={}", certificate.display(), key.display()).unwrap();
    }

    /// What `status` says is wrong with the first daemon.
    fn problem(&self) -> String {
        let outcome = self.run(&["status", "--json"]);
        assert_eq!(outcome.code, 1, "{}", outcome.errors);
        let all: Value = serde_json::from_str(&outcome.output).unwrap();
        all[0]["problems"][0].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webs_client_certificate_opens_daemons_that_ask_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let own = Pair::make(folder.path(), "web");
    let scene = Scene::served_with_client_certificates(2, &own.pem()).await;
    scene.shows(&own.certificate, &own.key);
    let status = scene.run(&["status", "--json"]).json();
    assert!((0..2).all(|daemon| status[daemon]["id"].as_str().is_some_and(|id| id.starts_with("voter-"))), "{status}");

    let (user, registration) = scene.register("a@pool.example").await;
    let added = LowFeeEntry { ticket: ticket(7), address: registration.address };
    scene.low_fee(7, user, registration.address).await;
    let ignored = scene.run(&["tickets", "ignored", "--json"]).json();
    assert_eq!(ignored[0]["ticket"], added.ticket.to_string(), "{ignored}");
    scene.run(&["tickets", "add", &added.ticket.to_string()]).success();
    for daemon in &scene.daemons {
        assert_eq!(daemon.backend.live(), [added.ticket]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_certificate_the_remedy_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let scene = Scene::served_with_client_certificates(1, &Pair::make(folder.path(), "web").pem()).await;
    let problem = scene.problem();
    for part in ["refuses our token or certificate", "rpcclientcert", "rpcclientkey"] {
        assert!(problem.contains(part), "{part}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_belongs_to_another_certificate_is_an_error_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let [own, other] = ["web", "other"].map(|name| Pair::make(folder.path(), name));
    let scene = Scene::served_with_client_certificates(1, &own.pem()).await;
    scene.shows(&own.certificate, &other.key);
    let message = scene.run(&["status"]).refusal(2);
    assert!(message.contains("rpcclientkey") && message.contains("does not belong to the certificate"), "{message}");
}
