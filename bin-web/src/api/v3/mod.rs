//! The API v3, which wallets of today speak: no accounts, one signed request a ticket, and every answer signed, refusals
//! included.

pub mod answer;
pub mod call;
pub mod command;
mod feeaddress;
mod payfee;
mod setaltsignaddr;
mod setvotechoices;
mod ticketproof;
mod ticketstatus;
pub mod vspinfo;

use std::sync::Arc;
use std::time::Duration;

use stakepool::accounts::MustWait;
use stakepool::vsp::Vsp;
use stakepool_core::vsp::{Code, Refusal, SignedAnswer, ticket_of};
use stakepool_process::isolated;
use tokio::time::timeout;
use warp::http::Method;
use warp::reply::Response;

use self::answer::{preflight, signed, wrong_method};
use self::call::Call;
use self::command::Command;

/// How long an answer may take. What was begun goes on to its end all the same.
const LIMIT: Duration = Duration::from_secs(55);

/// Answers what comes behind `/api/v3/`; `None` where there is no such command.
pub async fn dispatch(name: &str, method: &Method, vsp: &Arc<Vsp>, call: Call) -> Option<Response> {
    let command = Command::of(name)?;
    if method == Method::OPTIONS {
        return Some(preflight());
    }
    if *method != command.method() {
        return Some(wrong_method(vsp, command));
    }
    if command == Command::VspInfo {
        return Some(vspinfo::answer(vsp));
    }
    let ticket = if command.is_limited_by_ticket() { ticket_of(&call.body).ok() } else { None };
    if let Err(wait) = call.site.pool.admit_wallet_of_today(call.client, ticket) {
        return Some(signed(&too_many(vsp, wait)));
    }
    let (answering, vsp) = (vsp.clone(), vsp.clone());
    // A client that hangs up leaves nothing half done.
    let answer = tokio::spawn(isolated(async move { of_command(command, &answering, &call).await }));
    let answer = match timeout(LIMIT, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::error!(%error, command = command.name(), "a call of the API v3 broke down");
            vsp.refusal(&Code::InternalError.into())
        }
        Err(_) => vsp.refusal(&Code::InternalError.into()),
    };
    Some(signed(&answer))
}

fn too_many(vsp: &Vsp, wait: MustWait) -> SignedAnswer {
    vsp.refusal_with(429, &Refusal::bad_request(format!("too many requests, try again in {}", wait.in_words())))
}

async fn of_command(command: Command, vsp: &Vsp, call: &Call) -> SignedAnswer {
    // Only what the owner signed counts for the ticket: a stranger, who can name it as well, must not lock the owner out.
    if command.is_limited_by_ticket()
        && let Some(ticket) = vsp.ticket_signed_for(call.request()).await
        && let Err(wait) = call.site.pool.admit_signed_for(ticket)
    {
        return too_many(vsp, wait);
    }
    match command {
        Command::VspInfo => (*vsp.info()).clone(),
        Command::FeeAddress => feeaddress::answer(vsp, call).await,
        Command::PayFee => payfee::answer(vsp, call).await,
        Command::TicketStatus => ticketstatus::answer(vsp, call).await,
        Command::SetVoteChoices => setvotechoices::answer(vsp, call).await,
        Command::SetAltSignAddr => setaltsignaddr::answer(vsp, call).await,
        Command::TicketProof => ticketproof::answer(vsp, call).await,
    }
}
