//! How a database on a server is opened.

use super::schema;
use super::server::Server;
use crate::error::DbError;
use crate::purpose::Purpose;
use crate::takeover::Takeover;
use crate::warning::Warning;
use stakepool_core::ports::DatabaseServer;

/// Connects, and brings the tables up to date.
pub(crate) async fn open(options: DatabaseServer, purpose: Purpose) -> Result<(Server, Vec<Warning>), DbError> {
    let server = Server::connect(options).await?;
    let warnings = schema::bring_up_to_date(&server, purpose).await?;
    Ok((server, warnings))
}

/// Connects to a database whose tables are up to date, and makes none.
pub(crate) async fn open_ready(options: DatabaseServer) -> Result<Server, DbError> {
    let server = Server::connect(options).await?;
    schema::refuse_unready(&server).await?;
    Ok(server)
}

/// Connects over a single connection, whatever tables there are, and makes none.
pub(crate) async fn open_once(options: DatabaseServer) -> Result<Server, DbError> {
    Server::connect_once(options).await
}

/// Connects over a single connection to a database whose tables are up to date, and makes none.
pub(crate) async fn open_once_ready(options: DatabaseServer) -> Result<Server, DbError> {
    let server = Server::connect_once(options).await?;
    schema::refuse_unready(&server).await?;
    Ok(server)
}

/// Connects, and looks whether the tables can be brought up to date and what there is to do.
pub(crate) async fn check(options: DatabaseServer) -> Result<Takeover, DbError> {
    let server = Server::connect(options).await?;
    let checked = schema::check(&server).await;
    server.close().await;
    checked
}
