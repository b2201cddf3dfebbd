//! Writing a store.
//!
//! A pool stores through fourteen small traits of [`ports`](crate::ports), each with one error,
//! [`StoreError`](crate::ports::StoreError):
//!
//! | what | trait |
//! | --- | --- |
//! | users and their registrations | `UserStore` |
//! | single-use tokens, sessions, what counts once | `TokenStore`, `SessionStore`, `AccessStore` |
//! | second factors | `SecondFactorStore` |
//! | tickets and votes, added tickets, charts | `LedgerStore`, `MoneyStore`, `LowFeeStore`, `HistoryStore` |
//! | mails about tickets | `TicketMailStore` |
//! | the audit log, and lists for administrators | `AuditStore`, `AdminStore` |
//! | what wallets owe, and who of several instances does a piece of work | `RescanStore`, `LeaseStore` |
//! | whether writes work, and small notes | `UpkeepStore` |
//!
//! # What all of them must keep to
//!
//! - **A call is whole or nothing**, also where its future is dropped half way, and also against other processes on the
//!   same database: what a call reads must still hold when it writes. Two calls of
//!   [`reserve_index`](crate::ports::UserStore::reserve_index) at one moment get two indexes; of many uses of a token one
//!   succeeds.
//! - **Nothing is given twice**: the number of a user and a key index stay given for good, even where the row is gone.
//! - **What a rule is stands in [`store_rules`](crate::store_rules)**: what two changes of one user at a moment come to
//!   ([`merge_user`](crate::store_rules::merge_user)), which of two reports on a ticket counts
//!   ([`merge_ticket`](crate::store_rules::merge_ticket)), which of two records of a vote
//!   ([`replaces_vote`](crate::store_rules::replaces_vote)), and when two e-mail addresses are the same
//!   ([`email_key`](crate::store_rules::email_key)). Do not write them anew: a difference is silent.
//! - Texts come back as they were, whatever is in them. Times and heights come as arguments: a store has no clock.
//! - Failures of the database itself are [`StoreError::Backend`](crate::ports::StoreError::Backend); a row that cannot be
//!   read is [`StoreError::Corrupt`](crate::ports::StoreError::Corrupt), with what to look for.
//!
//! # Seeing that it does
//!
//! With the feature `testkit`, the macro `store_tests!` makes tests of all that the traits promise, for a store that
//! implements all of them; `testkit::MemoryStore` is a store to compare with.
//!
//! # Example
//!
//! One of the traits, in a map:
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::{Mutex, PoisonError};
//!
//! use async_trait::async_trait;
//! use stakepool_core::chain::BlockHeight;
//! use stakepool_core::ports::{RescanStore, StoreError};
//!
//! #[derive(Default)]
//! struct Rescans(Mutex<BTreeMap<String, BlockHeight>>);
//!
//! #[async_trait]
//! impl RescanStore for Rescans {
//!     async fn owed_rescan(&self, wallet: &str) -> Result<Option<BlockHeight>, StoreError> {
//!         Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(wallet).copied())
//!     }
//!
//!     async fn owe_rescan(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError> {
//!         // The look and the write are one step: nothing comes between.
//!         let mut owed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
//!         let lowest = owed.entry(wallet.to_owned()).or_insert(from);
//!         *lowest = from.min(*lowest);
//!         Ok(())
//!     }
//!
//!     async fn rescan_done(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError> {
//!         let mut owed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
//!         owed.retain(|name, height| name != wallet || *height < from);
//!         Ok(())
//!     }
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), StoreError> {
//! let store = Rescans::default();
//! store.owe_rescan("wallet", BlockHeight(500)).await?;
//! store.owe_rescan("wallet", BlockHeight(300)).await?;
//! store.rescan_done("wallet", BlockHeight(400)).await?;
//! assert_eq!(store.owed_rescan("wallet").await?, Some(BlockHeight(300)));
//! # Ok(())
//! # }
//! ```
