//! Tickets of a vspd become the pool's.

use std::fs::{self, File};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};
use stakepool_core::ports::VspTicketStore as _;

use crate::scene::Scene;

/// The fee key of the file, whose account the pool goes on with.
const FEE_KEY: &str =
    "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae";
/// The only ticket whose transaction the file has, since its owner has named an alternate address.
const KNOWN: usize = 1;
/// Tickets that the file has.
const ALL: usize = 12;

/// A database of vspd in the scene's home.
fn vspd(scene: &Scene) -> PathBuf {
    let from = format!("{}/../stakepool-core/tests/vectors/vspd/v4.db", env!("CARGO_MANIFEST_DIR"));
    let file = scene.home.path().join("vspd.db");
    fs::copy(from, &file).unwrap();
    file
}

async fn served() -> (Scene, PathBuf, String) {
    let scene = Scene::served(1).await;
    scene.serve_wallets_of_today_over_the_node(FEE_KEY);
    let file = vspd(&scene);
    let text = file.display().to_string();
    (scene, file, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vspd_is_taken_over_once_and_a_second_time_changes_nothing() {
    let (scene, file, text) = served().await;
    let before = fs::read(&file).unwrap();
    let first = scene.run(&["--json", "vsp", "import", &text]);
    assert_eq!(first.code, 3, "{}", first.errors);
    assert!(first.errors.contains("11 of 12 tickets were refused"), "{}", first.errors);
    let said: serde_json::Value = serde_json::from_str(&first.output).unwrap();
    assert_eq!((&said["version"], &said["server_key"], &said["changed"]), (&4.into(), &"taken".into(), &true.into()));
    assert_eq!((&said["imported"], &said["left_out"]), (&KNOWN.into(), &(ALL - KNOWN).into()));
    assert_eq!(said["pubkey"], "jEAeWXgC/zhbbiWKLqSTsdzr/aWq385khY6hcgAa7d8=");
    assert_eq!((&said["fee_keys"][0]["next_index"], &said["fee_keys"][0]["configured"]), (&16.into(), &true.into()));
    let reasons = said["notes"].as_array().unwrap();
    assert!(reasons.iter().all(|note| note["ticket"].as_str().unwrap().len() == 64));
    assert!(reasons.iter().any(|note| note["reason"].as_str().unwrap().contains("the node does not know it")));

    let again = scene.run(&["vsp", "import", &text]);
    assert!(again.output.contains("nothing: all of it is here already"), "{}", again.output);
    assert_eq!(fs::read(&file).unwrap(), before, "the file is only read");
    let audit = scene.audit().await;
    assert_eq!(audit.iter().filter(|entry| entry.action == "vsp.import").count(), 1);
    let database = scene.database().await;
    assert_eq!(database.registered_counts().await.unwrap().voting, KNOWN as u64);
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nothing() {
    let (scene, _, text) = served().await;
    let dry = scene.run(&["vsp", "import", &text, "--dry-run"]);
    assert!(dry.output.contains("nothing yet (--dry-run)") && dry.output.contains("would import"), "{}", dry.output);
    assert!(!scene.home.path().join("data/simnet/vsp.key").exists(), "no key file is made");
    let database = scene.database().await;
    assert_eq!(database.registered_counts().await.unwrap().voting, 0);
    database.close().await;
    assert!(scene.audit().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_vspd_has_open_is_not_read() {
    let (scene, file, text) = served().await;
    let held = File::open(&file).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    let message = scene.run(&["vsp", "import", &text]).refusal(3);
    assert!(message.contains("vspd has it open") && message.contains("-backup"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_taken_over_is_refused_with_the_reason() {
    let (scene, file, text) = served().await;
    let message = scene.run(&["vsp", "import", "/nowhere/vspd.db"]).refusal(3);
    assert!(message.contains("/nowhere/vspd.db"), "{message}");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    let message = scene.run(&["vsp", "import", &text]).refusal(3);
    assert!(message.contains("cut off"), "{message}");
    fs::write(&file, b"no database").unwrap();
    let message = scene.run(&["vsp", "import", &text]).refusal(3);
    assert!(message.contains("not a file of bbolt"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_service_for_wallets_of_today_the_configuration_is_named() {
    let scene = Scene::served(1).await;
    let file = vspd(&scene).display().to_string();
    let message = scene.run(&["vsp", "import", &file]).refusal(2);
    assert!(message.contains("vsp=1") && message.contains("vspfeexpub"), "{message}");
}
