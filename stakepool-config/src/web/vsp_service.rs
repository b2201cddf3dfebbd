//! The service for wallets of today, as the configuration says.
//!
//! The web serves by it, and the command line knows by it what the daemons should have: both take it from here.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stakepool::Stores;
use stakepool::sealed::{SealError, SealingKey};
use stakepool::vsp::{Import, NodesInTurn, Vsp, VspError, VspParts, VspTerms, check_key, holds_secrets};
use stakepool_core::chain::Generation;
use stakepool_core::ports::{
    Node as _, RegisteredWhere, SealedStore, StoreError, SystemClock, VspNode, VspTicketStore,
};
use stakepool_core::vsp::{FeeStatus, FeeTerms, server_version};
use stakepool_rpc::json::{ConfigError, NodeClient};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::config::WebConfig;

/// How long a node may take to say what it is before the start goes on without.
const GREETING: Duration = Duration::from_secs(5);

/// Why wallets of today cannot be served as configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VspSetupError {
    /// The key file cannot be read or made.
    #[error(
        "vspkeyfile {path}: {error}; it must be a file of the web's user alone, in a folder that this user may write"
    )]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The key file is missing, and the database holds what it opens.
    #[error(
        "vspkeyfile {0} is missing, but the database holds voting keys that only this file opens: put it back from the copy \
         that was kept apart"
    )]
    KeyFileLost(PathBuf),
    /// The key file holds no key.
    #[error(
        "vspkeyfile {0} holds no key, which is 64 hexadecimal digits: put it back from the copy that was kept apart"
    )]
    KeyFileContent(PathBuf),
    /// Others can read the key file.
    #[error("vspkeyfile {0} can be read by others, and with it every voting key: chmod 600 it")]
    KeyFileOpen(PathBuf),
    /// The node is too old, and no ticket needs it.
    #[error(
        "exccdhost {0} is a node of the older generation, which cannot serve wallets of today: name an exccd of 2.7 or later, or \
         set vsp=0"
    )]
    LegacyNode(String),
    /// The node is too old, and there are tickets to be voted.
    #[error(
        "exccdhost {node} is a node of the older generation, which cannot serve wallets of today: name an exccd of 2.7 or later; \
         {tickets} of their tickets have paid and are still to be voted, so that vsp=0 is no way out"
    )]
    LegacyNodeInUse {
        /// The node.
        node: String,
        /// How many tickets.
        tickets: u64,
    },
    /// There is no service, but tickets that were paid for.
    #[error(
        "vsp=0, but {0} tickets of wallets of today have paid and are still to be voted, which nobody would do: set vsp=1, and \
         vspclosed=1 to sell no more of them"
    )]
    TicketsToVote(u64),
    /// A node's host or certificate.
    #[error(transparent)]
    Node(#[from] ConfigError),
    /// Randomness.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The service.
    #[error(transparent)]
    Service(#[from] VspError),
}

/// What becomes of a key file that is not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewKeyFile {
    /// It is made.
    Make,
    /// There is no service then: nothing was ever sealed.
    Leave,
}

impl WebConfig {
    /// Begins to connect to the nodes for wallets of today. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`ConfigError`] where no attempt can succeed.
    pub fn vsp_nodes(&self) -> Result<Vec<Arc<NodeClient>>, ConfigError> {
        self.node_servers().iter().map(|server| NodeClient::for_calls(server).map(Arc::new)).collect()
    }

    /// Whether key file and database would let the service start. Nothing is made, and no node is asked.
    ///
    /// # Errors
    /// [`VspSetupError`], as [`WebConfig::open_vsp`].
    pub async fn check_vsp(&self, tickets: &dyn VspTicketStore, sealed: &dyn SealedStore) -> Result<(), VspSetupError> {
        let Some(configured) = &self.vsp else { return refuse_tickets_to_vote(tickets).await };
        match kept_key(&configured.key_file, sealed).await? {
            Some(key) => Ok(check_key(key, sealed).await.map_err(VspError::from)?),
            None => Ok(()),
        }
    }

