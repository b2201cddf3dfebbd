//! An EXCC stake pool as a library: what a pool does, without a web framework, a database or a network of its own.

pub mod accounts;
pub mod administration;
mod agendas;
pub mod alerts;
mod builder;
pub mod daemons;
mod figures;
mod history;
mod limits;
pub mod mail;
mod parts;
mod pool;
pub mod registration;
mod run;
mod signed;
pub mod status;
mod stores;
mod terms;
pub mod ticket_source;
pub mod tickets;
mod user_cache;
pub mod wallets;

pub use builder::PoolBuilder;
pub use figures::{Figures, FiguresError, PoolFigures};
pub use history::{DAYS, Past};
pub use parts::{Parts, VoteObserver};
pub use pool::{Pool, SetupError};
pub use signed::Signer;
pub use stores::{PoolStore, Stores};
pub use terms::{PoolSettings, PoolTerms, SiteIdentity, SitePaths};
