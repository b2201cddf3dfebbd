//! The look through a large file, which is used meanwhile: nobody waits for it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::task::JoinHandle;

use super::connect::check;
use super::failure::open_error;
use crate::error::DbError;

/// After how many pages it is asked whether to go on.
const STEP: i32 = 1000;

/// A look through a whole file, which may still be under way.
#[derive(Debug, Default)]
pub(crate) struct Look {
    found: OnceLock<DbError>,
    is_stopped: Arc<AtomicBool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Look {
    /// Begins to look through the file at `path`, over a connection of its own.
    pub(super) fn begin(path: &Path, connect: &SqliteConnectOptions) -> Arc<Self> {
        let look = Arc::new(Self::default());
        let (looking, path) = (look.clone(), path.to_owned());
        let connect = connect.clone().pragma("query_only", "ON");
        let task = tokio::spawn(async move { looking.run(path, connect).await });
        *look.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        look
    }

    /// What was found so far, if the file is damaged.
    pub(super) fn found(&self) -> Option<&DbError> {
        self.found.get()
    }

    /// Ends it, wherever it is.
    pub(super) async fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // Where the runtime ends, too, it has ended.
            let _ = task.await;
        }
    }

    async fn run(&self, path: PathBuf, connect: SqliteConnectOptions) {
        let looked = async {
            let mut connection = connect.connect().await.map_err(|error| open_error(&path, &error))?;
            let is_stopped = self.is_stopped.clone();
            let handle = connection.lock_handle().await;
            handle
                .map_err(|error| open_error(&path, &error))?
                .set_progress_handler(STEP, move || !is_stopped.load(Ordering::Relaxed));
            let checked = check(&path, &mut connection).await;
            // It has only read.
            let _ = sqlx::Connection::close(connection).await;
            checked
        };
        match looked.await {
            Ok(()) => tracing::debug!("the whole file of the database was looked through"),
            Err(_) if self.is_stopped.load(Ordering::Relaxed) => {}
            Err(error @ (DbError::Damaged { .. } | DbError::NotADatabase { .. })) => {
                tracing::error!(%error, "the database cannot go on");
                // Only this task sets it.
                let _ = self.found.set(error);
            }
            Err(error) => tracing::warn!(%error, "the file of the database could not be looked through"),
        }
    }
}
