//! The web site itself: where it is served, its secrets, and who administers it.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::Network;

use crate::host::is_loopback;
use crate::ip_range::{IpRange, cover_everybody};
use crate::listen::{ListenAddress, SocketAccess};
use crate::place::Need;
use crate::reader::Reader;
use crate::value::{number, url};
use stakepool_core::secret::Secret;

/// How a proxy passes on the visitors' addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealIp {
    /// The header that holds the address.
    pub header: String,
    /// The proxies whose header is believed; from anybody else it is ignored.
    pub trusted: Vec<IpRange>,
}

pub(super) struct Site {
    pub(super) listen: ListenAddress,
    pub(super) listen_access: SocketAccess,
    pub(super) monitor_listen: Option<ListenAddress>,
    pub(super) alert_webhook: Option<Secret>,
    pub(super) base_url: String,
    pub(super) cookie_secret: Secret,
    pub(super) old_cookie_secret: Option<Secret>,
    pub(super) cookie_secure: bool,
    pub(super) api_secret: Secret,
    pub(super) old_api_secret: Option<Secret>,
    pub(super) admin_ips: Vec<IpRange>,
    pub(super) admin_ids: Vec<UserId>,
    pub(super) admin_totp: bool,
    pub(super) admin_idle: Duration,
    pub(super) status_token: Option<Secret>,
    pub(super) real_ip: Option<RealIp>,
}

/// The longest time in minutes after which an idle administrator is signed out: as long as a session lasts, a week.
const MOST_IDLE: u32 = 7 * 24 * 60;
/// Characters of a token below which it can be guessed.
const SHORT_TOKEN: usize = 16;
/// What is wrong with an address of a webhook, without the address: it is often a secret.
const NO_WEBHOOK: &str = "the value is not a web address: write it like https://hooks.example/pool";

pub(super) fn read(reader: &mut Reader<'_>, network: Network) -> Option<Site> {
    let listen = reader.value("listen", ListenAddress::from_str);
    let listen_access = listen_access(reader, listen.as_ref());
    let monitor_listen = reader.optional("monitorlisten", |text| ListenAddress::tcp(text, None));
    if listen.is_some() && listen == monitor_listen {
        reader.refuse("monitorlisten", "listen is the same place: give it a port of its own");
    }
    for (key, address) in [("listen", &listen), ("monitorlisten", &monitor_listen)] {
        if let Some(address) = address {
            reader.needs(key, Need::Listen(address.clone()));
        }
    }
    if let (Some(group), Some(ListenAddress::Unix(_))) = (&listen_access.group, &listen) {
        reader.needs("listengroup", Need::Group(group.clone()));
    }
    let alert_webhook = reader.secret("alertwebhook").filter(|secret| {
        reader.accept("alertwebhook", url(secret.expose()).map_err(|_| NO_WEBHOOK.to_owned())).is_some()
    });
    let base_url = base_url(reader);
    warn_of_defaults(reader, network);
    let api_secret = signing_secret(reader, "apisecret");
    let old_api_secret = secret_before(reader, "oldapisecret", "apisecret", api_secret.as_ref());
    let cookie_secret = signing_secret(reader, "cookiesecret");
    let old_cookie_secret = secret_before(reader, "oldcookiesecret", "cookiesecret", cookie_secret.as_ref());
    let cookie_secure = cookie_secure(reader, base_url.as_deref());
    let mut admin_ips = reader.values("adminips", IpRange::from_str);
    if cover_everybody(&admin_ips) {
        reader.warn(
            "adminips admits every address there is: the pages for administrators are protected by the sign-in alone; name \
             the addresses from which you administer",
        );
    } else {
        warn_of_vast(reader, "adminips", &admin_ips);
    }
    let admin_ids = reader.values("adminuserids", |text| {
        let id = text.parse().ok().filter(|id: &i64| *id > 0).map(UserId);
        id.ok_or_else(|| format!("`{text}` is not a user's number: give whole numbers from 1"))
    });
    let admin_totp = reader.switch("admintotp").unwrap_or(false);
    let admin_idle = reader.value("adminidleminutes", |text| number(text, 1..=MOST_IDLE));
    let status_token = reader.secret("statustoken");
    if let Some(token) = &status_token {
        warn_of_short(reader, "statustoken", token, SHORT_TOKEN);
    }
    let real_ip = real_ip(reader);
    let listens_locally = listen.as_ref().is_some_and(ListenAddress::is_local);
    // Who writes that the pool's pages are at an address of this host has no proxy that others come through.
    let is_for_this_host = reader.is_set("baseurl") && base_url.as_deref().is_some_and(is_this_host);
    let behind_proxy =
        listens_locally && !is_for_this_host || base_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    if behind_proxy && !reader.is_set("realipheader") {
        reader.warn(
            "realipheader is not set, but listen or baseurl tells of a proxy: all visitors count as one client, so that \
             one of them can use up the tries of all; set realipheader and trustedproxies, or an empty realipheader= \
             where nobody else gets there",
        );
        admin_ips = behind_unknown_proxy(reader, admin_ips);
    }
    Some(Site {
        listen: listen?,
        listen_access,
        monitor_listen,
        alert_webhook,
        base_url: base_url?,
        cookie_secret: cookie_secret?,
        old_cookie_secret,
        cookie_secure,
        api_secret: api_secret?,
        old_api_secret,
        admin_ips,
        admin_ids,
        admin_totp,
        admin_idle: Duration::from_secs(60 * u64::from(admin_idle?)),
        status_token,
        real_ip,
    })
}

