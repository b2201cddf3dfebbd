//! `stakepoolctl invitations`.

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_made_shown_once_listed_without_and_revoked() {
    let scene = Scene::set(1).await;
    scene.database().await;
    scene.reconfigure("simnet=1\n", "simnet=1\ninvitations=required\n");
    let create = ["invitations", "create", "--uses", "3", "--days", "2", "--note", "for Bob", "--json"];
    let made = scene.run(&create).json();
    let code = made["code"].as_str().unwrap();
    assert_eq!((made["id"].as_i64(), made["uses"].as_u64(), code.len()), (Some(1), Some(3), 19));
    assert!(made["link"].as_str().unwrap().ends_with(&format!("/signup?invitation={code}")), "{made}");
    let listed = scene.run(&["invitations", "list"]).success();
    assert!(listed.contains(" yes ") && listed.contains("0 of 3") && listed.contains("for Bob"), "{listed}");
    assert!(!listed.contains(code), "{listed}");
    assert_eq!(scene.run(&["invitations", "revoke", "1"]).success(), "revoked  invitation 1\n");
    assert!(scene.run(&["invitations", "revoke", "1"]).refusal(3).contains("is not open"));
    assert_eq!(scene.run(&["invitations", "list", "--json"]).json()[0]["open"], false);
    let acts: Vec<_> = scene.audit().await.into_iter().map(|entry| (entry.actor, entry.action)).collect();
    let by = |action: &str| ("stakepoolctl".to_owned(), action.to_owned());
    assert_eq!(acts, [by("invitation.revoke"), by("invitation.create")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_and_a_code_that_nobody_asks_for_is_said_so() {
    let scene = Scene::set(1).await;
    scene.database().await;
    assert_eq!(scene.run(&["invitations", "list"]).success(), "there are no invitations\n");
    let refused = scene.run(&["invitations", "create", "--uses", "0"]).refusal(2);
    assert!(refused.contains("--uses: an invitation may be used from 1"), "{refused}");
    let outcome = scene.run(&["invitations", "create"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.errors.contains("invitations=required is not set"), "{}", outcome.errors);
}
