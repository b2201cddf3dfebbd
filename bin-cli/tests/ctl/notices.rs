//! `stakepoolctl notices` and `closing`.

use std::fs;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_added_listed_and_removed() {
    let scene = Scene::set(1).await;
    scene.database().await.close().await;
    assert_eq!(scene.run(&["notices", "list"]).success(), "there are no notices\n");
    let text = "The database moves.";
    let add = [
        "notices",
        "add",
        "--kind",
        "maintenance",
        "--text",
        text,
        "--from",
        "2099-01-15T18:00",
        "--until",
        "2099-01-16",
    ];
    let added = scene.run(&add);
    assert!(added.code == 0 && added.errors.contains("the pool sends no mail"), "{}", added.errors);
    assert!(added.output.contains("2099-01-15 18:00 UTC"), "{}", added.output);
    let listed = scene.run(&["notices", "list", "--json"]).json();
    assert_eq!((listed[0]["kind"].as_str(), listed[0]["shown"].as_bool()), (Some("maintenance"), Some(true)));
    assert_eq!(listed[0]["text"], text);
    let refused = scene.run(&["notices", "add", "--kind", "news", "--text", "x", "--until", "2020-01-01"]).refusal(2);
    assert!(refused.contains("give a later --until"), "{refused}");
    scene.run(&["notices", "remove", "1"]).success();
    assert!(scene.run(&["notices", "remove", "1"]).refusal(3).contains("no such notice"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closing_is_announced_shown_and_taken_back_and_all_scripts_are_written_to_a_file() {
    let scene = Scene::set(1).await;
    let (_, user) = scene.register("a@example.org").await;
    assert!(scene.run(&["closing", "show"]).refusal(3).contains("no closing is announced"));
    assert!(scene.run(&["closing", "announce", "--on", "2020-01-01"]).refusal(2).contains("is not to come"));
    assert_eq!(scene.run(&["closing", "announce", "--on", "2099-06-30"]).code, 0);
    let shown = scene.run(&["closing", "show"]).success();
    assert!(shown.contains("2099-06-30 00:00 UTC (to come)") && shown.contains("none is left"), "{shown}");
    let status = scene.run(&["status"]);
    assert!(status.output.contains("2099-06-30 00:00 UTC (to come)"), "{}", status.output);
    let file = scene.home.path().join("scripts.json");
    let name = file.to_str().unwrap();
    scene.run(&["closing", "scripts", name]).success();
    let written = fs::read_to_string(&file).unwrap();
    let line: serde_json::Value = serde_json::from_str(written.lines().next().unwrap()).unwrap();
    assert_eq!(line["address"], user.address.to_string());
    assert_eq!(line["script"], user.script.to_string());
    assert!(scene.run(&["closing", "scripts", name]).refusal(2).contains("is there already"));
    scene.run(&["closing", "revoke"]).success();
    assert_eq!(scene.run(&["closing", "revoke"]).code, 3);
}
