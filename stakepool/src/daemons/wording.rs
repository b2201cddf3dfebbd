//! What people are told of two daemons that know different tickets.

use stakepool_core::ports::TicketSets;

use crate::daemons::standing::{Differing, Standing};

/// Tickets that a sentence names.
const NAMED: usize = 3;

/// How two daemons differ, and what to do. `tickets` are those that differ, as far as they could be listed.
pub(super) fn in_words((a, b): (&str, &str), (of_a, of_b): (TicketSets, TicketSets), tickets: &[Differing]) -> String {
    let counts = format!(
        "at block {} {a} votes {} tickets of users and ignores {}, {b} votes {} and ignores {}",
        of_a.height, of_a.voted.count, of_a.ignored.count, of_b.voted.count, of_b.ignored.count
    );
    if tickets.is_empty() {
        let remedy =
            "compare their poolfees and cold wallets' keys, look into their logs, and restart the one that is wrong";
        return format!("they know different tickets: {counts}; {remedy}");
    }
    let word = |standing| match standing {
        Standing::Voted => "voted by",
        Standing::Ignored => "ignored by",
        Standing::Unknown => "unknown to",
    };
    let name =
        |it: &Differing| format!("{} is {} {a} and {} {b}", it.ticket, word(it.standings.0), word(it.standings.1));
    let mut names = tickets.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
    if tickets.len() > NAMED {
        names.push_str(&format!(" and {} more", tickets.len() - NAMED));
    }
    let number = if tickets.len() == 1 { "1 ticket".to_owned() } else { format!("{} tickets", tickets.len()) };
    format!("they differ on {number}: {names}; {counts}. {}", remedy((a, b), tickets))
}

fn remedy((a, b): (&str, &str), tickets: &[Differing]) -> String {
    let unknown_to = |standing: fn(&Differing) -> Standing| tickets.iter().any(|it| standing(it) == Standing::Unknown);
    let mut remedies = Vec::new();
    if tickets.iter().any(|it| it.standings.0 != Standing::Unknown && it.standings.1 != Standing::Unknown) {
        remedies.push(
            "They were judged by other fees or cold wallets' keys: compare poolfees, coldwalletextpub and oldcoldwalletextpubs; \
             `stakepoolctl tickets add HASH` has every daemon vote a ticket"
                .to_owned(),
        );
    }
    for (name, lacks) in [(a, unknown_to(|it| it.standings.0)), (b, unknown_to(|it| it.standings.1))] {
        if lacks {
            remedies.push(format!(
                "Restart {name}, so that it looks for its tickets again, and see that its node has txindex"
            ));
        }
    }
    remedies.join(". ")
}
