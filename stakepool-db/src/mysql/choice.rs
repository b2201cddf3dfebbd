//! Which of several hosts is used: the first that can be written to, so that all programs choose the same.

use super::host::{Unusable, Usable};

/// For how many looks a host before the one that is used must have been good to be taken again: one that comes and goes would
/// take all connections along each time.
const STEADY: u32 = 3;

/// What was found of the hosts, look by look.
#[derive(Debug, Default)]
pub(super) struct Choice {
    used: Option<usize>,
    /// For how many looks each host has been good.
    good_for: Vec<u32>,
}

impl Choice {
    /// The place of the host that is used.
    pub(super) const fn used(&self) -> Option<usize> {
        self.used
    }

    /// Takes what a look found. The host that was used stays so where no host can be used, and where it is as good as any
    /// before it that has not been so for long.
    pub(super) fn look(&mut self, found: &[Result<Usable, Unusable>]) -> Option<usize> {
        self.good_for.resize(found.len(), 0);
        for (good_for, found) in self.good_for.iter_mut().zip(found) {
            *good_for = if rank(found) == Some(0) { good_for.saturating_add(1) } else { 0 };
        }
        let Some(best) =
            (0..found.len()).filter(|place| found[*place].is_ok()).min_by_key(|place| rank(&found[*place]))
        else {
            return self.used;
        };
        self.used = Some(match self.used {
            Some(used) if rank(&found[used]) == rank(&found[best]) && self.good_for[best] < STEADY => used,
            _ => best,
        });
        self.used
    }
}

/// How good a host is: 0 is best.
fn rank(found: &Result<Usable, Unusable>) -> Option<u8> {
    found.as_ref().ok().map(|usable| u8::from(!usable.is_whole()))
}

#[cfg(test)]
mod tests {
    use stakepool_core::ports::ClusterState;

    use super::*;

    fn node(local_state: &str) -> Result<Usable, Unusable> {
        let cluster = ClusterState { local_state: local_state.to_owned(), ..ClusterState::default() };
        Ok(Usable { cluster: Some(cluster) })
    }

    fn gone() -> Result<Usable, Unusable> {
        Err(Unusable { reason: String::new(), is_silent: true })
    }

    #[test]
    fn the_first_that_can_be_used_is_used_and_one_that_is_back_only_after_a_while() {
        let mut choice = Choice::default();
        assert_eq!(choice.look(&[gone(), gone()]), None);
        assert_eq!(choice.look(&[gone(), node("Synced")]), Some(1));
        assert_eq!(choice.look(&[node("Synced"), node("Synced")]), Some(1));
        assert_eq!(choice.look(&[gone(), node("Synced")]), Some(1));
        for _ in 1..STEADY {
            assert_eq!(choice.look(&[node("Synced"), node("Synced")]), Some(1));
        }
        assert_eq!(choice.look(&[node("Synced"), node("Synced")]), Some(0));
        assert_eq!(choice.look(&[gone(), node("Synced")]), Some(1));
        assert_eq!(choice.look(&[node("Synced"), gone()]), Some(0));
        assert_eq!(choice.look(&[gone(), gone()]), Some(0));
    }

    #[test]
    fn one_that_gives_its_data_to_another_is_used_where_there_is_no_better() {
        let mut choice = Choice::default();
        assert_eq!(choice.look(&[node("Donor/Desynced"), node("Synced")]), Some(1));
        assert_eq!(choice.look(&[node("Donor/Desynced"), gone()]), Some(0));
        assert_eq!(choice.look(&[node("Donor/Desynced"), node("Synced")]), Some(1));
    }
}
