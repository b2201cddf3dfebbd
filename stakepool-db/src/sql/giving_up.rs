//! Servers that are given up while somebody waits for their answers.

use tokio::sync::watch;

/// Gives a server up.
#[derive(Debug)]
pub(crate) struct GiveUp(watch::Sender<bool>);

/// Hears that a server is given up.
#[derive(Clone, Debug)]
pub(crate) struct GivenUp(watch::Receiver<bool>);

/// A server that may be given up.
pub(crate) fn may_be_given_up() -> (GiveUp, GivenUp) {
    let (sender, receiver) = watch::channel(false);
    (GiveUp(sender), GivenUp(receiver))
}

impl GiveUp {
    /// Whoever waits for an answer of the server does so no longer.
    pub(crate) fn now(&self) {
        self.0.send_replace(true);
    }
}

impl GivenUp {
    /// Waits until the server is given up; for ever where it is not.
    pub(crate) async fn wait(&mut self) {
        if self.0.wait_for(|is_given_up| *is_given_up).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