    /// The service for wallets of today on the pool's stores; `None` where they are not served.
    ///
    /// # Errors
    /// [`VspSetupError`] says what is wrong and what to do: also where they are not served, but have tickets that were paid for.
    pub async fn open_vsp(
        &self,
        stores: &Stores,
        nodes: &[Arc<NodeClient>],
        new: NewKeyFile,
    ) -> Result<Option<Arc<Vsp>>, VspSetupError> {
        let Some(configured) = &self.vsp else {
            refuse_tickets_to_vote(stores.vsp_tickets.as_ref()).await?;
            return Ok(None);
        };
        let nodes = nodes.iter().map(|node| node.clone() as Arc<dyn VspNode>).collect();
        let Some(node) = NodesInTurn::new(nodes) else { return Ok(None) };
        let key = match kept_key(&configured.key_file, stores.sealed.as_ref()).await? {
            Some(key) => key,
            None if new == NewKeyFile::Leave => return Ok(None),
            None => make_key(&configured.key_file)?,
        };
        if new == NewKeyFile::Make {
            refuse_legacy(&node, stores.vsp_tickets.as_ref()).await?;
        }
        let terms = VspTerms {
            network: self.network,
            fee: FeeTerms { fee: configured.fee, most: configured.most },
            fee_key: configured.fee_key,
            closed: configured.closed.clone().into(),
            max_lag: configured.max_lag,
            version: server_version(env!("CARGO_PKG_VERSION")),
        };
        let parts = VspParts { stores: stores.clone(), node: Arc::new(node), clock: Arc::new(SystemClock) };
        let opened = key.to_bytes();
        let vsp = Vsp::open(terms, parts, key).await?;
        let path = configured.key_file.clone();
        vsp.watch_key_file(Arc::new(move || key_file_problem(&path, &opened)));
        Ok(Some(Arc::new(vsp)))
    }

    /// The import from the predecessor's server into the pool's stores; `None` where wallets of today are not served. Where the
    /// key file is not there and is not made, the import can only [look](Import::look): what it would seal nobody could open.
    ///
    /// # Errors
    /// [`VspSetupError`], as [`WebConfig::open_vsp`].
    pub async fn vsp_import(
        &self,
        stores: &Stores,
        nodes: &[Arc<NodeClient>],
        new: NewKeyFile,
    ) -> Result<Option<Import>, VspSetupError> {
        let Some(configured) = &self.vsp else { return Ok(None) };
        let nodes = nodes.iter().map(|node| node.clone() as Arc<dyn VspNode>).collect();
        let Some(node) = NodesInTurn::new(nodes) else { return Ok(None) };
        refuse_legacy(&node, stores.vsp_tickets.as_ref()).await?;
        let key = match kept_key(&configured.key_file, stores.sealed.as_ref()).await? {
            Some(key) => key,
            None if new == NewKeyFile::Leave => SealingKey::random()?,
            None => make_key(&configured.key_file)?,
        };
        let parts = VspParts { stores: stores.clone(), node: Arc::new(node), clock: Arc::new(SystemClock) };
        Ok(Some(Import::new(self.network, parts, key)))
    }
}

/// Refuses a node that is too old, where it says so in time.
async fn refuse_legacy(node: &NodesInTurn, tickets: &dyn VspTicketStore) -> Result<(), VspSetupError> {
    match timeout(GREETING, node.info()).await {
        Ok(Ok(info)) if info.generation != Generation::Today => {
            Err(legacy(node.name(), tickets_to_vote(tickets).await?))
        }
        _ => Ok(()),
    }
}

/// Refuses to go on without the service where tickets were paid for: the daemons would be given a desired state without them, and
/// would vote none.
async fn refuse_tickets_to_vote(store: &dyn VspTicketStore) -> Result<(), VspSetupError> {
    match tickets_to_vote(store).await? {
        0 => Ok(()),
        tickets => Err(VspSetupError::TicketsToVote(tickets)),
    }
}

