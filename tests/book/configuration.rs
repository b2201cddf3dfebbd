//! The reference of the configuration, made from the tables of keys.

use std::fmt::Write as _;

use stakepool_config::{DaemonConfig, KeyReference, WebConfig, daemon_keys, web_keys};
use stakepool_process::ProgramConfig;

use crate::hold;

const HEAD: &str = "\
# Configuration reference

Made from the code: the keys are those of `--help`. A key may stand in the configuration file (`key=value`), in the
environment (the name in capitals after the prefix), or on the command line (`--key=value`); the command line counts most,
the file least. `--check-config` says all that is wrong, `--print-config` what counts and where it was set.

A *secret* is never shown, and may be written `file:PATH` or `env:NAME`. Lists are separated by commas. Values of keys that
are *read again* count at `systemctl reload` (SIGHUP); all others at the next start.
";

const CODE: char = '`';

fn section(text: &mut String, [program, file, prefix, sample]: [&str; 4], keys: &[KeyReference], reloaded: &[&str]) {
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n## {program}\n\n`{file}`; in the environment after `{prefix}`; a sample with explanations: \
         [{sample}](../config/{sample}).\n\n| key | takes | without it | | |\n| --- | --- | --- | --- | --- |\n"
    );
    for key in keys.iter().filter(|key| !key.is_obsolete) {
        let quoted = |text: &str| format!("{CODE}{}{CODE}", text.replace('|', "\\|"));
        let takes = key.takes.map_or_else(|| "0, 1".to_owned(), quoted);
        let default = key.default.unwrap_or_default().replace('|', "\\|");
        let marks = [
            (key.is_secret, "secret"),
            (reloaded.contains(&key.name) || key.name == "debuglevel", "read again"),
            (key.is_new, "new"),
        ];
        let marks: Vec<&str> = marks.into_iter().filter(|(set, _)| *set).map(|(_, mark)| mark).collect();
        let help = key.help.replace('|', "\\|");
        let _ = writeln!(text, "| `{}` | {takes} | {default} | {help} | {} |", key.name, marks.join(", "));
    }
    let obsolete: Vec<String> =
        keys.iter().filter(|key| key.is_obsolete).map(|key| format!("`{}`", key.name)).collect();
    let _ = write!(text, "\nAccepted for old files, without a meaning: {}.\n", obsolete.join(", "));
}

#[test]
fn the_reference_of_the_configuration_is_the_codes() {
    let mut text = HEAD.to_owned();
    let web = ["stakepool-web", "~/.exccstakepool/exccstakepool.conf", "STAKEPOOL_WEB_", "exccstakepool.conf"];
    section(&mut text, web, &web_keys(), WebConfig::RELOADED);
    let daemon = ["stakepoold", "~/.stakepoold/stakepoold.conf", "STAKEPOOLD_", "stakepoold.conf"];
    section(&mut text, daemon, &daemon_keys(), DaemonConfig::RELOADED);
    hold("configuration.md", &text);
}
