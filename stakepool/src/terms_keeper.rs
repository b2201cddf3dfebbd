//! Keeps the history of the pool's terms: notes what the configuration changes, and knows what is in force.

use std::collections::BTreeMap;
use std::time::Duration;

use stakepool_core::accounts::Actor;
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{AuditEntry, StoreError};
use stakepool_core::time::Day;
use stakepool_core::wallets::MemberStatus;
use tokio::time::{sleep, timeout};

use crate::daemons::DaemonView;
use crate::over_time::OverTime;
use crate::pool::Pool;
use crate::terms_notes::{
    Asked, NotedTerms, TermsOrigin, history, note_configured, note_terms, read_configured, read_terms,
};

/// How often the history and the height are looked at: far more often than blocks come.
const EVERY: Duration = Duration::from_secs(2);

/// How long the first look may take.
const AT_START: Duration = Duration::from_secs(5);

/// Looks at the terms for the first time. Where the database fails or is slow, a later look makes up for it.
pub(crate) async fn begin(pool: &Pool) {
    if let Ok(Err(error)) = timeout(AT_START, look(pool, &mut false)).await {
        tracing::warn!(%error, "the pool's terms were not looked at yet");
    }
}

/// Looks at the terms without end.
pub(crate) async fn keep(pool: &Pool) {
    let (mut silent, mut is_noted) = (true, false);
    loop {
        match look(pool, &mut is_noted).await {
            Ok(()) => silent = true,
            Err(error) => {
                if std::mem::take(&mut silent) {
                    tracing::warn!(%error, "the pool's terms were not looked at");
                }
            }
        }
        sleep(EVERY).await;
    }
}

/// Takes over what is in force now. What the configuration says is noted once a run, so that an instance which runs on under an
/// old one does not undo what a new one says.
async fn look(pool: &Pool, is_noted: &mut bool) -> Result<(), StoreError> {
    let tip = best_height(&pool.parts.stats.wallets(), &pool.reconciler.views());
    let mut noted = read_terms(pool.parts.upkeep.as_ref()).await?;
    if !*is_noted {
        noted = note_configuration(pool, noted, tip).await?;
        *is_noted = tip.is_some();
    }
    let before = pool.terms.over_time.get();
    let tip = match tip.or(before.tip) {
        Some(tip) => Some(tip),
        None => noted_height(pool).await?,
    };
    let now = OverTime { history: history(&noted), tip };
    if before.history != now.history {
        pool.reconciler.changed();
    }
    if *before != now {
        pool.terms.over_time.set(now);
    }
    Ok(())
}

/// The best height that wallets have seen, or, where none says one, voting daemons.
fn best_height(wallets: &[MemberStatus], daemons: &BTreeMap<String, DaemonView>) -> Option<BlockHeight> {
    let synced = |view: &DaemonView| view.status.as_ref()?.synced_height;
    let of_wallets = wallets.iter().filter_map(|wallet| wallet.height).max();
    of_wallets.or_else(|| daemons.values().filter_map(synced).max())
}

/// The height that was noted last, at most some minutes old where a pool runs.
async fn noted_height(pool: &Pool) -> Result<Option<BlockHeight>, StoreError> {
    let days = pool.parts.history.days_since(Day::of(pool.now()).back(7)).await?;
    Ok(days.into_iter().map(|day| day.height).max())
}

impl Pool {
    /// For a program that does not run the pool: reads what held and will hold, and asks wallets and daemons for the best height.
    /// `None` where none of them says one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read_terms(&self) -> Result<Option<BlockHeight>, StoreError> {
        let (wallets, daemons) = tokio::join!(self.parts.stats.look(), self.reconciler.look());
        let tip = best_height(&wallets, &daemons);
        self.take_terms(tip).await?;
        Ok(tip)
    }

    /// As [`Pool::read_terms`], by the height that was noted last: nobody is asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recall_terms(&self) -> Result<(), StoreError> {
        let tip = noted_height(self).await?;
        self.take_terms(tip).await
    }

    /// Takes over what is in force behind a block.
    pub(crate) async fn take_terms(&self, tip: Option<BlockHeight>) -> Result<(), StoreError> {
        let history = history(&read_terms(self.parts.upkeep.as_ref()).await?);
        self.terms.over_time.set(OverTime { history, tip });
        Ok(())
    }
}

/// Notes the terms of the configuration where they are the first, and where they changed since a web looked last. A
/// configuration that stays as it was while announced terms come into force says nothing new, nor does one that is brought up
/// to what was announced. Returns all that is noted then.
pub(crate) async fn note_configuration(
    pool: &Pool,
    mut noted: Vec<NotedTerms>,
    tip: Option<BlockHeight>,
) -> Result<Vec<NotedTerms>, StoreError> {
    let store = pool.parts.upkeep.as_ref();
    let configured = Asked { fee: pool.terms.fee, cold_wallet: pool.terms.cold_wallet };
    let by =
        |origin, from| NotedTerms { terms: configured.from(from), origin, at: pool.now(), by: Actor::Pool.to_string() };
    if noted.is_empty() {
        // Nobody knows what held before: tickets of old were judged by this, if at all.
        let first = by(TermsOrigin::First, BlockHeight(0));
        note_terms(store, &first).await?;
        note_configured(store, &configured).await?;
        noted.push(first);
        return Ok(noted);
    }
    if read_configured(store).await? == Some(configured) {
        return Ok(noted);
    }
    let Some(tip) = tip else { return Ok(noted) };
    let (history, next) = (history(&noted), tip.plus(1));
    let known = history.at(next).into_iter().chain(history.after(next)).any(|terms| Asked::of(terms) == configured);
    if !known {
        let changed = by(TermsOrigin::Configuration, next);
        note_terms(store, &changed).await?;
        let detail = format!("{} percent to {}", configured.fee, configured.cold_wallet);
        let entry =
            AuditEntry::new(pool.now(), Actor::Pool, AuditAction::TermsConfigured, &format!("block {next}"), detail);
        pool.parts.audit.append(&entry).await?;
        tracing::warn!(
            from = %next,
            fee = %configured.fee,
            cold_wallet = %configured.cold_wallet,
            "the configuration has other terms than before: they hold from this block on"
        );
        noted.retain(|terms| terms.terms.from != next);
        noted.push(changed);
        noted.sort_by_key(|terms| terms.terms.from);
    }
    note_configured(store, &configured).await?;
    Ok(noted)
}
