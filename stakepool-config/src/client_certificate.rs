//! The certificate by which the web may make itself known to the daemons, beside the token or instead of it.

use crate::certificate::Certificate;
use crate::problem::Problem;
use crate::reader::Reader;
use stakepool_core::secret::Secret;
use stakepool_rpc::tls::KeyPair;

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate.
    pub certificate: Certificate,
    /// Its private key: PEM.
    pub key: Secret,
}

/// What the web shows: `rpcclientcert` and `rpcclientkey`, both or none.
pub(crate) fn shown(reader: &mut Reader<'_>) -> Option<ClientIdentity> {
    let certificate = reader.text("rpcclientcert").and_then(|path| reader.certificate("rpcclientcert", &path));
    let key = reader.text("rpcclientkey").and_then(|path| reader.private_key("rpcclientkey", &path));
    if reader.text("rpcclientcert").is_some() != reader.text("rpcclientkey").is_some() {
        reader.problem(Problem::Conflict(
            "rpcclientcert and rpcclientkey belong together: set both, or none of them".to_owned(),
        ));
    }
    let (certificate, key) = (certificate?, key?);
    reader.accept("rpcclientkey", KeyPair::from_pem(certificate.pem.as_bytes(), key.expose().as_bytes()))?;
    Some(ClientIdentity { certificate, key })
}

/// Of which certificates a daemon asks to be shown one; none where it does not ask.
pub(crate) fn asked(reader: &mut Reader<'_>) -> Vec<Certificate> {
    let files = reader.list("rpcclientcerts");
    files.iter().filter_map(|path| reader.certificate("rpcclientcerts", path)).collect()
}
