//! An EXCC stake pool as a library: what a pool does, without a web framework, a database or a network of its own.
//!
//! Users hand the pool the right to vote with their tickets. A pool makes them an address for it, keeps the voting wallets
//! and the voting daemons at what its users want, knows what became of every ticket, and says when something is wrong. All
//! of that is here, behind one type, [`Pool`]; a front end parses what somebody wants, calls one method, and renders the
//! outcome.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use stakepool::accounts::{ClientAddress, NewPassword, Origin, SignedIn};
//! use stakepool::status::Overall;
//! use stakepool::{Pool, PoolSettings, PoolTerms, SiteIdentity};
//! use stakepool_core::chain::Network;
//! use stakepool_core::secret::Secret;
//! use stakepool_core::testkit::tickets::COLD;
//! use stakepool_core::testkit::{FakeDaemon, FakeWallet, MemoryStore};
//! use stakepool_core::ticket::PoolFee;
//!
//! // What wallets, users and tickets are held to, and what the pool is called.
//! let terms = PoolTerms::new(Network::Simnet, COLD.parse()?, COLD.parse()?, PoolFee::from_percent(7.5)?);
//! let secret = || Secret::new("at least 32 random characters that nobody else knows");
//! let settings = PoolSettings::new(SiteIdentity::new("https://pool.example.org"), secret(), secret());
//!
//! // Fakes. A real pool has a database (stakepool-db), wallets and daemons (stakepool-rpc) here, or its own `PoolStore`,
//! // `VotingWallet` and `VotingDaemon`. The fakes are core's feature `testkit`.
//! let pool = Pool::builder(terms, settings)
//!     .store(Arc::new(MemoryStore::default()))
//!     .wallet(FakeWallet::new("wallet:1"))
//!     .wallet(FakeWallet::new("wallet:2"))
//!     .daemon(FakeDaemon::new("daemon:1"))
//!     .build()?;
//! let pool = Arc::new(pool);
//!
//! // Its work goes on behind the front end, until it is stopped.
//! let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
//! let working = Arc::clone(&pool);
//! let work = tokio::spawn(async move { working.run(async { drop(stopped.await) }).await });
//! while pool.status().await.state != Overall::Ok {
//!     tokio::time::sleep(Duration::from_millis(10)).await;
//! }
//!
//! // A user signs up and in, and hands in a public key address.
//! let (email, password) = ("alice@example.org", "gull anvil ferry nine");
//! let origin = Origin::new(ClientAddress("203.0.113.9".parse()?)).device("Firefox on Linux");
//! pool.sign_up(email, NewPassword::once(password), &origin)?.finish().await?;
//! let SignedIn::Session(session) = pool.sign_in(email, password, &origin, None).await? else {
//!     return Err("Alice has no second factor".into());
//! };
//! let key = "SkQn2wRnVEZEArNU6wYgbEkNt5ggcWoe5TwoewMU2JYvmFPjoKeY9";
//! let registration = pool.register(session.user.id, key).await?;
//! println!("Buy tickets whose votes belong to {}.", registration.address);
//!
//! let status = pool.status().await;
//! assert!(status.daemons[0].can_vote == Some(true) && status.problems.is_empty());
//! println!("{} voting wallets, {} voting daemon: all is well.", status.wallets.len(), status.daemons.len());
//!
//! assert!(stop.send(()).is_ok());
//! work.await??;
//! # Ok(())
//! # }
//! ```
//!
//! # Where which use case is
//!
//! | somebody wants to | call |
//! | --- | --- |
//! | put a pool together | [`Pool::builder`]; [`Parts`] and [`Pool::new`] where every part is one's own |
//! | have it work | [`Pool::run`] |
//! | sign up, verify the address | [`Pool::sign_up`], [`Pool::verify_email`], [`Pool::ask_verification`] or [`Pool::resend_verification`] |
//! | sign in and out | [`Pool::sign_in`], [`Pool::second_step`], [`Pool::session`], [`Pool::sign_out`] |
//! | have a second factor | [`Pool::propose_second_factor`], [`Pool::confirm_second_factor`], [`Pool::renew_recovery_codes`], [`Pool::remove_second_factor`] |
//! | have another password | [`Pool::ask_reset`], [`Pool::reset_password`], [`Pool::change_password`] |
//! | have another e-mail address | [`Pool::change_email`], [`Pool::confirm_email`] |
//! | see and end sessions | [`Pool::sessions_of`], [`Pool::end_session`], [`Pool::end_other_sessions`] |
//! | call with an API key | [`Pool::user_of_api_key_from`], [`Pool::show_api_key`], [`Pool::renew_api_key`], [`Pool::revoke_api_key`] |
//! | close the account | [`Pool::close_account`] |
//! | register an address | [`Pool::register`], [`Pool::register_by_api`] |
//! | vote on agendas | [`Pool::voting_of`], [`Pool::choose`], [`Pool::set_voting_by_api`] |
//! | choose the mails about tickets | [`Pool::mail_wishes`], [`Pool::set_mail_wishes`] |
//! | see tickets and votes | the ledger in [`Pool::parts`], [`Pool::tally`], [`Pool::past`], [`tickets::Cause`] |
//! | see how the pool is | [`Pool::status`], or [`Pool::look`] where it runs elsewhere; [`Pool::figures`], [`Reconciler::views`](daemons::Reconciler::views) |
//! | compare the wallets with the users, bring over what they lack | [`Pool::compare_wallets`], [`Pool::sync_wallets`] |
//! | administer users | [`Pool::create_user`], [`Pool::rescue`], [`Pool::disable_user`], [`Pool::enable_user`], [`Pool::end_sessions_of`], [`Pool::remove_second_factor_of`], [`Pool::show_api_key_of`], [`Pool::renew_api_key_of`] |
//! | take new users by invitation | [`PoolSettings::invitations_required`], [`Pool::invite`], [`Pool::revoke_invitation`], [`Pool::invitations`], [`CheckedSignUp::invitation`](accounts::CheckedSignUp::invitation) |
//! | have a low-fee ticket voted | [`Pool::low_fee`], [`Pool::low_fee_lists`] |
//! | change the fee or the cold wallet | [`Pool::announce_terms`], [`Pool::revoke_terms`], [`Pool::noted_terms`], [`PoolTerms::in_force`], [`Pool::read_terms`] where the pool runs elsewhere |
//! | tell the users something | [`Pool::add_notice`], [`Pool::remove_notice`], [`Pool::all_notices`]; what pages show: [`Pool::notices`] |
//! | close the pool for good | [`Pool::add_notice`] with [`NoticeKind::Closing`], [`Pool::closing`] |
//! | see what mail did not arrive | [`Pool::mail_troubles`] |
//! | serve wallets of today | [`vsp::Vsp`] in [`Parts::vsp`], [`Pool::vsp`] |
//! | be alerted | [`PoolBuilder::alerts`], `alerts::Webhook`, [`PoolBuilder::heartbeat`]; administrators get mail; [`Pool::test_alerts`] tries all |
//!
//! # What is left to a front end
//!
//! Limits of tries, equal answers and times for known and unknown addresses, and the order of steps are inside. A front end
//! must
//!
//! - pass the real client address ([`accounts::Origin`]): all limits rest on it. Behind a proxy trust its header only.
//! - let a use case run to its end. Each is several steps, such as a new password and then the end of all old sessions; a
//!   framework that drops the future of a request whose client hangs up would leave half of them. Run it on a task of its
//!   own (`tokio::spawn`) and await that.
//! - keep the secret of a session from scripts and other sites, and protect its own forms from cross-site requests (CSRF).
//! - keep [`known_browser`](accounts::NewSession::known_browser) in the browser and bring it back in the `Origin`: otherwise
//!   strangers who fail to sign in can lock a user out for a while.
//! - send an administrator on to the second factor where [`second_factor_due`](accounts::NewSession::second_factor_due).
//! - ask its CAPTCHA between the two halves of a sign-up, of a reset and of a new verification mail, if it has one.
//!
//! Limits and caches are those of one process, but for tries of second factors. Several processes may work on the same stores: what a daemon reports is
//! stored once, mails about tickets and alerts are sent by one of them, and no token or code counts twice.
//!
//! # Features and runtime
//!
//! - `smtp` (default): mail by SMTP, [`mail`]. Without it, bring a `Mailer` of your own, or none.
//! - `webhook` (default): alerts by HTTP. Without it, bring an `AlertSink` of your own, or leave it to mail.
//!
//! Everything async needs a tokio runtime with time enabled, and I/O with `smtp` or `webhook`; the current thread suffices.
//! The crate opens no connection by itself but those of the two features, and nothing but [`Pool::run`] runs in the background,
//! except for mails that are on their way.

