//! What a voting engine is made of.

use std::sync::Arc;
use std::time::Duration;

use super::desired_source::SourceReads;
use super::key_signer::KeySigner;
use super::key_votes::FirstSigner;
use crate::desired::DesiredState;
use crate::ports::{Clock, DaemonWallet, Node, StateFile, SystemClock};
use crate::ticket::Evaluator;

/// What a voting engine is made of.
pub struct EngineParts {
    pub(super) evaluator: Evaluator,
    pub(super) wallets: Vec<Arc<dyn DaemonWallet>>,
    pub(super) nodes: Vec<Arc<dyn Node>>,
    pub(super) state_file: Arc<dyn StateFile>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) check_every: Duration,
    pub(super) desired: Option<DesiredState>,
    pub(super) source: Option<SourceReads>,
    pub(super) signer: Option<(KeySigner, FirstSigner)>,
}

impl EngineParts {
    /// How often the live tickets are compared with the node's, where nothing else is asked for.
    pub const CHECK_EVERY: Duration = Duration::from_secs(180);

    /// The parts that every engine needs: the judge of tickets, wallets and nodes in order of preference (the first
    /// wallet is the daemon's own), and where the state is kept over restarts.
    pub fn new(
        evaluator: Evaluator,
        wallets: Vec<Arc<dyn DaemonWallet>>,
        nodes: Vec<Arc<dyn Node>>,
        state_file: Arc<dyn StateFile>,
    ) -> Self {
        Self {
            evaluator,
            wallets,
            nodes,
            state_file,
            clock: Arc::new(SystemClock),
            check_every: Self::CHECK_EVERY,
            desired: None,
            source: None,
            signer: None,
        }
    }

    /// Takes the time from `clock` instead of the machine's.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Compares the live tickets with the node's so often. Less than a second counts as a second.
    pub fn check_every(self, check_every: Duration) -> Self {
        Self { check_every, ..self }
    }

    /// Signs users' votes by the voting wallets' key, too, which the signer has. Without it, keys that came with single tickets
    /// are signed with all the same.
    pub fn signer(self, signer: KeySigner, first: FirstSigner) -> Self {
        Self { signer: Some((signer, first)), ..self }
    }

    /// Begins with these users and added tickets, in the place of those in the state file. Without them, and without any
    /// in the state file, the wallets' own tickets are voted until [`Engine::put_desired`](super::Engine::put_desired).
    pub fn desired(self, desired: DesiredState) -> Self {
        Self { desired: Some(desired), ..self }
    }

    /// Looks users and added tickets up in a source while it runs, until they were sent
    /// ([`Engine::put_desired`](super::Engine::put_desired) and its like): those count more, and the source is not asked any
    /// more.
    pub fn source(self, reads: SourceReads) -> Self {
        Self { source: Some(reads), ..self }
    }
}

impl std::fmt::Debug for EngineParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (wallets, nodes) = (self.wallets.len(), self.nodes.len());
        f.debug_struct("EngineParts").field("wallets", &wallets).field("nodes", &nodes).finish_non_exhaustive()
    }
}
