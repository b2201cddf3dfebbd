//! The page of settings, with what came of a form.

use serde::Serialize;
use stakepool::accounts::{Denied, MustWait};
use stakepool_core::accounts::User;
use stakepool_core::ports::MailWishes;
use warp::http::StatusCode;

use super::devices_list::{self, Device};
use crate::page_error::PageError;
use crate::pages::confirm::denied_status;
use crate::visit::{Outcome, Visit};

pub(super) const TEMPLATE: &str = "settings.html.tera";

#[derive(Serialize)]
pub(super) struct Settings<'a> {
    email: String,
    /// The key, where it is to be seen.
    api_key: Option<String>,
    is_revoked: bool,
    base_url: &'a str,
    done: Option<&'static str>,
    error: Option<String>,
    /// The field that the error is about, by its id.
    wrong: Option<&'static str>,
    has_factor: bool,
    mail: bool,
    wishes: Wishes,
    devices: Vec<Device>,
}

#[derive(Serialize)]
struct Wishes {
    ignored: bool,
    voted: bool,
    missed: bool,
    notices: bool,
}

/// What came of a form.
pub(super) enum Answer {
    Nothing,
    Done(&'static str),
    Refused(Fault),
}

/// Why nothing was changed.
pub(super) struct Fault {
    error: String,
    /// The field that is to be filled in anew, by its id.
    field: Option<&'static str>,
}

impl Fault {
    /// What was not done, and why, which has to do with a field.
    pub(super) fn of(field: &'static str, not_done: &str, reason: impl std::fmt::Display) -> Self {
        Self { error: format!("{not_done}: {reason}."), field: Some(field) }
    }
}

impl From<String> for Fault {
    fn from(error: String) -> Self {
        Self { error, field: None }
    }
}

/// The page with an error.
pub(super) async fn page(visit: &Visit, status: StatusCode, fault: impl Into<Fault>) -> Outcome {
    let answer = Answer::Refused(fault.into());
    visit.page(TEMPLATE, status, &content(visit, visit.need_user()?, false, answer).await?)
}

/// The page with an error that is over after a while.
pub(super) async fn wait_page(visit: &Visit, wait: MustWait, fault: impl Into<Fault>) -> Outcome {
    let answer = Answer::Refused(fault.into());
    visit.page_to_wait(TEMPLATE, wait, &content(visit, visit.need_user()?, false, answer).await?)
}

/// As [`deny`], of a form that asks for a code of the second factor, too, whose field is the second.
pub(super) async fn deny_both(
    visit: &Visit,
    (password, code): (&'static str, &'static str),
    not_done: &str,
    denied: Denied,
) -> Outcome {
    let field = if denied == Denied::Code { code } else { password };
    deny(visit, field, not_done, denied).await
}

/// The page with what was not done, and why the password in a field was refused.
pub(super) async fn deny(visit: &Visit, field: &'static str, not_done: &str, denied: Denied) -> Outcome {
    let fault = Fault::of(field, not_done, denied);
    match denied {
        Denied::Wait(wait) => wait_page(visit, wait, fault).await,
        Denied::Wrong | Denied::Code | Denied::Busy => page(visit, denied_status(denied), fault).await,
    }
}

pub(super) async fn content<'a>(
    visit: &'a Visit,
    user: &'a User,
    shows_key: bool,
    answer: Answer,
) -> Result<Settings<'a>, PageError> {
    let pool = &visit.site.pool;
    let is_revoked = user.has_no_api_key();
    let api_key = if shows_key { pool.api_key(user).map_err(|_| PageError::internal())? } else { None };
    let (done, error, wrong) = match answer {
        Answer::Nothing => (None, None, None),
        Answer::Done(text) => (Some(text), None, None),
        Answer::Refused(Fault { error, field }) => (None, Some(error), field),
    };
    let MailWishes { ignored, voted, missed, notices } = pool.mail_wishes(user).await?;
    Ok(Settings {
        email: user.email.to_string(),
        api_key,
        is_revoked,
        base_url: &pool.site().base_url,
        done,
        error,
        wrong,
        has_factor: !pool.lacks_second_factor(user.id).await?,
        mail: pool.sends_mail(),
        wishes: Wishes { ignored, voted, missed, notices },
        devices: devices_list::of(visit, user).await?,
    })
}
