//! A client that takes any certificate, to look at it: nothing may be sent on such a connection.

use std::sync::Arc;

use rustls::{ClientConfig, Error};

use super::error::TlsError;
use super::provider::provider;
use super::verifier::{ServerPolicy, Shown, client_builder};

/// A client that takes any certificate whose key its server proves to have.
pub(crate) fn any_client_config() -> Result<ClientConfig, TlsError> {
    Ok(client_builder(provider(), Arc::new(Any))?.with_no_client_auth())
}

#[derive(Debug)]
struct Any;

impl ServerPolicy for Any {
    fn judge_server(&self, _: &Shown<'_>) -> Result<(), Error> {
        Ok(())
    }
}
