//! Notifications as the programs write them.

use serde_json::{Map, Value, json};
use stakepool_core::chain::{Generation, TicketHash};

use crate::chain::Block;
use crate::network::Note;

/// The text of a notification, in the dialect of a generation.
pub(super) fn text(note: &Note, generation: Generation) -> String {
    let (method, params) = match note {
        Note::Connected(block) => ("blockconnected", json!([header(block), null])),
        Note::Disconnected(block) => ("blockdisconnected", json!([header(block)])),
        Note::Reorganised { old, new } => {
            ("reorganization", json!([old.hash, old.header.height, new.hash, new.header.height]))
        }
        Note::Winners { block, height, tickets } => {
            let numbered = tickets.iter().enumerate().map(|(number, ticket)| (number.to_string(), json!(ticket)));
            ("winningtickets", json!([block, height, numbered.collect::<Map<String, Value>>()]))
        }
        Note::NewTickets { block, height, price, tickets } => {
            let tickets = match generation {
                Generation::Legacy if tickets.is_empty() => Value::Null,
                _ => json!(tickets),
            };
            ("newtickets", json!([block, height, price, tickets]))
        }
        Note::SpentAndMissed { block, height, price, spent, missed } => {
            let tickets: Map<String, Value> = named(spent, "spent").chain(named(missed, "missed")).collect();
            ("spentandmissedtickets", json!([block, height, price, tickets]))
        }
    };
    // The order of the keys is the real one.
    format!(r#"{{"jsonrpc":"1.0","method":"{method}","params":{params},"id":null}}"#)
}

fn header(block: &Block) -> String {
    hex::encode(block.header.encode())
}

fn named(tickets: &[TicketHash], what: &'static str) -> impl Iterator<Item = (String, Value)> {
    tickets.iter().map(move |ticket| (ticket.to_string(), json!(what)))
}
