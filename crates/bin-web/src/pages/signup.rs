//! Making an account.

use serde::Serialize;
use stakepool_core::accounts::{Email, PasswordHashes, check_policy};
use stakepool_core::ports::{NewUser, StoreError};
use warp::http::StatusCode;

use crate::notice::Notice;
use crate::visit::{Outcome, Visit};

const TEMPLATE: &str = "signup.html.tera";

#[derive(Default, Serialize)]
struct SignUp<'a> {
    email: &'a str,
    error: Option<String>,
}

/// Shows the form, or says that the pool is closed.
pub async fn show(visit: Visit) -> Outcome {
    visit.page(TEMPLATE, StatusCode::OK, &SignUp::default())
}

/// Makes the account.
pub async fn submit(visit: Visit) -> Outcome {
    let app = &visit.app;
    let typed = visit.form.text("email");
    let refuse = |error: String| visit.page(TEMPLATE, StatusCode::OK, &SignUp { email: typed, error: Some(error) });
    if app.options.closed.is_some() {
        return visit.page(TEMPLATE, StatusCode::FORBIDDEN, &SignUp::default());
    }
    if let Err(wait) = app.limiter.sign_up(visit.client) {
        let error =
            format!("Too many sign-ups from your address. No account was made; try again in {}.", wait.in_words());
        return visit.page_to_wait(TEMPLATE, wait, &SignUp { email: typed, error: Some(error) });
    }
    let email = match Email::parse(typed) {
        Ok(email) => email,
        Err(error) => return refuse(format!("No account was made: {error}.")),
    };
    let password = visit.form.text("password");
    if let Err(error) = check_policy(password, &email) {
        return refuse(format!("No account was made: {error}."));
    }
    if password != visit.form.text("passwordrepeat") {
        return refuse("No account was made: the two passwords differ. Type the same one twice.".to_owned());
    }
    let argon2 = match app.passwords.hash(password).await {
        Ok(hash) => hash,
        Err(error) => {
            tracing::warn!(%error, "a sign-up failed");
            return refuse("No account was made: the server is too busy. Try again in a few seconds.".to_owned());
        }
    };
    let user = NewUser {
        email,
        password: PasswordHashes { argon2: Some(argon2), bcrypt: None },
        verified: true,
        admin: false,
        voting: app.default_voting(),
        created: app.now(),
    };
    match app.services.users.create(user).await {
        Ok(id) => {
            tracing::info!(user = %id, client = %visit.client, "signed up");
            Ok(visit.done(Notice::SignedUp, "/signin"))
        }
        Err(StoreError::EmailTaken) => {
            refuse("There is an account with this e-mail address already. Sign in with its password.".to_owned())
        }
        Err(error) => Err(error.into()),
    }
}
