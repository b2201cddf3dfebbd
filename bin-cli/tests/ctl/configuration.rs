//! Finding the pool by the web application's configuration.

use std::fs;

use crate::scene::{Scene, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_configuration_is_named_with_the_remedy() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [&["status"][..], &["tickets", "ignored"], &["users", "list"]] {
        let message = run(home.path(), arguments, "").refusal(2);
        assert!(message.contains(".exccstakepool/exccstakepool.conf") && message.contains("-C FILE"), "{message}");
    }
    let message = run(home.path(), &["-C", "/nowhere/pool.conf", "status"], "").refusal(2);
    assert!(message.contains("/nowhere/pool.conf") && message.contains("-C FILE"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webs_own_home_is_the_default() {
    let scene = Scene::served(1).await;
    let home = scene.home.path().join(".exccstakepool");
    fs::create_dir(&home).unwrap();
    fs::rename(scene.config_file(), home.join("exccstakepool.conf")).unwrap();
    run(scene.home.path(), &["status"], "").success();
    // The home that is named is also where the database is then looked for.
    fs::rename(scene.home.path().join("data"), home.join("data")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    run(elsewhere.path(), &["status", "--appdata", home.to_str().unwrap()], "").success();
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_with_a_configuration_is_told_on_one_line() {
    let scene = Scene::set(1).await;
    let config = fs::read_to_string(scene.config_file()).unwrap();
    let broken = config.replace("apisecret=", "apisecrets=").replace("poolfees=7.5", "poolfees=many");
    fs::write(scene.config_file(), broken).unwrap();
    let message = scene.run(&["status"]).refusal(2);
    assert!(message.contains("`apisecret`") && message.contains("poolfees"), "{message}");

    fs::write(scene.config_file(), config.replace("rpctoken=", "rpctoken=ü")).unwrap();
    let message = scene.run(&["status"]).refusal(2);
    assert!(message.contains("rpctoken"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_is_not_made_by_looking() {
    let scene = Scene::set(1).await;
    let hash = "11".repeat(32);
    for arguments in [
        &["status"][..],
        &["tickets", "ignored"],
        &["tickets", "add", &hash],
        &["users", "list"],
        &["users", "show", "1"],
    ] {
        let message = scene.run(arguments).refusal(1);
        assert!(message.contains("pool.sqlite") && message.contains("stakepool-web"), "{message}");
    }
    assert!(!scene.database_file().exists());
    fs::create_dir_all(scene.database_file().parent().unwrap()).unwrap();
    fs::write(scene.database_file(), "this is no database, but long enough to be looked at".repeat(100)).unwrap();
    let message = scene.run(&["users", "list"]).refusal(1);
    assert!(message.contains("is not an SQLite database"), "{message}");
}
