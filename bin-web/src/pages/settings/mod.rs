//! Settings: the API key, password, e-mail address, second factor, mails, devices, and closing of the account.

mod api_key;
mod closing;
mod devices;
mod email;
mod mails;
mod password;

use serde::Serialize;
use stakepool_core::accounts::User;
use stakepool_core::ports::MailWishes;
use warp::http::StatusCode;

use self::devices::Device;
use stakepool::accounts::email::Denied;
use stakepool::accounts::MustWait;
use crate::page_error::PageError;
use crate::visit::{Outcome, Visit};

const TEMPLATE: &str = "settings.html.tera";

#[derive(Serialize)]
struct Settings<'a> {
    email: &'a str,
    /// The key, where it is to be seen.
    api_key: Option<String>,
    is_revoked: bool,
    base_url: &'a str,
    done: Option<&'static str>,
    error: Option<String>,
    /// The field of which the error tells, by its id.
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
}

/// What came of a form.
enum Answer {
    Nothing,
    Done(&'static str),
    Refused(Fault),
}

/// Why nothing was changed.
struct Fault {
    error: String,
    /// The field that is to be filled in anew, by its id.
    field: Option<&'static str>,
}

impl Fault {
    /// What was not done, and why, which has to do with a field.
    fn of(field: &'static str, not_done: &str, reason: impl std::fmt::Display) -> Self {
        Self { error: format!("{not_done}: {reason}."), field: Some(field) }
    }
}

impl From<String> for Fault {
    fn from(error: String) -> Self {
        Self { error, field: None }
    }
}

/// Shows the settings. Whoever has not yet connected a wallet sees the API key at once.
pub async fn show(visit: Visit) -> Outcome {
    let user = visit.need_user()?;
    let content = content(&visit, user, user.registration.is_none(), Answer::Nothing).await?;
    visit.page(TEMPLATE, StatusCode::OK, &content)
}

/// Does what the pressed button says.
pub async fn submit(visit: Visit) -> Outcome {
    let user = visit.need_user()?;
    let pressed = |name: &str| visit.form.get(name).is_some();
    if pressed("showApiKey") {
        let content = content(&visit, user, true, Answer::Nothing).await?;
        visit.page(TEMPLATE, StatusCode::OK, &content)
    } else if pressed("renewApiKey") {
        api_key::renew(&visit).await
    } else if pressed("revokeApiKey") {
        api_key::revoke(&visit).await
    } else if pressed("updatePassword") {
        password::change(&visit).await
    } else if pressed("updateEmail") {
        email::change(&visit).await
    } else if pressed("updateMails") {
        mails::change(&visit).await
    } else if pressed("endSession") {
        devices::end(&visit).await
    } else if pressed("endSessions") {
        devices::end_others(&visit).await
    } else if pressed("closeAccount") {
        closing::close(&visit).await
    } else {
        let error = "Nothing was changed: press the button of the part to change.".to_owned();
        page(&visit, StatusCode::OK, error).await
    }
}

/// The page with an error.
async fn page(visit: &Visit, status: StatusCode, fault: impl Into<Fault>) -> Outcome {
    let answer = Answer::Refused(fault.into());
    visit.page(TEMPLATE, status, &content(visit, visit.need_user()?, false, answer).await?)
}

/// The page with an error that is over after a while.
async fn wait_page(visit: &Visit, wait: MustWait, fault: impl Into<Fault>) -> Outcome {
    let answer = Answer::Refused(fault.into());
    visit.page_to_wait(TEMPLATE, wait, &content(visit, visit.need_user()?, false, answer).await?)
}

/// The page with what was not done, and why the password in a field did not open the way.
async fn deny(visit: &Visit, field: &'static str, not_done: &str, denied: &Denied) -> Outcome {
    let fault = Fault::of(field, not_done, denied.reason());
    match denied {
        Denied::Wait(wait) => wait_page(visit, *wait, fault).await,
        Denied::Wrong | Denied::Busy => page(visit, denied.status(), fault).await,
    }
}

async fn content<'a>(
    visit: &'a Visit,
    user: &'a User,
    shows_key: bool,
    answer: Answer,
) -> Result<Settings<'a>, Trouble> {
    let app = &visit.app;
    let is_revoked = user.has_no_api_key();
    let api_key = match shows_key && !is_revoked {
        true => Some(app.api_keys.current_key(user).map_err(|_| Trouble::internal())?),
        false => None,
    };
    let (done, error, wrong) = match answer {
        Answer::Nothing => (None, None, None),
        Answer::Done(text) => (Some(text), None, None),
        Answer::Refused(Fault { error, field }) => (None, Some(error), field),
    };
    let MailWishes { ignored, voted, missed } = app.services.ticket_mails.mail_wishes(user.id).await?;
    Ok(Settings {
        email: user.email.as_str(),
        api_key,
        is_revoked,
        base_url: &app.options.base_url,
        done,
        error,
        wrong,
        has_factor: !app.lacks_second_factor(user.id).await?,
        mail: app.post.is_on(),
        wishes: Wishes { ignored, voted, missed },
        devices: devices::list(visit, user).await?,
    })
}
