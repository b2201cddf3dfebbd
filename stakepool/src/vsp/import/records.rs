//! Whether what was signed on both sides really was.

use data_encoding::BASE64;
use serde::Deserialize;
use stakepool_core::vsp::{Record, authenticate};
use stakepool_core::vspd::VspdTicket;

use crate::vsp::server_key::is_signed_by;

/// The records of a ticket that prove something, and of each that does not, why.
pub(super) fn proven(ticket: &VspdTicket, server: &[u8; 32]) -> (Vec<Record>, Vec<String>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (number, record) in ticket.records.iter().enumerate() {
        match check(record, ticket, server) {
            Ok(()) => good.push(record.clone()),
            Err(reason) => {
                bad.push(format!("its {} ({} of {}): {reason}", record.kind.name(), number + 1, ticket.records.len()))
            }
        }
    }
    (good, bad)
}

fn check(record: &Record, ticket: &VspdTicket, server: &[u8; 32]) -> Result<(), &'static str> {
    let signature = Some(&*record.request_signature);
    authenticate(&record.request, signature, ticket.owner, ticket.alternate)
        .map_err(|_| "the request is not signed by the ticket's owner")?;
    if !is_signed_by(server, &record.answer, &record.answer_signature) {
        return Err("the answer is not signed by this server");
    }
    if echoes(&record.answer, &record.request) { Ok(()) } else { Err("the answer is to another request") }
}

fn echoes(answer: &[u8], request: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Answer {
        request: String,
    }
    serde_json::from_slice::<Answer>(answer).is_ok_and(|answer| answer.request == BASE64.encode(request))
}
