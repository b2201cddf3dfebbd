//! A voting wallet's side: which certificate it shows.

use serde::Serialize;
use stakepool_config::WebConfig;

use super::certificates::Certificates;
use crate::answer::{Answer, problems};

/// A wallet's side.
#[derive(Serialize)]
pub(super) struct Wallet {
    wallet: String,
    #[serde(flatten)]
    certificates: Certificates,
    pub(super) problems: Vec<String>,
}

/// All wallets, in the order of the configuration.
pub(super) async fn of_all(config: &WebConfig) -> Vec<Wallet> {
    let mut wallets = Vec::new();
    for endpoint in &config.wallets {
        let certificates = Certificates::of(&endpoint.host, endpoint.certificate.pem.as_bytes()).await;
        let problems = Vec::from_iter(certificates.problem("walletcerts"));
        wallets.push(Wallet { wallet: endpoint.host.clone(), certificates, problems });
    }
    wallets
}

impl Answer for Wallet {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("wallet", self.wallet.clone())];
        fields.extend(self.certificates.fields());
        fields.extend(problems(&self.problems));
        fields
    }
}
