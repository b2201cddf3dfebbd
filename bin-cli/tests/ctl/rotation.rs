//! `stakepoolctl rotation`: tokens, certificates and secrets while they are changed.

use std::fs;

use serde_json::{Value, json};
use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::grpc::server::Access;
use stakepool_rpc::tls::certificate_fingerprints;

use crate::daemon::TOKEN;
use crate::scene::{Outcome, SECRETS, Scene};

const NEXT: &str = "the-token-of-tomorrow-for-these-tests";

/// Daemons that take the token of the configuration, and the next one.
fn both() -> Access {
    let token = |text| RpcToken::new(text).unwrap();
    Access::default().with_token(token(TOKEN)).with_next_token(token(NEXT))
}

/// The rows of a command that ended with `code`, which shows no token.
fn rows(outcome: Outcome, code: i32) -> Value {
    assert_eq!(outcome.code, code, "{} {}", outcome.output, outcome.errors);
    assert!(!outcome.output.contains(NEXT) && !outcome.errors.contains(NEXT));
    serde_json::from_str(&outcome.output).unwrap()
}

fn token_file(scene: &Scene) -> String {
    let file = scene.home.path().join("rpctoken.next");
    fs::write(&file, format!("{NEXT}\n")).unwrap();
    file.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_followed_from_one_side_to_the_other() {
    let scene = Scene::served_with(2, both()).await;
    let next = token_file(&scene);
    let step = |code| {
        let found = rows(scene.run(&["rotation", "--token", &next, "--json"]), code);
        [0, 1].map(|daemon| (found[daemon]["token"].clone(), found[daemon]["other_token"].clone()))
    };
    assert_eq!(step(0), [0, 1].map(|_| (json!("taken"), json!("taken"))), "the daemons take both");
    scene.reconfigure(&format!("rpctoken={TOKEN}"), &format!("rpctoken={NEXT}"));
    assert_eq!(step(0), [0, 1].map(|_| (json!("taken"), json!("taken"))), "the web shows the next one");

    // Daemons that lack the next one, as before the first step.
    let scene = Scene::served(1).await;
    let next = token_file(&scene);
    let found = rows(scene.run(&["rotation", "--token", &next, "--json"]), 0);
    assert_eq!((&found[0]["token"], &found[0]["other_token"]), (&json!("taken"), &json!("refused")));
    scene.reconfigure(&format!("rpctoken={TOKEN}"), &format!("rpctoken={NEXT}"));
    let found = rows(scene.run(&["rotation", "--json"]), 1);
    assert_eq!((&found[0]["token"], &found[0]["other_token"]), (&json!("refused"), &Value::Null));
    assert!(found[0]["problems"][0].as_str().unwrap().contains("rpctoken"), "{found}");
    let wrong = scene.home.path().join("web.conf").display().to_string();
    let message = scene.run(&["rotation", "--token", &wrong]).refusal(2);
    assert!(message.contains("--token") && SECRETS.iter().all(|secret| !message.contains(secret)), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_named_by_their_fingerprints_on_both_sides_and_no_token_goes_to_a_stranger() {
    let scene = Scene::served(2).await;
    let of_file = |path: &std::path::Path| certificate_fingerprints(&fs::read(path).unwrap()).unwrap().remove(0);
    let daemons = [0, 1].map(|number: usize| of_file(&scene.daemons[number].certificate));
    let found = rows(scene.run(&["rotation", "--json"]), 0);
    for (number, daemon) in daemons.iter().enumerate() {
        assert_eq!(found[number]["shows"]["sha256"], *daemon);
        assert_eq!(found[number]["trusted"], json!([daemon]));
        assert!(found[number]["shows"]["ends"].as_i64().unwrap() > 1_800_000_000, "{found}");
    }
    assert_eq!(found[2]["shows"]["sha256"], of_file(&scene.home.path().join("wallet0.cert")));

    // The web has an old copy of the first daemon's and of the second wallet's.
    fs::copy(&scene.daemons[1].certificate, &scene.daemons[0].certificate).unwrap();
    fs::copy(scene.home.path().join("wallet0.cert"), scene.home.path().join("wallet1.cert")).unwrap();
    let found = rows(scene.run(&["rotation", "--json"]), 1);
    assert_eq!((&found[0]["shows"]["sha256"], &found[0]["trusted"]), (&json!(daemons[0]), &json!([daemons[1]])));
    assert_eq!((&found[0]["token"], &found[1]["token"]), (&json!("unknown"), &json!("taken")));
    assert!(found[0]["problems"][0].as_str().unwrap().contains("stakepooldcerts"), "{found}");
    assert!(found[3]["problems"][0].as_str().unwrap().contains("walletcerts"), "{found}");
    // Both certificates are trusted while one follows the other.
    let old = fs::read_to_string(scene.home.path().join("wallet1.cert")).unwrap();
    let new = scene.wallet(1).endpoint().certificate_pem;
    fs::write(scene.home.path().join("wallet1.cert"), format!("{old}{new}")).unwrap();
    let found = rows(scene.run(&["rotation", "--json"]), 1);
    assert_eq!((found[3]["trusted"].as_array().unwrap().len(), &found[3]["problems"]), (2, &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_before_are_said_to_count_while_they_are_named() {
    let scene = Scene::served(1).await;
    let found = rows(scene.run(&["rotation", "--json"]), 0);
    assert_eq!((&found[3]["oldapisecret_counts"], &found[3]["oldcookiesecret_counts"]), (&json!(false), &json!(false)));
    scene.reconfigure("apisecret=", "oldapisecret=the-secret-of-yesterday-for-api-keys\napisecret=");
    let found = rows(scene.run(&["rotation", "--json"]), 0);
    assert_eq!((&found[3]["oldapisecret_counts"], &found[3]["oldcookiesecret_counts"]), (&json!(true), &json!(false)));
    let said = scene.run(&["rotation"]).success();
    assert!(said.contains("remove oldapisecret") && !said.contains("yesterday"), "{said}");
}
