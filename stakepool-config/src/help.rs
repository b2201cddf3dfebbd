//! The help text of a program.

use std::fmt::Write;

use crate::table::{Default, Key, Kind, Since, Table};

/// Columns of the help text.
const WIDTH: usize = 100;
/// Columns before the explanations.
const INDENT: usize = 34;

/// All flags, and the other ways to set the same.
pub(crate) fn text(table: &Table) -> String {
    let mut text = format!(
        "{}\n\nUsage: {} [FLAGS]\n\n\
         Every flag but --help, --version, --check-config and --print-config is also a key of the\n\
         configuration file ~/{}/{} (key=value on a line of its own; comments\n\
         begin with ; or #) and an environment variable ({}KEY). The flag counts most,\n\
         then the environment, then the file.\n\
         A secret may be written file:PATH or env:NAME. Lists are separated by commas.\n\n",
        table.about, table.program, table.home, table.file, table.env_prefix
    );
    for key in table.keys.iter().filter(|key| key.since != Since::Obsolete) {
        entry(&mut text, key);
    }
    let obsolete: Vec<&str> =
        table.keys.iter().filter(|key| key.since == Since::Obsolete).map(|key| key.name).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\nAccepted for old files, without a meaning: {}", obsolete.join(", "));
    text
}

fn entry(text: &mut String, key: &Key) {
    let short = key.short.map_or("    ".to_owned(), |letter| format!("-{letter}, "));
    let value = match key.kind {
        Kind::Value(shown) | Kind::List(shown) => format!("={shown}"),
        Kind::Switch | Kind::Action(_) => String::new(),
    };
    let flag = format!("  {short}--{}{value}", key.name);
    let mut explanation = key.help.to_owned();
    match key.default {
        Default::Nothing => {}
        Default::Is(value) => explanation.push_str(&format!(" (default: {value})")),
        Default::Depends(how) => explanation.push_str(&format!(" (default: {how})")),
    }
    if key.secret {
        explanation.push_str(" (secret)");
    }
    let mut line = format!("{flag:INDENT$}");
    if flag.chars().count() >= INDENT {
        text.push_str(&flag);
        text.push('\n');
        line = " ".repeat(INDENT);
    }
    for word in explanation.split(' ') {
        if line.chars().count() + word.chars().count() >= WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(INDENT);
        }
        line.push_str(word);
        line.push(' ');
    }
    text.push_str(line.trim_end());
    text.push('\n');
}
