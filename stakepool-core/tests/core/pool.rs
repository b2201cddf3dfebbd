//! What the pool knows of tickets as blocks and notifications come and go.

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Amount, BlockHeight, TicketHash, Transaction, VoteBits};
use stakepool_core::ports::{MissingUser, SpentOrMissed, UnknownAddress};
use stakepool_core::reports::{Spend, TicketState, TicketTimes};
use stakepool_core::ticket::Verdict;
use stakepool_core::time::UnixTime;
use stakepool_core::voting::{Lottery, snapshot};

use stakepool_core::testkit::tickets::{Fee, address, block, desired, evaluator, hash, revocation, ticket, vote};

/// Simnet's maturity and expiry, in blocks.
const MATURITY: u32 = 16;
const EXPIRY: u32 = 384;

fn pool_at(height: u32, transactions: &[Transaction]) -> Lottery {
    let mut pool = Lottery::new(evaluator());
    pool.set_desired(desired(&[1], &[]));
    pool.connect(BlockHeight(height), transactions);
    pool
}

fn mine_to(pool: &mut Lottery, height: u32) {
    for next in pool.tip().0 + 1..=height {
        pool.connect(BlockHeight(next), &[]);
    }
}

fn state(pool: &Lottery, transaction: &Transaction) -> TicketState {
    pool.report(&hash(transaction)).unwrap().state
}

#[test]
fn a_ticket_is_judged_when_mined_and_lives_from_maturity_on() {
    let good = ticket(1, 1, Fee::Enough);
    let mut pool = pool_at(200, std::slice::from_ref(&good));
    assert_eq!(pool.take_reports()[0].facts.verdict, Verdict::Accepted);
    mine_to(&mut pool, 199 + MATURITY);
    assert_eq!(state(&pool, &good), TicketState::Immature);
    assert!(pool.take_reports().is_empty());
    mine_to(&mut pool, 200 + MATURITY);
    assert_eq!(pool.take_reports()[0].state, TicketState::Live);
}

#[test]
fn tickets_with_too_low_a_fee_or_a_foreign_one_never_vote() {
    let (low, foreign) = (ticket(1, 1, Fee::TooLow), ticket(1, 2, Fee::ToSomebodyElse));
    let pool = pool_at(200, &[low.clone(), foreign.clone()]);
    let winners = pool.winners(&[hash(&low), hash(&foreign)]);
    assert!(winners.ours.is_empty() && winners.unknown.is_empty());
    assert_eq!(pool.report(&hash(&low)).unwrap().facts.verdict, Verdict::LowFee);
    assert_eq!(pool.report(&hash(&foreign)).unwrap().facts.verdict, Verdict::UnknownFeeAddress);
    assert_eq!(pool.current(false).count(), 2);
}

#[test]
fn an_added_ticket_votes_until_it_is_removed_again() {
    let low = ticket(1, 1, Fee::TooLow);
    let mut pool = pool_at(200, std::slice::from_ref(&low));
    pool.set_desired(desired(&[1], &[hash(&low)]));
    assert_eq!(pool.winners(&[hash(&low)]).ours.len(), 1);
    assert!(pool.take_reports().iter().any(|report| report.added));
    pool.set_desired(desired(&[1], &[]));
    assert!(pool.winners(&[hash(&low)]).ours.is_empty());
}

#[test]
fn a_wanted_state_without_a_user_who_has_tickets_does_not_silence_them() {
    let (good, low) = (ticket(1, 1, Fee::Enough), ticket(1, 2, Fee::TooLow));
    let mut pool = pool_at(200, &[good.clone(), low.clone()]);
    let mut missing = |users: &[u8], added: &[TicketHash]| {
        pool.set_desired(desired(users, added));
        pool.missing_users()
    };
    assert_eq!(missing(&[1, 2], &[hash(&low)]), []);
    let missed = MissingUser { user: UserId(1), address: address(1), tickets: 2 };
    assert_eq!(missing(&[3], &[]), [missed], "user 1 is missing; user 2 has no ticket");
    assert_eq!(missing(&[3, 4], &[]), [missed], "and stays so until somebody gives the user back");
    assert_eq!(pool.winners(&[hash(&good), hash(&low)]).ours.len(), 2);
    pool.set_desired(desired(&[1], &[]));
    assert_eq!(pool.missing_users(), []);
    assert_eq!(pool.winners(&[hash(&good), hash(&low)]).ours.len(), 1);
}

