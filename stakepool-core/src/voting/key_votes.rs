//! Votes that are signed by key, and whether that comes before the wallets.

use std::sync::Arc;

use super::ballots::Ballot;
use super::bits;
use super::key_signer::{KeySignError, KeySigner};
use crate::chain::{VoteBits, VoteTransaction};
use crate::ports::{VoteRequest, WalletInfo};

/// Who is to sign users' votes first, where the daemon has the voting wallets' key; the other is the second way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstSigner {
    /// The key: no call, no lock, and nothing that a wallet could lose.
    #[default]
    Key,
    /// A wallet.
    Wallet,
}

/// Signing by key.
pub(super) struct KeyVotes {
    pub(super) signer: Arc<KeySigner>,
    first: FirstSigner,
}

impl KeyVotes {
    /// What is noted of it.
    pub(super) const TOPIC: &str = "voting key/votes";

    pub(super) const fn new(signer: Arc<KeySigner>, first: FirstSigner) -> Self {
        Self { signer, first }
    }

    /// Whether it has the voting wallets' key.
    pub(super) fn has_voting_key(&self) -> bool {
        self.signer.branch().is_some()
    }

    pub(super) fn are_first(&self) -> bool {
        self.first == FirstSigner::Key
    }

    /// The signed vote, as a wallet in the state `said` would make it, with the bits that its agendas use.
    pub(super) fn sign(
        &self,
        ballot: &Ballot,
        said: Option<(WalletInfo, Option<VoteBits>)>,
    ) -> Result<VoteTransaction, KeySignError> {
        let (info, agendas) = said.unwrap_or_else(|| (self.signer.votes_as().clone(), None));
        self.signer.sign(&VoteRequest {
            block: ballot.block,
            height: ballot.height,
            ticket: ballot.winner.ticket,
            bits: bits::choose(ballot.winner.voting, &info, agendas),
            bits_extended: info.vote_bits_extended,
        })
    }
}
