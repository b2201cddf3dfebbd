//! What mail could not be sent, in this instance's memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::time::UnixTime;

/// Most users that are kept in mind.
const MOST: usize = 1000;
/// How long a user is kept in mind.
const LASTS: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many tries in a row must fail before the mail server counts as away.
const TRIES: u32 = 3;
/// How long it does so after the last try: where nothing waits to be sent, nothing shows that it answers again. More than
/// the longest pause between two tries.
const AWAY_LASTS: Duration = Duration::from_secs(3600);

/// Mail to a user that is not sent any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFailure {
    /// When it was given up.
    pub at: UnixTime,
    /// Why.
    pub reason: String,
}

/// What could not be sent of late.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailTroubles {
    /// Why the mail server takes no mail at all, where several tries in a row have failed.
    pub away: Option<String>,
    /// Users whose last mail was given up.
    pub failed: BTreeMap<UserId, MailFailure>,
}

#[derive(Debug, Default)]
pub(super) struct MailRecord(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    away: Option<(u32, UnixTime, String)>,
    failed: BTreeMap<UserId, MailFailure>,
}

impl MailRecord {
    pub(super) fn sent(&self, user: Option<UserId>) {
        let mut kept = self.lock();
        kept.away = None;
        if let Some(user) = user {
            kept.failed.remove(&user);
        }
    }

    pub(super) fn answered(&self) {
        self.lock().away = None;
    }

    pub(super) fn away(&self, reason: &str, now: UnixTime) {
        let mut kept = self.lock();
        let tries = kept.away.as_ref().map_or(0, |(tries, ..)| *tries);
        kept.away = Some((tries.saturating_add(1), now, reason.to_owned()));
    }

    pub(super) fn failed(&self, user: UserId, at: UnixTime, reason: String) {
        let mut kept = self.lock();
        if kept.failed.len() >= MOST {
            let oldest = kept.failed.iter().min_by_key(|(_, failure)| failure.at).map(|(user, _)| *user);
            oldest.map(|oldest| kept.failed.remove(&oldest));
        }
        kept.failed.insert(user, MailFailure { at, reason });
    }

    pub(super) fn troubles(&self, now: UnixTime) -> MailTroubles {
        let mut kept = self.lock();
        kept.failed.retain(|_, failure| failure.at.plus(LASTS) > now);
        let is_away = |tries: u32, at: UnixTime| tries >= TRIES && at.plus(AWAY_LASTS) > now;
        let away = kept.away.as_ref().filter(|(tries, at, _)| is_away(*tries, *at)).map(|(.., reason)| reason.clone());
        MailTroubles { away, failed: kept.failed.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_700_000_000);

    #[test]
    fn a_user_is_kept_in_mind_until_a_mail_arrives_or_a_week_is_over() {
        let record = MailRecord::default();
        record.failed(UserId(1), NOW, "550 no such user".to_owned());
        record.failed(UserId(2), NOW, "550 full".to_owned());
        assert_eq!(record.troubles(NOW).failed[&UserId(1)].reason, "550 no such user");
        record.sent(Some(UserId(1)));
        record.sent(None);
        assert_eq!(record.troubles(NOW).failed.keys().collect::<Vec<_>>(), [&UserId(2)]);
        assert!(record.troubles(NOW.plus(LASTS)).failed.is_empty());
        for id in 0..2 * MOST {
            record.failed(UserId(id.try_into().unwrap()), NOW, String::new());
        }
        assert_eq!(record.troubles(NOW).failed.len(), MOST);
    }

    #[test]
    fn a_server_is_away_after_some_tries_until_it_answers() {
        let record = MailRecord::default();
        for _ in 1..TRIES {
            record.away("refused", NOW);
            assert_eq!(record.troubles(NOW).away, None, "it may be started at this moment");
        }
        record.away("refused again", NOW);
        assert_eq!(record.troubles(NOW).away.as_deref(), Some("refused again"));
        record.answered();
        assert_eq!(record.troubles(NOW), MailTroubles::default());
    }

    #[test]
    fn a_server_that_nothing_was_sent_to_for_an_hour_is_not_away() {
        let record = MailRecord::default();
        for _ in 0..TRIES {
            record.away("refused", NOW);
        }
        let just_before = UnixTime(NOW.plus(AWAY_LASTS).0 - 1);
        assert_eq!(record.troubles(just_before).away.as_deref(), Some("refused"));
        assert_eq!(record.troubles(NOW.plus(AWAY_LASTS)).away, None);
    }
}
