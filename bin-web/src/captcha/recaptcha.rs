//! Google's reCAPTCHA, where the operator has set keys of their own: the one exception to "no other host".

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use stakepool::accounts::ClientAddress;
use stakepool_core::secret::Secret;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use warp::http::Request;
use warp::http::header::{CONTENT_TYPE, HOST};

use crate::captcha::error::CaptchaError;

/// The site of everybody who has Google's key for tests.
const OF_TEST_KEY: &str = "testkey.google.com";
const JUDGE: &str = "www.google.com";
const LIMIT: Duration = Duration::from_secs(10);
const MAX_ANSWER: usize = 64 << 10;

/// Asks the maker of a captcha whether an answer is good.
#[async_trait]
pub trait CaptchaJudge: Send + Sync {
    /// Sends the form of the question and answers with the body.
    async fn ask(&self, form: String) -> Result<Bytes, String>;
}

/// Google's own service.
pub struct Google {
    tls: Result<TlsConnector, rustls::Error>,
}

impl Default for Google {
    fn default() -> Self {
        let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = builder.map(|builder| builder.with_root_certificates(roots).with_no_client_auth());
        Self { tls: config.map(|config| TlsConnector::from(Arc::new(config))) }
    }
}

impl fmt::Debug for Google {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Google")
    }
}

impl Google {
    async fn post(&self, form: String) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
        let tls = self.tls.as_ref().map_err(Clone::clone)?;
        let stream = TcpStream::connect((JUDGE, 443)).await?;
        let stream = tls.connect(ServerName::try_from(JUDGE)?, stream).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::post("/recaptcha/api/siteverify")
            .header(HOST, JUDGE)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form)))?;
        let answer = sender.send_request(request).await?;
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await?.to_bytes();
        connection.abort();
        Ok(body)
    }
}

#[async_trait]
impl CaptchaJudge for Google {
    async fn ask(&self, form: String) -> Result<Bytes, String> {
        match timeout(LIMIT, self.post(form)).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {LIMIT:?}")),
        }
    }
}

#[derive(Deserialize)]
struct Judgement {
    success: bool,
    /// The site on which the box was ticked.
    hostname: Option<String>,
    #[serde(default, rename = "error-codes")]
    errors: Vec<String>,
}

/// Whether Google takes the visitor of our host for a person.
///
/// # Errors
/// [`CaptchaError`].
pub async fn check(
    judge: &dyn CaptchaJudge,
    secret: &Secret,
    answer: &str,
    client: ClientAddress,
    host: &str,
) -> Result<(), CaptchaError> {
    if answer.is_empty() {
        return Err(CaptchaError::Unticked);
    }
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("secret", secret.expose())
        .append_pair("response", answer)
        .append_pair("remoteip", &client.to_string())
        .finish();
    let body = judge.ask(form).await.map_err(|error| {
        tracing::error!(error, "reCAPTCHA cannot be asked");
        CaptchaError::Unavailable
    })?;
    let judgement: Judgement = serde_json::from_slice(&body).map_err(|error| {
        tracing::error!(%error, "reCAPTCHA's answer cannot be read");
        CaptchaError::Unavailable
    })?;
    if judgement.success {
        let elsewhere = |found: &String| !found.eq_ignore_ascii_case(host) && found != OF_TEST_KEY;
        if let Some(hostname) = judgement.hostname.filter(elsewhere) {
            tracing::warn!(hostname, host, "the box of reCAPTCHA was ticked on another site than baseurl names");
            return Err(CaptchaError::Unticked);
        }
        return Ok(());
    }
    if judgement.errors.iter().any(|error| error.ends_with("-input-secret")) {
        tracing::error!(errors = ?judgement.errors, "reCAPTCHA refuses the pool: correct recaptchasecret");
        return Err(CaptchaError::Unavailable);
    }
    Err(CaptchaError::Unticked)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Result<&'static str, &'static str>);

    #[async_trait]
    impl CaptchaJudge for Fixed {
        async fn ask(&self, form: String) -> Result<Bytes, String> {
            assert_eq!(form, "secret=s%26&response=a+b&remoteip=127.0.0.1");
            self.0.map(Bytes::from).map_err(str::to_owned)
        }
    }

    #[tokio::test]
    async fn a_judgement_is_believed_and_trouble_is_no_judgement() {
        for (answer, expected) in [
            (Ok(r#"{"success": true, "hostname": "Pool.example"}"#), Ok(())),
            (Ok(r#"{"success": true, "hostname": "testkey.google.com"}"#), Ok(())),
            (Ok(r#"{"success": true, "hostname": "farm.example"}"#), Err(CaptchaError::Unticked)),
            (Ok(r#"{"success": false, "error-codes": ["timeout-or-duplicate"]}"#), Err(CaptchaError::Unticked)),
            (Ok(r#"{"success": false, "error-codes": ["invalid-input-secret"]}"#), Err(CaptchaError::Unavailable)),
            (Ok("<html>"), Err(CaptchaError::Unavailable)),
            (Err("refused"), Err(CaptchaError::Unavailable)),
        ] {
            let secret = Secret::new("s&");
            assert_eq!(
                check(&Fixed(answer), &secret, "a b", ClientAddress::LOCAL, "pool.example").await,
                expected,
                "{answer:?}"
            );
        }
        let nothing =
            check(&Fixed(Err("never asked")), &Secret::new(""), "", ClientAddress::LOCAL, "pool.example").await;
        assert_eq!(nothing, Err(CaptchaError::Unticked));
    }

    #[test]
    fn the_connection_can_be_set_up() {
        assert!(Google::default().tls.is_ok());
    }
}
