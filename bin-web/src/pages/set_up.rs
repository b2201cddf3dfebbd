//! How far a newcomer has come, from the sign-up to the first vote.

use serde::Serialize;
use stakepool::tickets::Tally;
use stakepool_core::accounts::User;

/// How far somebody has come.
#[derive(Default, Serialize)]
pub struct SetUp {
    account: bool,
    wallet: bool,
    /// A ticket is mined.
    bought: bool,
    /// A ticket can be drawn, or was.
    mature: bool,
    voted: bool,
}

impl SetUp {
    /// Everything is done.
    pub const DONE: Self = Self { account: true, wallet: true, bought: true, mature: true, voted: true };

    /// How far a visitor has come, by the account and its tickets.
    pub fn of(user: Option<&User>, tally: &Tally) -> Self {
        let drawn = tally.voted + tally.missed;
        Self {
            account: user.is_some(),
            wallet: user.is_some_and(|user| user.registration.is_some()),
            bought: drawn + tally.live + tally.immature + tally.expired > 0,
            mature: drawn + tally.live + tally.expired > 0,
            voted: tally.voted > 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_done_by_what_the_ledger_has() {
        let steps = |tally: Tally| {
            let steps = SetUp::of(None, &tally);
            (steps.account, steps.bought, steps.mature, steps.voted)
        };
        assert_eq!(steps(Tally::default()), (false, false, false, false));
        assert_eq!(
            steps(Tally { ignored: 3, ..Tally::default() }),
            (false, false, false, false),
            "ignored ones do not vote"
        );
        assert_eq!(steps(Tally { immature: 1, ..Tally::default() }), (false, true, false, false));
        assert_eq!(steps(Tally { live: 1, ..Tally::default() }), (false, true, true, false));
        assert_eq!(steps(Tally { voted: 1, ..Tally::default() }), (false, true, true, true));
    }
}
