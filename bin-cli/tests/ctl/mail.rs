//! `stakepoolctl mail`.

use serde_json::json;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{MailFailure, MailFailureStore, UpkeepStore};
use stakepool_core::time::UnixTime;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn users_whom_mail_did_not_reach_are_listed_with_the_reason() {
    let scene = Scene::set(1).await;
    let database = scene.database().await;
    assert_eq!(scene.run(&["mail", "failures"]).success(), "no mail to a user was given up\n");
    let now = UnixTime::from(std::time::SystemTime::now());
    let failure = |user, ago, reason: &str| MailFailure {
        user: UserId(user),
        at: UnixTime(now.0 - ago),
        reason: reason.to_owned(),
    };
    database.mail_failed(&failure(7, 100, "550 no such user")).await.unwrap();
    database.mail_failed(&failure(8, 50, "552 full")).await.unwrap();
    assert_eq!(
        scene.run(&["mail", "failures", "--json"]).json(),
        json!([
            {"user": 8, "at": now.0 - 50, "reason": "552 full"},
            {"user": 7, "at": now.0 - 100, "reason": "550 no such user"},
        ])
    );
    let note = json!({"since": now.0 - 90, "last_try": now.0 - 5, "reason": "mail:25: connection refused"}).to_string();
    database.set_note("mail/outage", &note).await.unwrap();
    let without_mail = scene.run(&["mail", "failures"]);
    assert_eq!(without_mail.errors, "", "no mail server is configured any more");
    scene.reconfigure("poolfees=7.5", "poolfees=7.5\nsmtphost=mail:25\nsmtpfrom=pool@example.org");
    let outcome = scene.run(&["mail", "failures"]);
    assert!(outcome.errors.contains("takes no mail since") && outcome.errors.contains("refused"), "{}", outcome.errors);
    assert!(outcome.output.contains("552 full"), "{}", outcome.output);
}
