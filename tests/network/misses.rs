//! Tickets that are missed, and wallets that do not sign.

use stakepool_core::chain::Generation;
use stakepool_core::reports::TicketState;

use crate::browser::Browser;
use crate::scene::Scene;

async fn missed_tickets_are_revoked(generation: Generation) {
    let scene = Scene::set(generation, 1).await;
    scene.network.node().fail("sendrawtransaction", -1, "the test wants a miss");
    let tickets = scene.buy(2);
    // The other three winners suffice for a block.
    scene.network.let_win(&tickets);
    while !tickets.iter().all(|ticket| scene.network.winners(scene.network.height()).contains(ticket)) {
        assert!(scene.network.height().0 < 250, "the tickets never won");
        scene.network.mine(1).await.unwrap();
    }
    scene.network.mine(1).await.unwrap();
    let is_missed = |ticket| scene.network.ticket_state(ticket) == Some(TicketState::Missed);
    assert!(tickets.iter().all(is_missed));
    scene.network.node().heal();
    scene.until("the misses are told", async || scene.ledger_count(TicketState::Missed, false).await == 2).await;
    assert!(!scene.ledger(&tickets[0]).await.unwrap().revoked);
    let asked = || scene.network.voting_wallets().iter().all(|wallet| wallet.calls("revoketickets") > 0);
    if generation == Generation::Legacy {
        scene.until("every daemon asks its wallet to revoke", async || asked()).await;
    }
    assert_eq!(scene.mine(2).await, 0);
    assert!(tickets.iter().all(|ticket| scene.network.is_revoked(ticket)));
    if generation == Generation::Today {
        assert!(!asked(), "consensus revokes");
    }
    for ticket in &tickets {
        scene.until("the revocation is told", async || scene.ledger(ticket).await.unwrap().revoked).await;
    }
    let web = scene.web().await;
    let mut browser = Browser::new(web.url());
    browser.submit("/signin", &[("email", "user@example.org"), ("password", "correct horse 42")]).await;
    let page = browser.get("/tickets?show=missed").await.body;
    assert!(page.matches("<small>revoked</small>").count() == 2 && !page.contains("not yet revoked"), "{page}");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missed_tickets_are_revoked_on_todays_network() {
    missed_tickets_are_revoked(Generation::Today).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missed_tickets_are_revoked_on_a_legacy_network() {
    missed_tickets_are_revoked(Generation::Legacy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlocked_wallet_without_the_pools_keys_is_told_and_others_vote() {
    let scene = Scene::set(Generation::Today, 1).await;
    let tickets = scene.buy(60);
    assert_eq!(scene.mine(22).await, 0);
    // It has the scripts and is unlocked, and signs nothing.
    scene.network.wallet(0).disagree(true);
    scene.network.let_win(&tickets);
    assert_eq!(scene.mine(3).await, 0, "the other daemons do not vote");
    let told = async || {
        let status = scene.pool.pool.parts().daemons[0].status().await.unwrap();
        status.problems.iter().any(|problem| problem.contains("answers unsigned votes"))
    };
    scene.until("the daemon tells of its wallet", told).await;
    scene.network.wallet(0).disagree(false);
    scene.until("the wallet signs again", async || !told().await).await;
    scene.end().await;
}
