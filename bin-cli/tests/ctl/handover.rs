//! `stakepoolctl handover`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::scene::{SECRETS, Scene, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_has_everything_but_the_secrets_and_says_what_another_host_lacks() {
    let scene = Scene::set(1).await;
    scene.register("user@example.org").await;
    fs::write(scene.home.path().join("the.secret"), SECRETS[2]).unwrap();
    scene.reconfigure(&format!("apisecret={}", SECRETS[2]), "apisecret=file:the.secret");
    let pack = scene.home.path().join("pool.handover").display().to_string();
    let packed = scene.run(&["handover", "pack", &pack, "--json"]).json();
    assert_eq!(fs::metadata(&pack).unwrap().permissions().mode() & 0o777, 0o600);
    let left_out = packed["left_out"].as_array().unwrap();
    for named in ["walletpasswords: set it", "rpctoken: set it", "cookiesecret: set it", "apisecret: the file "] {
        assert!(left_out.iter().any(|it| it.as_str().unwrap().starts_with(named)), "{named}: {packed}");
    }
    let bytes = String::from_utf8_lossy(&fs::read(&pack).unwrap()).into_owned();
    for secret in SECRETS.into_iter().chain(["hunter2"]) {
        assert!(!bytes.contains(secret), "{secret} is in the pack");
    }
    scene.run(&["handover", "pack", &pack]).refusal(2);
    assert_eq!(scene.audit().await[0].action, "database.backup");

    let checked = scene.run(&["handover", "check", &pack, "--here", "--json"]).json();
    assert_eq!((&checked["users"], &checked["lacking"]), (&json!(1), &json!([])), "{checked}");
    let name = |name: &str| scene.home.path().join(name);
    fs::rename(&scene.daemons[0].certificate, name("moved.cert")).unwrap();
    fs::rename(name("the.secret"), name("moved.secret")).unwrap();
    let outcome = run(scene.home.path(), &["handover", "check", &pack, "--here", "--json"], "");
    let checked: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!((outcome.code, checked["lacking"].as_array().unwrap().len()), (1, 2), "{checked}");
    run(scene.home.path(), &["handover", "check", &pack], "").success();

    let unpacked =
        Command::new("tar").args(["-C", scene.home.path().to_str().unwrap(), "-xf", &pack]).status().unwrap();
    assert!(unpacked.success());
    let config = fs::read_to_string(name("stakepool-handover/exccstakepool.conf")).unwrap();
    assert!(config.contains("poolfees=7.5\n") && config.contains("apisecret=file:the.secret\n"), "{config}");
    assert!(config.contains("; rpctoken is left out"), "{config}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_file_of_handed_over_keys_is_named_wherever_they_are_served() {
    let scene = Scene::set(1).await;
    scene.register("user@example.org").await;
    scene.serve_wallets_of_today();
    let node = scene.home.path().join("node.cert");
    fs::copy(&scene.daemons[0].certificate, &node).unwrap();
    let certificate = scene.daemons[0].certificate.display();
    scene.reconfigure(&format!("exccdcert={certificate}"), "exccdcert=node.cert");
    let pack = scene.home.path().join("pool.handover").display().to_string();
    let packed = scene.run(&["handover", "pack", &pack, "--json"]).json();
    let named = |list: &Value| {
        let mut list = list.as_array().unwrap().iter().filter_map(Value::as_str);
        list.find_map(|named| named.strip_prefix("vspkeyfile: the file ").map(str::to_owned))
    };
    let file = named(&packed["left_out"]).unwrap();
    assert!(file.ends_with("/vsp.key"), "{file}");
    let outcome = run(scene.home.path(), &["handover", "check", &pack, "--here", "--json"], "");
    let checked: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!((outcome.code, named(&checked["lacking"])), (1, Some(file.clone())), "{checked}");
    // The node's certificate is packed as all are.
    let files: Vec<_> = packed["files"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(files.contains(&node.to_str().unwrap()), "{files:?}");
    fs::write(&file, "a key").unwrap();
    run(scene.home.path(), &["handover", "check", &pack, "--here"], "").success();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_that_was_changed_and_what_is_none_is_refused() {
    let scene = Scene::set(1).await;
    scene.register("user@example.org").await;
    let pack = scene.home.path().join("pool.handover").display().to_string();
    scene.run(&["handover", "pack", &pack]).success();
    let mut bytes = fs::read(&pack).unwrap();
    let at = bytes.windows(12).position(|window| window == b"poolfees=7.5").unwrap();
    bytes[at + 9] = b'1';
    fs::write(&pack, &bytes).unwrap();
    let message = scene.run(&["handover", "check", &pack]).refusal(1);
    assert!(message.contains("exccstakepool.conf is missing in it, or has changed"), "{message}");
    let other = scene.config_file().display().to_string();
    let message = scene.run(&["handover", "check", &other]).refusal(1);
    assert!(message.contains("web.conf"), "{message}");
    let message = scene.run(&["handover", "check", "/nowhere"]).refusal(1);
    assert!(message.contains("cannot be read"), "{message}");
}
