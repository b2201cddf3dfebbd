//! Fields of a call: as a form, and in the two ways in which wallets write JSON.

use serde_json::Value;
use warp::http::HeaderMap;
use warp::http::header::CONTENT_TYPE;

use crate::http::form::Form;

/// The fields of the body, and behind them those of the query.
///
/// One generation of wallets posts the form as a JSON string (`"UserPubKeyAddr=…"`); a JSON object is taken, too.
pub fn fields(headers: &HeaderMap, query: &str, body: &[u8]) -> Form {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Form::read(headers, query, body);
    }
    let mut form = match serde_json::from_slice(body) {
        Ok(Value::String(text)) => Form::urlencoded(text.as_bytes()),
        Ok(Value::Object(fields)) => {
            Form::from_pairs(fields.into_iter().filter_map(|(name, value)| Some((name, text_of(value)?))))
        }
        _ => Form::default(),
    };
    form.extend(Form::urlencoded(query.as_bytes()));
    form
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(kind: &str, query: &str, body: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        fields(&headers, query, body.as_bytes()).get("VoteBits").map(str::to_owned)
    }

    #[test]
    fn forms_quoted_strings_and_objects_are_taken() {
        for (kind, body) in [
            ("application/x-www-form-urlencoded", "VoteBits=1"),
            ("application/json", "\"VoteBits=1\""),
            ("application/json; charset=utf-8", "{\"VoteBits\":\"1\"}"),
            ("Application/JSON", "{\"VoteBits\":1}"),
        ] {
            assert_eq!(field(kind, "VoteBits=9", body).as_deref(), Some("1"), "{kind} {body}");
        }
        for body in ["", "[1]", "{\"VoteBits\":[1]}", "VoteBits=1", "null"] {
            assert_eq!(field("application/json", "VoteBits=9", body).as_deref(), Some("9"), "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body in ".*", query in ".*") {
            field("application/json", &query, &body);
        }
    }
}
