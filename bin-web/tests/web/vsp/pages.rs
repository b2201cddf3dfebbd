//! The page that says how to buy with a wallet of today.

use stakepool::vsp::DaemonsSeen;
use stakepool_core::chain::BlockHeight;
use warp::http::StatusCode;

use super::scene::Scene;
use crate::world::World;

async fn page(scene: &Scene) -> String {
    let reply = scene.world.browser().get("/vsp").await;
    assert_eq!(reply.status, StatusCode::OK);
    reply.text()
}

#[tokio::test]
async fn a_buyer_finds_address_key_fee_and_the_lines_for_the_wallet() {
    let scene = Scene::set().await;
    let (standing, page) = (scene.vsp.standing(), page(&scene).await);
    // What a browser shows and copies.
    let page = page.replace("&#x2F;", "/").replace("&#x3D;", "=").replace("&quot;", "\"").replace("&#x2B;", "+");
    let (key, fee) = (&standing.public_key, standing.fee.unwrap());
    for text in [
        "Open:",
        "id=\"vsp-url\">http://pool.example<",
        &format!("id=\"vsp-key\">{key}<"),
        &format!("exccwallet --simnet --vsp.url=http://pool.example --vsp.pubkey={key}<"),
        &format!("5% of the reward, paid when the ticket is bought: {fee} EXCC"),
        "never more than 0.10 EXCC",
        "exccctl --simnet --wallet purchaseticket default HIGHEST_PRICE 1 \"\" 1<",
        "exccctl --simnet --wallet processunmanagedticket TICKET<",
        "href=\"/vsp\" aria-current=\"page\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let home = scene.world.browser().get("/").await.text();
    assert!(
        home.contains("buy tickets with this pool as your VSP") && !home.contains("cannot use this pool"),
        "{home}"
    );
}

#[tokio::test]
async fn a_buyer_reads_why_no_ticket_is_taken() {
    let scene = Scene::set().await;
    scene.vsp.look(DaemonsSeen { all: 3, voting: 0, synced: None, fee_index: None }).await;
    let hindered = page(&scene).await;
    assert!(hindered.contains("no voting daemon can vote at this moment") && !hindered.contains("Open:"), "{hindered}");
    scene.vsp.terms().closed.set_configured(Some("We move until Monday.".to_owned()));
    scene.vsp.look(DaemonsSeen { all: 3, voting: 3, synced: Some(BlockHeight(162)), fee_index: None }).await;
    let closed = page(&scene).await;
    assert!(closed.contains("Closed: no new tickets are taken.</strong> We move until Monday."), "{closed}");
}

#[tokio::test]
async fn a_pool_without_wallets_of_today_has_no_such_page() {
    let world = World::start().await;
    let mut browser = world.browser();
    assert_eq!(browser.get("/vsp").await.status, StatusCode::NOT_FOUND);
    assert!(!browser.get("/").await.text().contains("/vsp"));
}
