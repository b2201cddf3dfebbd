//! What a user's tickets vote.

use std::sync::Arc;

use stakepool_core::accounts::{User, UserId, VotingPreference};
use stakepool_core::chain::{VoteBits, VoteVersion};
use stakepool_core::ports::{Agenda, StoreError};

use crate::accounts::change::Changed;
use crate::agendas;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

/// What can be voted on at this moment, and how a user's tickets vote.
#[derive(Clone, Debug)]
pub struct VotingChoice {
    /// The vote version; `None` while no wallet says it.
    pub version: Option<VoteVersion>,
    /// The agendas; `None` while they are not known.
    pub agendas: Option<Arc<[Agenda]>>,
    /// What the user's tickets vote now: the choice, or the default where it was made for another vote version.
    pub in_force: VoteBits,
    /// The vote version of a choice that no longer counts. There is none for a user who only ever approved the previous
    /// block: a new version took nothing away.
    pub outdated: Option<VoteVersion>,
}

/// Why a choice was not stored.
#[derive(Debug, thiserror::Error)]
pub enum SetVotingError {
    /// No wallet says what can be voted on.
    #[error("the pool's wallets do not answer, so that it cannot be checked; try again in a minute")]
    Unknown,
    /// An answer that the agenda does not have.
    #[error("choose one of the answers to “{0}”")]
    NoSuchAnswer(String),
    /// An agenda without an answer.
    #[error("choose an answer to every question")]
    Incomplete,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a wallet's choice was not stored.
#[derive(Debug, thiserror::Error)]
pub enum SetVotingByApiError {
    /// The user's wallets change too much.
    #[error("too many changes, try again in {}", .0.in_words())]
    Wait(MustWait),
    /// The bits are no number, or too large.
    #[error("the vote bits are no number from 0 to 65535")]
    NoNumber,
    /// The bits choose what no agenda has.
    #[error("the vote bits are invalid for the current agendas")]
    Invalid,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// What can be voted on, and how a user's tickets vote.
    pub async fn voting_of(&self, user: &User) -> VotingChoice {
        let VotingPreference { bits, version: chosen_for } = user.voting;
        let version = self.parts.stats.vote_version();
        let agendas = self.known_agendas().await;
        let outdated =
            version.filter(|version| *version != chosen_for && bits != VoteBits::APPROVE).map(|_| chosen_for);
        let in_force = if outdated.is_some() { VoteBits::APPROVE } else { bits };
        VotingChoice { version, agendas, in_force, outdated }
    }

    /// Stores a choice of answers: `answer(n)` is what was chosen for agenda `n`, as bits; an agenda without one is answered
    /// as before. The bits that are stored.
    ///
    /// # Errors
    /// [`SetVotingError`].
    pub async fn choose(
        &self,
        user: &User,
        answer: impl Fn(usize) -> Option<String>,
    ) -> Result<VoteBits, SetVotingError> {
        let agendas = self.known_agendas().await.ok_or(SetVotingError::Unknown)?;
        let bits = self.chosen(user, answer, &agendas)?;
        self.set_voting(user.id, self.preference(bits)).await?;
        Ok(bits)
    }

    /// The previous block is approved, and each agenda is answered as chosen, or as before.
    fn chosen(
        &self,
        user: &User,
        answer: impl Fn(usize) -> Option<String>,
        agendas: &[Agenda],
    ) -> Result<VoteBits, SetVotingError> {
        let is_of_now = self.parts.stats.vote_version().is_none_or(|version| version == user.voting.version);
        let before = if is_of_now { user.voting.bits } else { VoteBits::APPROVE };
        let mut bits = VoteBits::APPROVE.0;
        for (number, agenda) in agendas.iter().enumerate() {
            bits |= match answer(number) {
                Some(answer) => {
                    let choice = agenda.choices.iter().find(|choice| answer.parse() == Ok(choice.bits));
                    choice.map(|choice| choice.bits).ok_or_else(|| SetVotingError::NoSuchAnswer(agenda.id.clone()))?
                }
                None => agenda.choice(before).map_or(0, |choice| choice.bits),
            };
        }
        let bits = VoteBits(bits);
        if agendas::are_valid(bits, agendas) { Ok(bits) } else { Err(SetVotingError::Incomplete) }
    }

    /// Stores bits that a wallet of the user has sent. Agendas that no daemon reports are taken for none.
    ///
    /// # Errors
    /// [`SetVotingByApiError`].
    pub async fn set_voting_by_api(&self, user: UserId, bits: &str) -> Result<VoteBits, SetVotingByApiError> {
        self.limiter.api_write(user).map_err(SetVotingByApiError::Wait)?;
        let bits = bits.parse().map(VoteBits).map_err(|_| SetVotingByApiError::NoNumber)?;
        if !agendas::are_valid(bits, &self.known_agendas().await.unwrap_or_default()) {
            return Err(SetVotingByApiError::Invalid);
        }
        self.set_voting(user, self.preference(bits)).await?;
        Ok(bits)
    }

    /// The agendas of the present vote version; `None` while they are not known.
    async fn known_agendas(&self) -> Option<Arc<[Agenda]>> {
        self.agendas.of(self.parts.stats.vote_version()?).await
    }

    /// Stores what a user's tickets vote. The daemons are woken only where that is something new.
    async fn set_voting(&self, id: UserId, voting: VotingPreference) -> Result<(), StoreError> {
        let set = |user: &mut User| {
            user.voting = voting;
            Ok(())
        };
        let Changed { before, after } = self.try_change_user(id, set).await?;
        if before.voting != after.voting {
            self.reconciler.changed();
        }
        Ok(())
    }

    /// What the tickets of a user vote who has not chosen.
    pub(super) fn default_voting(&self) -> VotingPreference {
        self.preference(VoteBits::APPROVE)
    }

    /// Bits as chosen now, for the agendas of the present vote version.
    fn preference(&self, bits: VoteBits) -> VotingPreference {
        VotingPreference { bits, version: self.parts.stats.vote_version().unwrap_or(VoteVersion(0)) }
    }
}
