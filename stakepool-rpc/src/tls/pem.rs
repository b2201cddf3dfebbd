//! Certificates and keys out of files as people have them: PEM, with whatever editors, mails and shells did to it, or DER.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use rustls::server::ParsedCertificate;

use super::error::TlsError;
use super::x509;

/// Labels under which a certificate stands; OpenSSL adds its own words to one that is trusted.
const CERTIFICATE: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];
const LONGEST_LABEL: usize = 40;
const LINE: usize = 64;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What stands between a line of `BEGIN` and its `END`.
struct Section<'a> {
    label: Cow<'a, str>,
    content: Result<Vec<u8>, &'static str>,
}

/// All certificates of a file, at least one, each checked to be readable.
pub(super) fn certificates(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = text(file);
    let mut certificates = Vec::new();
    let mut others = Vec::new();
    for section in sections(&text) {
        if !CERTIFICATE.contains(&&*section.label) {
            others.push(section.label.into_owned());
            continue;
        }
        let number = certificates.len() + 1;
        let damaged = |reason: &str| TlsError::BadCertificate { number, reason: reason.to_owned() };
        let content = section.content.map_err(damaged)?;
        let der = x509::first_sequence(&content).ok_or_else(|| damaged("its content is no certificate"))?;
        certificates.push(readable(der).ok_or_else(|| damaged("its content is no certificate"))?);
    }
    if certificates.is_empty()
        && let Some(certificate) = readable(file)
    {
        certificates.push(certificate);
    }
    if certificates.is_empty() { Err(no_certificate(&text, others)) } else { Ok(certificates) }
}

fn readable(der: &[u8]) -> Option<CertificateDer<'static>> {
    let certificate = CertificateDer::from(der.to_vec());
    ParsedCertificate::try_from(&certificate).is_ok().then_some(certificate)
}

/// What stands in the place of a certificate.
fn no_certificate(text: &[u8], others: Vec<String>) -> TlsError {
    let wrong = |found: &str| TlsError::WrongContent { wanted: "a certificate", found: found.to_owned() };
    match others.first() {
        Some(label) if label.ends_with("PRIVATE KEY") => wrong("a private key"),
        Some(label) if label.ends_with("CERTIFICATE REQUEST") => wrong("a request for a certificate"),
        Some(label) => wrong(&format!("`{label}`")),
        None if mentions(text, b"BEGIN CERTIFICATE") => TlsError::BadCertificate {
            number: 1,
            reason: "its first line must be -----BEGIN CERTIFICATE-----, with five hyphens on both sides".to_owned(),
        },
        None => TlsError::NoCertificate,
    }
}

/// All certificates of a file as PEM, whatever the file was like.
///
/// # Errors
/// [`TlsError`] where the file holds no certificate, or a damaged one, or where TLS here cannot use the key of the first.
pub fn certificates_pem(file: &[u8]) -> Result<String, TlsError> {
    let certificates = usable_certificates(file)?;
    Ok(certificates.iter().map(|certificate| framed("CERTIFICATE", certificate)).collect())
}

/// All certificates of a file whose keys TLS here can use. A server's own stands first, so that its key must be usable.
pub(super) fn usable_certificates(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let mut certificates = certificates(file)?;
    if let Some(reason) = certificates.first().and_then(|first| x509::objection(first)) {
        return Err(TlsError::UnusableKey(reason));
    }
    certificates.retain(|certificate| x509::objection(certificate).is_none());
    Ok(certificates)
}

