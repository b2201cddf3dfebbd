//! The lottery: which live tickets a block draws.

use std::collections::{BTreeSet, HashSet};

use stakepool_core::chain::{BlockHash, TicketHash, sha256};

/// Interference with the lottery, so that tests need not wait for luck.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rig {
    /// Tickets that win as soon as they are live, in this order.
    first: Vec<TicketHash>,
    /// Tickets that never win.
    never: HashSet<TicketHash>,
}

impl Rig {
    /// Tickets that shall win, once each.
    pub(crate) fn let_win(&mut self, tickets: &[TicketHash]) {
        self.release(tickets);
        self.first.extend(tickets);
    }

    /// Tickets that shall not win.
    pub(crate) fn never_let_win(&mut self, tickets: &[TicketHash]) {
        self.release(tickets);
        self.never.extend(tickets);
    }

    /// Takes back what was said of tickets.
    pub(crate) fn release(&mut self, tickets: &[TicketHash]) {
        self.first.retain(|ticket| !tickets.contains(ticket));
        self.never.retain(|ticket| !tickets.contains(ticket));
    }
}

/// Draws `count` tickets; the block's hash is the seed, so that every node draws the same.
pub(crate) fn draw(live: &BTreeSet<TicketHash>, block: &BlockHash, count: usize, rig: &mut Rig) -> Vec<TicketHash> {
    let mut winners: Vec<TicketHash> = Vec::with_capacity(count);
    rig.first.retain(|ticket| {
        let wins = winners.len() < count && live.contains(ticket);
        if wins {
            winners.push(*ticket);
        }
        !wins
    });
    let mut rest: Vec<TicketHash> =
        live.iter().filter(|ticket| !winners.contains(ticket) && !rig.never.contains(ticket)).copied().collect();
    for round in 0u32.. {
        if winners.len() == count || rest.is_empty() {
            break;
        }
        let [a, b, c, d, ..] = sha256(&[&block.as_bytes()[..], &round.to_le_bytes()].concat());
        let index = u32::from_le_bytes([a, b, c, d]) as usize % rest.len();
        winners.push(rest.swap_remove(index));
    }
    winners
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(number: u8) -> TicketHash {
        TicketHash::from_bytes([number; 32])
    }

    #[test]
    fn draws_differ_between_blocks_and_repeat_for_the_same() {
        let live: BTreeSet<TicketHash> = (0..50).map(ticket).collect();
        let draw_for = |number| draw(&live, &BlockHash::from_bytes([number; 32]), 5, &mut Rig::default());
        assert_eq!(draw_for(1), draw_for(1));
        assert_ne!(draw_for(1), draw_for(2));
        assert_eq!(draw_for(3).into_iter().collect::<BTreeSet<_>>().len(), 5);
    }

    fn winners(rig: &mut Rig) -> Vec<TicketHash> {
        let live: BTreeSet<TicketHash> = (0..6).map(ticket).collect();
        draw(&live, &BlockHash::from_bytes([1; 32]), 5, rig)
    }

    #[test]
    fn a_rigged_ticket_wins_once_it_is_live_and_a_barred_one_never() {
        let mut rig = Rig::default();
        rig.let_win(&[ticket(5), ticket(9)]);
        rig.never_let_win(&[ticket(0)]);
        let drawn = winners(&mut rig);
        assert_eq!(drawn[0], ticket(5));
        assert!(!drawn.contains(&ticket(0)));
        assert_eq!(rig.first, [ticket(9)]);
    }

    #[test]
    fn the_last_word_on_a_ticket_counts() {
        let mut rig = Rig::default();
        rig.never_let_win(&[ticket(3)]);
        rig.let_win(&[ticket(3)]);
        assert_eq!(winners(&mut rig.clone())[0], ticket(3));
        rig.never_let_win(&[ticket(3)]);
        assert!(!winners(&mut rig.clone()).contains(&ticket(3)));
        rig.release(&[ticket(3)]);
        assert_eq!(winners(&mut rig), winners(&mut Rig::default()));
    }
}
