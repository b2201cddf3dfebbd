//! Stopping, and what is lost where a future is dropped.
//!
//! Whatever runs for long takes a future that ends it: [`Engine::run`](crate::voting::Engine::run) and
//! [`WalletGroup::run`](crate::wallets::WalletGroup::run).
//!
//! When its `shutdown` is ready, an engine takes the winners that have arrived already, lets votes under way finish for at
//! most eight seconds, saves its state and returns. It ends in the same way when all senders of events are gone.
//!
//! **Where the future of an engine's run is dropped instead:**
//!
//! - votes under way are broken off. Those that had reached a node count all the same; of the others nothing remains, and the
//!   next run votes on a block only where its winners are reported again, which `Connected` has the node do for its best
//!   block;
//! - the state is not saved. What the file lacks are the blocks since the last save, at most two minutes old, which the next
//!   run works through again, and the records of votes since then, which a pool that has not read them never sees. Users and
//!   added tickets are saved within moments of being set; where even that was cut off, the pool sets them again;
//! - nothing is left half written: [`StateFile::save`](crate::ports::StateFile::save) is whole or nothing.
//!
//! A wallet group that is dropped loses nothing: a repair begins again with the next run, and a rescan that was cut off is
//! owed, in the store.
//!
//! One engine runs once at a time, and may run again afterwards. A second run beside the first returns
//! [`EngineError::AlreadyRunning`](crate::voting::EngineError::AlreadyRunning).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use std::sync::Arc;
//! # use stakepool_core::testkit::{FakeNode, FakeWallet, MemoryFile, tickets};
//! # use stakepool_core::voting::{Engine, EngineParts};
//! # let file = Arc::new(MemoryFile::default());
//! # let wallets = vec![FakeWallet::new("wallet") as _];
//! # let parts = EngineParts::new(tickets::evaluator(), wallets, vec![FakeNode::at(20) as _], file.clone());
//! # let engine = Engine::new(parts)?;
//! let (_to_engine, events) = tokio::sync::mpsc::channel(16);
//! let (stop, stopped) = tokio::sync::oneshot::channel();
//! let running = tokio::spawn(engine.run(events, async {
//!     let _ = stopped.await;
//! }));
//! let _ = stop.send(());
//! running.await??;
//! assert!(file.bytes.lock().unwrap().is_some(), "the state is saved");
//! # Ok(())
//! # }
//! ```
