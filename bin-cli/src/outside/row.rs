//! What a check finds.

use serde::Serialize;

use crate::answer::Answer;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// A check, and how it ended.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) check: String,
    pub(crate) verdict: Verdict,
    /// What was found.
    pub(crate) found: String,
    /// What to do; empty where all is well.
    pub(crate) remedy: String,
}

/// The checks of a run, in their order.
#[derive(Debug, Default)]
pub(crate) struct Rows(pub(crate) Vec<Row>);

impl Rows {
    pub(crate) fn ok(&mut self, check: impl Into<String>, found: impl Into<String>) {
        self.add(check, Verdict::Ok, found, "");
    }

    pub(crate) fn warn(&mut self, check: impl Into<String>, found: impl Into<String>, remedy: &str) {
        self.add(check, Verdict::Warn, found, remedy);
    }

    pub(crate) fn fail(&mut self, check: impl Into<String>, found: impl Into<String>, remedy: &str) {
        self.add(check, Verdict::Fail, found, remedy);
    }

    pub(crate) fn add(
        &mut self,
        check: impl Into<String>,
        verdict: Verdict,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(Row { check: check.into(), verdict, found: found.into(), remedy: remedy.into() });
    }

    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.0.iter().filter(|row| row.verdict == verdict).count()
    }
}

impl Answer for Row {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let verdict = match self.verdict {
            Verdict::Ok => "OK  ",
            Verdict::Warn => "WARN",
            Verdict::Fail => "FAIL",
        };
        let remedy = if self.remedy.is_empty() { String::new() } else { format!(". To do: {}", self.remedy) };
        vec![(verdict, format!("{}: {}{remedy}", self.check, self.found))]
    }
}
