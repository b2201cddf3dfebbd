//! Reads typed values of keys, and keeps everything that is wrong with them.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use stakepool_core::chain::{ExtendedPubKey, HdKeyError, Network};

use crate::certificate::Certificate;
use crate::origin::Origin;
use crate::place::{Need, Place};
use crate::problem::Problem;
use crate::resolve::{Setting, Settings};
use crate::secret::SecretText;
use crate::sources::Sources;
use crate::table::Table;
use crate::text;
use crate::value;
use stakepool_core::secret::Secret;
use stakepool_rpc::tls::{certificate_validity, certificates_pem};

/// Looks up an environment variable.
pub(crate) type Env<'a> = &'a dyn Fn(&str) -> Option<String>;
/// Reads a file.
pub(crate) type ReadFile<'a> = &'a dyn Fn(&Path) -> std::io::Result<Vec<u8>>;

/// Reads typed values. What is wrong is kept, and reading goes on.
pub(crate) struct Reader<'a> {
    pub(crate) table: &'static Table,
    pub(crate) settings: Settings,
    pub(crate) home: PathBuf,
    /// Where a missing key should be set.
    pub(crate) config_file: PathBuf,
    pub(crate) env: Env<'a>,
    pub(crate) read: ReadFile<'a>,
    /// What the start will need of the machine.
    pub(crate) places: Vec<Place>,
}