fn framed(label: &str, content: &[u8]) -> String {
    let body = BASE64.encode(content);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(LINE.min(rest.len()));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The first private key of a file: PKCS #8, PKCS #1 or SEC1 (`EC PRIVATE KEY`).
pub(super) fn private_key(file: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = text(file);
    let mut others = Vec::new();
    for section in sections(&text) {
        let make = match &*section.label {
            "PRIVATE KEY" => |der| PrivatePkcs8KeyDer::from(der).into(),
            "RSA PRIVATE KEY" => |der| PrivatePkcs1KeyDer::from(der).into(),
            "EC PRIVATE KEY" => |der| PrivateSec1KeyDer::from(der).into(),
            "ENCRYPTED PRIVATE KEY" => return Err(TlsError::BadKey(ENCRYPTED.to_owned())),
            _ => {
                others.push(section.label);
                continue;
            }
        };
        return section.content.map(make).map_err(|reason| TlsError::BadKey(reason.to_owned()));
    }
    let wrong = |found: &str| TlsError::WrongContent { wanted: "a private key", found: found.to_owned() };
    match others.first() {
        Some(label) if CERTIFICATE.contains(&&**label) => Err(wrong("a certificate")),
        Some(label) if label.ends_with("PRIVATE KEY") || label.ends_with("PARAMETERS") => {
            Err(TlsError::BadKey(format!("its kind is `{label}`")))
        }
        Some(label) => Err(wrong(&format!("`{label}`"))),
        None => PrivateKeyDer::try_from(file.to_vec()).map_err(|_| TlsError::NoKey),
    }
}

const ENCRYPTED: &str =
    "it is encrypted with a passphrase, which nobody can type here: `openssl pkey -in FILE -out NEW` takes it off";

/// The text of a file in one byte a letter where letters of PEM are concerned. What stands around the frames means nothing
/// and may be in any encoding; only UTF-16, which some editors write, would hide the frames themselves.
fn text(file: &[u8]) -> Cow<'_, [u8]> {
    let wide = |order: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units).into_bytes()
    };
    match file {
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest).into(),
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest).into(),
        // Without a mark of its order: which half of a letter is empty tells it.
        _ => match find(file, b"B\0E\0G\0I\0N") {
            Some(place) if place % 2 == 0 => wide(u16::from_le_bytes, file).into(),
            Some(_) => wide(u16::from_be_bytes, file).into(),
            None => file.into(),
        },
    }
}

fn mentions(text: &[u8], what: &[u8]) -> bool {
    find(text, what).is_some()
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// All frames in a text, wherever on a line they begin and end.
fn sections(text: &[u8]) -> impl Iterator<Item = Section<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let begin = find(rest, b"-----BEGIN ")?;
            let after = &rest[begin + 11..];
            let Some(length) = find(&after[..after.len().min(LONGEST_LABEL + 5)], b"-----") else {
                rest = after;
                continue;
            };
            let label = String::from_utf8_lossy(&after[..length]);
            let body = &after[length + 5..];
            let (content, next) = match (find(body, b"-----END "), find(body, b"-----BEGIN ")) {
                (Some(end), begin) if begin.is_none_or(|begin| end < begin) => {
                    let is_same = body[end + 9..].starts_with(label.as_bytes());
                    let content =
                        if is_same { content(&body[..end]) } else { Err("its END is that of something else") };
                    (content, &body[end + 9..])
                }
                (_, begin) => (Err("it is cut off: its END is missing"), &body[begin.unwrap_or(body.len())..]),
            };
            rest = next;
            return Some(Section { label, content });
        }
    })
}

