//! Whether the service takes new tickets, as `vsp close` and `vsp open` answer.

use serde::Serialize;
use stakepool::vsp::ClosedByCommand;
use stakepool_core::time::UnixTime;

use crate::answer::Answer;
use crate::pool::OpenPool;

/// Whether new tickets are taken.
#[derive(Serialize)]
pub(super) struct Row {
    /// What wallets read; null where tickets are taken.
    closed: Option<String>,
    /// Since when, where a command closed it.
    since: Option<UnixTime>,
    /// Whether there is a service of which that is said.
    served: bool,
}

impl Row {
    /// Just closed.
    pub(super) fn closed(open: &OpenPool, closed: ClosedByCommand) -> Self {
        Self { closed: Some(closed.message), since: Some(closed.at), served: open.pool.vsp().is_some() }
    }

    /// Just opened; the configuration and a closing day still count.
    pub(super) fn opened(open: &OpenPool) -> Self {
        let closed = open.pool.vsp().and_then(|vsp| (*vsp.terms().closed.get()).clone());
        Self { closed, since: None, served: open.pool.vsp().is_some() }
    }
}

impl Answer for Row {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let takes = match (&self.closed, self.served) {
            (None, true) => "yes".to_owned(),
            (None, false) => "no: vsp=0, or stakepool-web was never started with vsp=1".to_owned(),
            (Some(message), _) if self.since.is_some() => format!("no: {message}"),
            (Some(message), _) => format!("no, by the configuration or the closing day: {message}"),
        };
        let mut fields = vec![("takes tickets", takes)];
        fields.extend(self.since.map(|since| ("since", since.readable())));
        fields
    }
}