impl Reader<'_> {
    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.settings.warnings.push(warning.into());
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        self.settings.problems.push(problem);
    }

    /// Keeps what a key asks of the machine.
    pub(crate) fn needs(&mut self, key: &'static str, need: Need) {
        let origin = self.settings.get(key).map_or(Origin::Default, |setting| setting.origin.clone());
        self.places.push(Place { key, origin, need });
    }

    /// Keeps that the value of a key cannot be used.
    pub(crate) fn refuse(&mut self, key: &'static str, reason: impl Display) {
        let origin = self.settings.get(key).map_or(Origin::Default, |setting| setting.origin.clone());
        self.problem(Problem::Value { key, origin, reason: reason.to_string() });
    }

    /// The value, or nothing where it cannot be used, which is kept.
    pub(crate) fn accept<T, E: Display>(&mut self, key: &'static str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.refuse(key, error)).ok()
    }

    /// Where the configuration came from, as far as it was read.
    pub(crate) fn sources(&self) -> Sources {
        Sources::of(self.table, &self.settings, &self.config_file)
    }

    /// Keeps that a key must be set, and says where.
    pub(crate) fn missing(&mut self, key: &'static str) {
        let known = self.table.long_flag(key);
        let what = known.map_or("", |known| known.help).to_owned();
        let variable = self.table.variable(key);
        // A secret as a flag can be read by everybody on the computer: nobody is sent there.
        let flag = if known.is_some_and(|known| known.secret) { String::new() } else { format!(", as --{key}=…") };
        let place = format!("Set it in {}{flag} or as {variable} in the environment", self.config_file.display());
        self.problem(Problem::Missing { key, what, place });
    }

    /// Whether somebody set the key, even to nothing.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.settings.is_set(key)
    }

    /// The text of a key, or nothing where it is empty.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.settings.get(key).and_then(|setting| setting.values.last()).filter(|text| !text.is_empty()).cloned()
    }

    /// The value of a key that has one always, by default at least.
    pub(crate) fn value<T, E: Display>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.settings.get(key).and_then(|setting| setting.values.last()).cloned().unwrap_or_default();
        self.accept(key, parse(&text))
    }

    /// The value of a key that may be empty or not set.
    pub(crate) fn optional<T, E: Display>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(key)?;
        self.accept(key, parse(&text))
    }

    /// The value of a switch that was set.
    pub(crate) fn switch(&mut self, key: &'static str) -> Option<bool> {
        let text = self.settings.get(key)?.values.last()?.clone();
        self.accept(key, value::switch(&text))
    }

    /// The entries of a list, which may be empty.
    pub(crate) fn list(&mut self, key: &'static str) -> Vec<String> {
        let Some(Setting { values, .. }) = self.settings.get(key).cloned() else { return Vec::new() };
        let given = values.iter().filter(|value| !value.is_empty());
        let entries: Vec<Option<&str>> = given.flat_map(|value| value::entries(value)).collect();
        if let Some(place) = entries.iter().position(Option::is_none) {
            self.refuse(
                key,
                format!("entry {} of the list is empty: separate the entries with single commas", place + 1),
            );
        }
        entries.into_iter().flatten().map(str::to_owned).collect()
    }

    /// How many entries a list has, without a word about empty ones.
    pub(crate) fn list_length(&self, key: &str) -> usize {
        let values = self.settings.get(key).map(|setting| &setting.values[..]).unwrap_or_default();
        values.iter().flat_map(|value| value::entries(value)).flatten().count()
    }

    /// The entries of a list that must have one at least.
    pub(crate) fn required_list(&mut self, key: &'static str) -> Vec<String> {
        let entries = self.list(key);
        if entries.is_empty() {
            self.missing(key);
        }
        entries
    }

    /// The entries of a list, each read by `parse`.
    pub(crate) fn values<T, E: Display>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
        let entries = self.list(key);
        entries.iter().filter_map(|entry| self.accept(key, parse(entry))).collect()
    }

    /// Keeps that two lists that go together differ in length. One that is missing was reported already.
    pub(crate) fn same_count(
        &mut self,
        first: &'static str,
        first_count: usize,
        second: &'static str,
        second_count: usize,
    ) {
        if first_count != second_count && first_count > 0 && second_count > 0 {
            self.problem(Problem::Counts { first, first_count, second, second_count });
        }
    }

    /// A path with `~` and variables resolved.
    pub(crate) fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        let text = self.text(key)?;
        self.accept(key, value::path(&text, self.env))
    }

    /// A path below the program's home where it is relative.
    pub(crate) fn home_path(&mut self, key: &'static str, default: &str) -> PathBuf {
        let path = self.path(key).unwrap_or_else(|| PathBuf::from(default));
        self.home.join(path)
    }

    /// A directory of the network: what `key` says, else `default` in the home, and the network's name below it.
    pub(crate) fn network_dir(&mut self, key: &'static str, default: &str, network: Network) -> PathBuf {
        self.path(key).unwrap_or_else(|| self.home.join(default)).join(network.name())
    }

    /// The network that the switches name.
    pub(crate) fn network(&mut self) -> Network {
        let (testnet, simnet) = (self.switch("testnet") == Some(true), self.switch("simnet") == Some(true));
        if testnet && simnet {
            let origin = |key: &str| self.settings.get(key).map_or(Origin::Default, |setting| setting.origin.clone());
            let message = format!(
                "testnet ({}) and simnet ({}) are both set: remove one of them",
                origin("testnet"),
                origin("simnet")
            );
            self.problem(Problem::Conflict(message));
        }
        match (testnet, simnet) {
            (_, true) => Network::Simnet,
            (true, false) => Network::Testnet,
            (false, false) => Network::Mainnet,
        }
    }

    /// An extended public key of the network.
    pub(crate) fn extended_key(&mut self, key: &'static str, network: Network) -> Option<ExtendedPubKey> {
        let Some(text) = self.text(key) else {
            self.missing(key);
            return None;
        };
        if let Some((bare, _)) = text.split_once(':')
            && bare.parse::<ExtendedPubKey>().is_ok()
        {
            self.refuse(key, "a `:` and a number follow the key, as in a wallet's stakepoolcoldextkey: leave them out");
            return None;
        }
        let parsed = ExtendedPubKey::parse_for(&text, network).map_err(|error| match error {
            HdKeyError::WrongNetwork { .. } => {
                format!("{error}; set the key of that network, or the network of the key")
            }
            other => other.to_string(),
        });
        self.accept(key, parsed)
    }

    /// Extended public keys, separated by commas.
    pub(crate) fn extended_keys(&mut self, key: &'static str, network: Network) -> Vec<ExtendedPubKey> {
        self.values(key, |text| {
            // As it stands in a wallet's stakepoolcoldextkey: the number is that of the daemon and the web.
            let bare = text.split_once(':').map_or(text, |(bare, _)| bare);
            ExtendedPubKey::parse_for(bare, network)
        })
    }

    /// A certificate file; relative to the home, else to the working directory, as the predecessor looks for it.
    pub(crate) fn certificate(&mut self, key: &'static str, path: &str) -> Option<Certificate> {
        let path = self.accept(key, value::path(path, self.env))?;
        let first = self.home.join(&path);
        let found = match (self.read)(&first) {
            Ok(file) => Ok((first, file)),
            Err(error) => (self.read)(&path).map(|file| (path, file)).map_err(|_| (first, error)),
        };
        let (path, file) = found
            .map_err(|(path, error)| {
                let reason = format!("the certificate {} cannot be read: {error}; copy it there", path.display());
                self.refuse(key, reason);
            })
            .ok()?;
        let pem = certificates_pem(&file).map_err(|error| format!("{}: {error}", path.display()));
        let pem = self.accept(key, pem)?;
        self.settings.note_content(key, &file);
        if let Ok((begin, end)) = certificate_validity(pem.as_bytes()) {
            self.needs(key, Need::Time { file: path.clone(), begin, end });
        }
        let certificate = Certificate { path, pem };
        self.settings.certificates.push(certificate.clone());
        Some(certificate)
    }

    /// The file of a certificate's key; relative to the home.
    pub(crate) fn private_key(&mut self, key: &'static str, path: &str) -> Option<Secret> {
        // Whether it is a key, and that of the certificate, is seen where both are put together.
        let file = self.file(key, path)?;
        let text = text::decode(&file).map_err(|reason| format!("{path}: {reason}"));
        Some(Secret::new(self.accept(key, text)?))
    }

    /// A secret that may be missing.
    pub(crate) fn secret(&mut self, key: &'static str) -> Option<Secret> {
        let text = self.text(key)?;
        self.warn_of_open_secret(key, [text.as_str()]);
        self.resolve_secret(key, &text)
    }

    /// A secret that must be there.
    pub(crate) fn required_secret(&mut self, key: &'static str) -> Option<Secret> {
        if self.text(key).is_none() {
            self.missing(key);
        }
        self.secret(key)
    }

    /// A list of secrets, `None` for each that cannot be had, which is kept. `whole` takes the text as one secret.
    pub(crate) fn required_secrets(&mut self, key: &'static str, whole: bool) -> Vec<Option<Secret>> {
        let entries = match self.text(key) {
            Some(text) if whole => vec![text],
            _ => self.required_list(key),
        };
        self.warn_of_open_secret(key, entries.iter().map(String::as_str));
        entries.iter().map(|text| self.resolve_secret(key, text)).collect()
    }

    fn resolve_secret(&mut self, key: &'static str, text: &str) -> Option<Secret> {
        let secret = match SecretText::parse(text) {
            SecretText::Literal(literal) => literal.to_owned(),
            SecretText::Environment(name) => {
                // What is no name may be the secret itself.
                let is_name = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
                let shown = if is_name { name } else { "after env:" };
                let unset = || format!("the environment variable {shown} is not set: set it where this program starts");
                let secret = (self.env)(name).ok_or_else(unset);
                self.accept(key, secret)?
            }
            SecretText::File(path) => self.secret_file(key, path)?,
        };
        if secret.is_empty() {
            self.refuse(key, "the secret is empty: write it, file:PATH or env:NAME");
            return None;
        }
        Some(Secret::new(secret))
    }

    /// A file that a key names; relative to the home.
    pub(crate) fn file(&mut self, key: &'static str, path: &str) -> Option<Vec<u8>> {
        let path = self.accept(key, value::path(path, self.env))?;
        let path = self.home.join(path);
        let content = (self.read)(&path).map_err(|error| {
            format!("the file {} cannot be read: {error}; make it, readable for this program", path.display())
        });
        let content = self.accept(key, content)?;
        self.settings.note_content(key, &content);
        self.settings.private_files.push(path);
        Some(content)
    }

    /// The one line of a secret's file. Line ends and marks of editors are no part of it; a blank at an end is, for all we
    /// know.
    fn secret_file(&mut self, key: &'static str, path: &str) -> Option<String> {
        let file = self.file(key, path)?;
        let text = match text::decode(&file) {
            Ok(text) if text.contains(char::REPLACEMENT_CHARACTER) => Err("it is not UTF-8 text: save it as UTF-8"),
            decoded => decoded,
        };
        let text = self.accept(key, text.map_err(|reason| format!("the file {path}: {reason}")))?;
        let secret = text.trim_matches(['\r', '\n']);
        if secret.contains(['\r', '\n']) {
            self.refuse(
                key,
                format!("the file {path} has several lines: the secret must stand there alone, on one line"),
            );
            return None;
        }
        if secret != text::trim(secret) {
            self.warn(format!(
                "{key}: the file {path} has blanks before or after the secret, which count as part of it"
            ));
        }
        Some(secret.to_owned())
    }

    fn warn_of_open_secret<'t>(&mut self, key: &'static str, texts: impl IntoIterator<Item = &'t str>) {
        let by_flag = self.settings.get(key).is_some_and(|setting| setting.origin == Origin::Flag);
        if by_flag && texts.into_iter().any(|text| matches!(SecretText::parse(text), SecretText::Literal(_))) {
            self.warn(format!(
                "the secret {key} was given as a flag, which every user of this computer can read: use file:PATH or env:NAME"
            ));
        }
    }
}
