//! Changing the pool's fee and cold wallet from a block on.

use stakepool_core::accounts::Actor;
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::{BlockHeight, ExtendedPubKey, HdKeyError, Network};
use stakepool_core::ports::{AuditEntry, StoreError};
use stakepool_core::ticket::{PoolFee, Terms};

use crate::pool::Pool;
use crate::terms_keeper::note_configuration;
use crate::terms_notes::{Asked, NotedTerms, TermsOrigin, forget_terms, history, note_terms, read_terms};

/// Most terms that may be noted, so that no daemon refuses them.
const MOST: usize = 150;

/// Another fee or cold wallet from a block on. What is `None` stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermsChange {
    /// The first block in which tickets are judged by it.
    pub from: BlockHeight,
    /// The fee, in percent.
    pub fee: Option<PoolFee>,
    /// The account key of the cold wallet.
    pub cold_wallet: Option<ExtendedPubKey>,
}

/// Why terms were not announced or taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TermsError {
    /// The block is there already.
    #[error(
        "block {from} is not to come: the chain is at {tip}. Tickets that were bought stay as they were judged; name a later block"
    )]
    NotToCome {
        /// The block that was named.
        from: BlockHeight,
        /// The best block.
        tip: BlockHeight,
    },
    /// The key is of another network.
    #[error("the cold wallet's key is of {theirs}, but the pool runs on {ours}")]
    OtherNetwork {
        /// The key's network.
        theirs: Network,
        /// The pool's network.
        ours: Network,
    },
    /// The key has no addresses.
    #[error("the cold wallet's key cannot be an account's: {0}")]
    Key(#[from] HdKeyError),
    /// These terms hold already.
    #[error("fee and cold wallet are at block {0} what you ask for: `stakepoolctl terms list` shows all terms")]
    NothingChanges(BlockHeight),
    /// Nothing begins there.
    #[error("no terms were announced from block {0} on: `stakepoolctl terms list` shows all terms")]
    NotAnnounced(BlockHeight),
    /// There are too many.
    #[error("{MOST} changes of the terms are noted, and there may be no more")]
    TooMany,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// The terms that held and will hold, the earliest first. Where no web has run yet, there are none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn noted_terms(&self) -> Result<Vec<NotedTerms>, StoreError> {
        read_terms(self.parts.upkeep.as_ref()).await
    }

    /// Announces another fee or cold wallet from a block on that is to come; `tip` is the best one. Daemons are told by the
    /// reconciler at once, and judge by it from that block on. What was announced for the same block is replaced.
    ///
    /// # Errors
    /// [`TermsError`].
    pub async fn announce_terms(
        &self,
        by: Actor,
        change: TermsChange,
        tip: BlockHeight,
    ) -> Result<NotedTerms, TermsError> {
        let TermsChange { from, fee, cold_wallet } = change;
        // The next block may be on its way already.
        if from <= tip.plus(1) {
            return Err(TermsError::NotToCome { from, tip });
        }
        if let Some(key) = cold_wallet {
            let (theirs, ours) = (key.network(), self.terms.network);
            if theirs != ours {
                return Err(TermsError::OtherNetwork { theirs, ours });
            }
            key.external_branch()?;
        }
        let noted = note_configuration(self, self.noted_terms().await?, Some(tip)).await?;
        if noted.len() >= MOST {
            return Err(TermsError::TooMany);
        }
        let configured = Asked { fee: self.terms.fee, cold_wallet: self.terms.cold_wallet };
        let before = history(&noted).at(from.minus(1)).map_or(configured, Asked::of);
        let asked = Asked { fee: fee.unwrap_or(before.fee), cold_wallet: cold_wallet.unwrap_or(before.cold_wallet) };
        if asked == before {
            return Err(TermsError::NothingChanges(from));
        }
        let announced =
            NotedTerms { terms: asked.from(from), origin: TermsOrigin::Announced, at: self.now(), by: by.to_string() };
        note_terms(self.parts.upkeep.as_ref(), &announced).await?;
        self.note_terms_act(by, AuditAction::TermsAnnounce, &announced.terms).await?;
        self.take_terms(Some(tip)).await?;
        self.reconciler.changed();
        Ok(announced)
    }

    /// Takes announced terms back whose block is to come; `tip` is the best one.
    ///
    /// # Errors
    /// [`TermsError::NotAnnounced`], [`TermsError::NotToCome`], [`TermsError::Store`].
    pub async fn revoke_terms(&self, by: Actor, from: BlockHeight, tip: BlockHeight) -> Result<NotedTerms, TermsError> {
        let noted = self.noted_terms().await?.into_iter();
        let found = noted.filter(|noted| noted.origin == TermsOrigin::Announced).find(|noted| noted.terms.from == from);
        let found = found.ok_or(TermsError::NotAnnounced(from))?;
        if from <= tip.plus(1) {
            return Err(TermsError::NotToCome { from, tip });
        }
        forget_terms(self.parts.upkeep.as_ref(), from).await?;
        self.note_terms_act(by, AuditAction::TermsRevoke, &found.terms).await?;
        self.take_terms(Some(tip)).await?;
        self.reconciler.changed();
        Ok(found)
    }

    async fn note_terms_act(&self, by: Actor, action: AuditAction, terms: &Terms) -> Result<(), StoreError> {
        let Terms { from, fee, cold_wallet } = terms;
        let detail = format!("{fee} percent to {cold_wallet}");
        let entry = AuditEntry::new(self.now(), by, action, &format!("block {from}"), detail);
        self.parts.audit.append(&entry).await
    }
}
