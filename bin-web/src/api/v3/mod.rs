//! The API v3, which wallets of today speak: no accounts, one signed request a ticket, and every answer signed, refusals
//! included.

pub mod answer;
pub mod call;
pub mod command;

use std::sync::Arc;
use std::time::Duration;

use stakepool::accounts::MustWait;
use stakepool::vsp::Vsp;
use stakepool_core::vsp::{Code, Refusal, SignedAnswer, ticket_of};
use stakepool_process::isolated;
use tokio::time::timeout;
use warp::http::Method;
use warp::reply::Response;

use self::answer::{code_of, signed, wrong_method};
use self::call::Call;
use self::command::{Command, TicketCommand};
use crate::api::cors::preflight;
use crate::site::Site;

/// The headers with which other sites may call.
const HEADERS: &str = "Content-Type, VSP-Client-Signature";
/// How long an answer may take. What was begun goes on to its end all the same.
const LIMIT: Duration = Duration::from_secs(55);

/// Answers what comes behind `/api/v3/`; `None` where there is no such command.
pub async fn dispatch(name: &str, method: &Method, vsp: &Arc<Vsp>, call: Call) -> Option<Response> {
    let command = Command::of(name)?;
    if method == Method::OPTIONS {
        return Some(preflight(HEADERS));
    }
    if *method != command.method() {
        return Some(wrong_method(vsp, command));
    }
    let site = call.site.clone();
    let Command::OfTicket(of) = command else { return Some(info(&site, vsp)) };
    let answer = of_ticket(of, vsp, call).await;
    site.metrics.vsp_answer(of.name(), answer.status, code_of(&answer));
    Some(signed(&answer))
}

/// The answer of `vspinfo`, which is ready.
pub fn info(site: &Site, vsp: &Vsp) -> Response {
    let answer = vsp.info();
    site.metrics.vsp_answer(Command::VspInfo.name(), answer.status, code_of(&answer));
    signed(&answer)
}

/// Answers a signed request, unless there are too many.
async fn of_ticket(command: TicketCommand, vsp: &Arc<Vsp>, call: Call) -> SignedAnswer {
    let ticket = if command.is_limited_by_ticket() { ticket_of(&call.body).ok() } else { None };
    if let Err(wait) = call.site.pool.admit_wallet_of_today(call.client, ticket) {
        return too_many(vsp, wait);
    }
    let answering = vsp.clone();
    // A client that hangs up leaves nothing half done.
    let answer = tokio::spawn(isolated(async move { use_case(command, &answering, &call).await }));
    match timeout(LIMIT, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::error!(%error, command = command.name(), "a call of the API v3 broke down");
            vsp.refusal(&Code::InternalError.into())
        }
        Err(_) => vsp.refusal(&Code::InternalError.into()),
    }
}

fn too_many(vsp: &Vsp, wait: MustWait) -> SignedAnswer {
    vsp.refusal_with(429, &Refusal::bad_request(format!("too many requests, try again in {}", wait.in_words())))
}

async fn use_case(command: TicketCommand, vsp: &Vsp, call: &Call) -> SignedAnswer {
    // Only what the owner signed counts for the ticket: a stranger, who can name it as well, must not lock the owner out.
    if command.is_limited_by_ticket()
        && let Some(ticket) = vsp.ticket_signed_for(call.request()).await
        && let Err(wait) = call.site.pool.admit_signed_for(ticket)
    {
        return too_many(vsp, wait);
    }
    let request = call.request();
    match command {
        TicketCommand::FeeAddress => vsp.fee_address(request).await,
        TicketCommand::PayFee => vsp.pay_fee(request).await,
        TicketCommand::TicketStatus => vsp.ticket_status(request).await,
        TicketCommand::SetVoteChoices => vsp.set_vote_choices(request).await,
        TicketCommand::SetAltSignAddr => vsp.set_alt_sign_addr(request).await,
        TicketCommand::TicketProof => vsp.ticket_proof(request).await,
    }
}
