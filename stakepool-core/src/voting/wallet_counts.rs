//! What a wallet counts beside what the engine knows: tickets that it counts as missed and nobody else heard of.
//!
//! Alone its numbers say nothing: a wallet counts tickets of its owner, too, and those that a rescan has just found, of
//! whatever end. But a ticket that is missed goes from its living tickets to its missed ones, and from the engine's tickets
//! to the engine's misses. So where more went that way in the wallet than in the engine, the engine did not hear of a miss.

use tokio::time::{Duration, Instant};

/// How long figures must stand before they count: a block or a vote is in one of the two before it is in the other.
const STANDS: Duration = Duration::from_secs(15);

/// A wallet's figures beside the engine's, at one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beside {
    /// How many more tickets the wallet counts as immature or live than the engine has.
    pub(super) unspent: i64,
    /// How many more it counts as missed, of all times, than the engine has noted since it started.
    pub(super) missed: i64,
    /// How many it counts as immature or live beyond those that it lists and the engine knows, whoever's they are.
    pub(super) unknown: u64,
}

/// What the figures say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They must be looked at again.
    Unsettled,
    /// They stand.
    Settled {
        /// Tickets that were missed without the engine's hearing of it, since the last look.
        missed_unheard: u64,
        /// Tickets that may vote, and that the engine does not know.
        unknown: u64,
    },
}

/// A wallet's figures as they stood last.
#[derive(Debug, Default)]
pub(super) struct WalletCounts {
    settled: Option<Beside>,
    pending: Option<(Instant, Beside)>,
    rests_until: Option<Instant>,
}

impl WalletCounts {
    /// Has the wallet not asked for figures before a moment.
    pub(super) fn rest_until(&mut self, moment: Instant) {
        self.rests_until = Some(moment);
    }

    /// Whether the wallet is not to be asked for figures.
    pub(super) fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }

    /// Takes new figures.
    pub(super) fn look(&mut self, now: Instant, seen: Beside) -> Verdict {
        let settled = |missed_unheard| Verdict::Settled { missed_unheard, unknown: seen.unknown };
        if self.settled == Some(seen) {
            self.pending = None;
            return settled(0);
        }
        match self.pending {
            Some((since, pending)) if pending == seen => {
                if now < since + STANDS {
                    return Verdict::Unsettled;
                }
                self.pending = None;
                let before = self.settled.replace(seen);
                settled(before.map_or(0, |before| missed_unheard(before, seen)))
            }
            _ => {
                self.pending = Some((now, seen));
                Verdict::Unsettled
            }
        }
    }
}

/// How many tickets went from the living to the missed ones in the wallet alone. What a rescan finds makes neither number
/// smaller.
fn missed_unheard(before: Beside, now: Beside) -> u64 {
    let (rise, fall) = (now.missed - before.missed, before.unspent - now.unspent);
    u64::try_from(rise.min(fall)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Verdict = Verdict::Settled { missed_unheard: 0, unknown: 0 };

    /// What is said in the end of figures (unspent, missed) that each stand for a while.
    fn after(figures: &[(i64, i64)]) -> Verdict {
        let (mut counts, mut now) = (WalletCounts::default(), Instant::now());
        let mut verdict = Verdict::Unsettled;
        for (unspent, missed) in figures {
            let seen = Beside { unspent: *unspent, missed: *missed, unknown: 0 };
            assert_eq!(counts.look(now, seen), Verdict::Unsettled);
            verdict = counts.look(now + STANDS, seen);
            now += STANDS * 2;
        }
        verdict
    }

    #[test]
    fn a_ticket_that_only_the_wallet_counts_as_missed_is_a_miss_that_nobody_heard_of() {
        assert_eq!(after(&[(0, 7)]), NOTHING, "earlier misses are none of this run");
        assert_eq!(after(&[(0, 7), (-1, 8)]), Verdict::Settled { missed_unheard: 1, unknown: 0 });
        assert_eq!(after(&[(3, 0), (1, 2)]), Verdict::Settled { missed_unheard: 2, unknown: 0 });
    }

    #[test]
    fn what_a_rescan_finds_or_a_wallet_loses_is_no_miss() {
        for figures in [
            [(0, 0), (0, 9)],
            [(0, 0), (5, 9)],
            [(-5, -9), (0, 0)],
            [(0, 0), (-5, -9)],
            [(0, 9), (0, 0)],
            [(2, 0), (0, 0)],
            [(0, 0), (-3, 0)],
        ] {
            assert_eq!(after(&figures), NOTHING, "{figures:?}");
        }
    }

    #[test]
    fn figures_that_change_from_look_to_look_say_nothing() {
        let (mut counts, now) = (WalletCounts::default(), Instant::now());
        let seen = |unspent, missed| Beside { unspent, missed, unknown: 0 };
        counts.look(now, seen(0, 0));
        assert_eq!(counts.look(now + STANDS, seen(0, 0)), NOTHING);
        for look in 1_u32..9 {
            let (at, difference) = (now + STANDS * (look + 1), i64::from(look));
            assert_eq!(counts.look(at, seen(-difference, difference)), Verdict::Unsettled);
        }
        assert_eq!(counts.look(now + STANDS * 20, seen(0, 0)), NOTHING, "as before");
        assert_eq!(counts.look(now + STANDS * 20, seen(-1, 1)), Verdict::Unsettled);
        assert_eq!(counts.look(now + STANDS * 20, seen(-1, 1)), Verdict::Unsettled, "so soon");
    }
}
