//! Which choices were in force when a vote was cast, by what was signed.

use std::time::Duration;

use serde::Deserialize;

use super::preferences::Preferences;
use super::records::RecordKind;
use super::refusal::Refusal;
use super::requests::{PayFeeRequest, SetVoteChoicesRequest};
use crate::agenda::Agenda;
use crate::chain::VoteBits;
use crate::time::UnixTime;

/// How long before the time of its block a vote may have been cast: blocks that come late, and clocks that differ.
const CAST_BEFORE: Duration = Duration::from_secs(3600);
/// How long after it: clocks that differ.
const CAST_AFTER: Duration = Duration::from_secs(600);

/// What a record says of choices.
#[derive(Clone, Copy, Debug)]
pub struct SignedChoice<'a> {
    /// The record's number among those of the ticket; a number that is missing is a record that is not kept any more.
    pub number: u32,
    /// What it is of.
    pub kind: RecordKind,
    /// The body of the request.
    pub request: &'a [u8],
    /// The body of the answer.
    pub answer: &'a [u8],
    /// What of the request was not taken over, and why.
    pub notes: &'a [String],
}

/// How a vote compares with what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// It votes what was chosen.
    Yes,
    /// It votes something else: what could have been in force then.
    No(Vec<VoteBits>),
    /// That cannot be said, and why.
    Unknown(&'static str),
}

/// When an answer was made.
///
/// # Errors
/// A bad request for an answer without a time.
pub fn time_of_answer(answer: &[u8]) -> Result<UnixTime, Refusal> {
    #[derive(Deserialize)]
    struct Fields {
        timestamp: UnixTime,
    }
    let fields: Fields = super::fields::read(answer)?;
    Ok(fields.timestamp)
}

