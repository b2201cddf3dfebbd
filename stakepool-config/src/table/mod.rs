//! The keys of each program: one table, from which files, environment, flags and help are read and written.

pub(crate) mod daemon;
pub(crate) mod web;

use crate::logging::Subsystems;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: it asks the program to say something and end. Flags only.
    Action(Action),
    /// On or off.
    Switch,
    /// One value, shown in the help by this name.
    Value(&'static str),
    /// Values separated by commas; setting it again in the same place adds more.
    List(&'static str),
}

/// What the program is asked to do instead of running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    CheckConfig,
    PrintConfig,
    Version,
    Help,
}

/// What a key has where it is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Default {
    /// Nothing.
    Nothing,
    /// This value.
    Is(&'static str),
    /// Something that depends on other keys; the text is for the help.
    Depends(&'static str),
}

/// Since when there is the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// The predecessor has it.
    Predecessor,
    /// The predecessor has it, but here it has no meaning.
    Obsolete,
    /// It is new.
    New,
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) short: Option<char>,
    pub(crate) kind: Kind,
    pub(crate) secret: bool,
    pub(crate) default: Default,
    pub(crate) since: Since,
    pub(crate) help: &'static str,
}

/// The keys of a program, and where they are looked for.
#[derive(Debug)]
pub(crate) struct Table {
    /// The program's name.
    pub(crate) program: &'static str,
    /// What the program is, for the help.
    pub(crate) about: &'static str,
    /// The program's folder in the user's home.
    pub(crate) home: &'static str,
    /// The configuration file in that folder.
    pub(crate) file: &'static str,
    /// What stands before a key's name in the environment.
    pub(crate) env_prefix: &'static str,
    /// Names of log subsystems.
    pub(crate) subsystems: Subsystems,
    /// The keys, in the order of the help.
    pub(crate) keys: &'static [Key],
}

impl Key {
    const fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { name, short: None, kind, secret: false, default: Default::Nothing, since: Since::Predecessor, help }
    }

    const fn action(name: &'static str, action: Action, help: &'static str) -> Self {
        Self::new(name, Kind::Action(action), help)
    }

    const fn switch(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Switch, help)
    }

    const fn value(name: &'static str, shown: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Value(shown), help)
    }

    const fn list(name: &'static str, shown: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::List(shown), help)
    }

    const fn obsolete(name: &'static str, kind: Kind) -> Self {
        Self { since: Since::Obsolete, ..Self::new(name, kind, "accepted for old files, without a meaning here") }
    }

    const fn short(self, short: char) -> Self {
        Self { short: Some(short), ..self }
    }

    const fn default(self, value: &'static str) -> Self {
        Self { default: Default::Is(value), ..self }
    }

    const fn depends(self, explanation: &'static str) -> Self {
        Self { default: Default::Depends(explanation), ..self }
    }

    const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    const fn new_here(self) -> Self {
        Self { since: Since::New, ..self }
    }
}

impl Table {
    /// The key with a name, as it is written in a file: in any case, or by its short name.
    pub(crate) fn in_file(&self, name: &str) -> Option<&'static Key> {
        let mut letters = name.chars();
        let short = letters.next().filter(|_| letters.next().is_none());
        self.settable().find(|key| key.name.eq_ignore_ascii_case(name) || (short.is_some() && key.short == short))
    }

    /// The key of a long flag, without its dashes.
    pub(crate) fn long_flag(&self, name: &str) -> Option<&'static Key> {
        // `--new-pool` is `--newpool`.
        let dashless = || name.replace('-', "");
        let find = |name: &str| self.keys.iter().find(|key| key.name == name);
        find(name).or_else(|| find(&dashless()))
    }

    /// The key of a short flag.
    pub(crate) fn short_flag(&self, letter: char) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.short == Some(letter))
    }

    /// All keys that have a value.
    pub(crate) fn settable(&self) -> impl Iterator<Item = &'static Key> {
        self.keys.iter().filter(|key| !matches!(key.kind, Kind::Action(_)))
    }

    /// The environment variable of a key.
    pub(crate) fn variable(&self, key: &str) -> String {
        format!("{}{}", self.env_prefix, key.to_ascii_uppercase())
    }
}

/// Keys of both programs that only say something.
const CHECK: Key =
    Key::action("check-config", Action::CheckConfig, "read the configuration, say all that is wrong with it, and end")
        .new_here();
const PRINT: Key = Key::action(
    "print-config",
    Action::PrintConfig,
    "show what counts of file, environment and flags, each with its place, without secrets, and end",
)
.new_here();
const HELP: Key = Key::action("help", Action::Help, "show this help and end").short('h');
const VERSION: Key = Key::action("version", Action::Version, "show the version and end").short('V');

const TESTNET: Key = Key::switch("testnet", "use the test network");
const SIMNET: Key = Key::switch("simnet", "use a simulation network");
const DEBUGLEVEL: Key = Key::value(
    "debuglevel",
    "LEVEL",
    "how much to log: trace, debug, info, warn, error, critical; or SUBSYSTEM=LEVEL,…; `show` lists the subsystems",
)
.short('d')
.default("info");
const LOGFORMAT: Key = Key::value("logformat", "FORMAT", "how log lines are written: text, or json, an object a line")
    .default("text")
    .new_here();
const DATADIR: Key = Key::value("datadir", "DIR", "where data lies; the network's name is appended")
    .short('b')
    .depends("`data` in appdata");
const LOGDIR: Key =
    Key::value("logdir", "DIR", "where the log file of each day lies; 14 are kept; the network's name is appended")
        .depends("`logs` in appdata");
const MAXUSERS: Key = Key::value(
    "maxusers",
    "N",
    "the highest key index that is given to a user; the wallets' stakepoolcoldextkey must reach as far",
)
.default("9999")
.new_here();
const MONITORLISTEN: Key =
    Key::value("monitorlisten", "HOST:PORT", "serve /metrics, /healthz and /readyz here; off where it is not set")
        .new_here();
const COLDWALLETEXTPUB: Key =
    Key::value("coldwalletextpub", "KEY", "the cold wallet's extended public key, from which the fee addresses come");
const OLDCOLDWALLETEXTPUBS: Key = Key::list(
    "oldcoldwalletextpubs",
    "KEY,…",
    "extended public keys of cold wallets before: tickets that pay their fee to these are accepted, too",
)
.new_here();
const DBPORT: Key = Key::value("dbport", "PORT", "the port of all hosts of dbhost").depends("3306");
const DBNAME: Key = Key::value("dbname", "NAME", "the name of the database").depends("stakepool");
const DBPASSWORD: Key = Key::value("dbpassword", "PASSWORD", "the password of dbuser").secret();
const DBSOCKET: Key =
    Key::value("dbsocket", "FILE", "a unix socket of the database server, in place of dbhost and dbport").new_here();
const DBTLS: Key = Key::value("dbtls", "KIND", "off, preferred, required or verify").depends("preferred").new_here();
const DBCA: Key =
    Key::value("dbca", "FILE", "the certificate of the authority of the database server, for dbtls=verify").new_here();
const DBSTATEMENTS: Key = Key::value(
    "dbstatements",
    "N",
    "how many statements a connection keeps prepared; 0 behind a proxy that mixes connections up",
)
.depends("100")
.new_here();
const PROFILE: Key = Key::obsolete("profile", Kind::Value("PORT"));
const CPUPROFILE: Key = Key::obsolete("cpuprofile", Kind::Value("FILE"));
const MEMPROFILE: Key = Key::obsolete("memprofile", Kind::Value("FILE"));
