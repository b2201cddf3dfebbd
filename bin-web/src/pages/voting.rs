//! What a user's tickets vote on beside the previous block.

use std::sync::Arc;

use serde::Serialize;
use stakepool_core::accounts::VotingPreference;
use stakepool_core::chain::VoteBits;
use stakepool_core::ports::Agenda;
use warp::http::StatusCode;

use stakepool::agendas;
use crate::browser::flash::Flash;
use crate::visit::{Outcome, Visit};

const TEMPLATE: &str = "voting.html.tera";

#[derive(Serialize)]
struct Voting {
    /// The vote version; `None` while no wallet tells it.
    version: Option<u32>,
    /// Whether it is known what can be voted on.
    known: bool,
    questions: Vec<Question>,
    bits: u16,
    /// The vote version of a choice that no longer counts.
    outdated: Option<u32>,
    error: Option<String>,
}

/// An agenda as a group of the form.
#[derive(Serialize)]
struct Question {
    field: String,
    id: String,
    description: String,
    status: &'static str,
    answers: Vec<Answer>,
}

#[derive(Serialize)]
struct Answer {
    id: String,
    description: String,
    bits: u16,
    chosen: bool,
}

/// Shows what can be voted on, and what the user chose.
pub async fn show(visit: Visit) -> Outcome {
    page(&visit, StatusCode::OK, None).await
}

/// Stores a choice, or lets go of one that no longer counts.
pub async fn submit(visit: Visit) -> Outcome {
    visit.need_user()?;
    let Some(agendas) = known(&visit).await else {
        let error = "Your choice stays as it was: the pool’s wallets do not answer, so that it cannot be checked. Try \
                     again in a minute.";
        return page(&visit, StatusCode::SERVICE_UNAVAILABLE, Some(error.to_owned())).await;
    };
    let bits = match chosen(&visit, &agendas) {
        Ok(bits) => bits,
        Err(error) => return page(&visit, StatusCode::OK, Some(error)).await,
    };
    let (id, voting) = (visit.need_user()?.id, visit.app.voting(bits));
    visit.app.set_voting(id, voting).await?;
    tracing::info!(user = %id, client = %visit.client, %bits, "voting preference set on the page");
    Ok(visit.done(Notice::VotingSaved, "/voting"))
}

/// The agendas of the present vote version; `None` while they are not known.
async fn known(visit: &Visit) -> Option<Arc<[Agenda]>> {
    visit.app.agendas.of(visit.app.services.stats.vote_version()?).await
}

/// The bits of a form: the previous block is approved, and each agenda is answered as chosen, or as before.
fn chosen(visit: &Visit, agendas: &[Agenda]) -> Result<VoteBits, String> {
    let before = in_force(visit)?;
    let mut bits = VoteBits::APPROVE.0;
    for (number, agenda) in agendas.iter().enumerate() {
        bits |= match visit.form.get(&field(number)) {
            Some(answer) => {
                let choice = agenda.choices.iter().find(|choice| answer.parse() == Ok(choice.bits));
                choice.map(|choice| choice.bits).ok_or_else(|| {
                    format!("Your choice stays as it was: choose one of the answers to “{}”.", agenda.id)
                })?
            }
            None => agenda.choice(before).map_or(0, |choice| choice.bits),
        };
    }
    let bits = VoteBits(bits);
    if agendas::are_valid(bits, agendas) {
        Ok(bits)
    } else {
        Err("Your choice stays as it was: choose an answer to every question.".to_owned())
    }
}

/// What the user's tickets vote now: their choice, or the default where it was made for another vote version.
fn in_force(visit: &Visit) -> Result<VoteBits, String> {
    let user = visit.need_user().map_err(|_| "Sign in first.".to_owned())?;
    let is_of_now = visit.app.services.stats.vote_version().is_none_or(|version| version == user.voting.version);
    Ok(if is_of_now { user.voting.bits } else { VoteBits::APPROVE })
}

async fn page(visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
    let VotingPreference { bits, version: chosen_for } = visit.need_user()?.voting;
    let version = visit.app.services.stats.vote_version();
    let agendas = known(visit).await;
    // Who only ever approved the previous block has lost nothing by a new version.
    let outdated = version.filter(|version| *version != chosen_for && bits != VoteBits::APPROVE).map(|_| chosen_for.0);
    let in_force = if outdated.is_some() { VoteBits::APPROVE } else { bits };
    let content = Voting {
        version: version.map(|version| version.0),
        known: agendas.is_some(),
        questions: agendas.iter().flat_map(|agendas| agendas.iter()).enumerate().map(question(in_force)).collect(),
        bits: in_force.0,
        outdated,
        error,
    };
    visit.page(TEMPLATE, status, &content)
}

fn question(in_force: VoteBits) -> impl Fn((usize, &Agenda)) -> Question {
    move |(number, agenda)| {
        let now = agenda.choice(in_force).map(|choice| choice.bits);
        let answer = |choice: &stakepool_core::ports::AgendaChoice| Answer {
            id: choice.id.clone(),
            description: choice.description.clone(),
            bits: choice.bits,
            chosen: now == Some(choice.bits),
        };
        Question {
            field: field(number),
            id: agenda.id.clone(),
            description: agenda.description.clone(),
            status: status(&agenda.status),
            answers: agenda.choices.iter().map(answer).collect(),
        }
    }
}

/// The name of a form's field, as the predecessor has it.
fn field(number: usize) -> String {
    format!("agenda{number}")
}

/// Where an agenda stands, for people.
fn status(status: &str) -> &'static str {
    match status {
        "defined" => "voting has not begun yet",
        "started" => "voting is open",
        "lockedin" => "accepted, in force soon",
        "active" => "accepted and in force",
        "failed" => "rejected",
        _ => "state unknown",
    }
}
