//! Places for calls of which only some may be under way at a time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

/// A place, as soon as one is free.
pub(super) async fn place(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Status> {
    Arc::clone(places).acquire_owned().await.map_err(|_| Status::unavailable("the daemon is stopping"))
}
