//! Signing up where the pool asks for an invitation.

use std::time::Duration;

use stakepool::accounts::{NewPassword, SignUpError, SignedUp};
use stakepool::administration::{InvitationWish, InviteError, Invited};
use stakepool_core::accounts::{Actor, EmailState};
use stakepool_core::ports::{InvitationId, Slice};

use crate::world::{ALICE, BOB, PASSWORD, World, from, home};

const ALL: Slice = Slice { offset: 0, limit: 99 };

async fn by_invitation(mail: bool) -> World {
    World::with(|plan| {
        plan.mail = mail;
        plan.settings.invitations_required = true.into();
        plan.settings.tries.sign_ups_per_client = 1000;
    })
    .await
}

async fn invite(world: &World, uses: u32) -> Invited {
    let wish = InvitationWish { note: "for Bob", uses, days: 2 };
    world.pool.invite(Actor::CommandLine, &wish).await.unwrap()
}

async fn sign_up(world: &World, email: &str, code: &str) -> Result<SignedUp, SignUpError> {
    world.pool.sign_up(email, NewPassword::once(PASSWORD), &home())?.invitation(code).finish().await
}

async fn used(world: &World) -> u32 {
    world.pool.invitations(ALL).await.unwrap().rows[0].used
}

#[tokio::test]
async fn an_account_is_made_for_who_has_an_open_invitation_only() {
    let world = by_invitation(false).await;
    assert!(matches!(sign_up(&world, ALICE, " ").await, Err(SignUpError::NoInvitation)));
    assert!(matches!(sign_up(&world, ALICE, "abcd-efgh-ijkl-mnop").await, Err(SignUpError::WrongInvitation)));
    let invited = invite(&world, 1).await;
    let code = invited.code.reveal();
    assert!(matches!(sign_up(&world, ALICE, &code.to_uppercase()).await, Ok(SignedUp::Ready(_))));
    let (_, action, _, detail) = world.last_act().await;
    assert_eq!((action.as_str(), detail.as_str()), ("account.create", "from 203.0.113.9, by invitation 1"));
    assert!(matches!(sign_up(&world, BOB, &code).await, Err(SignUpError::WrongInvitation)), "it is used up");
    assert!(world.by_email(BOB).await.is_none());
}

#[tokio::test]
async fn a_pool_that_asks_for_none_looks_at_none() {
    let world = World::start().await;
    let code = invite(&world, 1).await.code.reveal();
    for (email, code) in [(ALICE, "nonsense"), (BOB, code.as_str())] {
        sign_up(&world, email, code).await.unwrap();
    }
    assert_eq!(used(&world).await, 0);
}

#[tokio::test]
async fn what_was_asked_for_from_now_on_counts_at_once() {
    let world = World::start().await;
    world.pool.settings().invitations_required.set(true);
    assert!(world.pool.asks_for_invitations());
    assert!(matches!(sign_up(&world, ALICE, "").await, Err(SignUpError::NoInvitation)));
}

#[tokio::test]
async fn an_invitation_that_is_revoked_or_too_old_opens_nothing() {
    let world = by_invitation(false).await;
    let (one, other) = (invite(&world, 9).await, invite(&world, 9).await);
    assert!(world.pool.revoke_invitation(Actor::CommandLine, one.id).await.unwrap());
    assert!(!world.pool.revoke_invitation(Actor::CommandLine, one.id).await.unwrap());
    assert!(!world.pool.revoke_invitation(Actor::CommandLine, InvitationId(99)).await.unwrap());
    assert_eq!(world.acts(3).await, ["invitation.revoke", "invitation.create", "invitation.create"]);
    assert!(matches!(sign_up(&world, ALICE, &one.code.reveal()).await, Err(SignUpError::WrongInvitation)));
    world.clock.advance(Duration::from_secs(2 * 86_400));
    assert!(matches!(sign_up(&world, ALICE, &other.code.reveal()).await, Err(SignUpError::WrongInvitation)));
}

