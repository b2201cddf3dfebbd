//! The parameters of a call, by position.

use std::str::FromStr;

use serde_json::Value;

use super::error::RpcError;
use crate::program::Role;

/// The parameters of a call.
#[derive(Clone, Copy)]
pub(super) struct Params<'a> {
    values: &'a [Value],
    wallet: bool,
}

impl<'a> Params<'a> {
    pub(super) const fn new(values: &'a [Value], role: Role) -> Self {
        Self { values, wallet: matches!(role, Role::Wallet(_)) }
    }

    /// What nodes and wallets say of parameters that are missing or of the wrong type.
    fn invalid(&self, index: usize, wanted: &str) -> RpcError {
        if self.wallet {
            RpcError::new(-32600, "Invalid request")
        } else {
            RpcError::new(-32602, format!("parameter #{} must be {wanted}", index + 1))
        }
    }

    /// The parameter, where it is given and not null.
    pub(super) fn get(&self, index: usize) -> Option<&'a Value> {
        self.values.get(index).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, index: usize) -> Result<&'a str, RpcError> {
        self.get(index).and_then(Value::as_str).ok_or_else(|| self.invalid(index, "type string"))
    }

    pub(super) fn number(&self, index: usize) -> Result<u32, RpcError> {
        let number = self.get(index).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| self.invalid(index, "type integer"))
    }

    pub(super) fn array(&self, index: usize) -> Result<&'a [Value], RpcError> {
        let array = self.get(index).and_then(Value::as_array).map(Vec::as_slice);
        array.ok_or_else(|| self.invalid(index, "type array"))
    }

    /// A truth value, where it is given; numbers count as in C.
    pub(super) fn flag(&self, index: usize) -> Option<bool> {
        let value = self.get(index)?;
        value.as_bool().or_else(|| value.as_i64().map(|number| number != 0))
    }

    /// Hexadecimal bytes.
    pub(super) fn bytes(&self, index: usize) -> Result<Vec<u8>, RpcError> {
        let text = self.text(index)?;
        hex::decode(text).map_err(|_| not_hex(text))
    }

    /// A hash.
    pub(super) fn hash<T: FromStr>(&self, index: usize) -> Result<T, RpcError> {
        let text = self.text(index)?;
        text.parse().map_err(|_| not_hex(text))
    }
}

fn not_hex(text: &str) -> RpcError {
    RpcError::new(-22, format!("Argument must be hexadecimal string (not \"{text}\")"))
}
