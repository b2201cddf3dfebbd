//! A configuration without its secrets.

use std::path::{Path, PathBuf};

use stakepool_config::web_keys;

use super::manifest::{LeftOut, SecretPlace};

/// The lines of a configuration that hold no secret, and what was left out.
pub(super) struct Settings {
    pub(super) text: String,
    pub(super) left_out: Vec<LeftOut>,
}

/// Takes the secrets out of a configuration file that is valid. Only lines of known keys stay: a comment may hold an old secret.
/// `read` are the files of secrets that were read with it.
pub(super) fn without_secrets(text: &str, read: &[PathBuf]) -> Settings {
    let keys = web_keys();
    let mut settings = Settings {
        text: "[Application Options]\n; Written by stakepoolctl handover, without comments and secrets.\n".to_owned(),
        left_out: Vec::new(),
    };
    for line in text.lines().map(str::trim) {
        let Some((name, value)) = line.split_once('=') else { continue };
        let (name, value) = (name.trim(), value.trim());
        let Some(key) = keys.iter().find(|key| key.name == name) else { continue };
        if !key.is_secret {
            settings.keep(name, value);
        } else if !value.is_empty() {
            settings.leave_out(name, value, read);
        }
    }
    settings
}

impl Settings {
    fn keep(&mut self, name: &str, value: &str) {
        self.text.push_str(&format!("{name}={value}\n"));
    }

    /// A line that only names where its secrets are stays.
    fn leave_out(&mut self, name: &str, value: &str, read: &[PathBuf]) {
        let places: Vec<_> = value.trim_matches('"').split(',').map(|entry| place(entry.trim(), read)).collect();
        if places.iter().any(|place| matches!(place, SecretPlace::Configuration)) {
            self.text.push_str(&format!("; {name} is left out: set it here\n"));
            self.left_out.push(LeftOut { key: name.to_owned(), from: SecretPlace::Configuration });
            return;
        }
        self.keep(name, value);
        self.left_out.extend(places.into_iter().map(|from| LeftOut { key: name.to_owned(), from }));
    }
}

fn place(entry: &str, read: &[PathBuf]) -> SecretPlace {
    match (entry.strip_prefix("file:"), entry.strip_prefix("env:")) {
        (Some(path), _) => {
            let named = Path::new(path.trim());
            SecretPlace::File(
                read.iter().find(|file| file.ends_with(named)).cloned().unwrap_or_else(|| named.to_owned()),
            )
        }
        (None, Some(name)) => SecretPlace::Variable(name.trim().to_owned()),
        (None, None) => SecretPlace::Configuration,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_lines_of_known_keys_without_a_secret_is_kept() {
        let text = "[Application Options]\n; apisecret=of-last-year\npoolfees = 7.5\napisecret=hunter2\n\
                    cookiesecret=file:cookie\nwalletpasswords=file:one,hunter3\nsmtppassword=env:SMTP\nsmtpusername=\n\
                    alertwebhook=https://hooks.example/hunter4\nunknown=hunter5\n";
        let Settings { text, left_out } = without_secrets(text, &["/home/pool/cookie".into()]);
        assert!(!text.contains("hunter") && !text.contains("last-year"), "{text}");
        for kept in
            ["poolfees=7.5\n", "cookiesecret=file:cookie\n", "smtppassword=env:SMTP\n", "; apisecret is left out"]
        {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        let named: Vec<_> = left_out.iter().map(LeftOut::readable).collect();
        assert_eq!(
            named,
            [
                "apisecret: set it in the configuration anew",
                "cookiesecret: the file /home/pool/cookie",
                "walletpasswords: set it in the configuration anew",
                "smtppassword: the environment variable SMTP",
                "alertwebhook: set it in the configuration anew",
            ]
        );
    }
}
