//! A client of the front end: sends JSON as a page of the pool does, and keeps cookies as a browser does.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, ORIGIN, SET_COOKIE};
use axum::http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpSocket;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// What it says; null where that is no JSON.
    pub body: Value,
}

/// A browser with a page of the pool.
#[derive(Clone, Debug)]
pub struct Browser {
    server: SocketAddr,
    origin: String,
    /// The address from which it comes.
    pub client: IpAddr,
    /// Its cookies.
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    /// A browser on this machine, which has opened a page of the origin.
    pub fn new(server: SocketAddr, origin: &str) -> Self {
        Self { server, origin: origin.to_owned(), client: Ipv4Addr::LOCALHOST.into(), cookies: BTreeMap::new() }
    }

    /// Looks at something.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn get(&mut self, path: &str) -> Result<Reply, Failure> {
        self.send(Method::GET, path, &[], "").await
    }

    /// Asks for a change, as a page of the pool does.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn post(&mut self, path: &str, fields: Value) -> Result<Reply, Failure> {
        let headers = [(ORIGIN, self.origin.clone()), (CONTENT_TYPE, "application/json".to_owned())];
        self.send(Method::POST, path, &headers, &fields.to_string()).await
    }

    /// Calls as a wallet does that has an API key.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn call(&self, path: &str, key: &str) -> Result<Reply, Failure> {
        let mut wallet = Self { cookies: BTreeMap::new(), ..self.clone() };
        wallet.send(Method::GET, path, &[(AUTHORIZATION, format!("Bearer {key}"))], "").await
    }

    /// Sends a request with these headers, and keeps the cookies of the answer.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, String)],
        body: &str,
    ) -> Result<Reply, Failure> {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path).header(HOST, self.server.to_string());
        request = request.header(COOKIE, cookies.join("; "));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let (mut sender, connection) = http1::handshake(TokioIo::new(self.connect().await?)).await?;
        tokio::spawn(connection);
        let (parts, body) =
            sender.send_request(request.body(Full::new(Bytes::from(body.to_owned())))?).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let reply = Reply { status: parts.status, headers: parts.headers, body };
        for cookie in reply.headers.get_all(SET_COOKIE) {
            self.keep(cookie.to_str()?);
        }
        Ok(reply)
    }

    /// A connection to the server from the browser's address.
    ///
    /// # Errors
    /// Where there is none to be had.
    pub async fn connect(&self) -> io::Result<tokio::net::TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.client, 0).into())?;
        socket.connect(self.server).await
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
