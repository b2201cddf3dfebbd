//! A call, with what it brings.

use std::sync::Arc;

use hyper::body::Bytes;
use stakepool::accounts::ClientAddress;
use stakepool::vsp::Request;
use warp::http::HeaderMap;

use crate::site::Site;

/// Where the client's signature of the body stands.
const SIGNATURE: &str = "vsp-client-signature";

/// A request to the API. It may hold a voting key, which it does not print.
pub struct Call {
    /// The web.
    pub site: Arc<Site>,
    /// From where.
    pub client: ClientAddress,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as it came: that is what was signed.
    pub body: Bytes,
}

impl Call {
    /// What was signed, and the signature.
    pub(super) fn request(&self) -> Request<'_> {
        let signature = self.headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
        Request { body: &self.body, signature }
    }
}
