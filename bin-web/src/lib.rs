//! The web application and user API of an EXCC stake pool.
//!
//! [`run`] is the whole program; [`Web`] is the same in two steps, for those who must know where it listens.

mod accounts;
mod administration;
pub mod agendas;
mod alerts;
mod amounts;
pub mod api;
mod app;
mod assemble;
mod assets;
mod body;
mod cache;
mod captcha;
mod chart;
mod client;
mod configured;
mod connections;
mod cookies;
mod csrf;
mod daemons;
mod device;
mod form;
mod goal;
mod history;
mod hot;
mod known;
mod limits;
mod mail;
mod metrics;
mod missed;
mod monitoring;
mod notice;
mod options;
mod pages;
mod passwords;
mod qr;
mod render;
mod routes;
mod server;
pub mod services;
mod session;
mod signed;
mod status;
mod tally;
mod ticket_lists;
mod ticket_mails;
mod trial;
mod visit;
mod when;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

pub use administration::Administration;
pub use alerts::{Webhook, WebhookError};
pub use app::SetupError;
pub use assemble::{PoolTerms, VotingWallets};
pub use captcha::own::NUMBER_WORDS;
pub use captcha::recaptcha::CaptchaJudge;
pub use configured::{ConfiguredError, main_with_arguments, run_configured};
pub use daemons::{DaemonView, DesiredChanged, Expected, Reconciler};
pub use mail::{SmtpError, SmtpMailer};
pub use metrics::{CallSource, Metrics};
pub use monitoring::Monitoring;
pub use options::{CaptchaChoice, Listen, ListenError, ProxyTrust, TryLimits, WebOptions};
pub use render::RenderError;
pub use routes::{KnownRoute, known_routes};
pub use services::{AddressRegistrar, Services, StatsSource};
use stakepool_core::chain::ExtendedPubKey;
pub use ticket_lists::{PoolRule, SourceError, TicketSource, WalletTicketSource};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::metrics::WebMonitor;
use crate::server::Listener;

/// Why the web application does not start.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// A setting.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The place to listen at.
    #[error("cannot listen at {at}: {error}; stop what listens there, make the folder of a socket, or change `listen`")]
    Bind {
        /// Where.
        at: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The place for monitors.
    #[error("monitors cannot be served at {at}: {error}; stop what listens there, or change `monitorlisten`")]
    BindMonitors {
        /// Where.
        at: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// No wallet has the configured key.
    #[error(
        "wallet {wallet} has the account key {found}, but votingwalletextpub is {expected}: correct votingwalletextpub, \
         or connect the pool's own voting wallets"
    )]
    OtherKey {
        /// The wallet.
        wallet: String,
        /// Its key.
        found: Box<ExtendedPubKey>,
        /// The configured key.
        expected: Box<ExtendedPubKey>,
    },
    /// A defect of ours.
    #[error("the web application broke down: {0}")]
    BrokeDown(String),
    /// Signals.
    #[error("signals of the system cannot be received: {0}")]
    Signals(std::io::Error),
}

/// Where the application listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoundAddress {
    /// A TCP address with its real port.
    Tcp(SocketAddr),
    /// A unix socket.
    Unix(PathBuf),
}

impl std::fmt::Display for BoundAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// A web application that listens already, but does not yet answer.
#[derive(Debug)]
pub struct Web {
    app: Arc<App>,
    listener: Listener,
    address: BoundAddress,
    monitors: Option<TcpListener>,
}

impl Web {
    /// Sets the application up and begins to listen.
    ///
    /// # Errors
    /// [`WebError`].
    pub async fn bind(options: WebOptions, services: Services) -> Result<Self, WebError> {
        let cannot = |error| WebError::Bind { at: options.listen.to_string(), error };
        let listener = Listener::bind(&options.listen).await.map_err(cannot)?;
        let address = match &listener {
            Listener::Tcp(listener) => BoundAddress::Tcp(listener.local_addr().map_err(cannot)?),
            Listener::Unix(_, path) => BoundAddress::Unix(path.clone()),
        };
        let monitors = match &options.monitoring.listen[..] {
            [] => None,
            listen => Some(
                stakepool_process::monitor::bind(listen)
                    .await
                    .map_err(|error| WebError::BindMonitors { at: listen.join(" or "), error })?,
            ),
        };
        let app = Arc::new(App::new(options, services)?);
        if app.options.template_path.is_some() {
            trial::try_out(&app, &app.renderer.templates()).map_err(SetupError::from)?;
        }
        Ok(Self { app, listener, address, monitors })
    }

    /// Where it listens.
    pub const fn address(&self) -> &BoundAddress {
        &self.address
    }

    /// Where monitors are answered, if anywhere.
    pub fn monitor_address(&self) -> Option<SocketAddr> {
        self.monitors.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// How the voting daemons are, while the application runs and afterwards.
    pub fn daemons(&self) -> Reconciler {
        self.app.daemons.clone()
    }

    /// Answers until `shutdown`, and then until the requests under way are answered, at most ten seconds.
    ///
    /// # Errors
    /// [`WebError::Signals`], and [`WebError::OtherKey`] where no voting wallet is the pool's.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), WebError> {
        let Self { app, listener, address, monitors } = self;
        let mut reload = signal(SignalKind::user_defined1()).map_err(WebError::Signals)?;
        tracing::info!(%address, "listening");
        let reloading = async {
            while reload.recv().await.is_some() {
                match trial::reload(&app) {
                    Ok(()) => tracing::info!("templates and assets read again"),
                    Err(error) => tracing::error!(error = error.one_line(), "the templates stay as they were"),
                }
            }
        };
        tokio::select! {
            () = server::serve(app.clone(), listener, shutdown) => {}
            () = app.daemons.run() => {}
            () = history::keep(&app) => {}
            () = reloading => {}
            () = ticket_mails::run(&app) => {}
            () = alerts::run(&app) => {}
            () = watched(&app, monitors) => {}
            error = keep_wallets(&app) => return Err(error),
        }
        Ok(())
    }
}

/// Keeps the voting wallets in service, where that is left to the application.
async fn keep_wallets(app: &App) -> WebError {
    match &app.services.wallets {
        Some(wallets) => wallets.keep().await,
        None => std::future::pending().await,
    }
}

/// Answers monitors for ever.
async fn watched(app: &Arc<App>, monitors: Option<TcpListener>) {
    match monitors {
        Some(listener) => match stakepool_process::monitor::serve(listener, Arc::new(WebMonitor(app.clone()))).await {},
        None => std::future::pending().await,
    }
}

/// Runs the web application until `shutdown`.
///
/// # Errors
/// [`WebError`] where it cannot start.
pub async fn run(options: WebOptions, services: Services, shutdown: impl Future<Output = ()>) -> Result<(), WebError> {
    Web::bind(options, services).await?.run(shutdown).await
}
