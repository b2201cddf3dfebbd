//! Whether a database on a server works.

use stakepool_core::ports::StoreError;

use super::failure::store_error;
use super::schema;
use super::server::Server;
use crate::health::DatabaseHealth;
use crate::sql::sql;

/// Tries a read.
pub(crate) async fn health(server: &Server) -> Result<DatabaseHealth, StoreError> {
    let size = sql(
        "SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED) AS size FROM information_schema.tables \
         WHERE table_schema = DATABASE()",
    );
    let rows = server.rows(&size).await.map_err(store_error)?;
    let size = rows.first().and_then(|row| row.get::<i64>("size").ok()).unwrap_or(0);
    Ok(DatabaseHealth { schema: schema::known(), size: size.unsigned_abs(), log_size: 0 })
}
