//! How answers are written: for people or for programs.

use std::io::{self, Write};

use serde::Serialize;

use crate::error::one_line;

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
        fields.iter().try_for_each(|(name, value)| writeln!(out, "{name:width$}  {}", one_line(value)))?;
        out.flush()
    }

    /// Writes a whole list: a JSON array, or a line for each; `none` where there is nothing to read for people.
    pub(crate) fn write_list(self, mut out: &mut dyn Write, answers: &[impl Answer], none: &str) -> io::Result<()> {
        match self {
            Self::Json => {
                serde_json::to_writer(&mut out, answers)?;
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
            (Self::Json, Ok(answer)) => serde_json::to_writer(&mut out, answer)?,
            (Self::Json, Err(error)) => serde_json::to_writer(&mut out, &Refusal { error })?,
            (Self::Text, Ok(answer)) => {
                let fields: Vec<String> =
                    answer.fields().into_iter().map(|(name, value)| format!("{name} {}", one_line(&value))).collect();
                out.write_all(fields.join(", ").as_bytes())?;
            }
            (Self::Text, Err(error)) => write!(out, "error: {}", one_line(error))?,
        }
        out.write_all(b"\n")
    }
}
