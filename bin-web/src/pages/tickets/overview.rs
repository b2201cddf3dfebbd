//! What a user's tickets are worth and what comes next.

use serde::Serialize;
use stakepool::tickets::holdings::Holdings;
use stakepool::tickets::money::{Money, Year};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, Generation};
use stakepool_core::ports::{TicketOrder, TicketQuery};
use stakepool_core::reports::TicketState;
use warp::http::StatusCode;

use super::list::{self, List};
use super::owner::without_tickets;
use super::row::{self, Row};
use super::tip::block_time;
use crate::pages::charts::of_user;
use crate::pages::set_up::SetUp;
use crate::view::amounts;
use crate::view::chart::Chart;
use crate::view::when::{BlockTime, When};
use crate::visit::{Outcome, Visit};

/// How many of the latest votes are shown.
const LATEST: u64 = 5;

#[derive(Serialize)]
struct Overview {
    height: Option<u32>,
    none_at_all: bool,
    /// How many ignored tickets can still vote.
    savable: u64,
    lists: Vec<List>,
    live: u64,
    immature: u64,
    next_maturity: Option<When>,
    locked: String,
    earned: Option<Earned>,
    /// What is still to do until the first vote.
    set_up: Option<SetUp>,
    /// The list of the latest votes.
    shown: List,
    rows: Vec<Row>,
    charts: Vec<Chart>,
}

/// What votes earned, and what comes back when.
#[derive(Serialize)]
struct Earned {
    month: String,
    year: String,
    all: String,
    /// The pool's part of all.
    fees: String,
    /// What votes and revocations paid, and cannot be spent yet; `None` where there is nothing.
    maturing: Option<Maturing>,
    /// A year's return on locked coins, in percent.
    percent: Option<String>,
    /// Votes whose transactions are not known.
    by_rule: u64,
    /// This year and the two before, for files.
    years: [i64; 3],
}

#[derive(Serialize)]
struct Maturing {
    amount: String,
    /// When the first of it can be spent.
    first: When,
    /// When all of it can be.
    last: When,
}

/// Shows the page.
pub async fn show(visit: Visit) -> Outcome {
    if let Some(elsewhere) = without_tickets(&visit).await? {
        return Ok(elsewhere);
    }
    visit.remembered(|| page(&visit)).await
}

async fn page(visit: &Visit) -> Outcome {
    let (site, user) = (&visit.site, visit.need_user()?);
    let params = site.pool.terms().network.params(Generation::Today);
    let time = block_time(site, &params).await;
    let tip = time.tip;
    let holdings = site.pool.holdings(user.id, tip).await?;
    let tally = holdings.tally();
    let shown = list::voted().counted(&holdings.counts);
    let latest = TicketQuery {
        user: Some(user.id),
        states: vec![TicketState::Voted],
        ignored: Some(false),
        order: TicketOrder::EndedLast,
        limit: LATEST,
        known_total: Some(tally.voted),
        ..TicketQuery::default()
    };
    let latest = if tally.voted == 0 { Vec::new() } else { site.pool.parts().ledger.tickets(&latest).await?.tickets };
    let earned = holdings.money.as_deref().map(|money| earned(money, &time, Year::of(site.pool.now())));
    let content = Overview {
        height: tip.map(|tip| tip.0),
        none_at_all: holdings.counts.is_empty(),
        savable: savable(&holdings.counts),
        lists: list::LISTS.iter().map(|list| list.counted(&holdings.counts)).collect(),
        live: tally.live,
        immature: tally.immature,
        next_maturity: holdings.next_maturity.map(|height| time.of(height)),
        locked: amounts::rounded(holdings.locked),
        earned,
        set_up: (tally.voted == 0).then(|| SetUp::of(Some(user), &tally)),
        rows: row::rows(site, &latest, &shown, &params, &time).await?,
        shown,
        charts: charts(visit, user.id, &holdings, tip).await,
    };
    visit.page("tickets.html.tera", StatusCode::OK, &content)
}

fn earned(money: &Money, time: &BlockTime, this_year: Year) -> Earned {
    let sums = [money.month.net(), money.year.net(), money.all.net(), money.all.fees];
    let [month, year, all, fees] = sums.map(amounts::rounded);
    let ends = money.maturing.first().zip(money.maturing.last());
    Earned {
        month,
        year,
        all,
        fees,
        maturing: ends.map(|(first, last)| Maturing {
            amount: amounts::rounded(money.maturing_sum()),
            first: time.of(first.at),
            last: time.of(last.at),
        }),
        percent: money.yearly_return.map(|part| format!("{:.2}", part * 100.0)),
        by_rule: money.by_rule,
        years: [this_year.0, this_year.0 - 1, this_year.0 - 2],
    }
}

/// How many ignored tickets can still vote.
pub(super) fn savable(counts: &[(TicketState, bool, u64)]) -> u64 {
    let is_open = |state: TicketState| matches!(state, TicketState::Immature | TicketState::Live);
    counts.iter().filter(|(state, ignored, _)| *ignored && is_open(*state)).map(|(.., count)| count).sum()
}

/// The user's charts. The page is worth showing without them.
async fn charts(visit: &Visit, user: UserId, holdings: &Holdings, tip: Option<BlockHeight>) -> Vec<Chart> {
    let Some(tip) = tip.filter(|_| !holdings.counts.is_empty()) else { return Vec::new() };
    of_user(&visit.site, user, holdings.tally(), tip).await.unwrap_or_else(|error| {
        tracing::error!(%error, %user, "no charts");
        Vec::new()
    })
}
