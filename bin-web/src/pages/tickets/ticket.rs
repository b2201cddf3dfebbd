//! One ticket: what happened to it and when, what it earned, and what is still to come.

use std::collections::BTreeSet;

use serde::Serialize;
use stakepool::tickets::life::{TicketLife, Viewer, chance};
use stakepool::tickets::low_fee::parse_hash;
use stakepool::tickets::millis;
use stakepool_core::chain::{BlockHeight, Generation, Params};
use stakepool_core::ports::StoredVote;
use stakepool_core::reports::{TicketState, VoteOutcome};
use stakepool_core::time::UnixTime;
use warp::http::StatusCode;

use super::row::fee_problem;
use super::tip::block_time;
use crate::page_error::{Explanation, PageError};
use crate::pages::admin::guard::guard;
use crate::view::amounts;
use crate::view::when::{BlockTime, When};
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Ticket {
    ticket: String,
    state: &'static str,
    ignored: bool,
    /// Why the pool ignores it, or did until an administrator added it.
    fee_problem: Option<String>,
    /// Why it was missed, without a full stop.
    cause: Option<String>,
    reward: Option<Earned>,
    /// The transaction that voted with it or revoked it, where it is known.
    transaction: Option<String>,
    /// Whether some time of the past is not known.
    estimates: bool,
    price: String,
    fee_paid: String,
    fee_required: String,
    fee_address: String,
    voting_address: String,
    /// Whose it is, for administrators.
    user: Option<i64>,
    steps: Vec<Step>,
    odds: Option<Odds>,
    votes: Vec<Vote>,
}

/// What its vote paid beyond the price.
#[derive(Serialize)]
struct Earned {
    whole: String,
    /// The part that the pool got.
    to_pool: String,
    net: String,
    /// Both follow from the rules of the chain: the vote itself is not known.
    by_rule: bool,
}

/// A moment in the ticket's life.
#[derive(Serialize)]
struct Step {
    what: &'static str,
    when: When,
    /// Whether blocks lead to the block explorer: those that are mined do.
    is_mined: bool,
}

/// How likely it is drawn, while it can be.
#[derive(Serialize)]
struct Odds {
    /// Until it expires.
    percent: String,
    /// After how long half of such tickets are drawn.
    half: String,
    /// How much of its time is over, in thousandths.
    passed: u32,
}

/// What a daemon did with it.
#[derive(Serialize)]
struct Vote {
    daemon: String,
    at: String,
    height: u32,
    outcome: &'static str,
    /// What a daemon says that failed, for administrators.
    error: Option<String>,
    attempts: u32,
    total: String,
}

const NO_SUCH_TICKET: Explanation = Explanation {
    title: "No such ticket",
    happened: "There is no ticket of yours with this hash.",
    lost: "Nothing was changed.",
    remedy: "Open it from the list of your tickets. A ticket that was just bought appears there once it is mined.",
};

/// Shows one of the user's tickets, and any to administrators.
pub async fn show(visit: Visit) -> Outcome {
    visit.remembered(|| page(&visit)).await
}

async fn page(visit: &Visit) -> Outcome {
    let user = visit.need_user()?.id;
    let missing = || PageError::Shown(StatusCode::NOT_FOUND, NO_SUCH_TICKET);
    let hash = parse_hash(visit.form.text("hash")).map_err(|_| missing())?;
    let (site, ledger) = (&visit.site, visit.site.pool.parts().ledger.as_ref());
    let params = site.pool.terms().network.params(Generation::Today);
    let mut viewer = Viewer::User(user);
    let mut life = TicketLife::find(ledger, &params, &hash, viewer).await?;
    if life.is_none() && visit.administrator().is_some() {
        guard(visit).await?;
        viewer = Viewer::Administrator;
        life = TicketLife::find(ledger, &params, &hash, viewer).await?;
    }
    let life = life.ok_or_else(missing)?;
    let stake = site.pool.figures().await.ok().map(|figures| figures.stake);
    let time = block_time(site, &params).await;
    let facts = &life.report.facts;
    let steps = steps(&life, &time);
    let content = Ticket {
        ticket: life.report.ticket.to_string(),
        state: life.report.state.name(),
        ignored: life.report.is_ignored(),
        fee_problem: fee_problem(&life.report),
        cause: life.cause.as_ref().map(|cause| match viewer {
            Viewer::User(_) => cause.for_user(),
            Viewer::Administrator => cause.for_operator().trim_end_matches('.').to_owned(),
        }),
        reward: life.reward.map(|reward| Earned {
            whole: amounts::price(reward.whole),
            to_pool: amounts::fee(reward.to_pool),
            net: amounts::price(reward.net()),
            by_rule: reward.is_by_rule,
        }),
        transaction: life.report.spend.map(|spend| spend.transaction.to_string()),
        price: amounts::price(facts.price),
        fee_paid: amounts::fee(facts.committed_fee),
        fee_required: amounts::fee(facts.required_fee),
        fee_address: facts.fee_address.to_string(),
        voting_address: life.report.address.to_string(),
        user: life.report.user.filter(|_| viewer == Viewer::Administrator).map(|user| user.0),
        estimates: steps.iter().any(|step| step.when.time.is_none()),
        steps,
        odds: stake.zip(time.tip).and_then(|(stake, tip)| odds(&life, &params, stake.pool_size, tip, &time)),
        votes: votes(&life.votes, viewer),
    };
    visit.page("ticket.html.tera", StatusCode::OK, &content)
}

