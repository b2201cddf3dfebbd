//! The charts of the pool and of a user, drawn of the past.

use std::sync::Arc;

use stakepool::Past;
use stakepool::tickets::Tally;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{NetworkDay, StakeInfo, StoreError, Turnover};
use stakepool_core::time::Day;

use crate::site::Site;
use crate::view::amounts::grouped;
use crate::view::chart::{Chart, Plan, Series};

/// Fewest days that a chart shows, however short the history is.
const LEAST_DAYS: usize = 7;

/// The charts of the whole pool, at most a minute old; none where the database fails.
pub async fn of_pool(site: &Site, stake: &StakeInfo) -> Arc<Vec<Chart>> {
    let draw = async {
        Arc::new(draw_pool(site, stake).await.unwrap_or_else(|error| {
            tracing::error!(%error, "no charts of the pool");
            Vec::new()
        }))
    };
    site.charts.get(draw).await
}

async fn draw_pool(site: &Site, stake: &StakeInfo) -> Result<Vec<Chart>, StoreError> {
    let tally = site.pool.tally().await?;
    let past = site.pool.past(None, tally, stake.height).await?;
    let past = past.fitting(LEAST_DAYS);
    Ok(vec![votes(&past), tickets(&past), share(&past, site.pool.today(stake, tally))])
}

/// The charts of one user, who has the tickets of `tally` when the best block is `tip`.
///
/// # Errors
/// [`StoreError`].
pub async fn of_user(site: &Site, user: UserId, tally: Tally, tip: BlockHeight) -> Result<Vec<Chart>, StoreError> {
    let past = site.pool.past(Some(user), tally, tip).await?.fitting(LEAST_DAYS);
    Ok(vec![votes(&past), tickets(&past)])
}

fn plan(past: &Past, id: &'static str, title: &'static str, series: Vec<Series>, alternative: String) -> Plan {
    let days = past.days.iter().map(Day::to_string).collect();
    Plan { id, title, unit: "", digits: 0, days, series, alternative }
}

fn votes(past: &Past) -> Chart {
    let days = past.days.len();
    let of = |count: fn(&Turnover) -> u64| past.turnover.iter().map(count);
    let (voted, missed) = (|turnover: &Turnover| turnover.voted, |turnover: &Turnover| turnover.missed);
    let (votes, misses) = (of(voted).sum::<u64>(), of(missed).sum::<u64>());
    let tickets = if votes == 1 { "ticket" } else { "tickets" };
    let were = if misses == 1 { "was" } else { "were" };
    let (votes, misses) = (grouped(&votes.to_string()), grouped(&misses.to_string()));
    let alternative = format!("In the last {days} days {votes} {tickets} voted and {misses} {were} missed.");
    let series = vec![series("voted", "good", of(voted)), series("missed", "bad", of(missed))];
    plan(past, "votes", "Votes a day", series, alternative).bars()
}

fn tickets(past: &Past) -> Chart {
    let days = past.days.len();
    let of = |count: fn(&(u64, u64)) -> u64| past.stock.iter().map(count);
    let (live, immature) = (|stock: &(u64, u64)| stock.0, |stock: &(u64, u64)| stock.1);
    let ends = |mut counts: Box<dyn DoubleEndedIterator<Item = u64> + '_>| {
        let last = counts.next_back().unwrap_or(0);
        (counts.next().unwrap_or(last), last)
    };
    let (live_ends, immature_ends) = (ends(Box::new(of(live))), ends(Box::new(of(immature))));
    let [live_first, live_last, immature_first, immature_last] =
        [live_ends.0, live_ends.1, immature_ends.0, immature_ends.1].map(|count| grouped(&count.to_string()));
    let alternative = format!(
        "In the last {days} days live tickets went from {live_first} to {live_last}, and immature ones from \
         {immature_first} to {immature_last}."
    );
    let series = vec![series("live", "good line", of(live)), series("immature", "plain line", of(immature))];
    plan(past, "stock", "Live and immature tickets", series, alternative).lines()
}

/// The pool's part of the network's live tickets, on the days on which somebody looked.
fn share(past: &Past, today: NetworkDay) -> Chart {
    let days = past.days.len();
    let share = |seen: &NetworkDay| 100.0 * seen.pool_live as f64 / seen.network_live.max(1) as f64;
    let on = |day: &Day| {
        if *day == today.day && today.network_live > 0 {
            return Some(share(&today));
        }
        past.seen.iter().find(|seen| seen.day == *day).map(share)
    };
    let values: Vec<_> = past.days.iter().map(on).collect();
    let known: Vec<_> = past.days.iter().zip(&values).filter_map(|(day, value)| Some((day, (*value)?))).collect();
    let alternative = match &known[..] {
        [] => "The pool’s share of the network’s live tickets is not known yet.".to_owned(),
        [(day, share)] => format!(
            "Of the network’s live tickets the pool had {share:.2}% on {day}, the only known one of the last \
             {days} days."
        ),
        [(_, first), .., (_, last)] => format!(
            "Of the network’s live tickets the pool had {first:.2}% on the first known of the last {days} days, \
             and {last:.2}% on the last."
        ),
    };
    let series = vec![Series { name: "share", class: "good line", values }];
    let plan = plan(past, "share", "The pool’s share of the network’s live tickets", series, alternative);
    Plan { unit: "%", digits: 2, ..plan }.lines()
}

fn series(name: &'static str, class: &'static str, counts: impl Iterator<Item = u64>) -> Series {
    Series { name, class, values: counts.map(|count| Some(count as f64)).collect() }
}
