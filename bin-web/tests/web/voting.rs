//! The voting page: agendas that wallets report, choices, and those that no longer count.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use stakepool::Parts;
use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{VoteBits, VoteVersion};
use stakepool_core::ports::{Agenda, AgendaChoice, AgendaSource, UserStore as _, WalletError};
use warp::http::StatusCode;

use crate::fakes::VOTE_VERSION;
use crate::world::{Plan, World};

/// A network with two agendas.
pub struct TwoAgendas;

#[async_trait]
impl AgendaSource for TwoAgendas {
    async fn agendas(&self, version: VoteVersion) -> Result<Vec<Agenda>, WalletError> {
        assert_eq!(version, VOTE_VERSION);
        let choice = |id: &str, bits| AgendaChoice { id: id.into(), description: format!("<{id}>"), bits };
        let agenda = |id: &str, mask, choices| Agenda {
            id: id.into(),
            description: "Shall it be?".into(),
            status: "started".into(),
            mask,
            choices,
        };
        Ok(vec![
            agenda("size", 6, vec![choice("abstain", 0), choice("no", 2), choice("yes", 4)]),
            agenda("speed", 8, vec![choice("no", 0), choice("yes", 8)]),
        ])
    }
}

/// A wallet that does not answer.
struct Away(AtomicBool);

#[async_trait]
impl AgendaSource for Away {
    async fn agendas(&self, _: VoteVersion) -> Result<Vec<Agenda>, WalletError> {
        self.0.store(true, Ordering::SeqCst);
        Err(WalletError::Unreachable { wallet: "w".into(), reason: "refused".into() })
    }
}

async fn world(change_parts: fn(&mut Parts)) -> World {
    World::of(Plan { change_parts, ..Plan::default() }).await
}

async fn voting(world: &World) -> VotingPreference {
    world.database.by_id(UserId(1)).await.unwrap().unwrap().voting
}

async fn set_voting(world: &World, bits: u16, version: u32) {
    let before = world.database.by_id(UserId(1)).await.unwrap().unwrap();
    let mut after = before.clone();
    after.voting = VotingPreference { bits: VoteBits(bits), version: VoteVersion(version) };
    world.database.update(&before, &after).await.unwrap();
}

#[tokio::test]
async fn without_agendas_the_page_says_so_and_any_form_means_approval() {
    let world = World::start().await;
    let mut browser = world.user("a@example.org").await;
    let page = browser.get("/voting").await.text();
    assert!(page.contains("no agendas for vote version 6") && page.contains("vote bits 1"), "{page}");
    let reply = browser.submit("/voting", &[("agenda0", "4"), ("VoteBits", "5")]).await;
    assert_eq!(reply.location(), "/voting");
    assert_eq!(voting(&world).await, VotingPreference { bits: VoteBits(1), version: VOTE_VERSION });
    assert!(browser.get("/voting").await.text().contains("Your choice is stored."));
    assert_eq!(world.browser().get("/voting").await.location(), "/signin");
}

#[tokio::test]
async fn a_choice_is_stored_for_the_present_vote_version() {
    let world = world(|parts| parts.agendas = vec![Arc::new(Away(AtomicBool::new(false))), Arc::new(TwoAgendas)]).await;
    let mut browser = world.user("a@example.org").await;
    let page = browser.get("/voting").await.text();
    assert!(page.contains("Shall it be?") && page.contains("&lt;yes&gt;") && page.contains("voting is open"), "{page}");
    assert!(page.contains("name=\"agenda0\" value=\"0\" checked"), "{page}");
    assert_eq!(browser.submit("/voting", &[("agenda0", "4"), ("agenda1", "8")]).await.location(), "/voting");
    assert_eq!(voting(&world).await, VotingPreference { bits: VoteBits(0b1101), version: VOTE_VERSION });
    // What a form leaves out stays.
    assert_eq!(browser.submit("/voting", &[("agenda0", "2")]).await.location(), "/voting");
    assert_eq!(voting(&world).await.bits, VoteBits(0b1011));
    for odd in ["6", "-1", "yes", "99999999999999999999", "日"] {
        let reply = browser.submit("/voting", &[("agenda0", odd)]).await;
        assert!(reply.text().contains("choose one of the answers"), "{odd}");
        assert_eq!(voting(&world).await.bits, VoteBits(0b1011), "{odd}");
    }
    let key = browser.api_key().await;
    let answer = world.call(&key, "/api/v2/voting", Some("VoteBits=5")).await;
    assert!(answer.contains("successfully updated voting preferences"), "{answer}");
    let answer = world.call(&key, "/api/v2/voting", Some("VoteBits=7")).await;
    assert!(answer.contains("votebits invalid for current agendas"), "{answer}");
}

#[tokio::test]
async fn a_choice_of_an_older_vote_version_is_told_until_it_is_answered() {
    let world = World::start().await;
    let mut browser = world.user("a@example.org").await;
    set_voting(&world, 1, 5).await;
    assert!(!browser.get("/voting").await.text().contains("no longer counts"), "approval alone lost nothing");
    let mut browser = world.user("b@example.org").await;
    let before = world.database.by_id(UserId(2)).await.unwrap().unwrap();
    let mut after = before.clone();
    after.voting = VotingPreference { bits: VoteBits(5), version: VoteVersion(5) };
    world.database.update(&before, &after).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let page = browser.get("/voting").await.text();
    assert!(page.contains("no longer counts") && page.contains("for vote version 5"), "{page}");
    assert_eq!(browser.submit("/voting", &[]).await.location(), "/voting");
    assert!(!browser.get("/voting").await.text().contains("no longer counts"));
}

#[tokio::test]
async fn while_no_wallet_answers_the_choice_stays() {
    let world = world(|parts| parts.agendas = vec![Arc::new(Away(AtomicBool::new(false)))]).await;
    let mut browser = world.user("a@example.org").await;
    set_voting(&world, 5, 6).await;
    assert!(browser.get("/voting").await.text().contains("It is not known at this moment"));
    let reply = browser.submit("/voting", &[]).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(voting(&world).await.bits, VoteBits(5));
}
