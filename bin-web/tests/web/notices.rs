//! Notices to the users on pages and in the user API, and a pool whose closing day has come.

use std::time::Duration;

use stakepool::NoticeKind;
use stakepool::administration::NewNotice;
use stakepool_core::accounts::Actor;
use stakepool_core::ports::Clock as _;

use crate::world::{USER_KEY, World};

const DAY: u64 = 86_400;

async fn add(world: &World, kind: NoticeKind, text: &str) {
    let from = world.clock.now().plus(Duration::from_secs(DAY));
    let until = (kind != NoticeKind::Closing).then(|| from.plus(Duration::from_secs(DAY)));
    let new = NewNotice { kind, text: text.to_owned(), from, until, mail: false, block: None };
    world.pool.add_notice(Actor::CommandLine, new).await.unwrap();
}

#[tokio::test]
async fn every_page_and_the_statistics_of_the_api_tell_a_notice_with_its_dates() {
    let world = World::start().await;
    let mut user = world.user("a@example.org").await;
    assert!(!world.send("GET", "/api/v2/stats", &[], b"").await.text().contains("Notices"));
    add(&world, NoticeKind::Maintenance, "New disks <b>for</b> all.\nVotes go on.").await;
    world.advance(2);
    for path in ["/settings", "/voting", "/stats"] {
        let page = user.get(path).await.text();
        assert!(page.contains("aria-label=\"Maintenance\""), "{path}: {page}");
        assert!(
            page.contains("<strong>Maintenance</strong>, 2023-11-15 22:13 UTC to 2023-11-16 22:13 UTC"),
            "{path}: {page}"
        );
        assert!(page.contains("New disks &lt;b&gt;for&lt;/b&gt; all.\nVotes go on."), "{path}: {page}");
    }
    let stats: serde_json::Value =
        serde_json::from_str(&world.send("GET", "/api/v2/stats?x", &[], b"").await.text()).unwrap();
    let notice = &stats["data"]["Notices"][0];
    assert_eq!((notice["Kind"].as_str(), notice["From"].as_i64()), (Some("maintenance"), Some(1_700_086_400)));
    assert_eq!(notice["Until"], 1_700_172_800);
    world.advance(2 * DAY);
    assert!(!user.get("/settings").await.text().contains("Maintenance"), "it is over");
}

#[tokio::test]
async fn a_pool_whose_day_has_come_shows_no_way_to_buy_and_keeps_the_script() {
    let world = World::start().await;
    let mut user = world.user("a@example.org").await;
    user.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    add(&world, NoticeKind::Closing, "Farewell.").await;
    let before = user.get("/tickets").await.text();
    assert!(
        before.contains("How to buy tickets") && before.contains("<strong>This pool closes</strong>, 2023-11-15"),
        "{before}"
    );
    world.advance(DAY);
    world.pool.read_notices().await.unwrap();
    let page = user.get("/tickets/buy").await.text();
    assert!(page.contains("No more tickets with this pool") && !page.contains("purchaseticket"), "{page}");
    let page = user.get("/tickets/backup").await.text();
    assert!(page.contains("importscript") && page.contains("/tickets.json"), "{page}");
    let page = user.get("/tickets").await.text();
    assert!(page.contains("takes no more tickets") && !page.contains("Three steps"), "{page}");
    let signup = world.browser().get("/signup").await.text();
    assert!(signup.contains("takes no new users") && signup.contains("Farewell."), "{signup}");
}
