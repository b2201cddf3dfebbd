//! `stakepoolctl restore`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use stakepool_core::accounts::Email;
use stakepool_core::ports::UserStore;

use crate::scene::Scene;

/// A pool with alice, a backup of it, and bob who came later. Nothing has the database open.
async fn pool_with_backup() -> (Scene, String) {
    let scene = Scene::set(1).await;
    scene.register("alice@example.org").await;
    let file = scene.home.path().join("copy.sqlite").display().to_string();
    scene.run(&["backup", &file]).success();
    let (bob, registration) = scene.register("bob@example.org").await;
    scene.low_fee(7, bob, registration.address).await;
    (scene, file)
}

/// Whether the database has a user. It is closed again.
async fn knows(scene: &Scene, email: &str) -> bool {
    let database = scene.database().await;
    let found = database.by_email(&Email::parse(email).unwrap()).await.unwrap();
    database.close().await;
    found.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_takes_the_databases_place_and_what_is_lost_is_named() {
    let (scene, file) = pool_with_backup().await;
    let checked = scene.run(&["restore", "--check", &file, "--json"]).json();
    let lost = &checked["since_backup"];
    assert_eq!((&checked["only_checked"], &checked["users"], &lost["tickets"]), (&json!(true), &json!(1), &json!(1)));
    assert_eq!(lost["users"][0]["email"], "bob@example.org");
    assert_eq!(lost["users"][0]["in_backup"], false);
    assert!(lost["users"][0]["address"].is_string(), "{lost}");
    assert!(knows(&scene, "bob@example.org").await);

    let told = scene.run(&["restore", &file]).success();
    assert!(told.contains("bob@example.org") && told.contains("before-restore-20"), "{told}");
    assert_eq!(fs::metadata(scene.database_file()).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(knows(&scene, "alice@example.org").await && !knows(&scene, "bob@example.org").await);
    assert_eq!(scene.audit().await[0].action, "database.restore");
    let folder = fs::read_dir(scene.database_file().parent().unwrap()).unwrap();
    let names: Vec<String> = folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().any(|name| name.starts_with("pool.sqlite.before-restore-")), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_announced_since_the_backup_is_named_and_carried_over() {
    let (scene, file) = pool_with_backup().await;
    scene
        .run(&["notices", "add", "--kind", "news", "--text", "The pool moves to another house.", "--no-mail", "--json"])
        .json();
    let named = |answer: &serde_json::Value| answer["announced_since"][0].as_str().unwrap_or_default().to_owned();
    let checked = scene.run(&["restore", "--check", &file, "--json"]).json();
    assert!(named(&checked).ends_with("The pool moves to another house."), "{checked}");
    let told = scene.run(&["restore", &file]).success();
    assert!(told.lines().any(|line| line.starts_with("carried over") && line.ends_with("another house.")), "{told}");
    let notices = scene.run(&["notices", "list", "--json"]).json();
    assert_eq!(notices[0]["text"], "The pool moves to another house.", "{notices}");
    assert!(!knows(&scene, "bob@example.org").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_index_given_since_the_backup_is_not_given_again() {
    let (scene, file) = pool_with_backup().await;
    scene.run(&["restore", &file]).success();
    let (_, registration) = scene.register("carol@example.org").await;
    assert_eq!(registration.key_index.0, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_restored_while_a_program_has_the_database_open() {
    let (scene, file) = pool_with_backup().await;
    let database = scene.database().await;
    let message = scene.run(&["restore", &file]).refusal(1);
    assert!(message.contains(&format!("(process {})", std::process::id())) && message.contains("stop it"), "{message}");
    assert!(database.by_email(&Email::parse("bob@example.org").unwrap()).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backup_of_another_pool_or_network_is_refused() {
    let (scene, file) = pool_with_backup().await;
    let [cold, voting] = scene.keys().map(|key| key.to_string());
    scene.reconfigure(&format!("votingwalletextpub={voting}"), &format!("votingwalletextpub={cold}"));
    let message = scene.run(&["restore", &file]).refusal(1);
    assert!(message.contains("it is another pool's"), "{message}");
    assert!(knows(&scene, "bob@example.org").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_backup_is_refused() {
    let (scene, _) = pool_with_backup().await;
    for (name, said) in [("web.conf", "is not an SQLite database"), ("nowhere", "No such file")] {
        let file = scene.home.path().join(name).display().to_string();
        let message = scene.run(&["restore", &file]).refusal(1);
        assert!(message.contains(said) && message.contains(name), "{message}");
    }
}