/// Whether a vote follows the choices that were in force when it was cast.
///
/// `records` are the ticket's, the oldest first, and `agendas` those of the vote's version; `None` where they are not known.
/// `mined` is the time of the vote's block. What was chosen within the hour before it may or may not have been in force.
///
/// # Errors
/// A refusal where a record cannot be read.
pub fn follows(
    bits: VoteBits,
    mined: UnixTime,
    records: &[SignedChoice<'_>],
    agendas: Option<&[Agenda]>,
) -> Result<Followed, Refusal> {
    let mut chosen = Preferences::default();
    let mut complete = false;
    let mut last_number = None;
    let mut before = None;
    let mut possible: Vec<Preferences> = Vec::new();
    for record in records {
        // One that names an address chooses nothing, but a gap before it may have.
        complete &= last_number.is_none_or(|last: u32| last.checked_add(1) == Some(record.number));
        last_number = Some(record.number);
        match record.kind {
            RecordKind::PayFee => (chosen, complete) = (taken_over(record)?, true),
            RecordKind::SetVoteChoices => chosen.merge(SetVoteChoicesRequest::parse(record.request)?.preferences),
            RecordKind::SetAltSignAddr => continue,
        }
        let since = time_of_answer(record.answer)?;
        if since > mined.plus(CAST_AFTER) {
            break;
        }
        if !complete {
            before = None;
            possible.clear();
        } else if since <= mined.minus(CAST_BEFORE) {
            before = Some(chosen.clone());
        } else {
            possible.push(chosen.clone());
        }
    }
    possible.extend(before);
    if possible.is_empty() {
        return Ok(Followed::Unknown(
            "no payment that came before the vote is on record, or records after it are missing",
        ));
    }
    let Some(agendas) = agendas.or_else(|| possible.iter().all(|chosen| chosen.choices.is_empty()).then_some(&[][..]))
    else {
        return Ok(Followed::Unknown("the agendas of the vote's version are not known"));
    };
    let possible: Vec<_> = possible.iter().map(|chosen| chosen.vote_bits(agendas)).collect();
    Ok(if possible.contains(&bits) { Followed::Yes } else { Followed::No(possible) })
}

/// What a payment chose of agendas that were known then.
fn taken_over(payment: &SignedChoice<'_>) -> Result<Preferences, Refusal> {
    let mut chosen = PayFeeRequest::parse(payment.request)?.preferences;
    // Agendas that turned up later must not count as chosen.
    let is_noted = |agenda: &String| payment.notes.iter().any(|note| note.contains(&format!("agenda {agenda:?}")));
    chosen.choices.retain(|agenda, _| !is_noted(agenda));
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agenda::AgendaChoice;
    use serde_json::json;

    const MINED: UnixTime = UnixTime(1_795_000_000);
    const HOUR: i64 = 3600;

    fn agendas() -> Vec<Agenda> {
        let choice = |id: &str, bits| AgendaChoice { id: id.to_owned(), description: String::new(), bits };
        vec![Agenda {
            id: "size".to_owned(),
            description: String::new(),
            status: "started".to_owned(),
            mask: 6,
            choices: vec![choice("no", 2), choice("yes", 4)],
        }]
    }

    /// A record by which something was chosen, so many seconds from the vote's block.
    fn record(
        number: u32,
        kind: RecordKind,
        from_vote: i64,
        choice: Option<&str>,
    ) -> (u32, RecordKind, Vec<u8>, Vec<u8>) {
        let choices = choice.map_or(json!({}), |choice| json!({ "size": choice }));
        let request = json!({
            "timestamp": 1, "tickethash": "ab", "feetx": "00", "votingkey": "x", "votechoices": choices,
            "altsignaddress": "S",
        });
        let answer = json!({"timestamp": MINED.0 + from_vote});
        (number, kind, request.to_string().into_bytes(), answer.to_string().into_bytes())
    }

    fn judged(bits: u16, records: &[(u32, RecordKind, Vec<u8>, Vec<u8>)], agendas: Option<&[Agenda]>) -> Followed {
        let records: Vec<_> = records
            .iter()
            .map(|(number, kind, request, answer)| SignedChoice {
                number: *number,
                kind: *kind,
                request,
                answer,
                notes: &[],
            })
            .collect();
        follows(VoteBits(bits), MINED, &records, agendas).unwrap()
    }

    #[test]
    fn the_last_choice_before_the_vote_counts_and_later_ones_do_not() {
        use RecordKind::{PayFee, SetVoteChoices};
        let records = [
            record(0, PayFee, -9 * HOUR, Some("no")),
            record(1, SetVoteChoices, -8 * HOUR, Some("yes")),
            record(2, SetVoteChoices, HOUR, Some("no")),
        ];
        let agendas = agendas();
        assert_eq!(judged(5, &records, Some(&agendas)), Followed::Yes);
        assert_eq!(judged(3, &records, Some(&agendas)), Followed::No(vec![VoteBits(5)]));
        assert_eq!(judged(0, &records, Some(&agendas)), Followed::No(vec![VoteBits(5)]));
    }

    #[test]
    fn what_was_chosen_while_the_vote_may_have_been_on_its_way_may_count_or_not() {
        let kinds = [(RecordKind::PayFee, -9 * HOUR, "no"), (RecordKind::SetVoteChoices, -600, "yes")];
        let records: Vec<_> =
            (0..).zip(kinds).map(|(number, (kind, at, choice))| record(number, kind, at, Some(choice))).collect();
        let agendas = agendas();
        for (bits, expected) in [(3, true), (5, true), (1, false)] {
            assert_eq!(judged(bits, &records, Some(&agendas)) == Followed::Yes, expected, "{bits}");
        }
    }

    #[test]
    fn where_nothing_was_chosen_the_block_is_approved_whatever_agendas_there_are() {
        let records = [record(0, RecordKind::PayFee, -9 * HOUR, None)];
        assert_eq!(judged(1, &records, None), Followed::Yes);
        assert_eq!(judged(5, &records, None), Followed::No(vec![VoteBits(1)]));
    }

    #[test]
    fn nothing_is_said_without_the_payment_without_agendas_or_with_a_gap() {
        use RecordKind::{PayFee, SetAltSignAddr, SetVoteChoices};
        let agendas = agendas();
        let chosen = [record(0, PayFee, -9 * HOUR, Some("yes"))];
        assert!(matches!(judged(5, &chosen, None), Followed::Unknown(_)));
        let unpaid = [record(3, SetVoteChoices, -9 * HOUR, Some("yes"))];
        assert!(matches!(judged(5, &unpaid, Some(&agendas)), Followed::Unknown(_)));
        let gap = [record(0, PayFee, -9 * HOUR, Some("no")), record(4, SetVoteChoices, -8 * HOUR, Some("yes"))];
        assert!(matches!(judged(5, &gap, Some(&agendas)), Followed::Unknown(_)));
        let named = [
            record(0, PayFee, -9 * HOUR, Some("no")),
            record(1, SetAltSignAddr, -9 * HOUR, None),
            record(2, SetVoteChoices, -8 * HOUR, Some("yes")),
        ];
        assert_eq!(judged(5, &named, Some(&agendas)), Followed::Yes);
        assert!(matches!(judged(1, &[], Some(&agendas)), Followed::Unknown(_)));
    }

    #[test]
    fn what_a_payment_chose_of_an_agenda_that_was_not_known_then_does_not_count() {
        let (number, kind, request, answer) = record(0, RecordKind::PayFee, -9 * HOUR, Some("yes"));
        let noted = |notes: &[String]| {
            let record = SignedChoice { number, kind, request: &request, answer: &answer, notes };
            follows(VoteBits(1), MINED, &[record], Some(&agendas())).unwrap()
        };
        let sent: Preferences =
            Preferences { choices: [("size".to_owned(), "yes".to_owned())].into(), ..Preferences::default() };
        let (_, notes) = sent.kept(&[], crate::chain::VoteVersion(11));
        assert_eq!(noted(&notes), Followed::Yes);
        assert_eq!(noted(&[]), Followed::No(vec![VoteBits(5)]));
    }

    #[test]
    fn a_ticket_that_was_paid_again_follows_its_last_payment() {
        let records = [
            record(4, RecordKind::PayFee, -9 * HOUR, Some("yes")),
            record(9, RecordKind::PayFee, -8 * HOUR, Some("no")),
        ];
        assert_eq!(judged(3, &records, Some(&agendas())), Followed::Yes);
    }
}
