//! What a failed call means.

use std::error::Error;

use stakepool_core::ports::DaemonError;
use stakepool_core::sanitize::one_line;
use tonic::{Code, Status};

use crate::grpc::wire::LONGEST_WORDS;

/// The error for a status that ended a call.
pub(super) fn from_status(daemon: &str, status: &Status) -> DaemonError {
    let daemon = daemon.to_owned();
    if status.source().is_some() {
        // Only what happened on the way to the daemon has a source; its own answers have none.
        let reason = with_sources(status);
        if is_about_our_certificate(&reason) {
            return DaemonError::UnknownCertificate { daemon };
        }
        return DaemonError::Unreachable { daemon, reason };
    }
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => DaemonError::Unauthorized { daemon },
        Code::Unimplemented => DaemonError::Unsupported { daemon },
        Code::Unavailable => DaemonError::NotReady { daemon, reason: one_line(status.message(), LONGEST_WORDS) },
        _ => {
            let said = one_line(status.message(), LONGEST_WORDS);
            DaemonError::Failed { daemon, reason: format!("{said} ({:?})", status.code()) }
        }
    }
}

/// Whether the other side ended the connection because of the certificate that we showed. On the way through HTTP/2
/// nothing is left of such an error but its text. `CertificateUnknown` is what our daemons say now, `AccessDenied` what
/// those before said.
fn is_about_our_certificate(reason: &str) -> bool {
    let alerts = ["AccessDenied", "BadCertificate", "UnsupportedCertificate", "CertificateUnknown", "UnknownCA"];
    reason
        .split_once("received fatal alert: ")
        .is_some_and(|(_, alert)| alerts.iter().any(|name| alert.starts_with(name)))
}

/// Whether the same call may well succeed at once. All calls can be repeated: a connection that turned out to be
/// broken is made anew by the next call, and the predecessor's daemon gives up on a call after 100 ms when it is busy.
pub(super) fn is_passing(status: &Status) -> bool {
    match status.source() {
        Some(source) => !is_connect_failure(source),
        None => {
            status.code() == Code::DeadlineExceeded
                || status.code() == Code::Unknown && status.message().contains("deadline exceeded")
        }
    }
}

/// Whether not even a connection could be made.
fn is_connect_failure(error: &(dyn Error + 'static)) -> bool {
    causes(Some(error)).any(|error| error.is::<tonic::ConnectError>())
}

/// The message with those of all causes, without repetitions.
fn with_sources(status: &Status) -> String {
    let mut text = String::new();
    for error in causes(status.source()) {
        let next = error.to_string();
        if text.contains(&next) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&next);
    }
    one_line(&text, LONGEST_WORDS)
}

/// An error and what caused it, outermost first.
fn causes<'a>(first: Option<&'a (dyn Error + 'static)>) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(first, |&error| error.source())
}