fn steps(life: &TicketLife, time: &BlockTime) -> Vec<Step> {
    let report = &life.report;
    let times = &report.times;
    let drawn = |height: BlockHeight| Some(("Drawn", height.minus(1), times.drawn));
    let (drawn, end) = match (report.state, report.ended_at) {
        (TicketState::Voted, Some(height)) => (drawn(height), Some(("Voted", height, times.ended))),
        (TicketState::Missed, Some(height)) => (drawn(height), Some(("Missed", height, times.ended))),
        (TicketState::Expired, Some(height)) => (None, Some(("Expired", height, times.ended))),
        (TicketState::Immature | TicketState::Live, _) => {
            (None, Some(("Expires, unless it is drawn before", life.expires_at, None)))
        }
        (_, None) => (None, None),
    };
    let revocation = report.spend.filter(|_| report.state != TicketState::Voted);
    let moments = [
        Some(("Bought", report.facts.mined_at, times.mined)),
        Some(("Mature: can be drawn", life.matures_at, times.matured)),
        drawn,
        end,
        revocation.map(|spend| ("Revoked", spend.mined_at, spend.time)),
        life.spendable_at.map(|height| ("Price and reward can be spent", height, None)),
    ];
    let step = |(what, height, known)| {
        let when = time.at(height, known);
        Step { what, is_mined: !when.to_come && when.words.is_some(), when }
    };
    moments.into_iter().flatten().map(step).collect()
}

fn odds(life: &TicketLife, params: &Params, live: u64, tip: BlockHeight, time: &BlockTime) -> Option<Odds> {
    let is_open = matches!(life.report.state, TicketState::Immature | TicketState::Live);
    let from = tip.max(life.matures_at);
    let left = life.expires_at.0.checked_sub(from.0).filter(|_| is_open && live > 0)?;
    // Half are drawn after as many blocks as it takes to draw half of all.
    let half = std::f64::consts::LN_2 * live as f64 / f64::from(params.tickets_per_block.max(1));
    let passed = u64::from(from.0.saturating_sub(life.matures_at.0)) * 1000 / u64::from(params.ticket_expiry.max(1));
    Some(Odds {
        percent: format!("{:.1}", chance(params, live, left) * 100.0),
        half: time.lasting(half as u32),
        passed: u32::try_from(passed).unwrap_or(1000).min(1000),
    })
}

/// The daemons' votes. Users learn the pool's servers as numbers alone, and no words of theirs.
fn votes(votes: &[StoredVote], viewer: Viewer) -> Vec<Vote> {
    let names: BTreeSet<&str> = votes.iter().map(|vote| vote.daemon.as_str()).collect();
    let number = |name: &str| names.iter().position(|other| *other == name).unwrap_or_default() + 1;
    let vote = |StoredVote { daemon, record }: &StoredVote| Vote {
        daemon: match viewer {
            Viewer::Administrator => daemon.clone(),
            Viewer::User(_) => format!("server {}", number(daemon)),
        },
        at: UnixTime(record.at.0.div_euclid(1000)).readable(),
        height: record.height.0,
        outcome: match record.outcome {
            VoteOutcome::Sent => "sent the vote",
            VoteOutcome::AlreadyKnown => "had the same vote ready; another server was faster",
            VoteOutcome::RivalVote => "found another vote of this ticket on the network",
            VoteOutcome::Failed(_) => "could not vote",
        },
        error: match (&record.outcome, viewer) {
            (VoteOutcome::Failed(error), Viewer::Administrator) => Some(error.clone()),
            _ => None,
        },
        attempts: record.attempts,
        total: millis(record.timings.total),
    };
    votes.iter().map(vote).collect()
}
