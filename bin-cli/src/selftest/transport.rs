//! The way to the pool: its name, its addresses, its certificate, and plain HTTP.

use std::time::{Duration, SystemTime};

use rustls::ProtocolVersion;
use stakepool_rpc::tls::certificate_end;

use crate::outside::client::{Client, Target, listens};
use crate::outside::row::{Rows, Verdict};

/// The check of the first connection's certificate.
const CERTIFICATE: &str = "certificate";
/// How long before its end a certificate is spoken of.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Whether the name leads somewhere and something listens there.
pub(super) async fn name(target: &Target, rows: &mut Rows) -> bool {
    let addresses = match target.addresses().await {
        Ok(addresses) => addresses,
        Err(reason) => {
            rows.fail("name", format!("{} is not found: {reason}", target.host), "set the name's A and AAAA records");
            return false;
        }
    };
    let shown: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
    rows.ok("name", format!("{} is {}", target.host, shown.join(", ")));
    let mut any = false;
    for address in addresses {
        let check = format!("address {}", address.ip());
        match listens(address).await {
            Ok(()) => {
                any = true;
                rows.ok(check, format!("port {} is open", address.port()));
            }
            Err(reason) => rows.warn(
                check,
                format!("port {} cannot be reached from here: {reason}", address.port()),
                "open the port, have the proxy listen there, or remove the address from the name",
            ),
        }
    }
    if !any {
        rows.fail("connection", "none of the addresses can be reached", "start the proxy, and open its port");
    }
    any
}

/// The certificate and the version of TLS.
pub(super) async fn tls(client: &Client, rows: &mut Rows) {
    if !client.target.is_https {
        rows.warn("tls", "the pool is reached without TLS", "give its https:// address: nobody should use it without");
        return;
    }
    let agreed = match client.agreed().await {
        Ok(agreed) => agreed,
        Err(reason) => {
            rows.fail("tls", reason, "look at the proxy's log and at its TLS settings");
            return;
        }
    };
    match agreed.version {
        Some(ProtocolVersion::TLSv1_3) => rows.ok("tls", "TLS 1.3"),
        _ => rows.warn("tls", "TLS 1.2 only", "allow TLS 1.3 in the proxy (nginx: ssl_protocols TLSv1.2 TLSv1.3)"),
    }
    match client.tls.wrong() {
        Some((found, remedy)) => rows.fail(CERTIFICATE, found, remedy),
        None => rows.ok(CERTIFICATE, format!("good for {}", client.target.host)),
    }
    let end = agreed.certificate.and_then(|certificate| certificate_end(&certificate).ok());
    if let Some(left) = end.and_then(|end| end.duration_since(SystemTime::now()).ok()) {
        let found = format!("the certificate ends in {} days", left.as_secs() / 86_400);
        if left < SOON {
            rows.warn("certificate end", found, "renew it: it should long have been by itself");
        } else {
            rows.ok("certificate end", found);
        }
    }
}

/// Whether the connections after the first, which another server may have answered, had a right certificate, too.
pub(super) fn later_certificates(client: &Client, rows: &mut Rows) {
    let was_right = rows.0.iter().any(|row| row.check == CERTIFICATE && row.verdict == Verdict::Ok);
    if let (true, Some((found, remedy))) = (was_right, client.tls.wrong()) {
        let found = format!("another connection than the first had a wrong one: {found}");
        rows.fail("certificate of every connection", found, remedy);
    }
}

/// Whether plain HTTP leads to HTTPS.
pub(super) async fn redirect(client: &Client, http: &Client, rows: &mut Rows) {
    const REMEDY: &str = "have the proxy answer plain HTTP with 301 to https://$host$request_uri";
    let place = format!("http://{}/signin", http.target.authority());
    match http.get("/signin").await {
        Err(reason) => rows.warn("redirect", format!("{place}: {reason}"), REMEDY),
        Ok(reply) => {
            let (status, to) = (reply.status, reply.header("location").to_owned());
            if status.is_redirection() && client.target.is_place_of(&to) {
                rows.ok("redirect", format!("{place} leads to {to}"));
            } else if status.is_redirection() {
                rows.warn("redirect", format!("{place} leads to {to}"), REMEDY);
            } else {
                rows.fail("redirect", format!("{place} is answered with {status}, unprotected"), REMEDY);
            }
        }
    }
}
