//! Pinned certificates and server pairs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};
use stakepool_rpc::tls::{KeyPair, TlsError, ensure_server_pair, pinned_client_config, server_config};
use tokio_rustls::{TlsAcceptor, TlsConnector};

const P256: &[u8] = include_bytes!("../fixtures/certs/exccd-2.7.6-p256.cert");
const P521: &[u8] = include_bytes!("../fixtures/certs/exccd-2.2.0-p521.cert");
const ED25519: &[u8] = include_bytes!("../fixtures/certs/exccwallet-2.8.5-ed25519.cert");
const SEC1_CERT: &[u8] = include_bytes!("../fixtures/certs/self-made-p521-sec1.cert");
const SEC1_KEY: &[u8] = include_bytes!("../fixtures/certs/self-made-p521-sec1.key");

/// A new pair of PEM texts with a key of some kind.
pub fn made_with(algorithm: &'static rcgen::SignatureAlgorithm) -> (String, String) {
    let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// Shakes hands in memory: what the client says about it.
async fn shake_hands(client: ClientConfig, server: ServerConfig) -> std::io::Result<()> {
    let (near, far) = tokio::io::duplex(1 << 16);
    let accepting = tokio::spawn(TlsAcceptor::from(Arc::new(server)).accept(far));
    let connected = TlsConnector::from(Arc::new(client)).connect(ServerName::try_from("any.example").unwrap(), near);
    let result = connected.await.map(drop);
    let _ = accepting.await.unwrap();
    result
}

/// A server of one version of TLS with the certificate and the key in a PEM text.
fn with_version(pem: &[u8], version: &'static SupportedProtocolVersion) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(pem).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(pem).unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}

#[tokio::test]
async fn keys_of_every_kind_in_the_field_shake_hands_in_both_versions_of_tls() {
    for algorithm in [&rcgen::PKCS_ECDSA_P521_SHA512, &rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ED25519] {
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let (certificate, key) = made_with(algorithm);
            let server = with_version(format!("{certificate}{key}").as_bytes(), version);
            shake_hands(pinned_client_config(certificate.as_bytes()).unwrap(), server).await.unwrap();
        }
    }
}

#[tokio::test]
async fn any_of_several_pinned_certificates_is_accepted_and_no_other() {
    let (certificate, key) = made_with(&rcgen::PKCS_ECDSA_P256_SHA256);
    let server = || {
        let pair = KeyPair::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        server_config(pair, None).unwrap()
    };
    let mut several = P521.to_vec();
    several.extend_from_slice(ED25519);
    let error = shake_hands(pinned_client_config(&several).unwrap(), server()).await.unwrap_err();
    assert!(error.to_string().contains("invalid peer certificate"), "{error}");
    several.extend_from_slice(certificate.as_bytes());
    shake_hands(pinned_client_config(&several).unwrap(), server()).await.unwrap();
}

#[derive(Debug)]
struct Impostor(Arc<CertifiedKey>);

impl ResolvesServerCert for Impostor {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

#[tokio::test]
async fn who_shows_a_pinned_certificate_without_its_key_is_refused() {
    let kinds = [
        (P521, &rcgen::PKCS_ECDSA_P521_SHA512),
        (P256, &rcgen::PKCS_ECDSA_P256_SHA256),
        (ED25519, &rcgen::PKCS_ED25519),
    ];
    for (stolen, algorithm) in kinds {
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let key = PrivateKeyDer::from_pem_slice(made_with(algorithm).1.as_bytes()).unwrap();
            let key = provider.key_provider.load_private_key(key).unwrap();
            let shown = CertifiedKey::new(vec![CertificateDer::from_pem_slice(stolen).unwrap()], key);
            let server = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(&[version])
                .unwrap()
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(Impostor(Arc::new(shown))));
            let error = shake_hands(pinned_client_config(stolen).unwrap(), server).await.unwrap_err();
            assert!(error.to_string().contains("BadSignature"), "{error}");
        }
    }
}

#[test]
fn files_without_a_usable_certificate_are_refused_with_the_reason() {
    assert_eq!(pinned_client_config(b"").unwrap_err(), TlsError::NoCertificate);
    assert_eq!(pinned_client_config(SEC1_KEY).unwrap_err(), TlsError::NoCertificate);
    let damaged = String::from_utf8(P256.to_vec()).unwrap().replace("MII", "MIA");
    let mut second = P521.to_vec();
    second.extend_from_slice(damaged.as_bytes());
    let error = pinned_client_config(&second).unwrap_err();
    assert!(matches!(error, TlsError::BadCertificate { number: 2, .. }), "{error}");
}

