//! Who may call what.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderValue};
use stakepool_core::bearer::bearer_token;
use tonic::Status;

use crate::grpc::token::RpcToken;

/// The paths of the predecessor's services begin so.
const OLD_SERVICES: &str = "/stakepoolrpc.";

/// Who makes a call that was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// The caller showed all that is configured.
    Authenticated,
    /// Nothing was asked of the caller, so nothing is known of it.
    Anonymous,
}

/// What callers must show. Whatever is configured must be shown, on every call of both services; where nothing is
/// configured, both are closed. The predecessor's service can be opened to all ([`Access::with_old_clients`]), as it was.
///
/// ```
/// use stakepool_rpc::grpc::RpcToken;
/// use stakepool_rpc::grpc::server::Access;
///
/// let access = Access::default().with_token(RpcToken::new("the-secret-of-web-and-daemon")?);
/// # Ok::<(), stakepool_rpc::grpc::RpcTokenError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Access {
    /// The token that calls must carry as `authorization: Bearer TOKEN`.
    pub token: Option<RpcToken>,
    /// A second token that may be carried instead, while the first is being changed.
    pub next_token: Option<RpcToken>,
    /// The certificates (PEM) of which clients must show one.
    pub client_certificates: Option<Vec<u8>>,
    /// Lets calls of the predecessor's service in that show nothing at all, whatever is configured above. Its programs cannot
    /// show anything: anyone who reaches the port can then change what is voted.
    pub allow_old_clients: bool,
}

impl Access {
    /// The same with a token that callers must show, or without one.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<Option<RpcToken>>) -> Self {
        self.token = token.into();
        self
    }

    /// The same with a second token that callers may show instead, or without one.
    #[must_use]
    pub fn with_next_token(mut self, token: impl Into<Option<RpcToken>>) -> Self {
        self.next_token = token.into();
        self
    }

    /// The same with certificates (PEM) of which callers must show one, or without them.
    #[must_use]
    pub fn with_client_certificates(mut self, pem: impl Into<Option<Vec<u8>>>) -> Self {
        self.client_certificates = pem.into();
        self
    }

    /// The same, which lets in the predecessor's clients without token and certificate, or not.
    #[must_use]
    pub const fn with_old_clients(mut self, allow: bool) -> Self {
        self.allow_old_clients = allow;
        self
    }

    /// The same with the tokens of another, and nothing else of it.
    #[must_use]
    pub fn with_tokens_of(&self, other: &Self) -> Self {
        Self { token: other.token.clone(), next_token: other.next_token.clone(), ..self.clone() }
    }

    /// Whether callers must show a token.
    pub const fn asks_token(&self) -> bool {
        self.token.is_some() || self.next_token.is_some()
    }

    /// Warns of what is open.
    pub(super) fn warn_if_open(&self) {
        if !self.is_checked() && !self.allow_old_clients {
            tracing::warn!("gRPC is closed to everybody: nothing is configured that callers could show; set a token");
        } else if !self.is_checked() {
            tracing::warn!(
                "gRPC asks for no authentication: anyone who reaches its port can change what is voted; \
                 set rpctoken here and at the web. Until then only the predecessor's service is open"
            );
        } else if self.allow_old_clients {
            tracing::warn!("gRPC lets the predecessor's clients in without authentication; end this after the move");
        }
    }

    const fn is_checked(&self) -> bool {
        self.asks_token() || self.client_certificates.is_some()
    }

    /// Whether a call carries the second token.
    pub(super) fn is_next(&self, metadata: &HeaderMap) -> bool {
        let shown = metadata.get_all(AUTHORIZATION);
        let shows = |next: &RpcToken| shown.iter().any(|shown| next.is_carried_by(shown.as_bytes()));
        self.next_token.as_ref().is_some_and(shows)
    }

    /// Whether a value of `authorization` carries one of the tokens; both are compared, so that the time tells nothing.
    fn has_token(&self, shown: &[u8]) -> bool {
        let tokens = [&self.token, &self.next_token];
        tokens.into_iter().flatten().fold(false, |found, token| found | token.is_carried_by(shown))
    }

    /// Whether no token is shown. What a proxy asks for by another scheme does not count beside a token.
    fn lacks_token(&self, metadata: &HeaderMap) -> Result<bool, Status> {
        let shown = || metadata.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes);
        if shown().next().is_none() {
            return Ok(true);
        }
        let mut tokens = shown().filter(|value| is_bearer(value)).peekable();
        if tokens.peek().is_none() || !tokens.all(|value| self.has_token(value)) {
            return Err(wrong_token());
        }
        Ok(false)
    }

    /// Whether a call may go on. A certificate that was shown has been found good before; a token that is shown must
    /// be right even where none is needed.
    pub(super) fn check(&self, path: &str, metadata: &HeaderMap, shows_certificate: bool) -> Result<Caller, Status> {
        let old = path.starts_with(OLD_SERVICES);
        if !self.is_checked() {
            return if old && self.allow_old_clients { Ok(Caller::Anonymous) } else { Err(closed()) };
        }
        let lacks_token = self.asks_token() && self.lacks_token(metadata)?;
        let lacks_certificate = self.client_certificates.is_some() && !shows_certificate;
        match (lacks_token, lacks_certificate) {
            (false, false) => Ok(Caller::Authenticated),
            _ if old && self.allow_old_clients => Ok(Caller::Anonymous),
            (true, _) => Err(no_token()),
            (false, true) => Err(no_certificate()),
        }
    }
}

