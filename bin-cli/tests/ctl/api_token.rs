//! `stakepoolctl api-token`.

use serde_json::Value;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_users_key_is_shown_and_another_takes_its_place() {
    let scene = Scene::set(1).await;
    let (user, _) = scene.register("user@example.org").await;
    let shown = |arguments: &[&str]| scene.run(arguments).json()["api_token"].as_str().unwrap().to_owned();
    let first = shown(&["api-token", "show", "user@example.org", "--json"]);
    assert_eq!(first.split('.').count(), 3, "{first}");
    assert_eq!(shown(&["api-token", "show", &user.0.to_string(), "--json"]), first);
    let renewed = scene.run(&["api-token", "renew", "user@example.org", "--json"]).json();
    assert_ne!(renewed["api_token"], Value::from(first));
    assert_eq!(renewed["mailed"], false, "the pool sends no mail");
    assert_eq!(shown(&["api-token", "show", "user@example.org", "--json"]), renewed["api_token"].as_str().unwrap());
    let acts: Vec<_> = scene.audit().await.into_iter().map(|entry| (entry.actor, entry.action)).collect();
    let by = |action: &str| ("stakepoolctl".to_owned(), action.to_owned());
    assert_eq!(acts[..2], [by("user.api_key.show"), by("user.api_key.renew")]);
    scene.run(&["api-token", "renew", "nobody@example.org"]).refusal(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_not_taken_is_named_and_the_key_is_renewed_all_the_same() {
    let scene = Scene::set(1).await;
    scene.register("user@example.org").await;
    // Nothing listens there.
    scene.reconfigure("poolfees=7.5", "poolfees=7.5\nsmtphost=127.0.0.1:1\nsmtpfrom=pool@example.org");
    let renewed = scene.run(&["api-token", "renew", "user@example.org"]);
    assert_eq!(renewed.code, 0, "{}", renewed.errors);
    assert!(renewed.output.contains("tell the user yourself"), "{}", renewed.output);
    assert!(renewed.errors.contains("the user was not mailed"), "{}", renewed.errors);
}
