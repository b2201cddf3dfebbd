//! `address`: a wallet submits its public key address.

use hyper::body::Bytes;
use stakepool::registration::RegistrationError;

use super::{Call, Code, auth, plain, too_many};

/// Answers a call.
pub async fn answer(call: &Call) -> Bytes {
    let refuse = |code, why: &str| plain(code, &format!("address error - {why}"));
    let user = match auth::user(call).await {
        Ok(found) => found,
        Err(refused) => {
            let (code, why) = refused.tell();
            return refuse(code, why);
        }
    };
    let id = user.user.id;
    if let Err(wait) = call.app.limiter.api_write(id) {
        return refuse(Code::ResourceExhausted, &too_many(wait));
    }
    if user.user.registration.is_some() {
        return refuse(Code::AlreadyExists, "address already submitted");
    }
    if let Some(message) = &call.app.options.closed {
        return refuse(Code::FailedPrecondition, message);
    }
    match call.app.services.registrar.register(id, call.form().text("UserPubKeyAddr")).await {
        Ok(registration) => {
            call.app.user_registered(id);
            tracing::info!(user = %id, client = %call.client, address = %registration.address, "address registered by API");
            plain(Code::Ok, "address successfully imported")
        }
        Err(RegistrationError::AlreadySubmitted) => refuse(Code::AlreadyExists, "address already submitted"),
        Err(RegistrationError::Closed(message)) => refuse(Code::FailedPrecondition, &message),
        Err(RegistrationError::TooShort(_)) => refuse(Code::InvalidArgument, "address too short"),
        Err(RegistrationError::TooLong(_)) => refuse(Code::InvalidArgument, "address too long"),
        Err(RegistrationError::Undecodable(_)) => refuse(Code::InvalidArgument, "couldn't decode address"),
        Err(RegistrationError::WrongKind(_)) => refuse(Code::InvalidArgument, "incorrect address type"),
        Err(error @ (RegistrationError::Wallets(_) | RegistrationError::Key(_) | RegistrationError::Store(_))) => {
            tracing::error!(%error, user = %id, client = %call.client, "an address could not be registered");
            plain(Code::Unavailable, "system error - unable to process wallet commands")
        }
    }
}
