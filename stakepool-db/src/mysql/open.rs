//! How a database on a server is opened.

use super::options::MysqlOptions;
use super::schema;
use super::server::Server;
use crate::error::DbError;
use crate::warning::Warning;

/// Connects, and brings the tables up to date.
pub(crate) async fn open(options: MysqlOptions) -> Result<(Server, Vec<Warning>), DbError> {
    let server = Server::connect(options).await?;
    let warnings = schema::bring_up_to_date(&server).await?;
    Ok((server, warnings))
}
