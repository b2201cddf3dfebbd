//! A store of one's own: the rescans that wallets owe, in a small file of JSON.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{RescanStore, StoreError};

type Owed = BTreeMap<String, BlockHeight>;

/// Keeps the rescans that wallets owe in a file. Clones are the same store.
#[derive(Clone, Debug)]
pub struct RescanFile {
    path: Arc<PathBuf>,
    /// Held while the file is read and written, so that no change undoes another.
    turn: Arc<Mutex<()>>,
}

impl RescanFile {
    /// The store in the file at a path, which need not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: Arc::new(path.into()), turn: Arc::default() }
    }

    fn read(&self) -> Result<Owed, StoreError> {
        match fs::read(&*self.path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| StoreError::Corrupt {
                what: "list of owed rescans".to_owned(),
                reason: error.to_string(),
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Owed::new()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Writes the file beside itself first, so that a crash leaves the old one.
    fn write(&self, owed: &Owed) -> Result<(), StoreError> {
        let fresh = self.path.with_extension("new");
        fs::write(&fresh, serde_json::to_vec(owed).map_err(failed)?).map_err(failed)?;
        fs::rename(&fresh, &*self.path).map_err(failed)
    }

    /// Changes what is owed. Files are slow, so that another thread waits for them.
    async fn change(&self, change: impl FnOnce(&mut Owed) + Send + 'static) -> Result<Owed, StoreError> {
        let store = self.clone();
        let work = move || {
            let _turn = store.turn.lock().unwrap_or_else(PoisonError::into_inner);
            let before = store.read()?;
            let mut after = before.clone();
            change(&mut after);
            if after != before {
                store.write(&after)?;
            }
            Ok(after)
        };
        tokio::task::spawn_blocking(work).await.map_err(failed)?
    }
}

#[async_trait]
impl RescanStore for RescanFile {
    async fn owed_rescan(&self, wallet: &str) -> Result<Option<BlockHeight>, StoreError> {
        Ok(self.change(|_| {}).await?.get(wallet).copied())
    }

    async fn owe_rescan(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError> {
        let wallet = wallet.to_owned();
        let owe = move |owed: &mut Owed| {
            let lowest = owed.entry(wallet).or_insert(from);
            *lowest = from.min(*lowest);
        };
        self.change(owe).await.map(drop)
    }

    async fn rescan_done(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError> {
        let wallet = wallet.to_owned();
        self.change(move |owed| owed.retain(|name, height| *name != wallet || *height < from)).await.map(drop)
    }
}

fn failed(error: impl ToString) -> StoreError {
    StoreError::Backend(error.to_string())
}
