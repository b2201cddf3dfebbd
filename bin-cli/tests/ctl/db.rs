//! `stakepoolctl db`.

use serde_json::{Value, json};
use stakepool_core::ports::UserStore as _;

use crate::scene::{Scene, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_check_finds_nothing_in_a_pool_that_is_well_and_says_of_whom_it_speaks_elsewhere() {
    let scene = Scene::set(1).await;
    let message = scene.run(&["db", "check"]).refusal(1);
    assert!(message.contains("there is no database"), "{message}");
    assert!(!scene.database_file().exists());
    let (user, _) = scene.register("alice@example.org").await;
    assert_eq!(scene.run(&["db", "check", "--json"]).json(), json!([]));
    let text = scene.run(&["db", "check"]).success();
    assert!(text.starts_with("1 users in ") && text.ends_with("nothing was found\n"), "{text}");

    // The keys of another pool.
    let [cold, voting] = scene.keys().map(|key| key.to_string());
    scene.reconfigure(&format!("votingwalletextpub={voting}"), &format!("votingwalletextpub={cold}"));
    let outcome = scene.run(&["db", "check", "--json"]);
    assert_eq!(outcome.code, 1, "{}", outcome.errors);
    let rows: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!((&rows[0]["severity"], &rows[0]["kind"]), (&json!("error"), &json!("underivable")));
    assert_eq!(rows[0]["users"], json!([user.0]));
    let outcome = scene.run(&["db", "check"]);
    // A block for each, whose lines are as long as what they say, and no longer.
    let said = |line: &str| outcome.output.lines().any(|it| it.trim_end() == line);
    assert!(said("severity  error") && said("kind      underivable"), "{}", outcome.output);
    assert!(outcome.output.lines().any(|line| line.starts_with("remedy    ")), "{}", outcome.output);
    assert!(!outcome.output.contains("alice"), "{}", outcome.output);
    // Nothing was done to it.
    let database = scene.database().await;
    assert_eq!(database.counts().await.unwrap(), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_is_copied_to_another_place_which_then_serves() {
    let scene = Scene::set(1).await;
    let (user, registration) = scene.register("alice@example.org").await;
    let used = scene.database().await;
    let message = scene.run(&["db", "copy", "--to", "sqlite:moved.sqlite"]).refusal(1);
    assert!(message.contains("has it open") && message.contains("stop that program"), "{message}");
    scene.run(&["db", "copy", "--to", "sqlite:of-now.sqlite", "--while-used", "--json"]).json();
    used.close().await;
    let answer = scene.run(&["db", "copy", "--to", "sqlite:moved.sqlite", "--json"]).json();
    let tables = answer["tables"].as_array().unwrap();
    let users = tables.iter().find(|table| table["name"] == "Users").unwrap();
    assert_eq!(users["rows"], json!(1));
    assert!(users["checksum"].as_str().unwrap().len() == 32 && answer["rows"].as_u64().unwrap() > 2, "{answer}");
    // Relative places lie in the data directory, as those of the key `database` do.
    let moved = scene.database_file().with_file_name("moved.sqlite");
    assert_eq!(answer["to"], json!(moved));
    scene.reconfigure("simnet=1", "simnet=1\ndatabase=sqlite:moved.sqlite");
    let shown = scene.run(&["users", "show", &user.to_string(), "--json"]).json();
    assert_eq!(shown["address"], json!(registration.address.to_string()), "{shown}");
    // The other one is as it was.
    let message = scene.run(&["db", "copy", "--to", "sqlite:pool.sqlite"]).refusal(1);
    assert!(message.contains("it is a pool's already"), "{message}");
    let message = scene.run(&["db", "copy", "--to", "postgres:pool"]).refusal(2);
    assert!(message.contains("sqlite:PATH"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_places_are_copied_without_a_configuration() {
    let scene = Scene::set(1).await;
    scene.register("alice@example.org").await;
    let (from, home) = (scene.database_file(), tempfile::tempdir().unwrap());
    let to = home.path().join("moved.sqlite");
    let [from, to] = [&from, &to].map(|path| format!("sqlite:{}", path.display()));
    let copied = ["db", "copy", "--from", &from, "--to", &to, "--json"];
    let answer = run(home.path(), &copied, "").json();
    assert_eq!(answer["to"], json!(home.path().join("moved.sqlite")));
    let message = run(home.path(), &["db", "copy", "--to", &to], "").refusal(2);
    assert!(message.contains("exccstakepool.conf is not there"), "{message}");
}
