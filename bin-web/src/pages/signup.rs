//! Making an account.

use stakepool::accounts::{MustWait, NewPassword, SignUpError, SignedUp};
use warp::http::StatusCode;

use super::captcha;
use super::email_form::EmailForm;
use super::message::Message;
use crate::browser::flash::Flash;
use crate::site::Site;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

const FORM: EmailForm = EmailForm("signup.html.tera");

/// Shows the form, or says that the pool is closed.
pub async fn show(visit: Visit) -> Outcome {
    FORM.page(&visit, StatusCode::OK, None)
}

/// Makes the account. Where mail is sent, the answer does not say whether there was one already: the mail does.
pub async fn submit(visit: Visit) -> Outcome {
    let form = &visit.form;
    let password = NewPassword::new(form.text("password"), form.text("passwordrepeat"));
    let checked = match visit.site.pool.sign_up(form.text("email"), password, &visit.origin) {
        Ok(checked) => checked,
        Err(error) => return refuse(&visit, error),
    };
    if let Err(error) = captcha::check(&visit).await? {
        let error = format!("Account not created: {error}.");
        return FORM.page_about(&visit, StatusCode::OK, Some(error), Some("captcha"));
    }
    match checked.invitation(form.text("invitation")).finish().await {
        Ok(SignedUp::Ready(_)) => Ok(visit.done(Flash::SignedUp, "/signin")),
        Ok(SignedUp::CheckMail) => Message::CHECK_MAIL.show(&visit, StatusCode::OK),
        Err(error) => refuse(&visit, error),
    }
}

fn refuse(visit: &Visit, error: SignUpError) -> Outcome {
    let not_made = |field, reason: &str| {
        FORM.page_about(visit, StatusCode::OK, Some(format!("Account not created: {reason}.")), Some(field))
    };
    match error {
        SignUpError::Closed(_) => FORM.page(visit, StatusCode::FORBIDDEN, None),
        SignUpError::TooManySignUps(wait) => wait_page(visit, "sign-ups from your address", wait),
        SignUpError::TooManyInvitations(wait) => {
            wait_page(visit, "wrong invitation codes came from your address", wait)
        }
        SignUpError::NoInvitation => {
            not_made("invitation", "type the code of your invitation. Ask the pool’s operator for one")
        }
        SignUpError::WrongInvitation => not_made(
            "invitation",
            "the invitation code is wrong, or was used or has ended. Type it as it was given to you",
        ),
        SignUpError::TooManyMails(wait) => wait_page(visit, "emails were asked for", wait),
        SignUpError::Mismatch => not_made("passwordrepeat", "the two passwords differ. Type the same one twice"),
        SignUpError::Busy(_) => {
            let error = "Account not created: the server is too busy. Try again in a few seconds.";
            FORM.page(visit, StatusCode::OK, Some(error.to_owned()))
        }
        SignUpError::EmailTaken => {
            let error = "There is an account with this e-mail address already. Sign in with its password.";
            FORM.page_about(visit, StatusCode::OK, Some(error.to_owned()), Some("email"))
        }
        SignUpError::Store(error) => Err(error.into()),
        error @ SignUpError::Email(_) => not_made("email", &error.to_string()),
        error @ SignUpError::Password(_) => not_made("password", &error.to_string()),
    }
}

fn wait_page(visit: &Visit, too_many: &str, wait: MustWait) -> Outcome {
    let error = format!("Too many {too_many}. Account not created; try again in {}.", wait.in_words());
    FORM.page_to_wait(visit, wait, error)
}

/// The page, to try templates with.
pub fn samples(site: &Site) -> Vec<Sample> {
    FORM.samples(site)
}
