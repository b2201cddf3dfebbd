//! What the configuration says of the pool itself, as its terms and settings.
//!
//! The web runs the pool, and the command line looks at it and changes it: both take what it is held to from here.

use stakepool::{PoolSettings, PoolTerms, SiteIdentity};
use stakepool_core::time::UnixTime;
use stakepool_rpc::tls::certificate_end;

use super::config::WebConfig;

impl WebConfig {
    /// What the pool's wallets, users and tickets are held to.
    pub fn pool_terms(&self) -> PoolTerms {
        PoolTerms::new(self.network, self.voting_wallet, self.cold_wallet, self.pool_fee)
            .max_users(self.max_users)
            .min_servers(self.min_servers)
            .new_pool(self.new_pool)
            .old_cold_wallets(self.old_cold_wallets.clone())
            .closed(self.closed())
    }

    /// How the pool treats its accounts and its operator.
    pub fn pool_settings(&self) -> PoolSettings {
        let mut site = SiteIdentity::new(&self.base_url);
        site.help_email = self.pool_email.clone().unwrap_or_default();
        site.link = self.pool_link.clone().unwrap_or_default();
        let mut settings = PoolSettings::new(site, self.api_secret.clone(), self.cookie_secret.clone());
        settings.old_api_secret.clone_from(&self.old_api_secret);
        settings.old_note_secret.clone_from(&self.old_cookie_secret);
        settings.administrators = self.admin_ids.clone().into();
        settings.admin_second_factor = self.admin_totp;
        settings.admin_idle = self.admin_idle;
        settings.invitations_required = self.invitations_required.into();
        settings.unverified_lasts = self.unverified_lasts;
        settings.certificates = self.certificate_ends().into();
        settings.warnings.clone_from(&self.warnings);
        if let Some(heartbeat) = &self.heartbeat {
            settings.heartbeat_every = heartbeat.every;
        }
        settings
    }

    /// What users read where the pool takes no new users and addresses.
    pub fn closed(&self) -> Option<String> {
        self.close_pool.then(|| self.close_pool_message.clone())
    }

    /// When the certificates of wallets and daemons end.
    pub fn certificate_ends(&self) -> Vec<(String, UnixTime)> {
        let wallets = self.wallets.iter().map(|wallet| ("wallet", &wallet.host, &wallet.certificate.pem));
        let daemons = self.daemons.iter().map(|daemon| ("daemon", &daemon.host, &daemon.certificate.pem));
        let ends = wallets.chain(daemons).filter_map(|(kind, host, pem)| {
            // One that cannot be read is refused elsewhere, with its name.
            let end = certificate_end(pem.as_bytes()).ok()?;
            Some((format!("{kind} {host}"), UnixTime::from(end)))
        });
        ends.collect()
    }
}
