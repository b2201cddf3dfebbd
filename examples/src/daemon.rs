//! One voting daemon in this process, which can be stopped and started.

use std::net::SocketAddr;
use std::sync::Mutex;

use stakepoold::{DaemonOptions, StakepooldError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A voting daemon that runs beside the caller.
pub struct PoolDaemon {
    options: DaemonOptions,
    running: Mutex<Option<Running>>,
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), StakepooldError>>,
}

impl PoolDaemon {
    /// Starts a daemon; port 0 in its options becomes the port that it then keeps.
    ///
    /// # Errors
    /// As [`stakepoold::run`] at its start.
    pub async fn start_new(mut options: DaemonOptions) -> Result<Self, StakepooldError> {
        let (running, addresses) = spawn(options.clone()).await?;
        options.listen = addresses;
        Ok(Self { options, running: Mutex::new(Some(running)) })
    }

    /// Where its gRPC service listens.
    pub fn address(&self) -> SocketAddr {
        self.options.listen[0]
    }

    /// What it was started with.
    pub const fn options(&self) -> &DaemonOptions {
        &self.options
    }

    fn take(&self) -> Option<Running> {
        self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }

    /// Stops it as SIGTERM would, and waits for its end.
    ///
    /// # Errors
    /// Why it had stopped already.
    pub async fn stop(&self) -> Result<(), StakepooldError> {
        let Some(running) = self.take() else { return Ok(()) };
        // Where it has ended by itself nobody listens; its result tells why.
        let _ = running.stop.send(());
        running.task.await.unwrap_or(Ok(()))
    }

    /// Ends it without a word, as a crash would.
    pub async fn kill(&self) {
        if let Some(running) = self.take() {
            running.task.abort();
            let _ = running.task.await;
        }
    }

    /// Starts it again, on the same port and data.
    ///
    /// # Errors
    /// As [`stakepoold::run`] at its start.
    pub async fn start(&self) -> Result<(), StakepooldError> {
        let (running, _) = spawn(self.options.clone()).await?;
        *self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(running);
        Ok(())
    }
}

async fn spawn(options: DaemonOptions) -> Result<(Running, Vec<SocketAddr>), StakepooldError> {
    let (started, listens) = oneshot::channel();
    let (stop, stopped) = oneshot::channel();
    let shutdown = async {
        let _ = stopped.await;
    };
    let started = |addresses| {
        let _ = started.send(addresses);
    };
    let mut task = tokio::spawn(stakepoold::run(options, started, shutdown));
    tokio::select! {
        Ok(addresses) = listens => Ok((Running { stop, task }, addresses)),
        Ok(Err(error)) = &mut task => Err(error),
    }
}
