//! What the demo prints.

use std::collections::BTreeSet;

use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::StoredVote;
use stakepool_core::reports::TicketState;
use stakepool_core::vsp::RegisteredCounts;

use crate::story::{ADMIN, DemoUser, USER};

/// Where to look, and how to sign in.
pub fn welcome(url: &str, user: &DemoUser) {
    println!();
    println!("  The pool's page      {url}/");
    println!("  Sign in as a user    {}   {}", USER.0, USER.1);
    println!("  as administrator     {}   {}", ADMIN.0, ADMIN.1);
    println!("  Ask as a wallet      curl -H 'Authorization: Bearer {}' {url}/api/v2/getpurchaseinfo", user.api_key);
    println!();
    println!(
        "  Some of alice's tickets pay too low a fee: they are ignored and missed until the administrator adds them on \
         {url}/admintickets"
    );
    println!(
        "  A wallet of today buys tickets, too, without an account: it asks {url}/api/v3, and hands over the keys that vote."
    );
    println!("  A block every few seconds; Ctrl-C stops cleanly.");
    println!();
}

/// One line about a block: who voted in it, and how the user's tickets stand.
pub fn block(
    height: BlockHeight,
    votes: usize,
    winners: usize,
    ours: &[&StoredVote],
    counts: &[(TicketState, bool, u64)],
    of_wallet: &RegisteredCounts,
) {
    let tickets: BTreeSet<_> =
        ours.iter().filter(|vote| vote.record.outcome.is_cast()).map(|v| v.record.ticket).collect();
    let fastest = ours.iter().map(|vote| vote.record.timings.total).min();
    let cast = match (tickets.len(), fastest) {
        (0, _) | (_, None) => String::new(),
        (count, Some(time)) => format!("   {count} of them by the pool, within {:.1} ms", time.as_secs_f64() * 1000.0),
    };
    let count = |state| counts.iter().filter(|(s, ignored, _)| *s == state && !ignored).map(|(.., n)| n).sum::<u64>();
    let ignored: u64 = counts.iter().filter(|(_, ignored, _)| *ignored).map(|(.., n)| n).sum();
    println!(
        "block {height}   {votes} of {winners} winners voted{cast:<42}   alice: {} live, {} immature, {} voted, {} missed, {ignored} ignored   wallet of today: {} registered, {} voted, {} missed",
        count(TicketState::Live),
        count(TicketState::Immature),
        count(TicketState::Voted),
        count(TicketState::Missed),
        of_wallet.voting,
        of_wallet.voted,
        of_wallet.missed,
    );
}
