//! A ticket of a wallet of today, for whoever signs for it.

use std::fmt::Display;

use serde::Serialize;
use stakepool::owners::{Answered, OwnedTicket, OwnersProofError, OwnershipError, Purpose};
use stakepool_core::chain::{BlockHeight, TicketHash};
use stakepool_core::time::UnixTime;
use stakepool_core::typed;
use stakepool_core::vsp::{FeeStatus, Outcome, RecordKind};
use warp::http::StatusCode;
use warp::reply::Response;

use super::claims;
use super::refused::Refused;
use crate::http::respond::secret_file;
use crate::page_error::{Explanation, PageError};
use crate::view::amounts;
use crate::view::network::network_flag;
use crate::view::render::Sample;
use crate::visit::{Outcome as Answer, Visit};

const TEMPLATE: &str = "vspticket.html.tera";
/// The most characters of what was typed that are shown again.
const TYPED: usize = 100;
const NO_PROOF: Explanation = Explanation {
    title: "No proof at this moment",
    happened: "The proof could not be put together: the pool’s node or its database does not answer.",
    lost: "Nothing was changed, and no record is lost.",
    remedy: "Try again in a few minutes. If it goes on, ask the operator.",
};
/// What stands in the place of an alternate address, which only the owner and the pool know.
const ALTERNATE: &str = "ALTERNATE_ADDRESS";

#[derive(Default, Serialize)]
struct Page {
    /// What was typed as the hash.
    typed: String,
    error: Option<String>,
    /// Whether the error is of the signature and not of the hash.
    is_of_signature: bool,
    /// What is to be signed.
    signing: Option<Signing>,
    shown: Option<Shown>,
}

/// What the owner signs, and how.
#[derive(Default, Serialize)]
struct Signing {
    ticket: String,
    made: i64,
    /// What is signed for, as the form names it.
    purpose: &'static str,
    text: String,
    /// One for the commitment address, and one for an alternate address.
    commands: Vec<String>,
}

/// The ticket, once its owner has signed.
#[derive(Default, Serialize)]
struct Shown {
    ticket: String,
    state: String,
    owner: String,
    alternate: Option<String>,
    fee: String,
    fee_state: &'static str,
    fee_since: String,
    fee_address: String,
    fee_transaction: Option<String>,
    choices: Vec<(String, String)>,
    history: Vec<Event>,
}

/// Something that happened to the ticket: when, as far as that is known, and what.
#[derive(Default, Serialize)]
struct Event {
    when: String,
    what: &'static str,
}

/// Asks for the ticket, or shows what to sign for it.
pub async fn show(visit: Visit) -> Answer {
    if visit.site.pool.vsp().is_none() {
        return Err(PageError::not_found());
    }
    if visit.form.get("ticket").is_none() {
        return visit.page(TEMPLATE, StatusCode::OK, &Page::default());
    }
    // Such a page looks the ticket up, as a call of its wallet does.
    if let Some(ticket) = named(&visit)
        && let Err(wait) = visit.site.pool.admit_wallet_of_today(visit.client, Some(ticket))
    {
        let error = format!("Too many tickets were asked for; wait {}.", wait.in_words());
        let page = Page { typed: ticket.to_string(), error: Some(error), ..Page::default() };
        return visit.page_to_wait(TEMPLATE, wait, &page);
    }
    ask(&visit, visit.site.now(), None).await
}

/// Shows the ticket where the signature is right, or does with it what the owner wants.
pub async fn submit(visit: Visit) -> Answer {
    if visit.site.pool.vsp().is_none() {
        return Err(PageError::not_found());
    }
    let Some(ticket) = named(&visit) else { return ask(&visit, visit.site.now(), None).await };
    let signature = typed::pasted(visit.form.text("signature"));
    let made = visit.form.text("made").parse().unwrap_or_default();
    let answered = Answered { ticket, made: UnixTime(made), browser: visit.browser(), signature: &signature };
    let done = match purpose(&visit)? {
        Purpose::Claim(_) => claims::claim(&visit, answered).await,
        Purpose::Proof => proof(&visit, answered).await,
        Purpose::Show => look(&visit, answered).await,
    };
    match done {
        Ok(response) => Ok(response),
        Err(Refused::Owner(error)) => refuse(&visit, answered, error).await,
        Err(Refused::Claim(error)) => {
            let page = Page { typed: ticket.to_string(), error: Some(sentence(&error)), ..Page::default() };
            visit.page(TEMPLATE, StatusCode::CONFLICT, &page)
        }
        Err(Refused::Page(error)) => Err(error),
    }
}

