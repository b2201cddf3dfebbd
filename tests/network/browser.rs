//! The least of a browser and of a wallet: HTTP to the web application, with cookies.

use std::collections::{BTreeMap, BTreeSet};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub body: String,
}

/// A browser with its cookies.
pub struct Browser {
    host: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// A browser for a site such as `http://127.0.0.1:8000`.
    pub fn new(url: &str) -> Self {
        Self { host: url.trim_start_matches("http://").to_owned(), cookies: BTreeMap::new() }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], String::new()).await
    }

    /// Fetches the page for its token and submits its form.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(path).await.body;
        let token = between(&page, "name=\"csrf_token\" value=\"", "\"").to_owned();
        let mut form = format!("csrf_token={}", escape(&token));
        for (name, value) in fields {
            form.push_str(&format!("&{name}={}", escape(value)));
        }
        self.send(Method::POST, path, &[("content-type", "application/x-www-form-urlencoded")], form).await
    }

    /// A call of the user API with a key.
    pub async fn api(&mut self, method: Method, command: &str, key: &str, body: &str) -> Value {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", &*bearer), ("content-type", "application/x-www-form-urlencoded")];
        let answer = self.send(method, &format!("/api/v2/{command}"), &headers, body.to_owned()).await;
        assert_eq!(answer.status, StatusCode::OK, "{command}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// The tickets that the user's page shows, by the names of its lists. The count of each list is asserted.
    pub async fn shown_tickets(&mut self) -> BTreeMap<&'static str, BTreeSet<String>> {
        let mut shown = BTreeMap::new();
        for list in ["live", "immature", "voted", "missed", "expired", "ignored"] {
            let page = self.get(&format!("/tickets/list?show={list}&age=all")).await.body;
            let rows = page.split("<a class=\"mono hash\" id=\"ticket-").skip(1);
            let hashes: BTreeSet<String> = rows.map(|row| between(row, ">", "<").to_owned()).collect();
            let tab = between(&page, &format!("href=\"/tickets/list?show={list}&amp;age=all\""), "</a>");
            assert_eq!(between(tab, "<span>", "</span>"), hashes.len().to_string(), "{list}: {page}");
            shown.insert(list, hashes);
        }
        shown
    }

    async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let stream = TcpStream::connect(&self.host).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path).header("host", &self.host);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let status = answer.status();
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        Answer { status, location, body: String::from_utf8(body.to_vec()).unwrap() }
    }
}

/// What lies between two texts, or nothing.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).map_or("", |(_, rest)| rest);
    rest.split_once(after).map_or("", |(found, _)| found)
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(byte.into());
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
