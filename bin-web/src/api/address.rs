//! `address`: a wallet submits its public key address.

use hyper::body::Bytes;
use stakepool::accounts::{MustWait, RegisterByApiError};
use stakepool::registration::RegistrationError;

use super::answer::{Code, plain, too_many};
use super::auth;
use super::call::Call;

/// Answers a call.
pub async fn answer(call: &Call) -> Bytes {
    let refuse = |code, why: &str| plain(code, &format!("address error - {why}"));
    let user = match auth::user(call).await {
        Ok(found) => found,
        Err(refused) => {
            let (code, why) = refused.code_and_words();
            return refuse(code, why);
        }
    };
    let id = user.id;
    match call.site.pool.register_by_api(&user, call.form().text("UserPubKeyAddr")).await {
        Ok(registration) => {
            tracing::info!(user = %id, client = %call.client, address = %registration.address, "address registered by API");
            plain(Code::Ok, "address successfully imported")
        }
        Err(RegisterByApiError::Wait(wait)) => refuse(Code::ResourceExhausted, &too_many(wait)),
        Err(RegisterByApiError::Registration(error)) => {
            let (code, why) = explain(&error);
            if code == Code::Unavailable {
                tracing::error!(%error, user = %id, client = %call.client, "an address could not be registered");
                return plain(code, &why);
            }
            refuse(code, &why)
        }
    }
}

fn explain(error: &RegistrationError) -> (Code, String) {
    let (code, why) = match error {
        RegistrationError::AlreadySubmitted => (Code::AlreadyExists, "address already submitted"),
        RegistrationError::Closed(message) => (Code::FailedPrecondition, message.as_str()),
        RegistrationError::Unverified => (Code::FailedPrecondition, "the e-mail address is not verified"),
        RegistrationError::TooMany(wait) => return (Code::ResourceExhausted, too_many(MustWait(*wait))),
        RegistrationError::TooShort(_) => (Code::InvalidArgument, "address too short"),
        RegistrationError::TooLong(_) => (Code::InvalidArgument, "address too long"),
        RegistrationError::Undecodable(_) => (Code::InvalidArgument, "couldn't decode address"),
        RegistrationError::WrongKind(_) => (Code::InvalidArgument, "incorrect address type"),
        RegistrationError::TooManyLost(_)
        | RegistrationError::Wallets(_)
        | RegistrationError::Key(_)
        | RegistrationError::Store(_) => (Code::Unavailable, "system error - unable to process wallet commands"),
    };
    (code, why.to_owned())
}
