//! JSON-RPC errors.

use serde_json::Value;

use crate::faults::Injected;
use crate::network::Locked;

/// A JSON-RPC error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RpcError {
    pub code: i64,
    pub message: String,
}

/// What a call answers.
pub(crate) type RpcResult = Result<Value, RpcError>;

impl RpcError {
    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn unknown_method() -> Self {
        Self::new(-32601, "Method not found")
    }

    pub(super) fn internal(error: impl ToString) -> Self {
        Self::new(-32603, error.to_string())
    }

    /// What a locked legacy wallet says.
    pub(super) fn locked() -> Self {
        Self::new(-4, "address manager is locked")
    }
}

impl From<Locked> for RpcError {
    fn from(_: Locked) -> Self {
        Self::locked()
    }
}

impl From<Injected> for RpcError {
    fn from(Injected { code, message }: Injected) -> Self {
        Self { code, message }
    }
}
