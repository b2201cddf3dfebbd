//! How calls of the API v3 come and go.

use serde_json::{Value, json};
use warp::http::StatusCode;

use super::scene::Scene;
use crate::world::World;

#[tokio::test]
async fn every_answer_is_signed_whatever_was_wrong_with_the_request() {
    let scene = Scene::set().await;
    let too_large = "x".repeat((1 << 20) + 1);
    for (method, path, body, status) in [
        ("GET", "/api/v3/vspinfo", "", 200),
        ("GET", "//api/v3/vspinfo", "", 200),
        ("POST", "/api/v3/vspinfo", "{}", 405),
        ("GET", "/api/v3/payfee", "", 405),
        ("POST", "/api/v3/payfee", "", 400),
        ("POST", "/api/v3/ticketproof", "{}", 400),
        ("POST", "/api/v3/feeaddress", &too_large, 413),
    ] {
        let reply = scene.world.send(method, path, &[("accept-encoding", "gzip")], body.as_bytes()).await;
        let (answered, answer) = scene.read(&reply);
        assert_eq!(answered, status, "{method} {path}: {answer}");
        assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
        assert_eq!(answer.get("code").is_some(), status != 200, "{answer}");
    }
}

#[tokio::test]
async fn browsers_may_ask_and_read_the_signature() {
    let scene = Scene::set().await;
    let reply = scene.world.send("OPTIONS", "/api/v3/payfee", &[], b"").await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert!(reply.header("access-control-allow-headers").contains("VSP-Client-Signature"));
    let reply = scene.world.send("GET", "/api/v3/vspinfo", &[], b"").await;
    assert_eq!(reply.header("access-control-expose-headers"), "VSP-Server-Signature");
}

#[tokio::test]
async fn without_wallets_of_today_there_is_no_such_api() {
    let world = World::start().await;
    let reply = world.send("GET", "/api/v3/vspinfo", &[], b"").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert!(reply.text().contains("invalid API command or version"));
    let stats = world.send("GET", "/api/v2/stats", &[], b"").await.text();
    assert!(!stats.contains("[1,2,3]") && !stats.contains("Vsp"), "{stats}");
}

#[tokio::test]
async fn the_statistics_name_the_third_version_of_the_api() {
    let scene = Scene::set().await;
    let stats: Value = serde_json::from_slice(&scene.world.send("GET", "/api/v2/stats", &[], b"").await.body).unwrap();
    assert_eq!(stats["data"]["APIVersionsSupported"], json!([1, 2, 3]));
    let none = json!({"Voting": 0, "Voted": 0, "Missed": 0, "Expired": 0, "Revoked": 0});
    assert_eq!(stats["data"]["Vsp"], none);
    assert!(scene.world.browser().get("/stats").await.text().contains("wallets without an account"));
}

#[tokio::test]
async fn while_nothing_can_be_voted_vspinfo_is_a_signed_503_and_nothing_is_sold() {
    let scene = Scene::set().await;
    scene.node.chain().away = true;
    scene.look().await;
    let reply = scene.world.send("GET", "/api/v3/vspinfo", &[], b"").await;
    let (status, answer) = scene.read(&reply);
    assert_eq!(status, 503);
    assert!(answer["message"].as_str().unwrap().contains("node cannot be reached"), "{answer}");
    for command in ["feeaddress", "payfee"] {
        let (status, answer) = scene.post(command, "{}", None).await;
        assert_eq!((status, &answer["code"]), (400, &json!(2)), "{command}");
    }
    // Closed by the operator, the pool says so and answers.
    scene.vsp.terms().closed.set_configured(Some("back in May".to_owned()));
    scene.node.chain().away = false;
    scene.look().await;
    let (status, answer) = scene.read(&scene.world.send("GET", "/api/v3/vspinfo", &[], b"").await);
    assert_eq!((status, &answer["vspclosed"], &answer["vspclosedmsg"]), (200, &json!(true), &json!("back in May")));
}
