//! Checking the vote of a proof.

use stakepool_core::chain::{
    BlockHash, BlockHeight, Inclusion, Spends, TICKET_INPUT, VoteBits, VoteTransaction, unlocks,
};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{Followed, SignedChoice, VspTicket, follows};

use super::file::ProofVote;

/// A vote that its block holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedVote {
    /// The block that holds it.
    pub block: BlockHash,
    /// The height of that.
    pub height: BlockHeight,
    /// The time of that.
    pub time: UnixTime,
    /// What it votes.
    pub bits: VoteBits,
    /// Whether that is what was chosen.
    pub followed: Followed,
}

/// Checks that a vote is the ticket's and in its block, and compares it with what was chosen.
///
/// # Errors
/// What is wrong, for people.
pub(super) fn check(vote: &ProofVote, ticket: &VspTicket, records: &[SignedChoice<'_>]) -> Result<CheckedVote, String> {
    let cast = VoteTransaction::decode_hex(&vote.hex).map_err(|error| error.to_string())?;
    if cast.ticket != ticket.hash() {
        return Err("it is another ticket's".to_owned());
    }
    if !unlocks(&cast.transaction, TICKET_INPUT, Spends::Ticket, ticket.outputs().voting) {
        return Err("it is not signed by the key that votes".to_owned());
    }
    let header = inclusion(vote)?.check(&cast.transaction).map_err(|error| error.to_string())?;
    let is_next = header.previous == cast.block && header.height.0 == cast.height.0.saturating_add(1);
    if header.hash != vote.block || header.height != vote.height || !is_next {
        return Err("its block is another one, or does not follow the one that is voted on".to_owned());
    }
    let time = UnixTime(i64::from(header.time));
    let agendas = vote.agendas.as_deref().filter(|_| cast.version() == Some(vote.voteversion));
    let followed = follows(cast.bits, time, records, agendas).map_err(|refusal| refusal.message.into_owned())?;
    Ok(CheckedVote { block: header.hash, height: header.height, time, bits: cast.bits, followed })
}

fn inclusion(vote: &ProofVote) -> Result<Inclusion, String> {
    let hash = |text: &String| {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).map_err(|_| "a hash of its block is not in hexadecimal".to_owned())?;
        Ok::<_, String>(hash)
    };
    Ok(Inclusion {
        header: hex::decode(&vote.header).map_err(|_| "the header of its block is not in hexadecimal".to_owned())?,
        regular_root: hash(&vote.regularroot)?,
        place: vote.place,
        path: vote.path.iter().map(hash).collect::<Result<_, _>>()?,
    })
}