async fn look(visit: &Visit, answered: Answered<'_>) -> Result<Response, Refused> {
    let owned = visit.site.pool.show_to_owner(answered, visit.client).await?;
    let page = Page { shown: Some(Shown::of(&owned)), ..Page::default() };
    Ok(visit.page(TEMPLATE, StatusCode::OK, &page)?)
}

/// The proof as a file. It holds the voting key, so that it is neither packed nor kept by anything on its way.
async fn proof(visit: &Visit, answered: Answered<'_>) -> Result<Response, Refused> {
    let file = match visit.site.pool.proof_for_owner(answered, visit.client).await {
        Ok(file) => file,
        Err(OwnersProofError::Ownership(error)) => return Err(error.into()),
        Err(OwnersProofError::Proof(error)) => {
            tracing::error!(%error, ticket = %answered.ticket, "no proof could be made for an owner");
            return Err(Refused::Page(PageError::Shown(StatusCode::SERVICE_UNAVAILABLE, NO_PROOF)));
        }
        Err(_) => return Err(Refused::Page(PageError::internal())),
    };
    let name = format!("proof-{}.json", answered.ticket);
    Ok(secret_file(file, "application/json; charset=utf-8", &name))
}

/// Says what was wrong with text or signature.
async fn refuse(visit: &Visit, answered: Answered<'_>, error: OwnershipError) -> Answer {
    match error {
        OwnershipError::NotServed => Err(PageError::not_found()),
        OwnershipError::Store(error) => Err(error.into()),
        OwnershipError::Wait(wait) => {
            let page = Page { typed: answered.ticket.to_string(), error: Some(sentence(&error)), ..Page::default() };
            visit.page_to_wait(TEMPLATE, wait, &page)
        }
        // The text that was signed stays, so that only the signature must be mended.
        error @ OwnershipError::BadSignature => ask(visit, answered.made, Some(error)).await,
        error => ask(visit, visit.site.now(), Some(error)).await,
    }
}

/// What the form asks for. Only who is signed in has an account to claim for.
fn purpose(visit: &Visit) -> Result<Purpose, PageError> {
    Ok(match visit.form.text("do") {
        "claim" => Purpose::Claim(visit.need_user()?.id),
        "proof" => Purpose::Proof,
        _ => Purpose::Show,
    })
}

/// The name of a purpose in forms.
const fn name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Claim(_) => "claim",
        Purpose::Proof => "proof",
        Purpose::Show => "show",
    }
}

/// The ticket that the form names.
fn named(visit: &Visit) -> Option<TicketHash> {
    typed::hash(&typed::pasted(visit.form.text("ticket"))).parse().ok()
}

/// Shows what to sign for the ticket that the form names, made at a moment, and what was wrong.
async fn ask(visit: &Visit, made: UnixTime, error: Option<OwnershipError>) -> Answer {
    let pool = &visit.site.pool;
    let typed = visit.form.start_of("ticket", TYPED).to_owned();
    let refused = |status, text: String| {
        let page = Page { typed: typed.clone(), error: Some(text), ..Page::default() };
        visit.page(TEMPLATE, status, &page)
    };
    let Some(ticket) = named(visit) else {
        let text = error.map_or_else(
            || "This is not the hash of a ticket: it has 64 digits and letters from a to f.".to_owned(),
            |error| sentence(&error),
        );
        return refused(StatusCode::BAD_REQUEST, text);
    };
    let owner = match pool.may_sign_for(&ticket).await {
        Ok(owner) => owner.to_string(),
        Err(OwnershipError::Store(error)) => return Err(error.into()),
        Err(OwnershipError::NotServed) => return Err(PageError::not_found()),
        Err(error) => return refused(StatusCode::NOT_FOUND, sentence(&error)),
    };
    let purpose = purpose(visit)?;
    let challenge = pool.ownership_challenge(purpose, ticket, made, visit.browser());
    let exccctl = format!("exccctl {}--wallet signmessage", network_flag(pool.terms().network));
    let command = |address: &str| format!("{exccctl} {address} \"{}\"", challenge.text);
    let signing = Signing {
        ticket: ticket.to_string(),
        made: made.0,
        purpose: name(purpose),
        commands: vec![command(&owner), command(ALTERNATE)],
        text: challenge.text.clone(),
    };
    let status = if error.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    let error = error.map(|error| sentence(&error));
    visit.page(
        TEMPLATE,
        status,
        &Page { typed, is_of_signature: error.is_some(), error, signing: Some(signing), shown: None },
    )
}

