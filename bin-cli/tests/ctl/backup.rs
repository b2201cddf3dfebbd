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

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_looked_through_and_what_is_none_is_named() {
    let scene = Scene::set(1).await;
    scene.register("alice@example.org").await;
    let file = scene.home.path().join("copy.sqlite");
    let name = file.to_str().unwrap();
    scene.run(&["backup", name]).success();
    let before = fs::read(&file).unwrap();
    let whole = scene.run(&["verify", name, "--json"]).json();
    assert_eq!((&whole["verified"], &whole["schema"]), (&json!(file), &whole["known_schema"]));
    let rows = |table: &str| {
        let tables = whole["tables"].as_array().unwrap();
        tables.iter().find(|found| found["name"] == table).unwrap()["rows"].clone()
    };
    assert_eq!((rows("Users"), rows("tickets")), (json!(1), json!(0)));
    assert!(scene.run(&["verify", name]).success().contains("Users: 1 rows"));
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(fs::read_dir(scene.home.path()).unwrap().count(), 4, "nothing is left beside it");

    let mut damaged = before;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 20_000].fill(0x5a);
    fs::write(&file, damaged).unwrap();
    let message = scene.run(&["verify", name]).refusal(1);
    assert!(message.contains("is damaged"), "{message}");
    fs::write(&file, "").unwrap();
    let message = scene.run(&["verify", name]).refusal(1);
    assert!(message.contains("an empty one"), "{message}");
}
