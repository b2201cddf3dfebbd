//! `stakepoolctl backup`.

use std::fs;

use serde_json::json;
use stakepool_core::accounts::Email;
use stakepool_core::ports::UserStore;
use stakepool_db::{Database, SqliteOptions};

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_has_the_pools_users_and_the_act_is_noted() {
    let scene = Scene::set(1).await;
    scene.register("alice@example.org").await;
    let file = scene.home.path().join("copy.sqlite");
    let answer = scene.run(&["backup", file.to_str().unwrap(), "--json"]).json();
    assert_eq!(answer, json!({"backup": file}));
    let copy = Database::open_sqlite(&file, SqliteOptions::default()).await.unwrap();
    assert!(copy.by_email(&Email::parse("alice@example.org").unwrap()).await.unwrap().is_some());
    assert_eq!(scene.audit().await[0].action, "database.backup");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_written_is_named_and_the_database_never_overwritten() {
    let scene = Scene::set(1).await;
    let message = scene.run(&["backup", "copy.sqlite"]).refusal(1);
    assert!(message.contains("there is no database"), "{message}");
    scene.database().await.close().await;
    let message = scene.run(&["backup", "/nowhere/copy.sqlite"]).refusal(1);
    assert!(message.contains("/nowhere/copy.sqlite cannot be written"), "{message}");
    let message = scene.run(&["backup", scene.database_file().to_str().unwrap()]).refusal(1);
    assert!(message.contains("it is the database itself"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_is_replaced_unasked_and_no_file_of_the_pool_at_all() {
    let scene = Scene::set(1).await;
    scene.database().await.close().await;
    let file = scene.home.path().join("copy.sqlite");
    scene.run(&["backup", file.to_str().unwrap()]).success();
    let message = scene.run(&["backup", file.to_str().unwrap()]).refusal(1);
    assert!(message.contains("is there already and is kept") && message.contains("--force"), "{message}");
    scene.run(&["backup", "--force", file.to_str().unwrap()]).success();
    let config = scene.config_file();
    let before = fs::read(&config).unwrap();
    let certificate = scene.daemons[0].certificate.clone();
    for name in [&config, &certificate, &scene.database_file()] {
        scene.run(&["backup", name.to_str().unwrap()]).refusal(1);
        scene.run(&["backup", "--force", name.to_str().unwrap()]).refusal(1);
    }
    assert_eq!(fs::read(&config).unwrap(), before);
    let message = scene.run(&["backup", "-"]).refusal(2);
    assert!(message.contains("standard output"), "{message}");
}