/// The secret before that of `key`: what it signed counts until the key of its own is removed.
fn secret_before(
    reader: &mut Reader<'_>,
    old: &'static str,
    key: &'static str,
    secret: Option<&Secret>,
) -> Option<Secret> {
    let before = reader.secret(old)?;
    if secret == Some(&before) {
        reader.warn(format!("{old} is the same as {key}: remove it, or give {key} the new secret"));
        return None;
    }
    Some(before)
}

/// Who may administer where the proxy's own address stands for every visitor: nobody, unless the operator has named
/// addresses all the same.
fn behind_unknown_proxy(reader: &mut Reader<'_>, admin_ips: Vec<IpRange>) -> Vec<IpRange> {
    if !reader.is_set("adminips") {
        reader.warn(
            "the pages for administrators are closed: behind a proxy everybody would come from its address; set \
             realipheader and trustedproxies, and adminips to the addresses from which you administer",
        );
        return Vec::new();
    }
    let loopback = ["127.0.0.1", "::1"].map(|address| address.parse::<IpAddr>());
    if admin_ips.iter().any(|range| loopback.iter().flatten().any(|address| range.contains(*address))) {
        reader.warn(
            "adminips admits this host, from which every visitor comes behind a proxy: the pages for administrators are \
             protected by the sign-in alone; set realipheader and trustedproxies",
        );
    }
    admin_ips
}

/// Whether a web address names this host alone.
fn is_this_host(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let host = authority.strip_prefix('[').and_then(|rest| rest.split(']').next());
    let host = host.unwrap_or_else(|| authority.split(':').next().unwrap_or_default());
    is_loopback(host)
}

fn base_url(reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.value("baseurl", |text| {
        let address = url(text)?;
        let is_plain = !address.contains(['?', '#']);
        is_plain.then_some(address).ok_or_else(|| format!("`{text}` has a query: write it like https://pool.example"))
    })?;
    let text = text.trim_end_matches('/');
    if text.splitn(4, '/').nth(3).is_some() {
        reader.warn("baseurl has a path, but the pool is served at the root of its host: links in mails lead nowhere");
    }
    Some(text.to_owned())
}

/// Warns where visitors of a pool that others use meet what suits a trial on one computer.
fn warn_of_defaults(reader: &mut Reader<'_>, network: Network) {
    if network == Network::Simnet {
        return;
    }
    if !reader.is_set("baseurl") {
        reader.warn(
            "baseurl is not set: mails and API keys name http://127.0.0.1:8000, where users find nothing; set it to the \
             pool's address as visitors type it",
        );
    }
    if !reader.is_set("listen") {
        reader.warn(
            "listen is not set: the pages are served on port 8000 of all interfaces without TLS, so that passwords can be \
             read on the way and visitors can pass by the proxy; set listen=127.0.0.1:8000 (listen=:8000 where only your \
             proxy reaches the port)",
        );
    }
}

