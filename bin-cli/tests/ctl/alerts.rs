//! `stakepoolctl alerts test`.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::scene::Scene;

/// Answers every request so, and gives back where it does.
async fn answering(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/a-secret-path", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn every_channel_is_tried_and_says_what_it_came_to() {
    let scene = Scene::served(1).await;
    let (works, refuses) = (answering("204 No Content").await, answering("403 Forbidden").await);
    scene.reconfigure("simnet=1\n", &format!("simnet=1\nalertwebhook={works}\nalertheartbeat={works}\n"));
    assert_eq!(
        scene.run(&["alerts", "test", "--json"]).json(),
        json!([
            {"channel": "webhook", "sent": true, "error": null},
            {"channel": "heartbeat", "sent": true, "error": null},
        ])
    );
    scene.reconfigure(&format!("alertwebhook={works}"), &format!("alertwebhook={refuses}"));
    let outcome = scene.run(&["alerts", "test"]);
    assert_eq!(outcome.code, 1);
    assert_eq!(outcome.errors, "stakepoolctl: 1 of 2 channels did not take the test\n");
    assert!(outcome.output.contains("403 Forbidden"), "{}", outcome.output);
    assert!(!outcome.output.contains("a-secret-path"), "{}", outcome.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_without_a_channel_is_told_that_nobody_learns_of_its_problems() {
    let scene = Scene::served(1).await;
    let outcome = scene.run(&["alerts", "test"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.output.contains("set alertwebhook"), "{}", outcome.output);
}
