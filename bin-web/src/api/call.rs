//! A call, with what it brings.

use std::sync::Arc;

use hyper::body::Bytes;
use stakepool::accounts::ClientAddress;
use warp::http::HeaderMap;

use super::body;
use crate::http::form::Form;
use crate::site::Site;

/// A request to the API.
#[derive(Debug)]
pub struct Call {
    /// The web.
    pub site: Arc<Site>,
    /// From where.
    pub client: ClientAddress,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its query.
    pub query: String,
    /// Its body.
    pub body: Bytes,
}

impl Call {
    /// The fields of the body and the query.
    pub fn form(&self) -> Form {
        body::fields(&self.headers, &self.query, &self.body)
    }
}
