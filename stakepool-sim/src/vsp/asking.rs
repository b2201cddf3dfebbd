//! A signed request, and what must be right with its answer before a wallet reads it.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use stakepool_core::chain::{MessageSignature, PrivateKey};
use stakepool_core::vsp::SignedAnswer;

use super::error::VspClientError;
use super::server::VspServer;

/// A pool, and the key by which it signs.
pub(super) struct Pool {
    pub(super) server: Box<dyn VspServer>,
    pub(super) public_key: [u8; 32],
}

/// The body of a request, and the owner's signature of it.
pub(super) fn signed(request: &Value, owner: &PrivateKey) -> (String, String) {
    let body = request.to_string();
    let signature = MessageSignature::sign(body.as_bytes(), owner).to_base64();
    (body, signature)
}

impl Pool {
    /// `vspinfo`, which wallets ask before they buy.
    pub(super) async fn info(&self) -> Result<Value, VspClientError> {
        let answer = self.server.info().await?;
        self.read("vspinfo", &answer)
    }

    /// A command for a ticket whose owner has this key.
    pub(super) async fn ask(
        &self,
        command: &'static str,
        owner: &PrivateKey,
        request: &Value,
    ) -> Result<Value, VspClientError> {
        let (body, signature) = signed(request, owner);
        let answer = self.read(command, &self.server.post(command, body.as_bytes(), &signature).await?)?;
        match answer["request"].as_str() {
            Some(echo) if echo == STANDARD.encode(&body) => Ok(answer),
            _ => Err(VspClientError::OtherRequest(command)),
        }
    }

    /// Reads an answer: only 200 and 4xx are looked into, and must be signed.
    fn read(&self, command: &'static str, answer: &SignedAnswer) -> Result<Value, VspClientError> {
        let status = answer.status;
        if status != 200 && !(400..500).contains(&status) {
            return Err(VspClientError::Http { command, status });
        }
        let signature = STANDARD.decode(&answer.signature).unwrap_or_default();
        if UnparsedPublicKey::new(&ED25519, self.public_key).verify(&answer.body, &signature).is_err() {
            return Err(VspClientError::NotSigned(command));
        }
        let unreadable = |field| VspClientError::Unreadable { command, field };
        let body: Value = serde_json::from_slice(&answer.body).map_err(|_| unreadable("JSON"))?;
        if status == 200 {
            return Ok(body);
        }
        let code = body["code"].as_u64().ok_or_else(|| unreadable("code"))?;
        let message = body["message"].as_str().unwrap_or_default().to_owned();
        Err(VspClientError::Refused { command, code, message })
    }
}
