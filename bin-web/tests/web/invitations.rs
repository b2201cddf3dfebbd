//! The page of invitations, and signing up with one.

use stakepool_core::ports::UserStore as _;
use warp::http::StatusCode;

use crate::admin::plan;
use crate::browser::{Browser, PASSWORD};
use crate::world::{Plan, World};

/// The text of an element with an id.
fn text_of(page: &str, id: &str) -> String {
    let (_, rest) = page.split_once(&format!("id=\"{id}\">")).unwrap_or_else(|| panic!("no {id} in {page}"));
    rest.split('<').next().unwrap().to_owned()
}

async fn pool_by_invitation() -> (World, Browser) {
    let mut plan: Plan = plan();
    plan.settings.invitations_required = true.into();
    let world = World::of(plan).await;
    world.account("admin@example.org", true).await;
    let mut admin = world.browser();
    admin.sign_in("admin@example.org", PASSWORD).await;
    (world, admin)
}

async fn sign_up(world: &World, email: &str, code: &str) -> crate::http::Reply {
    let fields = [("email", email), ("password", PASSWORD), ("passwordrepeat", PASSWORD), ("invitation", code)];
    world.browser().submit("/signup", &fields).await
}

#[tokio::test]
async fn an_administrator_makes_a_code_with_which_one_account_is_made() {
    let (world, mut admin) = pool_by_invitation().await;
    assert!(admin.get("/admininvitations").await.text().contains("No invitation was made yet"));
    let fields = [("action", "create"), ("note", "for <Bob>"), ("uses", "1"), ("days", "14")];
    let made = admin.submit("/admininvitations", &fields).await.text();
    let (code, link) = (text_of(&made, "made-code"), text_of(&made, "made-link").replace("&#x2F;", "/"));
    assert_eq!(link, format!("http://pool.example/signup?invitation={code}"));
    let listed = admin.get("/admininvitations").await.text();
    assert!(!listed.contains(&code) && listed.contains("for &lt;Bob&gt;") && listed.contains("0 of 1"), "{listed}");

    let form = world.browser().get(&format!("/signup?invitation={code}")).await.text();
    assert!(form.contains(&format!("value=\"{code}\"")), "{form}");
    let refused = sign_up(&world, "bob@example.org", "").await.text();
    assert!(refused.contains("type the code of your invitation"), "{refused}");
    let refused = sign_up(&world, "bob@example.org", "abcd").await.text();
    assert!(refused.contains("the invitation code is wrong") && refused.contains("value=\"abcd\""), "{refused}");
    assert_eq!(sign_up(&world, "bob@example.org", &code).await.location(), "/signin");
    assert!(sign_up(&world, "carol@example.org", &code).await.text().contains("was used or has ended"));
    assert_eq!(world.database.counts().await.unwrap().0, 2);
    assert!(admin.get("/admininvitations").await.text().contains("used up"));
    assert!(admin.get("/adminaudit").await.text().contains("made an invitation"));
}

#[tokio::test]
async fn an_administrator_revokes_a_code_and_learns_what_cannot_be() {
    let (world, mut admin) = pool_by_invitation().await;
    let fields = [("action", "create"), ("note", ""), ("uses", "5"), ("days", "1")];
    let code = text_of(&admin.submit("/admininvitations", &fields).await.text(), "made-code");
    for (fields, told) in [
        (vec![("action", "create"), ("uses", "0"), ("days", "1")], "may be used from 1 to 10000 times"),
        (vec![("action", "create"), ("uses", "1"), ("days", "x")], "may last from 1 to 366 days"),
        (vec![("action", "revoke"), ("id", "7")], "this invitation is not open"),
        (vec![("action", "")], "press one of the buttons"),
    ] {
        let refused = admin.submit("/admininvitations", &fields).await;
        assert!(refused.status == StatusCode::OK && refused.text().contains(told), "{told}: {}", refused.text());
    }
    let revoked = admin.submit("/admininvitations", &[("action", "revoke"), ("id", "1")]).await.text();
    assert!(revoked.contains("The invitation is revoked") && revoked.contains("revoked</span>"), "{revoked}");
    assert!(sign_up(&world, "bob@example.org", &code).await.text().contains("the invitation code is wrong"));
}

#[tokio::test]
async fn a_pool_that_asks_for_none_says_so_to_the_administrator_and_shows_no_field() {
    let world = World::of(plan()).await;
    world.account("admin@example.org", true).await;
    let mut admin = world.browser();
    admin.sign_in("admin@example.org", PASSWORD).await;
    assert!(admin.get("/admininvitations").await.text().contains("Nobody needs an invitation now"));
    assert!(!world.browser().get("/signup?invitation=abcd").await.text().contains("invitation"));
}