/// What was wrong, as a sentence.
fn sentence(error: &impl Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

impl Shown {
    fn of(owned: &OwnedTicket) -> Self {
        let (ticket, registration) = (&owned.ticket, &owned.ticket.registration);
        Self {
            ticket: registration.ticket.to_string(),
            state: state(owned),
            owner: registration.owner.to_string(),
            alternate: registration.alternate.map(|address| address.to_string()),
            fee: amounts::fee(registration.quote.amount),
            fee_state: fee_state(registration.fee),
            fee_since: ticket.fee_since.readable(),
            fee_address: registration.fee_address.address.to_string(),
            fee_transaction: registration.fee_transaction.map(|hash| hash.to_string()),
            choices: registration.preferences.choices.clone().into_iter().collect(),
            history: history(owned),
        }
    }
}

/// How the ticket stands, in a sentence.
fn state(owned: &OwnedTicket) -> String {
    let registration = &owned.ticket.registration;
    match (registration.outcome, registration.fee) {
        (Some(outcome), _) => {
            let block = owned.ticket.ended_at.map(|height| format!(" in block {height}")).unwrap_or_default();
            match outcome {
                Outcome::Voted => format!("It has voted{block}."),
                Outcome::Missed => {
                    format!("It was drawn, and its vote did not get into a block{block}; its price comes back.")
                }
                Outcome::Expired => format!("It was never drawn and has expired{block}; its price comes back."),
                Outcome::Revoked => format!("It was missed or has expired{block}; its price comes back."),
            }
        }
        (None, FeeStatus::None) => "Its fee is not paid yet, so it is not voted. Your wallet pays it.".to_owned(),
        (None, FeeStatus::Received) => {
            "Its fee is here and is sent once the ticket has six confirmations; then it is voted.".to_owned()
        }
        (None, FeeStatus::Broadcast | FeeStatus::Confirmed) => "It is voted when it is drawn.".to_owned(),
        (None, FeeStatus::Error) => {
            "Its fee cannot be used, so it is not voted. Your wallet must pay it again.".to_owned()
        }
    }
}

const fn fee_state(status: FeeStatus) -> &'static str {
    match status {
        FeeStatus::None => "not paid",
        FeeStatus::Received => "received, not sent yet",
        FeeStatus::Broadcast => "sent, not confirmed yet",
        FeeStatus::Confirmed => "confirmed",
        FeeStatus::Error => "cannot be used",
    }
}

/// What happened to the ticket, the oldest first. The times of what was signed are the wallet's.
fn history(owned: &OwnedTicket) -> Vec<Event> {
    let ticket = &owned.ticket;
    let block = |height: BlockHeight| format!("block {height}");
    let mut events = vec![Event { when: ticket.registered.readable(), what: "registered; a fee was asked for" }];
    events.extend(owned.signed.iter().map(|(kind, at)| Event { when: at.readable(), what: signed(*kind) }));
    events.extend(ticket.registration.confirmed_at.map(|at| Event { when: block(at), what: "the ticket was mined" }));
    events.extend(ticket.fee_mined_at.map(|at| Event { when: block(at), what: "the fee was mined" }));
    events.extend(ticket.ended_at.map(|at| Event { when: block(at), what: "the ticket ended" }));
    events
}

const fn signed(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::PayFee => "the wallet paid the fee and handed over the voting key",
        RecordKind::SetVoteChoices => "the wallet set what is voted",
        RecordKind::SetAltSignAddr => "the wallet named another address that may sign",
    }
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    let signing = Signing { commands: vec![String::new()], ..Signing::default() };
    let shown = Shown {
        alternate: Some(String::new()),
        fee_transaction: Some(String::new()),
        choices: vec![Default::default()],
        history: vec![Event::default()],
        ..Shown::default()
    };
    let pages = [
        Page { error: Some(String::new()), ..Page::default() },
        Page { signing: Some(signing), is_of_signature: true, error: Some(String::new()), ..Page::default() },
        Page { shown: Some(shown), ..Page::default() },
    ];
    pages.map(|page| Sample::new(TEMPLATE, &page)).into()
}
