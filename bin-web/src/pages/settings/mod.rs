//! Settings: the API key, password, e-mail address, second factor, mails, devices, and closing of the account.

mod api_key;
mod closing;
mod devices;
mod devices_list;
mod email;
mod form;
mod mails;
mod password;

use warp::http::StatusCode;

use self::form::{Answer, TEMPLATE, content, page};
use crate::visit::{Outcome, Visit};

/// Shows the settings.
pub async fn show(visit: Visit) -> Outcome {
    let user = visit.need_user()?;
    let content = content(&visit, user, false, Answer::Nothing).await?;
    visit.page(TEMPLATE, StatusCode::OK, &content)
}

/// Does what the pressed button says.
pub async fn submit(visit: Visit) -> Outcome {
    visit.need_user()?;
    let pressed = |name: &str| visit.form.get(name).is_some();
    if pressed("showApiKey") {
        api_key::show(&visit).await
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
