//! The web's own side: its certificate for the daemons, and its secrets.

use serde::Serialize;
use stakepool_config::WebConfig;

use super::certificates::Certificate;
use crate::answer::Answer;

/// The web's own side.
#[derive(Serialize)]
pub(super) struct Web {
    web: &'static str,
    /// What it shows to the daemons (`rpcclientcert`); null where it shows nothing.
    shows: Option<Certificate>,
    /// Whether what the secrets before have signed counts still.
    oldapisecret_counts: bool,
    oldcookiesecret_counts: bool,
}

/// What the configuration says.
pub(super) fn of(config: &WebConfig) -> Web {
    let shown = config.rpc_identity.as_ref();
    Web {
        web: "configuration",
        shows: shown.and_then(|shown| Certificate::first_of(shown.certificate.pem.as_bytes())),
        oldapisecret_counts: config.old_api_secret.is_some(),
        oldcookiesecret_counts: config.old_cookie_secret.is_some(),
    }
}

/// What a secret's state is, for people.
fn counts(old: bool, signed: &str) -> String {
    if old {
        format!("the old secret is still accepted: {signed}")
    } else {
        "only the current one is accepted".to_owned()
    }
}

impl Answer for Web {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let shows = self.shows.as_ref().map_or_else(|| "nothing to the daemons".to_owned(), Certificate::readable);
        vec![
            ("web", self.web.to_owned()),
            ("shows", shows),
            ("apisecret", counts(self.oldapisecret_counts, "remove oldapisecret when users have their new API keys")),
            ("cookiesecret", counts(self.oldcookiesecret_counts, "remove oldcookiesecret after an hour")),
        ]
    }
}