#[tokio::test]
async fn a_sign_up_that_is_refused_openly_uses_no_invitation_up() {
    let world = by_invitation(false).await;
    world.account(ALICE).await;
    let code = invite(&world, 1).await.code.reveal();
    assert!(matches!(sign_up(&world, ALICE, &code).await, Err(SignUpError::EmailTaken)));
    assert_eq!(used(&world).await, 0);
    sign_up(&world, BOB, &code).await.unwrap();
}

#[tokio::test]
async fn with_mail_an_invitation_does_not_tell_whether_there_is_an_account() {
    let world = by_invitation(true).await;
    world.account(ALICE).await;
    let (one, other) = (invite(&world, 1).await, invite(&world, 1).await);
    for (email, code) in [(ALICE, one.code.reveal()), (BOB, other.code.reveal())] {
        assert_eq!(sign_up(&world, email, &code).await.unwrap(), SignedUp::CheckMail);
        assert!(matches!(sign_up(&world, email, &code).await, Err(SignUpError::WrongInvitation)), "{email}");
    }
}

#[tokio::test]
async fn wrong_codes_are_counted_by_client() {
    let world = by_invitation(false).await;
    let code = invite(&world, 1).await.code.reveal();
    for _ in 0..world.pool.settings().tries.sign_ins_per_account {
        assert!(matches!(sign_up(&world, ALICE, "aaaa-aaaa-aaaa-aaaa").await, Err(SignUpError::WrongInvitation)));
    }
    assert!(matches!(sign_up(&world, ALICE, &code).await, Err(SignUpError::TooManyInvitations(_))));
    let elsewhere = from("198.51.100.7");
    let checked = world.pool.sign_up(ALICE, NewPassword::once(PASSWORD), &elsewhere).unwrap();
    assert!(matches!(checked.invitation(&code).finish().await, Ok(SignedUp::Ready(_))));
}

#[tokio::test]
async fn only_the_hash_of_a_code_is_stored_and_what_cannot_be_is_refused() {
    let world = by_invitation(false).await;
    let code = invite(&world, 3).await.code.reveal();
    let listed = world.pool.invitations(ALL).await.unwrap().rows.remove(0);
    assert_eq!((listed.note.as_str(), listed.uses, listed.made_by.as_str()), ("for Bob", 3, "stakepoolctl"));
    assert!(!format!("{listed:?} {:?}", world.last_act().await).contains(&code));
    let refused = async |note: &str, uses, days| {
        world.pool.invite(Actor::CommandLine, &InvitationWish { note, uses, days }).await.unwrap_err()
    };
    for uses in [0, 10_001] {
        assert!(matches!(refused("", uses, 1).await, InviteError::Uses));
    }
    for days in [0, 367] {
        assert!(matches!(refused("", 1, days).await, InviteError::Days));
    }
    for note in ["x".repeat(101), "two\nlines".to_owned(), "hid\u{202e}den".to_owned()] {
        assert!(matches!(refused(&note, 1, 1).await, InviteError::Note));
    }
}

#[tokio::test]
async fn an_invitation_is_open_again_when_the_account_that_it_made_is_removed_unverified() {
    let world = by_invitation(true).await;
    let wish = InvitationWish { note: "for all", uses: 9, days: 90 };
    let code = world.pool.invite(Actor::CommandLine, &wish).await.unwrap().code.reveal();
    sign_up(&world, ALICE, &code).await.unwrap();
    sign_up(&world, BOB, &code).await.unwrap();
    world.change(world.by_email(BOB).await.unwrap().id, |user| user.email_state = EmailState::Verified).await;
    assert_eq!(used(&world).await, 2);
    world.clock.advance(Duration::from_secs(8 * 86_400));
    let (_stop, _running) = world.run();
    let returned = async {
        while used(&world).await == 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), returned).await.expect("it is still used up");
    assert_eq!(used(&world).await, 1, "Bob's account stays");
}