fn is_bearer(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|value| bearer_token(value).is_some())
}

fn closed() -> Status {
    Status::unauthenticated(
        "this service is closed because the daemon has no rpctoken; set the same rpctoken for the web and the daemon",
    )
}

fn wrong_token() -> Status {
    Status::unauthenticated("the token is wrong; set the same rpctoken for the web and the daemon")
}

fn no_token() -> Status {
    Status::unauthenticated(
        "the daemon asks for its rpctoken in the metadata (authorization: Bearer …); for the predecessor's web, which \
         has none, oldclients=1 must be in the daemon's file",
    )
}

fn no_certificate() -> Status {
    Status::unauthenticated("the daemon asks for a client certificate that it knows")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "/stakepoolrpc.StakepooldService/Ping";
    const VERSION: &str = "/stakepoolrpc.VersionService/Version";
    const OWN: &str = "/excc.stakepool.v1.PoolDaemon/GetStatus";

    fn access(token: bool, certificates: bool, allow_old_clients: bool) -> Access {
        Access {
            token: token.then(|| RpcToken::new("0123456789abcdef").unwrap()),
            next_token: None,
            client_certificates: certificates.then(Vec::new),
            allow_old_clients,
        }
    }

    fn shows(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(text))])
    }

    fn nothing() -> HeaderMap {
        HeaderMap::new()
    }

    const RIGHT: &str = "Bearer 0123456789abcdef";

    #[test]
    fn without_configuration_everything_is_closed() {
        for path in [OLD, VERSION, OWN] {
            for shown in [nothing(), shows(RIGHT)] {
                assert!(
                    Access::default().check(path, &shown, true).unwrap_err().message().contains("closed"),
                    "{path}"
                );
            }
        }
    }

    #[test]
    fn the_predecessors_services_alone_can_be_opened_to_all() {
        let access = access(false, false, true);
        assert_eq!(access.check(OLD, &nothing(), false).ok(), Some(Caller::Anonymous));
        assert_eq!(access.check(VERSION, &shows(RIGHT), false).ok(), Some(Caller::Anonymous));
        assert!(access.check(OWN, &nothing(), false).unwrap_err().message().contains("closed"));
        assert!(access.check("/unknown.Service/Call", &nothing(), false).is_err());
    }

    #[test]
    fn a_token_is_asked_of_every_call() {
        let access = access(true, false, false);
        for path in [OLD, VERSION, OWN] {
            assert_eq!(access.check(path, &shows(RIGHT), false).ok(), Some(Caller::Authenticated));
            assert!(access.check(path, &nothing(), true).unwrap_err().message().contains("asks for its rpctoken"));
            assert!(access.check(path, &shows("Bearer x"), true).unwrap_err().message().contains("wrong"));
        }
    }

    #[test]
    fn a_token_is_known_by_its_scheme_in_any_case_and_beside_what_a_proxy_asks_for() {
        let access = access(true, false, false);
        let all = |values: &[&'static str]| {
            HeaderMap::from_iter(values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_static(value))))
        };
        for right in
            [&["bearer  0123456789abcdef"][..], &["Basic dTpw", RIGHT], &["Basic dTpw, BEARER 0123456789abcdef"]]
        {
            assert_eq!(access.check(OWN, &all(right), false).ok(), Some(Caller::Authenticated), "{right:?}");
        }
        for wrong in [&["Basic dTpw"][..], &[RIGHT, "Bearer x"], &["Bearer x", RIGHT], &["0123456789abcdef"]] {
            assert!(access.check(OWN, &all(wrong), false).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn old_clients_may_show_nothing_but_nothing_wrong() {
        let access = access(true, true, true);
        assert_eq!(access.check(OLD, &nothing(), false).ok(), Some(Caller::Anonymous));
        assert_eq!(access.check(OLD, &shows(RIGHT), true).ok(), Some(Caller::Authenticated));
        assert!(access.check(VERSION, &nothing(), false).is_ok());
        assert!(access.check(OLD, &shows("Bearer x"), false).is_err());
        assert!(access.check(OWN, &nothing(), false).is_err());
    }

    #[test]
    fn both_token_and_certificate_are_asked_where_both_are_configured() {
        let access = access(true, true, false);
        assert!(access.check(OWN, &shows(RIGHT), true).is_ok());
        assert!(access.check(OWN, &shows(RIGHT), false).unwrap_err().message().contains("client certificate"));
        assert!(access.check(OWN, &nothing(), true).is_err());
    }

    #[test]
    fn both_tokens_are_taken_while_one_follows_the_other_and_no_third() {
        let access = access(true, false, false).with_next_token(RpcToken::new("fedcba9876543210").unwrap());
        for (shown, is_next) in [(RIGHT, false), ("Bearer fedcba9876543210", true)] {
            assert_eq!(access.check(OWN, &shows(shown), false).ok(), Some(Caller::Authenticated));
            assert_eq!(access.is_next(&shows(shown)), is_next);
        }
        assert!(access.check(OWN, &shows("Bearer 0123456789abcdeffedcba9876543210"), false).is_err());
        assert!(access.check(OWN, &nothing(), false).is_err());
    }

    #[test]
    fn a_certificate_alone_suffices_where_only_certificates_are_configured() {
        let access = access(false, true, false);
        assert!(access.check(OWN, &nothing(), true).is_ok());
        assert!(access.check(OLD, &nothing(), false).is_err());
    }
}