fn signing_secret(reader: &mut Reader<'_>, key: &'static str) -> Option<Secret> {
    let secret = reader.required_secret(key)?;
    warn_of_short(reader, key, &secret, Secret::SIGNING_CHARACTERS);
    Some(secret)
}

fn warn_of_short(reader: &mut Reader<'_>, key: &'static str, secret: &Secret, least: usize) {
    if secret.expose().len() < least {
        reader.warn(format!(
            "{key} is shorter than {least} characters and can be guessed, and with it what it protects: `openssl rand -hex 32` \
             makes a good one"
        ));
    }
}

fn cookie_secure(reader: &mut Reader<'_>, base_url: Option<&str>) -> bool {
    let encrypted = base_url.is_some_and(|url| url.starts_with("https://"));
    let secure = reader.switch("cookiesecure").unwrap_or(encrypted);
    match (encrypted, secure) {
        (true, false) => reader.warn("cookiesecure is off, but baseurl is https://: cookies can be read on the way"),
        (false, true) => {
            reader.warn("cookiesecure is on, but baseurl is http://: browsers do not send cookies back there")
        }
        _ => {}
    }
    secure
}

/// Headers that are there, but never hold a visitor's address.
const NO_ADDRESS: [&str; 12] = [
    "Host",
    "Via",
    "Cookie",
    "User-Agent",
    "Authorization",
    "Referer",
    "Origin",
    "Connection",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-Server",
];

fn warn_of_vast(reader: &mut Reader<'_>, key: &'static str, ranges: &[IpRange]) {
    let vast: Vec<String> = ranges.iter().filter(|range| range.is_vast()).map(ToString::to_string).collect();
    if !vast.is_empty() {
        reader.warn(format!(
            "{key} names a great part of all addresses ({}): name those that are yours",
            vast.join(", ")
        ));
    }
}

/// `listenmode` and `listengroup`, which only a unix socket has.
fn listen_access(reader: &mut Reader<'_>, listen: Option<&ListenAddress>) -> SocketAccess {
    let mode = reader.optional("listenmode", SocketAccess::mode);
    let group = reader.optional("listengroup", |text| {
        let is_group = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$'));
        is_group.then(|| text.to_owned()).ok_or_else(|| format!("`{text}` is not the name or number of a group"))
    });
    if matches!(listen, Some(ListenAddress::Tcp { .. })) {
        let idle: Vec<&str> = ["listenmode", "listengroup"].into_iter().filter(|key| reader.is_set(key)).collect();
        if !idle.is_empty() {
            reader.warn(format!("no effect, since listen is no unix socket: {}", idle.join(", ")));
        }
    }
    SocketAccess { mode: mode.unwrap_or(SocketAccess::default().mode), group }
}

fn real_ip(reader: &mut Reader<'_>) -> Option<RealIp> {
    let header = reader.optional("realipheader", |text| {
        let is_name = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if !is_name {
            Err(format!("`{text}` is not the name of a header, such as X-Real-IP"))
        } else if NO_ADDRESS.iter().any(|header| header.eq_ignore_ascii_case(text)) {
            Err(format!(
                "`{text}` holds no address of a visitor: name X-Real-IP, X-Forwarded-For, Forwarded or the like"
            ))
        } else {
            Ok(text.to_owned())
        }
    });
    let trusted = reader.values("trustedproxies", IpRange::from_str);
    if cover_everybody(&trusted) {
        reader.refuse(
            "trustedproxies",
            "these are all addresses there are: every visitor could write an address of their choice into the header, pass \
             every limit of tries, and come from where adminips admits; name your proxies alone",
        );
    } else {
        warn_of_vast(reader, "trustedproxies", &trusted);
    }
    let Some(header) = header else {
        if !trusted.is_empty() {
            reader.warn("trustedproxies has no effect without realipheader");
        }
        return None;
    };
    if !reader.is_set("trustedproxies") {
        reader.warn(format!(
            "trustedproxies is not set: {header} is believed from proxies on this host only; name your proxies, or \
             127.0.0.1,::1"
        ));
        let loopback = ["127.0.0.0/8", "::1"].into_iter().filter_map(|range| range.parse().ok()).collect();
        return Some(RealIp { header, trusted: loopback });
    }
    Some(RealIp { header, trusted })
}
