//! Whether key indexes run out: each is given for good, whatever becomes of its user.

use std::collections::BTreeMap;

use stakepool_core::accounts::UserId;
use stakepool_core::alert::AlertKind;
use stakepool_core::chain::KeyIndex;

use crate::status::finding::Finding;
use crate::terms::PoolTerms;

/// How many indexes can be given no more: to users with an address, to those who began to register one, and those that are
/// withheld.
pub(super) fn given(indexes: &BTreeMap<KeyIndex, Option<UserId>>, terms: &PoolTerms) -> usize {
    indexes.range(KeyIndex(1)..=KeyIndex(terms.max_users)).count()
}

/// Four of five indexes given are worth a word, and nineteen of twenty another one before the last one is. A pool that is
/// closed gives none.
pub(super) fn of_key_indexes(given: usize, terms: &PoolTerms) -> Option<Finding> {
    let most = terms.max_users;
    let taken = |of: u64, parts: u64| (given as u64).saturating_mul(parts) >= u64::from(most).saturating_mul(of);
    if terms.closed.get().is_some() || !taken(4, 5) {
        return None;
    }
    let text = format!(
        "{given} of {most} key indexes are given: raise maxusers here and in the daemons, and the wallets' \
         stakepoolcoldextkey with it; or close the pool (closepool=1)"
    );
    let kind = if taken(19, 20) { AlertKind::PoolFull } else { AlertKind::KeyIndexes };
    Some(Finding::new(kind, "key indexes", text))
}

/// So many registrations are rarely people: what robots take is given for good.
pub(super) fn of_pace(is_reached: bool, most: u32) -> Option<Finding> {
    let text = format!(
        "{most} addresses were registered within an hour, and no more is taken now: look at the newest users, and close the \
         pool for a while (closepool=1) or ask for invitations (invitations=required) if they are none of people"
    );
    is_reached.then(|| Finding::new(AlertKind::KeyIndexes, "registrations", text))
}

/// Lost users whom nobody brings back must not keep others from registering without a word.
pub(super) fn of_guesses(are_used_up: bool) -> Option<Finding> {
    let text = "no address can be registered: voting daemons know the tickets of more users whom the database does not know \
                than key indexes may be withheld for; bring the users back (`stakepoolctl restore`), or let others have \
                these indexes (`stakepoolctl unknown withheld`, `stakepoolctl unknown release`)";
    are_used_up.then(|| Finding::new(AlertKind::KeyIndexes, "lost users", text.to_owned()))
}

#[cfg(test)]
mod tests {
    use stakepool_core::chain::Network;
    use stakepool_core::testkit::tickets::COLD;
    use stakepool_core::ticket::PoolFee;

    use super::*;

    fn terms() -> PoolTerms {
        let key = COLD.parse().unwrap();
        PoolTerms::new(Network::Simnet, key, key, PoolFee::from_percent(7.5).unwrap()).max_users(100)
    }

    #[test]
    fn a_full_pool_is_told_before_the_last_index_is_given() {
        let kind = |given| of_key_indexes(given, &terms()).map(|found| found.kind);
        assert_eq!(kind(79), None);
        assert_eq!([kind(80), kind(94)], [Some(AlertKind::KeyIndexes); 2]);
        assert_eq!([kind(95), kind(100)], [Some(AlertKind::PoolFull); 2]);
        assert!(of_key_indexes(95, &terms()).unwrap().text.contains("95 of 100"));
    }

    #[test]
    fn a_closed_pool_gives_none() {
        assert_eq!(of_key_indexes(100, &terms().closed(Some("later".to_owned()))), None);
    }

    #[test]
    fn indexes_count_that_nobody_has_an_address_for() {
        let owners = [(1, Some(UserId(1))), (2, Some(UserId(9))), (3, None), (100, None), (101, None)];
        let indexes = owners.into_iter().map(|(index, owner)| (KeyIndex(index), owner)).collect();
        assert_eq!(given(&indexes, &terms()), 4, "the last one is out of reach");
    }

    #[test]
    fn a_pace_of_registrations_that_no_people_have_is_told() {
        assert_eq!(of_pace(false, 50), None);
        let told = of_pace(true, 50).unwrap();
        assert!(told.kind == AlertKind::KeyIndexes && told.text.contains("50 addresses"), "{told:?}");
    }
}
