//! A browser as far as forms and cookies go.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use warp::http::header::SET_COOKIE;

use crate::http::{Reply, send};

pub const PASSWORD: &str = "gull anvil ferry nine";

/// A browser with its cookies.
#[derive(Clone, Debug)]
pub struct Browser {
    server: SocketAddr,
    pub cookies: BTreeMap<String, String>,
    /// What the proxy adds to each request.
    proxied: Vec<(&'static str, &'static str)>,
}

impl Browser {
    pub fn new(server: SocketAddr) -> Self {
        Self { server, cookies: BTreeMap::new(), proxied: Vec::new() }
    }

    /// The same behind a proxy that adds a header.
    pub fn behind_proxy(mut self, header: &'static str, value: &'static str) -> Self {
        self.proxied.push((header, value));
        self
    }

    pub async fn get(&mut self, target: &str) -> Reply {
        self.request("GET", target, &[], b"").await
    }

    /// Opens the page, fills in its form and sends it, as a person does.
    pub async fn submit(&mut self, target: &str, fields: &[(&str, &str)]) -> Reply {
        let page = self.get(target).await.text();
        let token = hidden_token(&page).unwrap_or_default();
        let mut all = vec![("csrf_token", token.as_str())];
        all.extend_from_slice(fields);
        self.post(target, &all).await
    }

    /// Sends a form of one page with the token of another, as one who knows the names of the fields can.
    pub async fn submit_with_token_of(&mut self, page: &str, target: &str, fields: &[(&str, &str)]) -> Reply {
        let token = hidden_token(&self.get(page).await.text()).unwrap_or_default();
        let mut all = vec![("csrf_token", token.as_str())];
        all.extend_from_slice(fields);
        self.post(target, &all).await
    }

    /// Sends a form without looking at the page before.
    pub async fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request("POST", target, &[("content-type", "application/x-www-form-urlencoded")], body.as_bytes()).await
    }

    /// The cookies as they are sent.
    pub fn cookie_header(&self) -> String {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        cookies.join("; ")
    }

    async fn request(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let cookies = self.cookie_header();
        let mut all = vec![("cookie", cookies.as_str())];
        all.extend_from_slice(&self.proxied);
        all.extend_from_slice(headers);
        let reply = send(self.server, method, target, &all, body).await;
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let (pair, rest) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    pub async fn sign_up(&mut self, email: &str) -> Reply {
        self.submit("/signup", &[("email", email), ("password", PASSWORD), ("passwordrepeat", PASSWORD)]).await
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Reply {
        self.submit("/signin", &[("email", email), ("password", password)]).await
    }

    /// The API key that the settings show.
    pub async fn api_key(&mut self) -> String {
        self.api_key_by(PASSWORD).await
    }

    /// The same of a user with another password than the usual one.
    pub async fn api_key_by(&mut self, password: &str) -> String {
        let page = self.submit("/settings", &[("showApiKey", "true"), ("password", password)]).await.text();
        let (_, rest) = page.split_once("id=\"api-key\"").unwrap();
        let (_, rest) = rest.split_once('>').unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    }
}

/// The token of the first form on a page.
pub fn hidden_token(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("name=\"csrf_token\" value=\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}
