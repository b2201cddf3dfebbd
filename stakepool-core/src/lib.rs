//! Domain and orchestration of an EXCC stake pool, without any I/O.
//!
//! Everything that the outside must provide (wallets, a node, stores, time) stands behind the traits of `ports`;
//! everything that the pool knows by itself is computed in [`chain`] and [`ticket`]. What those who implement the traits
//! must keep to, [`guide`] says, with examples.
//!
//! # Which crate, which feature
//!
//! | to | take |
//! | --- | --- |
//! | judge a ticket's fee, make addresses and scripts | this crate with `chain` alone |
//! | know users, passwords, second factors and API keys, or write a store | this crate with `accounts` |
//! | vote with wallets and nodes of one's own | this crate with `engine` |
//! | keep several wallets in agreement ([`wallets::WalletGroup`]) | this crate with `accounts` and `engine` |
//! | judge what wallets of today ask by the API of voting services ([`vsp`]) | this crate with `accounts` and `engine` |
//! | test any of it | this crate with `testkit` |
//! | run a whole pool | `stakepool` |
//! | talk to exccd, exccwallet and voting daemons | `stakepool-rpc` |
//! | store in SQLite, MySQL or MariaDB | `stakepool-db` |
//!
//! `accounts`, `engine` and `parallel` (keys are derived on all cores) are on unless default features are switched off;
//! each brings `chain` with it. What is asynchronous needs a runtime of tokio with time enabled; a current-thread one
//! suffices.
//!
//! # The verdict on a ticket
//!
//! ```
//! # #[cfg(feature = "chain")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use stakepool_core::chain::{BlockHeight, ExtendedPubKey, Generation, KeyIndex, Network, Transaction};
//! use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee, TicketSubmission, Verdict};
//!
//! let network = Network::Simnet;
//! // The account key of the pool's cold wallet, whose addresses 0 to 100 take fees.
//! let cold = "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae";
//! let cold = ExtendedPubKey::parse_for(cold, network)?.external_branch()?;
//! let fees = FeeAddresses::derive(&cold, KeyIndex(100))?;
//! let judge = Evaluator::new(network, network.params(Generation::Today), PoolFee::from_percent(7.5)?, fees);
//!
//! # let hex = "01000000025bb2289a4b56fb40c5e934eee2c9232f08f9947074f840a997889da3c8bca2ab0a00000000ffffffff5bb2289a4b56fb40c5e934eee2c9232f08f9947074f840a997889da3c8bca2ab0b00000000ffffffff0554f58d0300000000000018baa914f04fc9553eb7d3585c1bbd52d61cf5a7f204c56b8700000000000000000000206a1e352307d617e0180ec8cfc2bd7a9c6d2812298e42a815430000000000004e000000000000000000001abd76a914000000000000000000000000000000000000000088ac00000000000000000000206a1ef8cc8e6a79ae36d84aea988fe9da4532814b841d64b34b0300000000004e000000000000000000001abd76a914000000000000000000000000000000000000000088ac000000000000000002a81543000000000000000000ffffffff6a47304402201b7473989fe0218c0e3b801859b241d4757315cb4bf53843b9d134193227b038022073d410b49369b43a925326b2ec0053019e0d4be443161a919d9e73c9512a9cc0012102b39eab66887b98ea750ce47430f3cb4430fc72c6b17bf18cb1398caaad4f99ef64b34b030000000000000000ffffffff6b483045022100f9e608caca692a5fda26c9a7e06f3cc4610fd61831d9c218b243a16701cf679e02203e42c8c3d13ec38cd279928bbb0e089cf9c2db59b43b85503bc851bc08277f20012102b39eab66887b98ea750ce47430f3cb4430fc72c6b17bf18cb1398caaad4f99ef";
//! // `hex` is the ticket's transaction as `getrawtransaction` gives it.
//! let ticket = TicketSubmission::from_transaction(&Transaction::decode_hex(hex)?)?;
//! let facts = judge.judge(&ticket, BlockHeight(167));
//! assert_eq!(facts.verdict, Verdict::Accepted);
//! assert!(facts.committed_fee >= facts.required_fee);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "chain"))]
//! # fn main() {}
//! ```

#[cfg(any(feature = "accounts", feature = "engine"))]
pub mod accounts;
#[cfg(feature = "chain")]
pub mod agenda;
pub mod alert;
pub mod audit;
pub mod bearer;
pub mod bolt;
pub mod call_figures;
#[cfg(feature = "chain")]
pub mod chain;
#[cfg(any(feature = "accounts", feature = "engine"))]
pub mod desired;
#[cfg(any(feature = "accounts", feature = "engine"))]
pub mod flights;
#[cfg(all(feature = "accounts", feature = "engine"))]
pub mod guide;
pub mod log_throttle;
#[cfg(any(feature = "accounts", feature = "engine"))]
pub mod ports;
pub mod reloadable;
#[cfg(any(feature = "accounts", feature = "engine"))]
pub mod reports;
pub mod sanitize;
pub mod secret;
#[cfg(any(feature = "accounts", feature = "engine"))]
pub mod single_flight;
#[cfg(feature = "chain")]
mod spread;
#[cfg(feature = "accounts")]
pub mod store_rules;
#[cfg(feature = "testkit")]
pub mod testkit;
#[cfg(feature = "chain")]
pub mod ticket;
pub mod time;
#[cfg(feature = "accounts")]
pub mod typed;
#[cfg(feature = "engine")]
pub mod voting;
#[cfg(all(feature = "accounts", feature = "engine"))]
pub mod vsp;
#[cfg(all(feature = "accounts", feature = "engine"))]
pub mod vspd;
#[cfg(all(feature = "accounts", feature = "engine"))]
pub mod wallets;

#[cfg(feature = "chain")]
pub use secp256k1;

/// The README's program is run, too.
#[cfg(all(doctest, feature = "chain"))]
#[doc = include_str!("../README.md")]
struct Readme;
