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
    assert!(error.to_string().contains("Another"), "{error}");
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
    let error = pinned_client_config(SEC1_KEY).unwrap_err().to_string();
    assert!(error.contains("a private key, not a certificate"), "{error}");
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
    assert!(matches!(KeyPair::from_pem(P521, P521).unwrap_err(), TlsError::WrongContent { .. }));
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

/// A key and a certificate that a CA has issued to it, and the CA's certificate.
fn issued() -> (String, String, String) {
    let ca_key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    ca.distinguished_name.push(rcgen::DnType::CommonName, "the operator's CA");
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let params = rcgen::CertificateParams::new(vec!["wallet.example".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    (certificate.pem(), key.serialize_pem(), ca_certificate.pem())
}

#[tokio::test]
async fn the_file_of_a_ca_is_told_from_another_certificate_and_the_servers_own_is_taken() {
    let (certificate, key, ca) = issued();
    let server = || server_config(KeyPair::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap(), None).unwrap();
    let refused =
        async |pem: &[u8]| shake_hands(pinned_client_config(pem).unwrap(), server()).await.unwrap_err().to_string();
    let error = refused(ca.as_bytes()).await;
    assert!(error.contains("Issuer"), "{error}");
    let error = refused(P256).await;
    assert!(error.contains("Another"), "{error}");
    let bundle = format!("{ca}{certificate}");
    for own in [&certificate, &bundle] {
        shake_hands(pinned_client_config(own.as_bytes()).unwrap(), server()).await.unwrap();
    }
}

/// What `openssl` makes: a certificate and its key.
fn openssl(folder: &Path, new_key: &[&str]) -> [std::path::PathBuf; 2] {
    let [certificate, key] = ["cert", "key"].map(|name| folder.join(name));
    let mut command = std::process::Command::new("openssl");
    command.args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=x"]).args(new_key);
    let made = command.arg("-keyout").arg(&key).arg("-out").arg(&certificate).output().expect("openssl is needed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    [certificate, key]
}

#[test]
#[ignore = "needs openssl"]
fn a_weak_key_and_one_of_an_unknown_kind_are_refused_by_name_and_others_are_taken() {
    let curve =
        |name: &str| vec!["-newkey".to_owned(), "ec".into(), "-pkeyopt".into(), format!("ec_paramgen_curve:{name}")];
    let rsa = |bits: u32| vec!["-newkey".to_owned(), format!("rsa:{bits}")];
    let other = |kind: &str| vec!["-newkey".to_owned(), kind.to_owned()];
    for (how, reason) in [
        (rsa(1024), "it is RSA with 1024 bits, which is too weak"),
        (rsa(1536), "it is RSA with 1536 bits, which is too weak"),
        (curve("secp256k1"), "it is of the curve secp256k1"),
        (curve("secp224r1"), "it is of the curve P-224"),
        (curve("brainpoolP256r1"), "it is of the curve brainpoolP256r1"),
        (other("ed448"), "it is Ed448"),
        (rsa(2048), ""),
        (curve("P-256"), ""),
        (curve("P-384"), ""),
        (curve("P-521"), ""),
        (other("ed25519"), ""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let how: Vec<&str> = how.iter().map(String::as_str).collect();
        let [certificate, key] = openssl(folder.path(), &how).map(|path| std::fs::read(path).unwrap());
        match pinned_client_config(&certificate) {
            Ok(_) => {
                assert_eq!(reason, "", "{how:?}");
                KeyPair::from_pem(&certificate, &key).unwrap();
            }
            Err(error) => assert!(!reason.is_empty() && error.to_string().contains(reason), "{how:?}: {error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs openssl"]
async fn servers_behind_openssl_are_reached_with_every_usable_key_in_both_versions_of_tls() {
    for (key, versions) in [
        ("P-521", &["-tls1_2", "-tls1_3"][..]),
        ("P-384", &["-tls1_2", "-tls1_3"]),
        ("P-256", &["-tls1_2", "-tls1_3"]),
        ("ed25519", &["-tls1_2", "-tls1_3"]),
        ("rsa:2048", &["-tls1_2", "-tls1_3"]),
    ] {
        for version in versions {
            let folder = tempfile::tempdir().unwrap();
            let curve = format!("ec_paramgen_curve:{key}");
            let new_key =
                if key.starts_with('P') { vec!["-newkey", "ec", "-pkeyopt", &curve] } else { vec!["-newkey", key] };
            let [certificate, key_file] = openssl(folder.path(), &new_key);
            let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut server = std::process::Command::new("openssl")
                .args(["s_server", "-quiet", version, "-port", &port.to_string()])
                .arg("-cert")
                .arg(&certificate)
                .arg("-key")
                .arg(&key_file)
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            let client = pinned_client_config(&std::fs::read(&certificate).unwrap()).unwrap();
            let outcome = async {
                let tcp = loop {
                    match tokio::net::TcpStream::connect(("127.0.0.1", port)).await {
                        Ok(tcp) => break tcp,
                        Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                };
                TlsConnector::from(Arc::new(client)).connect(ServerName::try_from("x").unwrap(), tcp).await.map(drop)
            };
            let outcome = tokio::time::timeout(Duration::from_secs(60), outcome).await;
            let _ = server.kill();
            let _ = server.wait();
            outcome.expect("openssl listens").unwrap_or_else(|error| panic!("{key} {version}: {error}"));
        }
    }
}