#[test]
fn tickets_whose_scripts_a_wallet_holds_are_voted_by_the_fee_rule_whoever_the_users_are() {
    let (good, low, later) = (ticket(2, 1, Fee::Enough), ticket(2, 2, Fee::TooLow), ticket(2, 3, Fee::Enough));
    let mut pool = pool_at(200, &[good.clone(), low.clone()]);
    assert_eq!(pool.winners(&[hash(&good)]).strangers, [(hash(&good), address(2))], "the wallets must be asked");
    pool.hold(&[hash(&good)]);
    pool.set_desired(desired(&[1, 3], &[]));
    pool.connect(BlockHeight(201), std::slice::from_ref(&later));
    let winners = pool.winners(&[hash(&good), hash(&low), hash(&later)]);
    let voted: Vec<_> = winners.ours.iter().map(|winner| (winner.ticket, winner.voting)).collect();
    assert_eq!(
        voted,
        [(hash(&good), None), (hash(&later), None)],
        "with default bits, and not the one with too low a fee"
    );
    assert_eq!(pool.unknown_addresses(), [UnknownAddress { address: address(2), voted: 2, ignored: 1 }]);
    assert_eq!((pool.current(true).count(), pool.current(false).count()), (2, 1));
    pool.set_desired(desired(&[1, 2, 3], &[]));
    assert_eq!(pool.unknown_addresses(), []);
    assert!(pool.winners(&[hash(&good)]).ours[0].voting.is_some());
}

#[test]
fn a_user_who_registers_after_the_ticket_was_mined_is_voted_for() {
    let good = ticket(2, 1, Fee::Enough);
    let mut pool = pool_at(200, std::slice::from_ref(&good));
    assert!(pool.winners(&[hash(&good)]).ours.is_empty());
    pool.set_desired(desired(&[1, 2], &[]));
    assert_eq!(pool.winners(&[hash(&good)]).ours.len(), 1);
    assert!(pool.take_reports().iter().any(|report| report.ticket == hash(&good)));
}

#[test]
fn a_winner_that_nobody_knows_is_to_be_looked_up() {
    let pool = pool_at(200, &[]);
    let unknown = hash(&ticket(1, 9, Fee::Enough));
    assert_eq!(pool.winners(&[unknown]).unknown, [unknown]);
}

#[test]
fn a_block_says_who_voted_and_who_was_revoked() {
    let (voted, missed) = (ticket(1, 1, Fee::Enough), ticket(1, 2, Fee::Enough));
    let mut pool = pool_at(200, &[voted.clone(), missed.clone()]);
    mine_to(&mut pool, 220);
    let bits = stakepool_core::chain::VoteBits(1);
    let votes = [vote(hash(&voted), block(220, 1), BlockHeight(220), bits, true), revocation(hash(&missed))];
    pool.connect(BlockHeight(221), &votes);
    assert_eq!(state(&pool, &voted), TicketState::Voted);
    assert_eq!(state(&pool, &missed), TicketState::Missed);
    assert_eq!(pool.report(&hash(&voted)).unwrap().ended_at, Some(BlockHeight(221)));
    assert!(pool.report(&hash(&missed)).unwrap().revoked && !pool.report(&hash(&voted)).unwrap().revoked);
}

#[test]
fn a_revocation_is_told_when_it_is_mined_and_when_a_reorganisation_undoes_it() {
    let missed = ticket(1, 1, Fee::Enough);
    let mut pool = pool_at(200, std::slice::from_ref(&missed));
    mine_to(&mut pool, 220);
    pool.spent_or_missed(BlockHeight(220), &[(hash(&missed), SpentOrMissed::Missed)]);
    let told = |pool: &mut Lottery| {
        let reports = pool.take_reports();
        reports.iter().map(|report| (report.state, report.ended_at, report.revoked)).collect::<Vec<_>>()
    };
    let at = |revoked| [(TicketState::Missed, Some(BlockHeight(220)), revoked)];
    assert_eq!(told(&mut pool), at(false));
    assert!(pool.has_unrevoked());
    pool.connect(BlockHeight(221), &[revocation(hash(&missed))]);
    assert_eq!(told(&mut pool), at(true));
    assert!(!pool.has_unrevoked());
    // The block with the revocation is undone, the one with the miss is not.
    pool.disconnect(BlockHeight(221));
    assert_eq!(told(&mut pool), at(false));
    pool.connect(BlockHeight(221), &[]);
    assert_eq!(told(&mut pool), []);
    pool.connect(BlockHeight(222), &[revocation(hash(&missed))]);
    assert_eq!(told(&mut pool), at(true));
}

