//! The web application in two steps: it begins to listen, and it answers.

use std::future::{Future, pending};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use stakepool::Pool;
use stakepool::wallets::WalletsError;
use stakepool_config::ListenAddress;
use stakepool_process::{NoAddress, usable_address};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::monitor::WebMonitor;
use crate::options::WebOptions;
use crate::server::{self, Listener};
use crate::site::{Site, WebParts};
use crate::template_check;
use crate::unix_socket::UnixSocket;
use crate::view::render::RenderError;

/// Why the web application does not start.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// A template of the operator.
    #[error(transparent)]
    Templates(#[from] RenderError),
    /// The place to listen at is none of this machine's.
    #[error("listen: {0}")]
    NoAddress(#[from] NoAddress),
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
    /// The voting wallets are none of this pool's.
    #[error(transparent)]
    Wallets(#[from] WalletsError),
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
    site: Arc<Site>,
    listener: Listener,
    address: BoundAddress,
    monitors: Option<TcpListener>,
}

impl Web {
    /// Sets the application up and begins to listen.
    ///
    /// # Errors
    /// [`WebError`].
    pub async fn bind(options: WebOptions, pool: Arc<Pool>, parts: WebParts) -> Result<Self, WebError> {
        let cannot = |error| WebError::Bind { at: options.listen.to_string(), error };
        let listener = match &options.listen {
            ListenAddress::Unix(path) => UnixSocket::bind(path, &options.listen_access).await.map(Listener::Unix),
            place => Listener::tcp(usable_address(place).await?).await,
        };
        let listener = listener.map_err(cannot)?;
        let address = match &listener {
            Listener::Tcp(listener) => BoundAddress::Tcp(listener.local_addr().map_err(cannot)?),
            Listener::Unix(socket) => BoundAddress::Unix(socket.path().to_owned()),
        };
        let monitors = match &options.monitor_listen[..] {
            [] => None,
            listen => Some(
                stakepool_process::monitor::bind(listen)
                    .await
                    .map_err(|error| WebError::BindMonitors { at: listen.join(" or "), error })?,
            ),
        };
        let site = Arc::new(Site::new(options, pool, parts)?);
        if site.options.template_path.is_some() {
            template_check::try_out(&site, &site.renderer.templates())?;
        }
        Ok(Self { site, listener, address, monitors })
    }

    /// Where it listens.
    pub const fn address(&self) -> &BoundAddress {
        &self.address
    }

    /// Where monitors are answered, if anywhere.
    pub fn monitor_address(&self) -> Option<SocketAddr> {
        self.monitors.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Runs the pool and answers until `shutdown`, and then until the requests under way are answered, at most ten seconds.
    ///
    /// # Errors
    /// [`WebError::Signals`], and [`WebError::Wallets`] where no voting wallet is the pool's.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), WebError> {
        let pool = self.site.pool.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let mut served = pin!(self.serve(shutdown));
        let mut ran = pin!(pool.run(async move { drop(stopped.await) }));
        tokio::select! {
            served = &mut served => {
                // The pool has something to end, too, such as its turn to alert.
                drop(stop);
                served.and(ran.await.map_err(WebError::from))
            }
            ended = &mut ran => Ok(ended?),
        }
    }

    /// As [`Web::run`], in front of a pool that is run elsewhere. SIGHUP and SIGUSR1 have the templates and assets read again.
    ///
    /// # Errors
    /// [`WebError::Signals`].
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), WebError> {
        let Self { site, listener, address, monitors } = self;
        let mut reload = signal(SignalKind::user_defined1()).map_err(WebError::Signals)?;
        let mut hangup = signal(SignalKind::hangup()).map_err(WebError::Signals)?;
        tracing::info!(%address, "listening");
        let reloading = async {
            loop {
                tokio::select! {
                    _ = reload.recv() => {}
                    _ = hangup.recv() => {}
                }
                match template_check::reload(&site) {
                    Ok(()) => tracing::info!("templates and assets read again"),
                    Err(error) => tracing::error!(error = error.one_line(), "the templates stay as they were"),
                }
            }
        };
        tokio::select! {
            () = server::serve(site.clone(), listener, shutdown) => {}
            () = reloading => {}
            () = watched(&site, monitors) => {}
        }
        Ok(())
    }
}

/// Answers monitors without end.
async fn watched(site: &Arc<Site>, monitors: Option<TcpListener>) {
    match monitors {
        Some(listener) => {
            match stakepool_process::monitor::serve(listener, Arc::new(WebMonitor(site.clone()))).await {}
        }
        None => pending().await,
    }
}

/// Runs a pool with its web application until `shutdown`.
///
/// # Errors
/// [`WebError`] where it cannot start.
pub async fn run(
    options: WebOptions,
    pool: Arc<Pool>,
    parts: WebParts,
    shutdown: impl Future<Output = ()>,
) -> Result<(), WebError> {
    Web::bind(options, pool, parts).await?.run(shutdown).await
}
