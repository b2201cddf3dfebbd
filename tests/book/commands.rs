//! The reference of `stakepoolctl`, made from its command line; and that every command of the book can be given.

use std::fmt::Write as _;

use clap::{Arg, Command};
use stakepool_config::{daemon_keys, web_keys};

use crate::{hold, pages};

const HEAD: &str = "\
# stakepoolctl

Made from the code: what `stakepoolctl help COMMAND` says. Run it on the web's host, as the user that the web runs as; it
finds the pool by the web's configuration. Shell completion: `stakepoolctl completion SHELL`; manual pages:
`stakepoolctl man DIR`.

| exit code | means |
| --- | --- |
| 0 | all is as it was asked for; adding what is added, or removing what is not, is no failure |
| 1 | something failed on the way; or the pool is not well (`status`, `wallets check`, `rotation`, `selftest`, `alerts test`, `db check`, `handover check`) |
| 2 | the command line or the configuration is wrong: nothing was done |
| 3 | something that was named is not there or was refused; of several, the answers say which |

With `--json` each answer is JSON on standard output; messages stay on standard error. Commands that read lines (`-`) answer
each with a line in its place, `{\"error\": …}` where it cannot be used.
";

fn usage(argument: &Arg) -> String {
    let names =
        [argument.get_short().map(|short| format!("-{short}")), argument.get_long().map(|long| format!("--{long}"))];
    let names: Vec<String> = names.into_iter().flatten().collect();
    let takes = argument.get_action().takes_values();
    let value =
        argument.get_value_names().filter(|_| takes).and_then(|names| names.first()).map(|name| name.to_string());
    match (names.is_empty(), value) {
        (true, value) => value.unwrap_or_default(),
        (false, None) => names.join(", "),
        (false, Some(value)) => format!("{} {value}", names.join(", ")),
    }
}

fn arguments(text: &mut String, command: &Command, global: bool) {
    let is_listed = |argument: &&Arg| {
        !matches!(argument.get_id().as_str(), "help" | "version") && (global || !argument.is_global_set())
    };
    let mut listed = command.get_arguments().filter(is_listed).peekable();
    if listed.peek().is_some() {
        text.push('\n');
    }
    for argument in listed {
        let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- `{}`: {help}", usage(argument));
    }
}

fn section(text: &mut String, path: &str, command: &Command) {
    let path = format!("{path} {}", command.get_name());
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let _ = write!(text, "\n## {}\n\n{}\n", path.trim(), about.trim());
    arguments(text, command, false);
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        section(text, &path, inner);
    }
}

#[test]
fn the_reference_of_the_command_line_is_the_codes() {
    let mut text = HEAD.to_owned();
    let whole = stakepoolctl::command_line();
    text.push_str("\n## For all commands\n");
    arguments(&mut text, &whole, true);
    for command in whole.get_subcommands().filter(|command| command.get_name() != "help") {
        section(&mut text, "", command);
    }
    hold("stakepoolctl.md", &text);
}

/// The words of a command of ours in a line of the book, without what comes before and after it.
fn words(line: &str) -> Option<Vec<&str>> {
    let line = line.split(" # ").next().unwrap_or(line);
    // What another program gets may have the name of one of ours.
    if ["cargo ", "install ", "journalctl ", "systemctl ", "chown "].iter().any(|other| line.starts_with(other)) {
        return None;
    }
    let words = line.split_whitespace().skip_while(|word| {
        let program = word.rsplit('/').next().unwrap_or_default();
        !matches!(program, "stakepoolctl" | "stakepoold" | "stakepool-web")
    });
    let ours: Vec<&str> = words.take_while(|word| !matches!(*word, "|" | ">" | "&&" | ";" | "&")).collect();
    (!ours.is_empty()).then_some(ours)
}

#[test]
fn every_command_of_the_book_can_be_given() {
    let mut seen = 0;
    for page in pages() {
        for line in page.code("console") {
            let Some(words) = words(line) else { continue };
            seen += 1;
            let program = words[0].rsplit('/').next().unwrap();
            if program == "stakepoolctl" {
                let parsed = stakepoolctl::command_line().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{}: {line}: {}", page.name, parsed.unwrap_err());
                continue;
            }
            let keys = if program == "stakepoold" { daemon_keys() } else { web_keys() };
            for flag in words.iter().filter_map(|word| word.strip_prefix("--")) {
                let name = flag.split('=').next().unwrap();
                let is_action = matches!(name, "help" | "version" | "check-config" | "print-config");
                assert!(is_action || keys.iter().any(|key| key.name == name), "{}: {line}", page.name);
            }
        }
    }
    assert!(seen > 10, "only {seen} commands were found");
}