#[tokio::test]
async fn the_predecessors_sec1_key_on_p521_serves() {
    let pair = KeyPair::from_pem(SEC1_CERT, SEC1_KEY).unwrap();
    shake_hands(pinned_client_config(SEC1_CERT).unwrap(), server_config(pair, None).unwrap()).await.unwrap();
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    assert_eq!(KeyPair::from_pem(P521, SEC1_KEY).unwrap_err(), TlsError::Mismatch);
    assert_eq!(KeyPair::from_pem(P521, P521).unwrap_err(), TlsError::NoKey);
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_first_start_makes_a_pair_that_the_next_start_loads() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("new/rpc.cert"), folder.path().join("new/rpc.key"));
    let names = ["pool.example.org".to_owned(), "192.0.2.7".to_owned(), "localhost".to_owned()];
    ensure_server_pair(&certificate, &key, &names, now()).unwrap();
    assert_eq!((mode(&certificate), mode(&key)), (0o644, 0o600));
    assert_eq!(std::fs::read_dir(folder.path().join("new")).unwrap().count(), 2, "no temporary file is left");

    let pem = std::fs::read(&certificate).unwrap();
    let pair = ensure_server_pair(&certificate, &key, &[], now()).unwrap();
    assert_eq!(std::fs::read(&certificate).unwrap(), pem);
    shake_hands(pinned_client_config(&pem).unwrap(), server_config(pair, None).unwrap()).await.unwrap();
}

#[test]
fn a_new_certificate_is_an_authority_for_localhost_and_the_names_given_for_ten_years() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("rpc.cert"), folder.path().join("rpc.key"));
    ensure_server_pair(&certificate, &key, &["pool.example.org".to_owned()], now()).unwrap();
    let der = CertificateDer::from_pem_file(&certificate).unwrap();
    let holds = |what: &[u8]| der.windows(what.len()).any(|window| window == what);
    assert!(holds(b"localhost") && holds(b"pool.example.org"));
    assert!(holds(&[0x87, 4, 127, 0, 0, 1]), "the IP address 127.0.0.1");
    assert!(holds(&[0x06, 3, 0x55, 0x1d, 0x13, 0x01, 0x01, 0xff, 0x04, 5, 0x30, 3, 0x01, 0x01, 0xff]), "CA:TRUE");
    // 1,790,000,000 is 2026-09-21 14:13:20 UTC: a day before, and 3,650 days after.
    assert!(holds(b"260920141320Z") && holds(b"360918141320Z"));
}

#[test]
fn half_a_pair_is_never_overwritten() {
    for present in ["rpc.cert", "rpc.key"] {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("rpc.cert"), folder.path().join("rpc.key"));
        std::fs::write(folder.path().join(present), "precious").unwrap();
        let error = ensure_server_pair(&certificate, &key, &[], now()).unwrap_err();
        let missing = if present == "rpc.key" { &certificate } else { &key };
        assert!(error.to_string().starts_with(&format!("{} is missing", missing.display())), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read_to_string(folder.path().join(present)).unwrap(), "precious");
    }
}

#[test]
fn a_damaged_file_of_a_pair_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("rpc.cert"), folder.path().join("rpc.key"));
    std::fs::write(&certificate, SEC1_CERT).unwrap();
    std::fs::write(&key, "nothing").unwrap();
    let error = ensure_server_pair(&certificate, &key, &[], now()).unwrap_err().to_string();
    assert!(error.contains("rpc.key: no private key found"), "{error}");
}

#[test]
fn a_name_that_no_certificate_can_have_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("rpc.cert"), folder.path().join("rpc.key"));
    let error = ensure_server_pair(&certificate, &key, &["pöol".to_owned()], now()).unwrap_err();
    assert!(matches!(error, TlsError::Generate { .. }), "{error}");
    assert!(!certificate.exists() && !key.exists());
}

#[test]
fn a_pair_never_prints_its_key() {
    assert_eq!(format!("{:?}", KeyPair::from_pem(SEC1_CERT, SEC1_KEY).unwrap()), "KeyPair(…)");
}
