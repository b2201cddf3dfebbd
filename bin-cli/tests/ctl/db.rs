//! `stakepoolctl db`.

use serde_json::{Value, json};
use stakepool_core::ports::UserStore as _;

use crate::scene::Scene;

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
    assert!(outcome.output.contains("SEVERITY") && !outcome.output.contains("alice"), "{}", outcome.output);
    // Nothing was done to it.
    let database = scene.database().await;
    assert_eq!(database.counts().await.unwrap(), (1, 1));
}
