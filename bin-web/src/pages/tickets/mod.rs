//! A user's tickets, read from the pool's own ledger, and how to buy them.

mod buying;
pub mod download;
mod filter;
mod list;
mod row;
pub mod ticket;

use serde::Serialize;
use stakepool::tickets::{Earnings, Tally};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, Generation, Params};
use stakepool_core::ports::StoreError;
use stakepool_core::reports::TicketState;
use warp::http::StatusCode;

use self::buying::Buying;
use self::filter::{Choice, Filter, PER_PAGE};
use self::list::List;
use self::row::Row;
use crate::browser::flash::Flash;
use crate::pages::charts::of_user;
use crate::site::Site;
use crate::view::amounts;
use crate::view::chart::Chart;
use crate::view::when::BlockTime;
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Tickets {
    address: String,
    script: String,
    fee_address: String,
    height: Option<u32>,
    none_at_all: bool,
    /// How many ignored tickets can still vote.
    savable: u64,
    lists: Vec<List>,
    shown: List,
    /// The heading of the column with the moment that matters for the list.
    moment: &'static str,
    rows: Vec<Row>,
    found: u64,
    page: u64,
    pages: u64,
    search: String,
    search_error: Option<&'static str>,
    sorts: Vec<Choice>,
    /// For voted tickets: how far back they are shown, in words.
    recent: Option<String>,
    all_ages: bool,
    /// The query of this list without its page, to be put into links.
    query: String,
    charts: Vec<Chart>,
    /// What the user has locked and earned.
    earnings: Option<Earned>,
    buying: Buying,
}

/// What a user has locked in tickets, and what votes earned.
#[derive(Serialize)]
struct Earned {
    locked: String,
    month: String,
    year: String,
    all: String,
}

/// Shows one list of tickets.
pub async fn show(visit: Visit) -> Outcome {
    let user = visit.need_user()?;
    let Some(registration) = &user.registration else { return Ok(visit.done(Flash::AddressFirst, "/address")) };
    let (site, id) = (&visit.site, user.id);
    let stake = site.pool.figures().await.ok().map(|figures| figures.stake);
    let tip = tip(site, stake.map(|stake| stake.height)).await;
    let params = site.pool.terms().network.params(Generation::Today);
    let time = BlockTime { tip, spacing: params.target_time_per_block };
    let counts = site.pool.parts().ledger.ticket_counts(Some(id)).await?;
    let lists: Vec<_> = list::LISTS.iter().map(|list| list.counted(&counts)).collect();
    let filter = Filter::read(&visit.form, tip, site.options.max_voted_age);
    let shown = lists.iter().find(|list| list.name == filter.list.name).unwrap_or(&lists[0]).clone();
    let (query, found) = filter.find(site, id).await?;
    let pages = found.total.div_ceil(PER_PAGE).max(1);
    let moment = shown.moment;
    let content = Tickets {
        address: registration.address.to_string(),
        script: registration.script.to_string(),
        fee_address: site.pool.terms().fee_address(registration).to_string(),
        height: tip.map(|tip| tip.0),
        none_at_all: lists.iter().all(|list| list.count == 0),
        savable: savable(&counts),
        rows: row::rows(site, &found.tickets, &shown, &params, &time).await?,
        found: found.total,
        page: query.offset / PER_PAGE + 1,
        pages,
        search_error: filter.search_error(),
        sorts: filter.sorts(),
        recent: (shown.is_voted() && tip.is_some()).then(|| time.lasting(site.options.max_voted_age)),
        all_ages: filter.all_ages,
        query: filter.query(),
        search: filter.search,
        earnings: earned(site, id, &params, tip).await?,
        charts: charts(&visit, id, Tally::of(&counts), tip).await,
        buying: Buying::of(&site.pool, registration, stake.map(|stake| stake.difficulty)),
        lists,
        shown,
        moment,
    };
    visit.page("tickets.html.tera", StatusCode::OK, &content)
}

/// The best height: the wallets', or, while none answers, the best that anybody else has reported.
async fn tip(site: &Site, of_wallets: Option<BlockHeight>) -> Option<BlockHeight> {
    match of_wallets {
        Some(height) => Some(height),
        None => site.pool.status().await.height.map(BlockHeight),
    }
}

/// Money, while it is known which block is the last.
async fn earned(
    site: &Site,
    user: UserId,
    params: &Params,
    tip: Option<BlockHeight>,
) -> Result<Option<Earned>, StoreError> {
    let Some(tip) = tip else { return Ok(None) };
    let ledger = site.pool.parts().ledger.as_ref();
    let (locked, earnings) = tokio::try_join!(ledger.locked(user), Earnings::of(ledger, user, params, tip))?;
    let Earnings { month, year, all } = earnings;
    let [locked, month, year, all] = [locked, month, year, all].map(amounts::rounded);
    Ok(Some(Earned { locked, month, year, all }))
}

fn savable(counts: &[(TicketState, bool, u64)]) -> u64 {
    let is_open = |state: TicketState| matches!(state, TicketState::Immature | TicketState::Live);
    counts.iter().filter(|(state, ignored, _)| *ignored && is_open(*state)).map(|(.., count)| count).sum()
}

/// The user's charts. The list is worth showing without them.
async fn charts(visit: &Visit, user: UserId, tally: Tally, tip: Option<BlockHeight>) -> Vec<Chart> {
    let Some(tip) = tip else { return Vec::new() };
    of_user(&visit.site, user, tally, tip).await.unwrap_or_else(|error| {
        tracing::error!(%error, %user, "no charts");
        Vec::new()
    })
}
