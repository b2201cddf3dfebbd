//! Flags, as the predecessor's parser takes them: `--key=value`, `--key value`, `-k value`, `--switch`.

use std::collections::BTreeSet;
use std::ffi::OsString;

use crate::hint::nearest;
use crate::origin::Origin;
use crate::problem::Problem;
use crate::table::{Action, Key, Kind, Table};
use crate::unquote::unquote;

/// What the flags say.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// Keys and their values, in order; a switch without a value has an empty one.
    pub(crate) values: Vec<(&'static Key, String)>,
    /// What is asked instead of running.
    pub(crate) actions: BTreeSet<Action>,
    /// What cannot be understood.
    pub(crate) problems: Vec<Problem>,
}

/// Reads all flags. No message repeats a value, for it may be a secret.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>, table: &Table) -> Flags {
    let mut flags = Flags::default();
    let mut arguments = arguments.enumerate().map(|(index, argument)| (index + 1, argument.into_string())).peekable();
    while let Some((number, argument)) = arguments.next() {
        let Ok(argument) = argument else {
            flags.refuse(format!("argument {number} is not UTF-8 text"));
            continue;
        };
        let Some((flag, key, attached)) = split(&argument, table) else {
            flags.refuse_unknown(number, &argument, table);
            continue;
        };
        let value = match (key.kind, attached) {
            (Kind::Action(action), None) => {
                flags.actions.insert(action);
                continue;
            }
            (Kind::Action(_), Some(_)) => {
                flags.refuse(format!("flag {flag} takes no value"));
                continue;
            }
            (Kind::Switch, attached) => attached.unwrap_or_default().to_owned(),
            (Kind::Value(_) | Kind::List(_), Some(value)) => value.to_owned(),
            (Kind::Value(shown) | Kind::List(shown), None) => {
                match arguments.next_if(|(_, next)| next.as_ref().is_ok_and(|next| is_value(next))) {
                    Some((_, Ok(value))) => value,
                    _ => {
                        flags.refuse(format!("flag {flag} needs a value: write it as --{}={shown}", key.name));
                        continue;
                    }
                }
            }
        };
        match unquote(&value) {
            Ok(value) => flags.values.push((key, value)),
            Err(reason) => flags.refuse(format!("flag {flag}: {reason}")),
        }
    }
    flags
}

/// The flag as it was written, its key, and a value that is attached to it.
fn split<'a>(argument: &'a str, table: &Table) -> Option<(&'a str, &'static Key, Option<&'a str>)> {
    if let Some(long) = argument.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        return Some((&argument[..name.len() + 2], table.long_flag(name)?, value));
    }
    let mut letters = argument.strip_prefix('-')?.chars();
    let key = table.short_flag(letters.next()?)?;
    let rest = letters.as_str();
    let value = rest.strip_prefix('=').unwrap_or(rest);
    Some((&argument[..argument.len() - rest.len()], key, (!rest.is_empty()).then_some(value)))
}

/// Whether an argument can be the value of the flag before it. One that begins with a dash must be attached with `=`.
fn is_value(argument: &str) -> bool {
    argument == "-" || !argument.starts_with('-')
}

impl Flags {
    fn refuse(&mut self, reason: String) {
        self.problems.push(Problem::Argument(reason));
    }

    fn refuse_unknown(&mut self, number: usize, argument: &str, table: &Table) {
        if is_value(argument) {
            self.refuse(format!("argument {number} belongs to no flag: values are written as --key=VALUE"));
            return;
        }
        let name = argument.split('=').next().unwrap_or_default();
        let nearest = nearest(name.trim_start_matches('-'), table.keys.iter().map(|key| key.name));
        let nearest = nearest.map(|name| format!("--{name}"));
        // A single dash may begin a value that was meant for another flag.
        let name = if name.starts_with("--") { name } else { name.get(..2).unwrap_or("-") };
        self.problems.push(Problem::UnknownKey { name: name.to_owned(), origin: Origin::Flag, nearest });
    }

    /// The last value of a key.
    pub(crate) fn last(&self, name: &str) -> Option<&str> {
        self.values.iter().rev().find(|(key, _)| key.name == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::daemon::TABLE;
    use proptest::prelude::*;

    fn parsed(arguments: &[&str]) -> Flags {
        parse(arguments.iter().map(OsString::from), &TABLE)
    }

    fn pairs(arguments: &[&str]) -> Vec<(String, String)> {
        let flags = parsed(arguments);
        assert_eq!(flags.problems, []);
        flags.values.into_iter().map(|(key, value)| (key.name.to_owned(), value)).collect()
    }

    #[test]
    fn flags_are_written_as_for_the_predecessor() {
        let arguments = [
            "--poolfees=7.5",
            "--wallethost",
            "a,b",
            "--simnet",
            "-C",
            "x.conf",
            "-Cy.conf",
            "-b=data",
            "--walletuser=\"a b\"",
            "--testnet=0",
        ];
        let expected = [
            ("poolfees", "7.5"),
            ("wallethost", "a,b"),
            ("simnet", ""),
            ("configfile", "x.conf"),
            ("configfile", "y.conf"),
            ("datadir", "data"),
            ("walletuser", "a b"),
            ("testnet", "0"),
        ];
        assert_eq!(pairs(&arguments), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn actions_are_kept_apart() {
        let flags = parsed(&["-V", "--check-config", "-h"]);
        assert_eq!(flags.actions.into_iter().collect::<Vec<_>>(), [Action::CheckConfig, Action::Version, Action::Help]);
    }

    #[test]
    fn every_bad_flag_is_told_and_no_value_repeated() {
        let flags = parsed(&[
            "--polfees=hunter2",
            "hunter2",
            "-zhunter2",
            "--poolfees",
            "--help=hunter2",
            "--walletuser=\"hunter2",
        ]);
        let messages: Vec<String> = flags.problems.iter().map(ToString::to_string).collect();
        assert_eq!(messages.len(), 6, "{messages:?}");
        assert!(messages[0].contains("`--polfees`") && messages[0].contains("`--poolfees`"), "{messages:?}");
        assert!(messages.iter().all(|message| !message.contains("hunter2")), "{messages:?}");
    }

    proptest! {
        #[test]
        fn no_arguments_panic(arguments in prop::collection::vec("-?-?.{0,6}=?.*", 0..5)) {
            let _ = parse(arguments.into_iter().map(OsString::from), &TABLE);
        }
    }
}
