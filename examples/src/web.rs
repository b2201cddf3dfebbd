//! The web application, put on top of a small pool.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use stakepool_web::{Admission, ListenAddress, Web, WebError, WebOptions, WebParts};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::pool::SmallPool;

/// A web application in front of a small pool.
pub struct SmallWeb {
    url: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), WebError>>,
}

/// The options of a web application that listens at `listen` and lets the pool be administered from this machine.
pub fn web_options(listen: ListenAddress) -> WebOptions {
    let here = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()].map(IpAddr::into).to_vec();
    WebOptions { listen, admission: Admission { addresses: here.into(), status_token: None }, ..WebOptions::default() }
}

impl SmallWeb {
    /// Begins to serve.
    ///
    /// # Errors
    /// [`WebError`].
    pub async fn start(pool: &SmallPool, options: WebOptions) -> Result<Self, WebError> {
        let web = Web::bind(options, pool.pool.clone(), WebParts::default()).await?;
        let url = format!("http://{}", web.address());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(web.serve(async { drop(stopped.await) }));
        Ok(Self { url, stop, serving })
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it, and waits for its end.
    ///
    /// # Errors
    /// Why it had stopped already.
    pub async fn stop(self) -> Result<(), WebError> {
        let _ = self.stop.send(());
        self.serving.await.unwrap_or(Ok(()))
    }
}
