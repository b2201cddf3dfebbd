//! `stakepoolctl terms`.

use crate::scene::{HEIGHT, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn another_fee_is_announced_listed_handed_to_the_daemons_and_taken_back() {
    let scene = Scene::served(1).await;
    assert!(scene.run(&["terms", "list"]).success().contains("no terms are noted yet"));
    let from = (HEIGHT + 100).to_string();
    let announced = scene.run(&["terms", "announce", "--fee", "9", "--from", &from, "--no-mail", "--json"]).json();
    assert_eq!((announced["from"].as_u64(), announced["fee"].as_f64()), (Some(u64::from(HEIGHT + 100)), Some(9.0)));
    assert_eq!(announced["state"], "to_come");
    let told = || {
        let wanted = scene.daemons[0].backend.wanted.lock().unwrap();
        wanted.terms().iter().map(|terms| terms.fee.percent()).collect::<Vec<_>>()
    };
    assert_eq!(told(), [7.5, 9.0], "the first, which the configuration says, and what was announced");
    let listed = scene.run(&["terms", "list"]).success();
    let lines: Vec<_> = listed.lines().collect();
    assert_eq!(lines.len(), 3, "{listed}");
    assert!(lines[1].contains("in force") && lines[1].contains("7.5 %"), "{listed}");
    assert!(lines[2].contains("to come") && lines[2].contains("9 %") && lines[2].contains(" UTC"), "{listed}");
    let outcome = scene.run(&["terms", "revoke", &from]);
    assert_eq!(outcome.code, 0, "{}", outcome.errors);
    assert_eq!(told(), [7.5]);
    assert!(scene.run(&["terms", "revoke", &from]).refusal(3).contains("no terms were announced"));
    let acts: Vec<_> = scene.audit().await.into_iter().map(|entry| entry.action).collect();
    assert_eq!(acts, ["notice.remove", "terms.revoke", "notice.add", "terms.announce"], "users are told of both");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_announced_is_refused_with_the_remedy() {
    let scene = Scene::served(1).await;
    let announce = |arguments: &[&str]| scene.run(&[&["terms", "announce"], arguments].concat());
    let [cold, _] = scene.keys().map(|key| key.to_string());
    for (arguments, code, words) in [
        (&["--fee", "9", "--from", "150"][..], 3, "is not to come: the chain is at 200"),
        (&["--fee", "9", "--on", "2020-01-01"], 3, "is not to come"),
        (&["--fee", "7.5", "--from", "300"], 3, "what you ask for"),
        (&["--cold-wallet", &cold, "--from", "300"], 3, "what you ask for"),
        (&["--fee", "101", "--from", "300"], 2, "is not a pool fee"),
        (&["--cold-wallet", "spub1", "--from", "300"], 2, "--cold-wallet"),
        (&["--fee", "9", "--on", "soon"], 2, "write 2027-01-15"),
        (&["--fee", "9"], 2, "required"),
        (&["--from", "300"], 2, "required"),
    ] {
        let refusal = announce(arguments).refusal(code);
        assert!(refusal.contains(words), "{arguments:?}: {refusal}");
    }
}
