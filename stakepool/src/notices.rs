//! Notices to the users: kept at hand for pages, mailed by one instance, and closing the pool when its day has come.

use std::time::Duration;

use stakepool_core::accounts::{EmailState, User, UserId};
use stakepool_core::ports::{MailError, StoreError};
use tokio::time::sleep;

use crate::mail::letters;
use crate::notice_notes::{Mailed, Notice, NoticeKind, Stage, note_mailed, read_mailed, read_notices};
use crate::pool::Pool;

/// How often notices are looked for.
const EVERY: Duration = Duration::from_secs(2);
/// How long an instance has the mails to itself without asking again.
const LEASE: Duration = Duration::from_secs(120);
/// How many users are looked at in that time.
const AT_A_TIME: u64 = 20;
/// The pause before a mail that the server did not take is tried again.
const PAUSE: Duration = Duration::from_secs(60);
/// How often a mail to one user is tried while the server takes others.
const TRIES: u32 = 5;
/// What the mails are called among the instances.
const WORK: &str = "notice mails";

/// Looks for notices without end.
pub(crate) async fn keep(pool: &Pool) {
    tokio::join!(keep_at_hand(pool), mail(pool));
}

async fn keep_at_hand(pool: &Pool) {
    let mut silent = true;
    loop {
        match pool.read_notices().await {
            Ok(()) => silent = true,
            Err(error) => {
                if std::mem::take(&mut silent) {
                    tracing::warn!(%error, "notices to the users were not read");
                }
            }
        }
        sleep(EVERY).await;
    }
}

impl Pool {
    /// What users are to know now, the earliest first, as it was read last.
    pub fn notices(&self) -> Vec<Notice> {
        let now = self.now();
        self.notices.get().iter().filter(|notice| notice.is_shown(now)).cloned().collect()
    }

    /// Reads the notices, for a program that does not run the pool. From the day of a closing on the pool is closed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read_notices(&self) -> Result<(), StoreError> {
        let notices = read_notices(self.parts.upkeep.as_ref()).await?;
        let now = self.now();
        let closed = notices.iter().find(|notice| notice.kind == NoticeKind::Closing && notice.from <= now);
        let closed = closed.map(|notice| notice.text.clone());
        #[cfg(feature = "vsp")]
        if let Some(vsp) = &self.parts.vsp {
            vsp.terms().closed.set_for_good(closed.clone());
        }
        self.terms.closed.set_for_good(closed);
        self.notices.set(notices);
        Ok(())
    }
}

/// Mails what is due, where mail is sent.
async fn mail(pool: &Pool) {
    if !pool.outbox.is_on() {
        return std::future::pending().await;
    }
    let mut tries = Tries::default();
    loop {
        let pause = match mail_some(pool, &mut tries).await {
            Ok(Progress::Some) => continue,
            Ok(Progress::None) => EVERY,
            Ok(Progress::Later) => PAUSE,
            Err(error) => {
                tracing::error!(%error, "mails of notices wait");
                PAUSE
            }
        };
        sleep(pause).await;
    }
}

/// How often the mail to the user whose turn it is was tried.
#[derive(Default)]
struct Tries(Option<(UserId, u32)>);

impl Tries {
    /// Counts one more; false where that was the last.
    fn again(&mut self, user: UserId) -> bool {
        let before = self.0.filter(|(of, _)| *of == user).map_or(0, |(_, tries)| tries);
        self.0 = Some((user, before + 1));
        before + 1 < TRIES
    }
}

enum Progress {
    /// There may be more.
    Some,
    /// Nothing is due.
    None,
    /// The mail server does not take mail now.
    Later,
}

/// Mails some users of the first notice that is not through, if this instance is the one that mails.
async fn mail_some(pool: &Pool, tries: &mut Tries) -> Result<Progress, StoreError> {
    let now = pool.now();
    let store = pool.parts.upkeep.as_ref();
    for notice in pool.notices.get().iter() {
        let Some(stage) = Stage::due(notice, now) else { continue };
        let mailed = read_mailed(store, notice.id, stage).await?;
        if mailed == Some(Mailed::All) {
            continue;
        }
        let leases = pool.parts.leases.as_ref();
        let Some(lease) = leases.lease(WORK, &pool.instance, now, now.plus(LEASE)).await? else {
            return Ok(Progress::None);
        };
        // Another instance may have gone on before it gave the lease up.
        let after = match read_mailed(store, notice.id, stage).await? {
            Some(Mailed::All) => continue,
            Some(Mailed::UpTo(user)) => user,
            None => UserId(0),
        };
        let users = pool.parts.users.list(after, AT_A_TIME).await?;
        if users.is_empty() {
            if note_mailed(leases, &lease, notice.id, stage, Mailed::All).await? {
                tracing::info!(notice = %notice.id, ?stage, "all users were sent the notice");
            }
            return Ok(Progress::Some);
        }
        for user in users {
            // The mails before may have taken longer than the lease lasts, or this instance stood still: the next one is
            // another's then.
            let now = pool.now();
            if leases.lease(WORK, &pool.instance, now, now.plus(LEASE)).await?.as_ref() != Some(&lease) {
                return Ok(Progress::None);
            }
            if !send(pool, notice, stage, &user, tries).await? {
                return Ok(Progress::Later);
            }
            if !note_mailed(leases, &lease, notice.id, stage, Mailed::UpTo(user.id)).await? {
                return Ok(Progress::None);
            }
        }
        return Ok(Progress::Some);
    }
    Ok(Progress::None)
}

/// Sends a user the mail, where they get any; false where it is to be tried again.
async fn send(pool: &Pool, notice: &Notice, stage: Stage, user: &User, tries: &mut Tries) -> Result<bool, StoreError> {
    let gets_mail = !user.disabled && user.email_state != EmailState::Unverified;
    // That the pool closes, everybody must hear.
    let wants = notice.kind == NoticeKind::Closing || pool.parts.ticket_mails.mail_wishes(user.id).await?.notices;
    if !gets_mail || !wants {
        return Ok(true);
    }
    let letter = letters::notice(&pool.settings.site, &user.email, notice, stage);
    match pool.outbox.send(Some(user.id), &letter).await {
        Ok(()) => Ok(true),
        // No mail goes out at all: the next user's would not, either.
        Err(MailError::Away(_)) => Ok(false),
        Err(error) if error.is_passing() && tries.again(user.id) => Ok(false),
        Err(error) => {
            pool.outbox.give_up(Some(user.id), &letter.subject, &error).await;
            Ok(true)
        }
    }
}
