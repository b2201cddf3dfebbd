//! A notice as it is shown, and why there is none.

use serde::Serialize;
use stakepool::Notice;
use stakepool::administration::NoticeError;
use stakepool_core::time::UnixTime;

use crate::answer::Answer;
use crate::error::CliError;

/// A notice, and whether pages show it.
#[derive(Serialize)]
pub(crate) struct Row {
    #[serde(flatten)]
    notice: Notice,
    shown: bool,
}

impl Row {
    /// As it is at `now`.
    pub(crate) fn of(notice: Notice, now: UnixTime) -> Self {
        Self { shown: notice.is_shown(now), notice }
    }
}

impl Answer for Row {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let Notice { id, kind, text, from, until, created, by, mail, .. } = &self.notice;
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        vec![
            ("notice", id.to_string()),
            ("kind", kind.name().to_owned()),
            ("shown", yes(self.shown)),
            ("mailed", yes(*mail)),
            ("from", from.readable()),
            ("until", until.map_or_else(|| "-".to_owned(), UnixTime::readable)),
            ("made", format!("{} by {by}", created.readable())),
            ("text", text.clone()),
        ]
    }
}

/// A refusal, or a failure of the database. `date` is the argument with the day.
pub(crate) fn failed(error: NoticeError, date: &'static str) -> CliError {
    match error {
        NoticeError::Store(error) => error.into(),
        NoticeError::Text => CliError::argument("--text", error),
        NoticeError::Dates => CliError::argument("--until", error),
        NoticeError::NotToCome(_) => CliError::argument(date, error),
        NoticeError::Unknown => CliError::refused("NOTICE", error),
        refused => CliError::NotWell(refused.to_string()),
    }
}
