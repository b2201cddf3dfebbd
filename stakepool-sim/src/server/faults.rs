//! What is wrong with a server at the moment.

use std::collections::HashMap;
use std::time::Duration;

use crate::rpc::RpcError;

/// The faults of a server, and a count of what it was asked.
#[derive(Default)]
pub(crate) struct FaultSet {
    pub unavailable: bool,
    pub refuse_credentials: bool,
    pub limited_user: bool,
    pub duplicate_notifications: bool,
    pub disorder_notifications: bool,
    pub delays: HashMap<String, Duration>,
    pub failures: HashMap<String, (i64, String)>,
    pub calls: HashMap<String, usize>,
}

/// What becomes of a request.
pub(crate) struct Fate {
    pub delay: Duration,
    pub failure: Option<RpcError>,
}

impl FaultSet {
    /// Counts a request and tells its fate.
    pub(crate) fn receive(&mut self, method: &str) -> Fate {
        *self.calls.entry(method.to_owned()).or_default() += 1;
        let delay = self.delays.get(method).or_else(|| self.delays.get("*")).copied().unwrap_or_default();
        let failure = self.failures.get(method).map(|(code, message)| RpcError::new(*code, message.clone()));
        Fate { delay, failure }
    }
}
