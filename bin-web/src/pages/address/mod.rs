//! Submitting the public key address that makes a user's multisig address.

mod mistakes;

use serde::Serialize;
use stakepool::accounts::MustWait;
use stakepool::registration::RegistrationError;
use warp::http::StatusCode;

use self::mistakes::Mistake;
use crate::browser::flash::Flash;
use crate::view::network::{example, network_flag};
use crate::visit::{Outcome, Visit};

/// Most bytes that are shown again of what was typed: more than the longest key of any kind has.
const MOST_SHOWN: usize = 256;
const TEMPLATE: &str = "address.html.tera";

#[derive(Default, Serialize)]
struct Address<'a> {
    typed: &'a str,
    error: Option<String>,
    /// The commands that print what is needed instead, where there are any.
    commands: Vec<String>,
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

/// What is said above the form.
#[derive(Default)]
struct Said {
    error: Option<String>,
    commands: Vec<String>,
    /// Whether what was typed is shown again.
    keep: bool,
}

/// Shows the form, or what is registered.
pub async fn show(visit: Visit) -> Outcome {
    page(&visit, StatusCode::OK, Said::default())
}

/// Registers the address.
pub async fn submit(visit: Visit) -> Outcome {
    let id = visit.need_user()?.id;
    match visit.site.pool.register(id, visit.form.text("UserPubKeyAddr")).await {
        Ok(_) => {
            tracing::info!(user = %id, client = %visit.client, "address registered on the page");
            Ok(visit.done(Flash::AddressRegistered, "/tickets"))
        }
        Err(error) => {
            let (status, said) = explain(&visit, &error);
            if status.is_server_error() {
                tracing::error!(user = %id, %error, "an address could not be registered");
            }
            page(&visit, status, said)
        }
    }
}

fn page(visit: &Visit, status: StatusCode, said: Said) -> Outcome {
    let user = visit.need_user()?;
    let registered = user.registration.as_ref().map(|registration| Registered {
        address: registration.address.to_string(),
        script: registration.script.to_string(),
        fee_address: visit.site.pool.terms().fee_address(registration).to_string(),
        height: registration.registered_at.0,
    });
    let network = visit.site.pool.terms().network;
    let content = Address {
        typed: if said.keep { visit.form.start_of("UserPubKeyAddr", MOST_SHOWN) } else { "" },
        error: said.error,
        commands: said.commands,
        registered,
        example: example(network),
        network_flag: network_flag(network),
    };
    visit.page(TEMPLATE, status, &content)
}

impl Said {
    fn error(error: String) -> Self {
        Self { error: Some(error), commands: Vec::new(), keep: true }
    }
}

fn explain(visit: &Visit, error: &RegistrationError) -> (StatusCode, Said) {
    let text = match error {
        RegistrationError::AlreadySubmitted => {
            return (StatusCode::OK, Said::error(format!("No address was registered: {error}.")));
        }
        RegistrationError::Closed(message) => {
            return (StatusCode::FORBIDDEN, Said::error(format!("No address was registered. {message}")));
        }
        RegistrationError::TooShort(_)
        | RegistrationError::TooLong(_)
        | RegistrationError::Undecodable(_)
        | RegistrationError::WrongKind(_) => {
            let mistake = Mistake::find(visit.form.text("UserPubKeyAddr"), error, visit.site.pool.terms().network);
            let error = Some(format!("No address was registered: {}", mistake.text));
            return (StatusCode::OK, Said { error, commands: mistake.commands, keep: !mistake.secret });
        }
        RegistrationError::Unverified => {
            return (StatusCode::FORBIDDEN, Said::error(format!("No address was registered: {error}.")));
        }
        RegistrationError::TooMany(wait) => {
            let text = format!(
                "No address was registered: so many were in this hour that the pool takes no more now, which keeps robots from \
                 using it up. Nothing is lost; send the same address again in {}.",
                MustWait(*wait).in_words()
            );
            return (StatusCode::TOO_MANY_REQUESTS, Said::error(text));
        }
        RegistrationError::Wallets(_) => {
            "The pool’s voting wallets cannot take a new address at this moment. Nothing is lost, and the pool goes \
             on voting; send the same address again in a few minutes."
        }
        RegistrationError::TooManyLost(_) | RegistrationError::Key(_) | RegistrationError::Store(_) => {
            "Your address could not be stored because of a fault in the pool, which is in its log. Nothing is lost; \
             send the same address again in a few minutes, and write to the operator if this stays."
        }
    };
    (StatusCode::SERVICE_UNAVAILABLE, Said::error(text.to_owned()))
}
