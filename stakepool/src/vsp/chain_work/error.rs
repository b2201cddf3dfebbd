//! Why the chain could not be worked through.

use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{NodeError, StoreError};

use crate::vsp::fault::Fault;

/// Why the chain could not be worked through. The next pass goes on where this one ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassError {
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The node knows less of the chain than was worked through.
    #[error("the node is at block {node}, but block {known} was worked through: it is waited for")]
    Behind {
        /// Its best block.
        node: BlockHeight,
        /// The last block that was worked through.
        known: BlockHeight,
    },
    /// Without an index mined transactions seem to be unknown, and tickets to have vanished.
    #[error("the node has no index of transactions: start it with txindex=1")]
    NoIndex,
    /// What is noted of the place in the chain cannot be read.
    #[error("the note of the place in the chain cannot be used: {0}")]
    Place(String),
    /// This instance stood still, and another has the work.
    #[error("another instance has the work by now: this one stood still for longer than its lease lasts")]
    Superseded,
    /// Something of a ticket.
    #[error("{0}")]
    Ticket(String),
}

impl From<Fault> for PassError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => Self::Store(error),
            Fault::Node(error) => Self::Node(error),
            other => Self::Ticket(other.to_string()),
        }
    }
}

impl PassError {
    /// Whether another instance, which has another node, may get on where this one does not.
    pub(crate) const fn is_of_node(&self) -> bool {
        matches!(self, Self::Node(_) | Self::Behind { .. } | Self::NoIndex)
    }

    /// Whether it would be the same with every other ticket.
    const fn is_general(&self) -> bool {
        match self {
            Self::Node(error) => {
                !matches!(error, NodeError::NotFound { .. } | NodeError::Rpc { .. } | NodeError::Unexpected { .. })
            }
            Self::Store(StoreError::Backend(_))
            | Self::Behind { .. }
            | Self::NoIndex
            | Self::Place(_)
            | Self::Superseded => true,
            Self::Store(_) | Self::Ticket(_) => false,
        }
    }
}

/// What fails of single tickets in a pass: the others are worked through all the same.
#[derive(Debug, Default)]
pub(super) struct Failures(Option<PassError>);

impl Failures {
    /// Notes what came of a piece of work.
    ///
    /// # Errors
    /// What would be the same with every other piece.
    pub(super) fn note(&mut self, done: Result<(), PassError>) -> Result<(), PassError> {
        match done {
            Err(error) if error.is_general() => return Err(error),
            Err(error) => {
                self.0.get_or_insert(error);
            }
            Ok(()) => {}
        }
        Ok(())
    }

    /// Ends the work.
    ///
    /// # Errors
    /// The first failure.
    pub(super) fn end(self) -> Result<(), PassError> {
        self.0.map_or(Ok(()), Err)
    }
}
