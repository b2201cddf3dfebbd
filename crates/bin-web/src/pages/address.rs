//! Submitting the public key address that makes a user's multisig address.

use serde::Serialize;
use stakepool_core::registration::RegistrationError;
use warp::http::StatusCode;

use crate::notice::Notice;
use crate::visit::{Outcome, Visit};

const TEMPLATE: &str = "address.html.tera";

#[derive(Default, Serialize)]
struct Address<'a> {
    typed: &'a str,
    error: Option<String>,
    registered: Option<Registered>,
    example: &'static str,
    network_flag: &'static str,
}

#[derive(Serialize)]
struct Registered {
    address: String,
    script: String,
    fee_address: String,
    height: u32,
}

/// Shows the form, or what is registered.
pub async fn show(visit: Visit) -> Outcome {
    page(&visit, StatusCode::OK, None)
}

/// Registers the address.
pub async fn submit(visit: Visit) -> Outcome {
    let id = visit.need_user()?.id;
    let closed =
        visit.app.options.closed.as_ref().filter(|_| visit.need_user().is_ok_and(|u| u.registration.is_none()));
    if let Some(message) = closed {
        return page(&visit, StatusCode::FORBIDDEN, Some(format!("No address was registered. {message}")));
    }
    match visit.app.services.registrar.register(id, visit.form.text("UserPubKeyAddr")).await {
        Ok(_) => {
            visit.app.user_registered(id);
            tracing::info!(user = %id, client = %visit.client, "address registered on the page");
            Ok(visit.done(Notice::AddressRegistered, "/tickets"))
        }
        Err(error) => {
            let (status, text) = explain(&error);
            if status.is_server_error() {
                tracing::error!(user = %id, %error, "an address could not be registered");
            }
            page(&visit, status, Some(text))
        }
    }
}

fn page(visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
    let user = visit.need_user()?;
    let registered = user.registration.as_ref().map(|registration| Registered {
        address: registration.address.to_string(),
        script: registration.script.to_string(),
        fee_address: registration.fee_address.to_string(),
        height: registration.registered_at.0,
    });
    let network = visit.app.options.network;
    let typed = if error.is_some() { visit.form.text("UserPubKeyAddr") } else { "" };
    visit.page(
        TEMPLATE,
        status,
        &Address { typed, error, registered, example: example(network), network_flag: network_flag(network) },
    )
}

/// How public key addresses of a network begin.
const fn example(network: stakepool_core::chain::Network) -> &'static str {
    match network {
        stakepool_core::chain::Network::Mainnet => "2s",
        stakepool_core::chain::Network::Testnet => "Tk",
        stakepool_core::chain::Network::Simnet => "Sk",
    }
}

/// The flag that `exccctl` needs on a network, with a space behind it.
pub const fn network_flag(network: stakepool_core::chain::Network) -> &'static str {
    match network {
        stakepool_core::chain::Network::Mainnet => "",
        stakepool_core::chain::Network::Testnet => "--testnet ",
        stakepool_core::chain::Network::Simnet => "--simnet ",
    }
}

fn explain(error: &RegistrationError) -> (StatusCode, String) {
    match error {
        RegistrationError::AlreadySubmitted | RegistrationError::Closed(_) => {
            (StatusCode::OK, format!("No address was registered: {error}."))
        }
        RegistrationError::TooShort(_)
        | RegistrationError::TooLong(_)
        | RegistrationError::Undecodable(_)
        | RegistrationError::WrongKind(_) => (
            StatusCode::OK,
            format!("No address was registered: {error}. Copy what your wallet prints after `pubkeyaddr`."),
        ),
        RegistrationError::Wallets(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The pool's voting wallets cannot take a new address at this moment. Nothing is lost, and the pool goes \
             on voting; send the same address again in a few minutes."
                .to_owned(),
        ),
        RegistrationError::Key(_) | RegistrationError::Store(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Your address could not be stored because of a fault in the pool, which is in its log. Nothing is lost; \
             send the same address again in a few minutes, and write to the operator if this stays."
                .to_owned(),
        ),
    }
}
