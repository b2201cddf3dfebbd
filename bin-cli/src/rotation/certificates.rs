//! The certificate that a server shows, beside those that are trusted.

use std::time::Duration;

use serde::Serialize;
use stakepool_core::time::UnixTime;
use stakepool_rpc::presented::presented_certificate;
use stakepool_rpc::tls::{certificate_end, certificate_fingerprints};

/// How long a server may take to show its certificate.
const LIMIT: Duration = Duration::from_secs(5);

/// A certificate.
#[derive(Serialize)]
pub(super) struct Certificate {
    sha256: String,
    /// When it ends; null where it does not say.
    ends: Option<UnixTime>,
}

impl Certificate {
    /// The first certificate of a file.
    pub(super) fn first_of(file: &[u8]) -> Option<Self> {
        let sha256 = certificate_fingerprints(file).ok()?.into_iter().next()?;
        Some(Self { sha256, ends: certificate_end(file).ok().map(UnixTime::from) })
    }

    /// For people.
    pub(super) fn readable(&self) -> String {
        match self.ends {
            Some(end) => format!("{}, ends {}", self.sha256, end.readable()),
            None => self.sha256.clone(),
        }
    }
}

/// What a server shows and what is trusted.
#[derive(Serialize)]
pub(super) struct Certificates {
    shows: Option<Certificate>,
    trusted: Vec<String>,
    /// Why it is not known what it shows.
    #[serde(skip)]
    unknown: Option<String>,
}

impl Certificates {
    /// Looks at the server at an address, of which the file `trusted` is expected.
    pub(super) async fn of(address: &str, trusted: &[u8]) -> Self {
        let trusted = certificate_fingerprints(trusted).unwrap_or_default();
        match presented_certificate(address, LIMIT).await {
            Ok(shown) => Self { shows: Certificate::first_of(&shown), trusted, unknown: None },
            Err(error) => Self { shows: None, trusted, unknown: Some(error.to_string()) },
        }
    }

    /// Whether what it shows is trusted.
    pub(super) fn fit(&self) -> bool {
        self.shows.as_ref().is_some_and(|shown| self.trusted.contains(&shown.sha256))
    }

    /// What is wrong, where `key` names the trusted file.
    pub(super) fn problem(&self, key: &str) -> Option<String> {
        match &self.unknown {
            Some(reason) => Some(reason.clone()),
            None if self.fit() => None,
            None => Some(format!(
                "it shows another certificate than those trusted: copy its rpc.cert again ({key}), and reload the web"
            )),
        }
    }

    /// For people.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let shows = self.shows.as_ref().map(|shown| ("shows", shown.readable()));
        shows.into_iter().chain(self.trusted.iter().map(|trusted| ("trusted", trusted.clone()))).collect()
    }
}
