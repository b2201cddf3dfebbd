//! Messages as they travel: requests out, answers and notifications in.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// What a server said to a call: the result as it came, or an error.
pub(super) type Answer = Result<Box<RawValue>, ServerError>;

/// An error in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ServerError {
    /// The JSON-RPC code.
    pub(super) code: i64,
    /// The server's words.
    pub(super) message: String,
}

/// A message of a server.
#[derive(Debug)]
pub(super) enum Incoming {
    /// The answer to the call with a number.
    Answer(u64, Answer),
    /// What the server reports by itself.
    Notification {
        /// What kind.
        method: String,
        /// Its content, a JSON array.
        params: Box<RawValue>,
    },
}

/// The text of a request. `params` is JSON already.
pub(super) fn request(id: u64, method: &'static str, params: &str) -> String {
    let method = Value::from(method);
    format!(r#"{{"jsonrpc":"1.0","id":{id},"method":{method},"params":{params}}}"#)
}

#[derive(Deserialize)]
struct Envelope {
    id: Option<u64>,
    method: Option<String>,
    params: Option<Box<RawValue>>,
    result: Option<Box<RawValue>>,
    error: Option<ServerError>,
}

/// Reads a message; its content is left as it is, for the one who waits for it.
///
/// # Errors
/// What is wrong, without the message's content.
pub(super) fn read(text: &str) -> Result<Incoming, String> {
    let envelope: Envelope = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match envelope {
        Envelope { method: Some(method), id: None, params, .. } => {
            Ok(Incoming::Notification { method, params: params.unwrap_or_else(null) })
        }
        Envelope { id: Some(id), error: Some(error), .. } => Ok(Incoming::Answer(id, Err(error))),
        Envelope { id: Some(id), result, .. } => Ok(Incoming::Answer(id, Ok(result.unwrap_or_else(null)))),
        Envelope { id: None, error: Some(error), .. } => {
            Err(format!("the server could not read a request (error {}: {})", error.code, error.message))
        }
        Envelope { .. } => Err("it is neither an answer nor a notification".to_owned()),
    }
}

fn null() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_json_whatever_its_method() {
        for method in ["getblock", "get\"block"] {
            let text = request(7, method, r#"["ab",false]"#);
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value, serde_json::json!({"jsonrpc":"1.0","id":7,"method":method,"params":["ab",false]}));
        }
    }

    #[test]
    fn answers_errors_and_notifications_are_told_apart() {
        let Ok(Incoming::Answer(3, Ok(result))) = read(r#"{"jsonrpc":"1.0","result":[1],"error":null,"id":3}"#) else {
            panic!("an answer")
        };
        assert_eq!(result.get(), "[1]");
        let Ok(Incoming::Answer(4, Ok(result))) = read(r#"{"result":null,"error":null,"id":4}"#) else {
            panic!("null")
        };
        assert_eq!(result.get(), "null");
        let text = r#"{"result":null,"error":{"code":-5,"message":"no"},"id":5}"#;
        let Ok(Incoming::Answer(5, Err(error))) = read(text) else { panic!("an error") };
        assert_eq!(error, ServerError { code: -5, message: "no".to_owned() });
        let text = r#"{"jsonrpc":"1.0","method":"newtickets","params":["x"],"id":null}"#;
        let Ok(Incoming::Notification { method, params }) = read(text) else { panic!("a notification") };
        assert_eq!((method.as_str(), params.get()), ("newtickets", r#"["x"]"#));
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        for text in
            ["", "{}", "[]", "null", r#"{"id":"a"}"#, r#"{"id":-1}"#, r#"{"id":null,"error":{"code":1,"message":"m"}}"#]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = read(&text);
        }
    }
}
