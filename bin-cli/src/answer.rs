//! How answers are written: for people or for programs.

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;
use stakepool_core::sanitize::{is_hidden, visible};

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Names and values for people.
    Text,
    /// Compact JSON with the keys in a fixed order.
    Json,
}

/// An answer: its JSON comes from [`Serialize`], its text from these names and values.
pub(crate) trait Answer: Serialize {
    /// What people read: a name and a value each.
    fn fields(&self) -> Vec<(&'static str, String)>;
}

/// What people read of problems, also where there are none.
pub(crate) fn problems(problems: &[String]) -> Vec<(&'static str, String)> {
    match problems {
        [] => vec![("problems", "none".to_owned())],
        some => some.iter().map(|problem| ("problem", problem.clone())).collect(),
    }
}

/// The answer to a line of input that cannot be used.
#[derive(Serialize)]
struct Refusal<'a> {
    error: &'a str,
}

impl Style {
    /// Writes the only answer of a command.
    pub(crate) fn write_single(self, out: &mut dyn Write, answer: &impl Answer) -> io::Result<()> {
        if self == Self::Json {
            return self.write_line(out, &Ok(answer));
        }
        let fields = answer.fields();
        let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        fields.iter().try_for_each(|(name, value)| writeln!(out, "{name:width$}  {}", visible(value)))?;
        out.flush()
    }

    /// Writes a whole list of things of which much is said: a JSON array, or names and values of each with an empty line
    /// between them; `none` where there is nothing to read for people.
    pub(crate) fn write_records(self, out: &mut dyn Write, answers: &[impl Answer], none: &str) -> io::Result<()> {
        if self == Self::Json || answers.is_empty() {
            return self.write_list(out, answers, none);
        }
        for (number, answer) in answers.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            self.write_single(out, answer)?;
        }
        Ok(())
    }

    /// Writes a whole list: a JSON array, or a table with a column for each name; `none` where there is nothing to read
    /// for people.
    pub(crate) fn write_table(self, out: &mut dyn Write, answers: &[impl Answer], none: &str) -> io::Result<()> {
        if self == Self::Json || answers.is_empty() {
            return self.write_list(out, answers, none);
        }
        // Without a width nothing is wrapped: a hash or address stays in one piece, and a line is an entry.
        for line in table(answers).to_string().lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        out.flush()
    }

    /// Writes a whole list: a JSON array, or a line for each; `none` where there is nothing to read for people.
    pub(crate) fn write_list(self, mut out: &mut dyn Write, answers: &[impl Answer], none: &str) -> io::Result<()> {
        match self {
            Self::Json => {
                write_json(&mut out, answers)?;
                out.write_all(b"\n")?;
            }
            Self::Text if answers.is_empty() => writeln!(out, "{none}")?,
            Self::Text => answers.iter().try_for_each(|answer| self.write_line(&mut out, &Ok(answer)))?,
        }
        out.flush()
    }

    /// Writes one of many answers, or why there is none, on a line of its own.
    pub(crate) fn write_line<A: Answer>(self, mut out: impl Write, answer: &Result<&A, String>) -> io::Result<()> {
        match (self, answer) {
            (Self::Json, Ok(answer)) => write_json(&mut out, answer)?,
            (Self::Json, Err(error)) => write_json(&mut out, &Refusal { error })?,
            (Self::Text, Ok(answer)) => {
                let fields: Vec<String> =
                    answer.fields().into_iter().map(|(name, value)| format!("{name} {}", visible(&value))).collect();
                out.write_all(fields.join(", ").as_bytes())?;
            }
            (Self::Text, Err(error)) => write!(out, "error: {}", visible(error))?,
        }
        out.write_all(b"\n")
    }
}

/// The names over their values, in columns.
fn table(answers: &[impl Answer]) -> Table {
    let rows: Vec<_> = answers.iter().map(Answer::fields).collect();
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(names.iter().map(|name| name.to_uppercase()));
    for row in &rows {
        let cell = |name: &&str| {
            row.iter().find(|(of, _)| of == name).map_or("-".to_owned(), |(_, value)| visible(value).to_string())
        };
        table.add_row(names.iter().map(cell));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// Writes JSON whose hidden and control characters are escaped: a program reads the same text, and a terminal shows what it
/// is.
fn write_json(out: &mut dyn Write, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
    let text = serde_json::to_string(value)?;
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|c: char| c.is_control() || is_hidden(c)) {
        let (plain, special) = rest.split_at(at);
        out.write_all(plain.as_bytes())?;
        let Some(special) = special.chars().next() else { break };
        for unit in special.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        rest = &rest[at + special.len_utf8()..];
    }
    out.write_all(rest.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Said(&'static str);

    impl Answer for Said {
        fn fields(&self) -> Vec<(&'static str, String)> {
            vec![("said", self.0.to_owned())]
        }
    }

    fn written(style: Style, text: &'static str) -> String {
        let mut out = Vec::new();
        style.write_line(&mut out, &Ok(&Said(text))).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_a_stranger_typed_steers_no_terminal_and_hides_nothing() {
        let typed = "a\u{202e}b\u{200b}\n\u{1b}[2J\u{9b}\u{e0041}ü";
        assert_eq!(written(Style::Text, typed), "said a\\u{202e}b\\u{200b}\\n\\u{1b}[2J\\u{9b}\\u{e0041}ü\n");
        let json = written(Style::Json, typed);
        assert!(!json.trim_end().chars().any(|c| c.is_control() || is_hidden(c)), "{json:?}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), typed, "a program reads what was typed");
    }
}