#[test]
fn times_and_votes_come_from_blocks_and_move_with_a_vote_to_another_block() {
    let voted = ticket(1, 1, Fee::Enough);
    let mut pool = pool_at(200, std::slice::from_ref(&voted));
    pool.note_time(BlockHeight(215), 1150);
    pool.connect(BlockHeight(215), &[]);
    for (height, time) in [(216, 1160), (217, 1170)] {
        pool.note_time(BlockHeight(height), time);
        pool.connect(BlockHeight(height), &[]);
    }
    let cast = |branch| vote(hash(&voted), block(217, branch), BlockHeight(217), VoteBits(1), true);
    let mine = |pool: &mut Lottery, height, time, vote: &Transaction| {
        pool.take_reports();
        pool.note_time(BlockHeight(height), time);
        pool.connect(BlockHeight(height), std::slice::from_ref(vote));
        pool.take_reports().remove(0)
    };
    let found = mine(&mut pool, 218, 1180, &cast(1));
    let time = |seconds| Some(UnixTime(seconds));
    let times = TicketTimes { mined: None, matured: time(1160), drawn: time(1170), ended: time(1180) };
    assert_eq!(found.times, times, "the block of the purchase was mined before the times began");
    let paid = Amount::from_atoms(1);
    let transaction = cast(1).hash();
    let spend = Spend { transaction, mined_at: BlockHeight(218), time: time(1180), paid, first: paid };
    assert_eq!(found.spend, Some(spend));

    pool.disconnect(BlockHeight(218));
    let open = pool.take_reports().remove(0);
    assert_eq!((open.times.drawn, open.times.ended, open.spend), (None, None, None));
    let found = mine(&mut pool, 218, 1189, &cast(2));
    assert_eq!((found.times.ended, found.spend.unwrap().transaction), (time(1189), cast(2).hash()));
}

#[test]
fn a_miss_that_is_told_again_with_its_revocation_is_counted_once() {
    let missed = ticket(1, 1, Fee::Enough);
    let mut pool = pool_at(200, std::slice::from_ref(&missed));
    mine_to(&mut pool, 220);
    pool.spent_or_missed(BlockHeight(220), &[(hash(&missed), SpentOrMissed::Missed)]);
    pool.take_reports();
    pool.spent_or_missed(BlockHeight(230), &[(hash(&missed), SpentOrMissed::Missed)]);
    assert!(pool.take_reports().is_empty());
    assert_eq!(pool.report(&hash(&missed)).unwrap().ended_at, Some(BlockHeight(220)));
}

#[test]
fn a_ticket_that_never_won_expires() {
    let unlucky = ticket(1, 1, Fee::Enough);
    let mut pool = pool_at(200, std::slice::from_ref(&unlucky));
    let expires = 200 + MATURITY + EXPIRY;
    mine_to(&mut pool, expires);
    pool.spent_or_missed(BlockHeight(expires), &[(hash(&unlucky), SpentOrMissed::Missed)]);
    assert_eq!(state(&pool, &unlucky), TicketState::Expired);
}

#[test]
fn a_reorganisation_revives_what_its_blocks_ended_and_unmines_their_tickets() {
    let (old, new) = (ticket(1, 1, Fee::Enough), ticket(1, 2, Fee::Enough));
    let mut pool = pool_at(200, std::slice::from_ref(&old));
    mine_to(&mut pool, 220);
    let bits = stakepool_core::chain::VoteBits(1);
    pool.connect(BlockHeight(221), &[vote(hash(&old), block(220, 1), BlockHeight(220), bits, true), new.clone()]);
    assert_eq!(state(&pool, &old), TicketState::Voted);
    pool.disconnect(BlockHeight(221));
    assert_eq!(state(&pool, &old), TicketState::Live);
    assert!(!pool.knows(&hash(&new)));
    assert_eq!(pool.tip(), BlockHeight(220));
}

#[test]
fn a_reorganisation_over_the_maturing_block_makes_a_ticket_immature_and_live_again() {
    let good = ticket(1, 1, Fee::Enough);
    let mut pool = pool_at(200, std::slice::from_ref(&good));
    mine_to(&mut pool, 200 + MATURITY);
    pool.take_reports();
    pool.disconnect(BlockHeight(200 + MATURITY));
    assert_eq!(pool.take_reports()[0].state, TicketState::Immature);
    mine_to(&mut pool, 200 + MATURITY);
    assert_eq!(pool.take_reports()[0].state, TicketState::Live);
}

#[test]
fn the_saved_state_comes_back_whole_and_a_changed_one_is_refused() {
    let (good, low) = (ticket(1, 1, Fee::Enough), ticket(1, 2, Fee::TooLow));
    let mut pool = pool_at(200, &[good.clone(), low.clone()]);
    pool.set_desired(desired(&[1], &[hash(&low)]));
    let point = (block(200, 1), BlockHeight(200));
    let bytes = snapshot::Snapshot::of(&pool, 7, true, Some(point), []).encode().unwrap();

    let mut restored = Lottery::new(evaluator());
    let what = snapshot::restore(&mut restored, &bytes).unwrap();
    assert_eq!((what.epoch, what.synced, what.has_users), (7, Some(point), true));
    assert_eq!(restored.desired().digest(), pool.desired().digest());
    assert_eq!(restored.winners(&[hash(&good), hash(&low)]).ours.len(), 2);

    for at in [0, 9, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(snapshot::restore(&mut Lottery::new(evaluator()), &changed).is_err(), "byte {at}");
    }
    assert!(snapshot::restore(&mut Lottery::new(evaluator()), &bytes[..bytes.len() - 5]).is_err());
    assert!(snapshot::restore(&mut Lottery::new(evaluator()), &[]).is_err());
}
