//! Headers of every answer.

use stakepool_core::bearer::bearer_token;
use warp::http::HeaderMap;
use warp::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use warp::reply::Response;

/// Only our own style sheet, scripts, images and events, no frames, and forms to ourselves.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                          connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The token that a request carries. What a proxy asks for by another scheme may stand in a header before it.
pub fn bearer(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(AUTHORIZATION).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.into_iter().find_map(|value| bearer_token(&value).map(str::to_owned))
}

/// What no page of ours uses. (Copying to the clipboard is used, and stays allowed.)
const UNUSED: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
                      magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Headers that every answer has. Where the pool is reached by HTTPS, browsers shall not try anything else for a year.
pub fn secure(response: &mut Response, is_https: bool) {
    const FIXED: [(HeaderName, &str); 6] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), UNUSED),
    ];
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        // A page that shows a captcha of another host has a policy of its own.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if is_https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    // What is not said to be public is somebody's own.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
