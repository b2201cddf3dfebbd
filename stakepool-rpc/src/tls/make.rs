//! Making the pair of files with which a server starts for the first time.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};

use super::error::TlsError;
use super::pair::KeyPair;

const TEN_YEARS: Duration = Duration::from_secs(3650 * 24 * 60 * 60);
/// How far clocks of peers may be behind ours without refusing a certificate that was just made.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);
/// Names that every certificate has: the predecessor's web always asks for `localhost`, whatever host it dials.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The pair in two PEM files, made where neither is there yet.
///
/// A new pair is a self-signed P-256 certificate, an authority at once so that the predecessor's web can pin it,
/// valid for ten years for `localhost`, `127.0.0.1`, `::1` and `host_names` (names or IP addresses). The key's file
/// can be read by its owner alone. No file is ever overwritten. Folders that are missing are made.
///
/// # Errors
/// [`TlsError::HalfPair`] where one file is missing; as [`KeyPair::load`] where both are there; else
/// [`TlsError::Generate`] for a name that no certificate can have, and [`TlsError::Write`].
pub fn ensure_server_pair(
    certificate: &Path,
    key: &Path,
    host_names: &[String],
    now: SystemTime,
) -> Result<KeyPair, TlsError> {
    if let Some(pair) = existing_pair(certificate, key)? {
        return Ok(pair);
    }
    let (certificate_pem, key_pem) = self_signed(host_names, now)?;
    let pair = KeyPair::from_pem(certificate_pem.as_bytes(), key_pem.as_bytes())?;
    write_new(key, &key_pem, false)?;
    write_new(certificate, &certificate_pem, true)?;
    tracing::info!(certificate = %certificate.display(), key = %key.display(), "made a new certificate");
    Ok(pair)
}

/// The pair in two PEM files; `None` where neither is there yet.
///
/// # Errors
/// [`TlsError::HalfPair`] where one file is missing; as [`KeyPair::load`] where both are there.
pub fn existing_pair(certificate: &Path, key: &Path) -> Result<Option<KeyPair>, TlsError> {
    match (is_there(certificate)?, is_there(key)?) {
        (true, true) => KeyPair::load(certificate, key).map(Some),
        (true, false) => Err(TlsError::HalfPair { missing: key.to_owned(), present: certificate.to_owned() }),
        (false, true) => Err(TlsError::HalfPair { missing: certificate.to_owned(), present: key.to_owned() }),
        (false, false) => Ok(None),
    }
}

fn is_there(path: &Path) -> Result<bool, TlsError> {
    path.try_exists().map_err(|error| TlsError::Read { path: path.to_owned(), reason: error.to_string() })
}

/// Certificate and key as PEM texts.
fn self_signed(host_names: &[String], now: SystemTime) -> Result<(String, String), TlsError> {
    let mut names: Vec<String> = OWN_NAMES.map(str::to_owned).to_vec();
    for name in host_names {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let failed = |error: rcgen::Error| TlsError::Generate { names: names.join(", "), reason: error.to_string() };

    let mut params = CertificateParams::new(names.clone()).map_err(failed)?;
    let subject = host_names.first().map_or("localhost", String::as_str);
    params.distinguished_name.push(DnType::OrganizationName, "EXCC stake pool");
    params.distinguished_name.push(DnType::CommonName, subject);
    params.not_before = (now - CLOCK_TOLERANCE).into();
    params.not_after = (now + TEN_YEARS).into();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];

    let key = rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// Writes a file that must not be there yet: all of it or nothing.
fn write_new(path: &Path, text: &str, public: bool) -> Result<(), TlsError> {
    let failed = |error: std::io::Error| TlsError::Write { path: path.to_owned(), reason: error.to_string() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(folder).map_err(failed)?;
    // Made with mode 0600, in the same folder so that it can be moved into place.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    if public {
        allow_reading(file.as_file()).map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist_noclobber(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Makes a folder, for this user alone, where it is missing: a key lies in it.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn allow_reading(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn allow_reading(_file: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}