pub mod accounts;
pub mod administration;
mod agendas;
mod alert_record;
pub mod alerts;
mod announced;
mod builder;
mod closed;
pub mod daemons;
mod database;
mod desired_changed;
mod factor_key;
mod figures;
mod history;
mod json_note;
mod limits;
pub mod mail;
mod notice_notes;
mod notices;
mod onsets;
mod outlook;
mod over_time;
#[cfg(feature = "vsp")]
pub mod owners;
mod parts;
mod pool;
pub mod registration;
mod run;
pub mod sealed;
mod signed;
pub mod status;
mod stores;
mod stores_as_one;
mod terms;
mod terms_keeper;
mod terms_notes;
pub mod ticket_source;
pub mod tickets;
mod unknown_notes;
mod user_cache;
pub mod voting_key;
#[cfg(feature = "vsp")]
pub mod vsp;
#[cfg(feature = "vsp")]
mod vsp_work;
pub mod wallets;
mod web_versions;

pub use alert_record::{AlertsReport, ChannelReport};
pub use announced::Announced;
pub use builder::PoolBuilder;
pub use closed::Closed;
pub use database::{DatabaseCondition, DatabaseHealth, DatabaseReport};
pub use figures::{Figures, FiguresError, PoolFigures};
pub use history::{DAYS, Past};
pub use notice_notes::{Notice, NoticeId, NoticeKind, Stage};
pub use outlook::Outlook;
pub use over_time::OverTime;
pub use parts::{Parts, VoteObserver};
pub use pool::{Pool, SecretsError, SetupError};
pub use signed::Signer;
pub use stores::{PoolStore, Stores};
pub use terms::{PoolSettings, PoolTerms, SiteIdentity, SitePaths};
pub use terms_notes::{NotedTerms, TermsOrigin};
pub use unknown_notes::{Acknowledgement, UnknownNotes, Withheld, WithheldIndexes};
