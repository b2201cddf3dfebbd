//! What a user's tickets vote on beside the previous block.

use serde::Serialize;
use stakepool::accounts::{SetVotingError, VotingChoice};
use stakepool_core::chain::VoteBits;
use stakepool_core::ports::Agenda;
use warp::http::StatusCode;

use crate::browser::flash::Flash;
use crate::visit::{Outcome, Visit};

const TEMPLATE: &str = "voting.html.tera";

#[derive(Serialize)]
struct Voting {
    /// The vote version; `None` while no wallet reports it.
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
    let user = visit.need_user()?;
    let answer = |number| visit.form.get(&field(number)).map(str::to_owned);
    match visit.site.pool.choose(user, answer).await {
        Ok(bits) => {
            tracing::info!(user = %user.id, client = %visit.client, %bits, "voting preference set on the page");
            Ok(visit.done(Flash::VotingSaved, "/voting"))
        }
        Err(SetVotingError::Unknown) => {
            let error = "Your choice stays as it was: the pool’s wallets do not answer, so that it cannot be checked. Try \
                         again in a minute.";
            page(&visit, StatusCode::SERVICE_UNAVAILABLE, Some(error.to_owned())).await
        }
        Err(SetVotingError::Store(error)) => Err(error.into()),
        Err(error @ (SetVotingError::NoSuchAnswer(_) | SetVotingError::Incomplete)) => {
            page(&visit, StatusCode::OK, Some(format!("Your choice stays as it was: {error}."))).await
        }
    }
}

async fn page(visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
    let VotingChoice { version, agendas, in_force, outdated } = visit.site.pool.voting_of(visit.need_user()?).await;
    let content = Voting {
        version: version.map(|version| version.0),
        known: agendas.is_some(),
        questions: agendas.iter().flat_map(|agendas| agendas.iter()).enumerate().map(question(in_force)).collect(),
        bits: in_force.0,
        outdated: outdated.map(|version| version.0),
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

/// Where an agenda stands, in words.
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
