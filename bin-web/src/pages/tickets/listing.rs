//! A list of a user's tickets.

use serde::Serialize;
use stakepool_core::chain::{Generation, TicketHash};
use stakepool_core::typed::hash;
use warp::http::StatusCode;

use super::filter::{Choice, Filter, PER_PAGE};
use super::heads::Heads;
use super::list::{self, List};
use super::overview::savable;
use super::owner::without_tickets;
use super::row::{self, Row};
use super::tip::block_time;
use crate::http::respond::see_ticket;
use crate::page_error::PageError;
use crate::view::pager::Pager;
use crate::visit::{Outcome, Visit};

/// Where the lists are.
const PATH: &str = "/tickets/list";

#[derive(Serialize)]
struct Listing {
    height: Option<u32>,
    none_at_all: bool,
    /// How many ignored tickets can still vote.
    savable: u64,
    lists: Vec<List>,
    shown: List,
    rows: Vec<Row>,
    found: u64,
    pager: Pager,
    heads: Heads,
    search: String,
    search_error: Option<&'static str>,
    sorts: Vec<Choice>,
    /// For voted tickets: how far back they are shown, in words.
    recent: Option<String>,
    all_ages: bool,
    /// What of the filter holds for the other lists, too, as a part of a query.
    stays: String,
}

/// Shows the page.
pub async fn show(visit: Visit) -> Outcome {
    if let Some(elsewhere) = without_tickets(&visit).await? {
        return Ok(elsewhere);
    }
    if let Some(ticket) = own_ticket(&visit).await? {
        return Ok(see_ticket(&ticket));
    }
    visit.remembered(|| page(&visit)).await
}

/// The user's ticket whose whole hash is searched for, in whatever list it is.
async fn own_ticket(visit: &Visit) -> Result<Option<TicketHash>, PageError> {
    let user = visit.need_user()?.id;
    let Ok(ticket) = hash(visit.form.text("q")).parse::<TicketHash>() else { return Ok(None) };
    let found = visit.site.pool.parts().ledger.ticket(&ticket).await?;
    Ok(found.filter(|report| report.user == Some(user)).map(|report| report.ticket))
}

async fn page(visit: &Visit) -> Outcome {
    let (site, user) = (&visit.site, visit.need_user()?);
    let params = site.pool.terms().network.params(Generation::Today);
    let time = block_time(site, &params).await;
    let tip = time.tip;
    let holdings = site.pool.holdings(user.id, tip).await?;
    let filter = Filter::read(&visit.form, tip, site.options.max_voted_age);
    let shown = filter.list.counted(&holdings.counts);
    let (page, found) = filter.find(site, user.id, shown.count).await?;
    let content = Listing {
        height: tip.map(|tip| tip.0),
        none_at_all: holdings.counts.is_empty(),
        savable: savable(&holdings.counts),
        lists: list::LISTS.iter().map(|list| list.counted(&holdings.counts)).collect(),
        rows: row::rows(site, &found.tickets, &shown, &params, &time).await?,
        found: found.total,
        pager: Pager::new(PATH, filter.query(), page, found.total.div_ceil(PER_PAGE).max(1)),
        heads: Heads::of(&filter),
        search_error: filter.search_error(),
        sorts: filter.sorts(),
        recent: (shown.is_voted() && tip.is_some()).then(|| time.lasting(site.options.max_voted_age)),
        all_ages: filter.all_ages,
        stays: filter.stays(),
        search: filter.search,
        shown,
    };
    visit.page("ticketlist.html.tera", StatusCode::OK, &content)
}