/// The key of the file; `None` where it may be made.
async fn kept_key(path: &Path, sealed: &dyn SealedStore) -> Result<Option<SealingKey>, VspSetupError> {
    match read_key(path)? {
        None if holds_secrets(sealed).await? => Err(VspSetupError::KeyFileLost(path.to_owned())),
        key => Ok(key),
    }
}

/// How many tickets have paid and have not ended: those that are voted, and those whose fee waits for its turn.
async fn tickets_to_vote(store: &dyn VspTicketStore) -> Result<u64, StoreError> {
    let waiting = store.registered_where(RegisteredWhere::Fee(FeeStatus::Received)).await?;
    let waiting = waiting.iter().filter(|ticket| ticket.registration.outcome.is_none()).count();
    Ok(store.registered_counts().await?.voting.saturating_add(waiting as u64))
}

fn legacy(node: &str, tickets: u64) -> VspSetupError {
    let node = node.to_owned();
    if tickets == 0 { VspSetupError::LegacyNode(node) } else { VspSetupError::LegacyNodeInUse { node, tickets } }
}

/// The key of a file, where there is one.
fn read_key(path: &Path) -> Result<Option<SealingKey>, VspSetupError> {
    let failed = |error| VspSetupError::KeyFile { path: path.to_owned(), error };
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if fs::metadata(path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
        return Err(VspSetupError::KeyFileOpen(path.to_owned()));
    }
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut *key).map_err(|_| VspSetupError::KeyFileContent(path.to_owned()))?;
    Ok(Some(SealingKey::from_bytes(&key)))
}

/// What is wrong with a key file by which keys were opened: with the next start they could not be.
fn key_file_problem(path: &Path, opened: &Zeroizing<[u8; 32]>) -> Option<String> {
    match read_key(path) {
        Ok(Some(key)) if key.to_bytes() == *opened => None,
        Ok(Some(_)) => Some(format!(
            "vspkeyfile {} holds another key than the one that opens them: put it back from the copy that was kept apart, before \
             the web starts again",
            path.display()
        )),
        Ok(None) => Some(VspSetupError::KeyFileLost(path.to_owned()).to_string()),
        Err(error) => Some(error.to_string()),
    }
}

/// Makes a key file that its owner alone can read.
fn make_key(path: &Path) -> Result<SealingKey, VspSetupError> {
    let key = SealingKey::random()?;
    let text = Zeroizing::new(format!("{}\n", hex::encode(key.to_bytes().as_slice())));
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    match write() {
        Ok(()) => {
            tracing::warn!(
                path = %path.display(),
                "a key file was made: without it no voting key in the database can be used; keep a copy apart from the backups"
            );
            Ok(key)
        }
        // Another instance was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            read_key(path)?.ok_or_else(|| VspSetupError::KeyFileContent(path.to_owned()))
        }
        Err(error) => Err(VspSetupError::KeyFile { path: path.to_owned(), error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_for_its_owner_alone_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("vsp.key");
        assert!(read_key(&path).unwrap().is_none());
        let made = make_key(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read_key(&path).unwrap().unwrap().to_bytes(), made.to_bytes());
        assert_eq!(make_key(&path).unwrap().to_bytes(), made.to_bytes(), "one that is there is never replaced");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read_key(&path), Err(VspSetupError::KeyFileOpen(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(key_file_problem(&path, &made.to_bytes()), None);
        let other = SealingKey::random().unwrap().to_bytes();
        assert!(key_file_problem(&path, &other).unwrap().contains("another key"));
        assert!(key_file_problem(&folder.path().join("gone"), &other).unwrap().contains("is missing"));
        fs::write(&path, "abc").unwrap();
        let error = read_key(&path).err().unwrap();
        assert!(error.to_string().contains("64 hexadecimal digits") && !error.to_string().contains("abc"));
    }
}
