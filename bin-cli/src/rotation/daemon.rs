//! A voting daemon's side: which tokens it takes, and which certificate it shows.

use serde::Serialize;
use stakepool_config::WebConfig;
use stakepool_core::ports::{DaemonError, VotingDaemon};
use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient};

use super::certificates::Certificates;
use crate::answer::{Answer, problems};
use crate::error::CliError;
use crate::pool::impatient;

/// What a daemon made of a token.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum TokenState {
    Taken,
    Refused,
    /// It does not ask for any.
    NotAsked,
    /// It was not tried, or the daemon did not answer.
    Unknown,
}

impl TokenState {
    const fn readable(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::NotAsked => "not asked for: it is the predecessor's",
            Self::Unknown => "not known",
        }
    }
}

/// A daemon's side.
#[derive(Serialize)]
pub(super) struct Daemon {
    daemon: String,
    /// The token of the web's file.
    token: TokenState,
    /// The token of `--token`, where that is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_token: Option<TokenState>,
    #[serde(flatten)]
    certificates: Certificates,
    pub(super) problems: Vec<String>,
}

/// All daemons, in the order of the configuration.
pub(super) async fn of_all(config: &WebConfig, other: Option<&RpcToken>) -> Result<Vec<Daemon>, CliError> {
    let unusable = |error: &dyn std::error::Error| CliError::Config(error.to_string());
    let mut daemons = Vec::new();
    for options in config.daemon_clients().map_err(|error| unusable(&error))? {
        daemons.push(of(impatient(options), other).await?);
    }
    Ok(daemons)
}

async fn of(options: ClientOptions, other: Option<&RpcToken>) -> Result<Daemon, CliError> {
    let certificates = Certificates::of(&options.address, &options.certificate).await;
    let mut problems = Vec::from_iter(certificates.problem("stakepooldcerts"));
    let (mut token, mut other_token) = (TokenState::Unknown, other.map(|_| TokenState::Unknown));
    if certificates.fit() {
        let (taken, problem) = tried(options.clone()).await?;
        token = taken;
        problems.extend(problem);
        if let Some(other) = other {
            other_token = Some(tried(options.clone().with_token(other.clone())).await?.0);
        }
    }
    Ok(Daemon { daemon: options.address, token, other_token, certificates, problems })
}

/// What the daemon makes of a token, and what is wrong.
async fn tried(options: ClientOptions) -> Result<(TokenState, Option<String>), CliError> {
    let client = DaemonClient::new(options).map_err(|error| CliError::Config(error.to_string()))?;
    Ok(match client.status().await {
        // One that starts still answers nothing else to those whom it lets in.
        Ok(_) | Err(DaemonError::NotReady { .. }) => (TokenState::Taken, None),
        Err(DaemonError::Unsupported { .. }) => (TokenState::NotAsked, None),
        Err(error @ DaemonError::Unauthorized { .. }) => (TokenState::Refused, Some(error.to_string())),
        Err(error) => (TokenState::Unknown, Some(error.to_string())),
    })
}

impl Answer for Daemon {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("daemon", self.daemon.clone()), ("token", self.token.readable().to_owned())];
        fields.extend(self.other_token.map(|other| ("other token", other.readable().to_owned())));
        fields.extend(self.certificates.fields());
        fields.extend(problems(&self.problems));
        fields
    }
}
