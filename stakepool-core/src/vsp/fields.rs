//! Reading the JSON bodies of requests.

use serde::Deserialize;

use super::refusal::Refusal;

/// Most bytes of a request's body.
pub const MAX_BODY: usize = 1 << 20;

/// Most bytes of the body of a request that only says what is to be voted: it is kept as proof.
pub(super) const MAX_CHOICES: usize = 16 << 10;

/// Most bytes of the body of a request with a transaction that is kept as proof: twice 64,000 bytes of hexadecimal. A fee of a
/// hundred inputs needs 34,000, and a ticket and what funds it hardly more.
pub(super) const MAX_KEPT: usize = 128_000;

/// Reads a body that is kept, of at most `most` bytes.
///
/// # Errors
/// As [`read`].
pub(super) fn read_to_keep<'a, T: Deserialize<'a>>(body: &'a [u8], most: usize) -> Result<T, Refusal> {
    if body.len() > most {
        return Err(Refusal::bad_request(format!("the body is too large: at most {most} bytes are kept as proof")));
    }
    read(body)
}

/// Reads a body. Fields that are not asked for are passed over.
///
/// # Errors
/// A bad request. The message names the place and never what stands there, which may be a key.
pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    if body.len() > MAX_BODY {
        return Err(Refusal::bad_request("the body is too large: at most 1 MiB are read"));
    }
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Refusal::bad_request(if error.is_data() {
            format!("a field of the JSON object has another type than is expected (line {line}, column {column})")
        } else {
            format!("the body is not a JSON object (line {line}, column {column})")
        })
    })
}

/// Collects the fields that are missing, so that all are named together, in the words that wallets know.
#[derive(Default)]
pub(super) struct Required {
    /// Stands before each field's name.
    of: &'static str,
    failures: Vec<String>,
}

impl Required {
    /// The fields of a request, named after it.
    pub(super) const fn of(request: &'static str) -> Self {
        Self { of: request, failures: Vec::new() }
    }

    fn fail(&mut self, field: &str, tag: &str) {
        let (dot, of) = (if self.of.is_empty() { "" } else { "." }, self.of);
        self.failures
            .push(format!("Key: '{of}{dot}{field}' Error:Field validation for '{field}' failed on the '{tag}' tag"));
    }

    /// A text, which must not be empty.
    pub(super) fn text(&mut self, field: &str, value: Option<String>) -> String {
        let text = value.unwrap_or_default();
        self.filled(field, !text.is_empty());
        text
    }

    /// A field that must be filled in, whose being so `is_filled` says.
    pub(super) fn filled(&mut self, field: &str, is_filled: bool) {
        if !is_filled {
            self.fail(field, "required");
        }
    }

    /// A number, which must not be 0.
    pub(super) fn number(&mut self, field: &str, value: Option<i64>) -> i64 {
        let number = value.unwrap_or_default();
        self.filled(field, number != 0);
        number
    }

    /// Anything that must be there, be it empty.
    pub(super) fn present<T: Default>(&mut self, field: &str, value: Option<T>) -> T {
        self.filled(field, value.is_some());
        value.unwrap_or_default()
    }

    /// A list that must not have more than `most` entries.
    pub(super) fn at_most(&mut self, field: &str, count: usize, most: usize) {
        if count > most {
            self.fail(field, "max");
        }
    }

    /// # Errors
    /// A bad request where something was missing.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        if self.failures.is_empty() { Ok(()) } else { Err(Refusal::bad_request(self.failures.join("\n"))) }
    }
}
