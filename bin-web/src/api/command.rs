//! What wallets ask for.

use warp::http::Method;

/// The versions of the API, which are the same.
pub const VERSIONS: [&str; 2] = ["v1", "v2"];

/// What wallets ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// What is needed for buying tickets.
    PurchaseInfo,
    /// The figures of the pool.
    Stats,
    /// Submits a public key address.
    Address,
    /// Sets what is voted.
    Voting,
}

impl Command {
    /// All of them; one that is not here is not answered.
    pub const ALL: [Self; 4] = [Self::PurchaseInfo, Self::Stats, Self::Address, Self::Voting];

    /// Its name in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PurchaseInfo => "getpurchaseinfo",
            Self::Stats => "stats",
            Self::Address => "address",
            Self::Voting => "voting",
        }
    }

    /// How it is asked for.
    pub const fn method(self) -> Method {
        match self {
            Self::PurchaseInfo | Self::Stats => Method::GET,
            Self::Address | Self::Voting => Method::POST,
        }
    }

    /// The command of a path behind `/api/`.
    pub fn of(tail: &str) -> Option<Self> {
        let (version, name) = tail.split_once('/')?;
        VERSIONS.contains(&version).then(|| Self::ALL.into_iter().find(|command| command.name() == name))?
    }
}
