//! Which of several hosts is used: the first that can be written to, so that all programs choose the same.
//!
//! Only in a cluster has a host that was away all that was written meanwhile.

use super::host::{Unusable, Usable};

/// For how many looks a host before the one that is used must have been good to be taken again: one that comes and goes would
/// take all connections along each time.
const STEADY: u32 = 3;

/// Why one that was left for another is not taken again.
const LEFT: &str = "it was left for a later host, and may lack what was written since, for there is no cluster: see that it has \
                    everything, then restart this program";
/// Why one that is alone is not taken where there is a cluster.
const ALONE: &str = "it is not in the cluster of the others: start it as a node of that, or take it out of dbhost";

/// What was found of the hosts, look by look.
#[derive(Debug, Default)]
pub(super) struct Choice {
    used: Option<usize>,
    /// For how many looks each host has been good.
    good_for: Vec<u32>,
    /// Whether any host was seen in a cluster.
    is_cluster: bool,
}

impl Choice {
    /// The place of the host that is used.
    pub(super) const fn used(&self) -> Option<usize> {
        self.used
    }

    /// Takes what a look found. The host that was used stays so where no host can be used, and where it is as good as any
    /// before it that has not been so for long. A host that would serve and may lack rows that others have becomes unusable.
    pub(super) fn look(&mut self, found: &mut [Result<Usable, Unusable>]) -> Option<usize> {
        self.is_cluster |= found.iter().flatten().any(|usable| usable.cluster.is_some());
        for (place, found) in found.iter_mut().enumerate() {
            if let Some(reason) = found.as_ref().ok().and_then(|usable| self.objection(place, usable)) {
                *found = Err(Unusable { reason: reason.to_owned(), is_silent: false });
            }
        }
        self.good_for.resize(found.len(), 0);
        for (good_for, found) in self.good_for.iter_mut().zip(&*found) {
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

    /// Why a host that would serve may lack rows, if it may.
    fn objection(&self, place: usize, usable: &Usable) -> Option<&'static str> {
        let was_left = self.used.is_some_and(|used| place < used);
        match (&usable.cluster, self.is_cluster) {
            (None, true) => Some(ALONE),
            (None, false) if was_left => Some(LEFT),
            _ => None,
        }
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
        assert_eq!(choice.look(&mut [gone(), gone()]), None);
        assert_eq!(choice.look(&mut [gone(), node("Synced")]), Some(1));
        assert_eq!(choice.look(&mut [node("Synced"), node("Synced")]), Some(1));
        assert_eq!(choice.look(&mut [gone(), node("Synced")]), Some(1));
        for _ in 1..STEADY {
            assert_eq!(choice.look(&mut [node("Synced"), node("Synced")]), Some(1));
        }
        assert_eq!(choice.look(&mut [node("Synced"), node("Synced")]), Some(0));
        assert_eq!(choice.look(&mut [gone(), node("Synced")]), Some(1));
        assert_eq!(choice.look(&mut [node("Synced"), gone()]), Some(0));
        assert_eq!(choice.look(&mut [gone(), gone()]), Some(0));
    }

    #[test]
    fn one_that_gives_its_data_to_another_is_used_where_there_is_no_better() {
        let mut choice = Choice::default();
        assert_eq!(choice.look(&mut [node("Donor/Desynced"), node("Synced")]), Some(1));
        assert_eq!(choice.look(&mut [node("Donor/Desynced"), gone()]), Some(0));
        assert_eq!(choice.look(&mut [node("Donor/Desynced"), node("Synced")]), Some(1));
    }

    fn alone() -> Result<Usable, Unusable> {
        Ok(Usable { cluster: None })
    }

    #[test]
    fn a_host_without_a_cluster_is_not_used_once_another_was_seen_in_one() {
        let mut choice = Choice::default();
        let mut found = [alone(), node("Synced")];
        assert_eq!(choice.look(&mut found), Some(1));
        assert!(found[0].as_ref().is_err_and(|unusable| unusable.reason.starts_with("it is not in the cluster")));
        assert_eq!(choice.look(&mut [alone(), node("Donor/Desynced")]), Some(1));
        // Nor while no node serves.
        let mut found = [alone(), gone()];
        assert_eq!(choice.look(&mut found), Some(1));
        assert!(found[0].is_err());
        // It was used before the cluster was seen.
        let mut choice = Choice::default();
        assert_eq!(choice.look(&mut [alone(), gone()]), Some(0));
        assert_eq!(choice.look(&mut [alone(), node("Synced")]), Some(1));
    }

    #[test]
    fn without_a_cluster_a_host_that_was_left_is_not_used_again() {
        let mut choice = Choice::default();
        assert_eq!(choice.look(&mut [alone(), alone(), gone()]), Some(0));
        assert_eq!(choice.look(&mut [gone(), alone(), gone()]), Some(1));
        for _ in 0..=STEADY {
            assert_eq!(choice.look(&mut [alone(), alone(), gone()]), Some(1));
        }
        let mut found = [alone(), gone(), gone()];
        assert_eq!(choice.look(&mut found), Some(1));
        assert!(found[0].as_ref().is_err_and(|unusable| unusable.reason.contains("restart this program")));
        assert_eq!(choice.look(&mut [alone(), gone(), alone()]), Some(2));
    }
}