/// What a frame holds. No message repeats any of it, for it may be a key.
fn content(body: &[u8]) -> Result<Vec<u8>, &'static str> {
    let body = String::from_utf8_lossy(body);
    // Text that was written into one line in a shell or in JSON.
    let body = body.replace("\\r", "").replace("\\n", "\n");
    let (headers, lines): (Vec<&str>, Vec<&str>) = body.lines().partition(|line| line.contains(':'));
    if headers.iter().any(|header| header.contains("ENCRYPTED")) {
        return Err(ENCRYPTED);
    }
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}');
    let letters: String = lines.concat().chars().filter(|c| !is_blank(*c)).collect();
    if letters.is_empty() {
        return Err("there is nothing between BEGIN and END");
    }
    BASE64.decode(&letters).map_err(|_| "a letter in it is damaged or missing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const P256: &[u8] = include_bytes!("../../tests/fixtures/certs/exccd-2.7.6-p256.cert");
    const SEC1_KEY: &[u8] = include_bytes!("../../tests/fixtures/certs/self-made-p521-sec1.key");

    fn string(pem: &[u8]) -> String {
        String::from_utf8(pem.to_vec()).unwrap()
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
        let mark = mark.then_some('\u{feff}').into_iter().collect::<String>();
        (mark + text).encode_utf16().flat_map(order).collect()
    }

    /// A file of PEM in every shape in which people have it.
    fn shapes(pem: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let text = string(pem);
        let one_line: String = text.lines().collect();
        let spaced: String = text.lines().map(|line| format!("\u{a0} \t{line}  \r\n")).collect();
        let lines = text.trim().replace('\n', "\\n");
        vec![
            ("as it is", pem.to_vec()),
            ("with a byte order mark", [b"\xef\xbb\xbf", pem].concat()),
            ("with blanks", spaced.into_bytes()),
            ("in one line", one_line.into_bytes()),
            ("in one line with \\n", lines.into_bytes()),
            ("with CRLF", text.replace('\n', "\r\n").into_bytes()),
            ("with CR", text.replace('\n', "\r").into_bytes()),
            ("after a comment that is not UTF-8", [b"# f\xfcr wallet 1\n", pem].concat()),
            ("between lines of zeros", [&[0; 7][..], pem, &[0; 9]].concat()),
            ("without a last line end", text.trim_end().as_bytes().to_vec()),
            ("UTF-16, little end first", utf16(&text, u16::to_le_bytes, true)),
            ("UTF-16, big end first", utf16(&text, u16::to_be_bytes, true)),
            ("UTF-16, little end first, unmarked", utf16(&text, u16::to_le_bytes, false)),
            ("UTF-16, big end first, unmarked", utf16(&text, u16::to_be_bytes, false)),
        ]
    }

    #[test]
    fn a_certificate_is_read_in_every_shape_and_comes_out_as_plain_pem() {
        let der = certificates(P256).unwrap().remove(0);
        let trusted = [&*der, b"\x30\x00"].concat();
        let mut all = shapes(P256);
        all.push(("DER", der.to_vec()));
        all.push(("trusted", framed("TRUSTED CERTIFICATE", &trusted).into_bytes()));
        all.push(("X509", string(P256).replace("CERTIFICATE", "X509 CERTIFICATE").into_bytes()));
        all.push(("with its key", [SEC1_KEY, P256].concat()));
        for (shape, file) in all {
            assert_eq!(certificates(&file).as_deref(), Ok(&[der.clone()][..]), "{shape}");
            assert_eq!(certificates_pem(&file).unwrap().trim(), string(P256).trim(), "{shape}");
        }
        let twice = string(P256).trim_end().repeat(2);
        assert_eq!(certificates(twice.as_bytes()).unwrap().len(), 2, "without a line end between them");
    }

    #[test]
    fn a_key_is_read_in_every_shape() {
        for (shape, file) in shapes(SEC1_KEY) {
            assert_eq!(private_key(&file), private_key(SEC1_KEY), "{shape}");
        }
        let der = private_key(SEC1_KEY).unwrap();
        assert_eq!(private_key(der.secret_der()).unwrap().secret_der(), der.secret_der());
    }

    #[test]
    fn what_is_no_certificate_is_refused_with_its_own_reason_and_nothing_of_it_is_repeated() {
        let (good, key) = (string(P256), string(SEC1_KEY));
        let half: String = good.chars().take(300).collect();
        for (file, reason) in [
            (good.replace("MII", "M!I"), "a letter in it is damaged"),
            (half, "cut off: its END is missing"),
            (good.replace("-----END CERTIFICATE-----", ""), "cut off"),
            (format!("{}{good}", good.replace("-----END CERTIFICATE-----\n", "")), "cut off"),
            (good.replace("END CERTIFICATE", "END PRIVATE KEY"), "its END is that of something else"),
            ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----".into(), "nothing between BEGIN and END"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----".into(), "its content is no certificate"),
            (good.replace("-----", "\u{2014}\u{2014}-"), "five hyphens on both sides"),
            (key.clone(), "a private key, not a certificate"),
            (good.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "a request for a certificate, not"),
            (good.replace("CERTIFICATE", "PKCS7"), "`PKCS7`, not a certificate"),
            ("<html>404</html>".into(), "no certificate found"),
            (String::new(), "no certificate found"),
        ] {
            let error = certificates(file.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(reason), "{reason}: {error}");
            assert!(!error.contains("MII") && !error.contains("77, ") && error.len() < 250, "{error}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_own_reason_and_nothing_of_it_is_repeated() {
        let key = string(SEC1_KEY);
        let secret = key.lines().nth(1).unwrap();
        let encrypted = key.replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n");
        for (file, reason) in [
            (string(P256), "a certificate, not a private key"),
            (key.replace("-----END EC PRIVATE KEY-----", ""), "cut off"),
            (key.replace(secret, &secret.replace(&secret[..4], "(?!)")), "damaged or missing"),
            (encrypted, "encrypted with a passphrase"),
            (key.replace("EC PRIVATE", "ENCRYPTED PRIVATE"), "encrypted with a passphrase"),
            (key.replace("EC PRIVATE", "OPENSSH PRIVATE"), "its kind is `OPENSSH PRIVATE KEY`"),
            ("hunter2".into(), "no private key found"),
        ] {
            let error = private_key(file.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(reason), "{reason}: {error}");
            assert!(!error.contains(&secret[8..24]) && !error.contains("hunter2"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_file_panics(bytes: Vec<u8>, text in "(-----|BEGIN |END |CERTIFICATE|PRIVATE KEY|\n|MII|:|\\\\n| )*") {
            for file in [&bytes[..], text.as_bytes()] {
                let _ = (certificates_pem(file), private_key(file).is_ok());
            }
        }
    }
}
