//! What of the machine only the daemon can look at for `--check-config`, as its start does.

use stakepool_config::{Need, Place, Problem};
use stakepool_core::ports::{DatabaseServer, DesiredSource as _};
use stakepool_db::PredecessorTables;
use stakepool_process::Found;
use stakepool_rpc::tls::existing_pair;

/// Looks at the daemon's own certificate and key, and at the database.
pub(crate) async fn machine(places: &[Place]) -> Found {
    let mut found = Found::from(places.iter().filter_map(pair).collect::<Vec<_>>());
    for place in places {
        if let Need::ReadDatabase(server) = &place.need {
            found.warnings.push(format!("{}: {}", place.key, database(server).await));
        }
    }
    found
}

fn pair(place: &Place) -> Option<Problem> {
    let Need::Pair { certificate, key } = &place.need else { return None };
    existing_pair(certificate, key).err().map(|error| place.lacks(error))
}

/// What the database has, or why that cannot be said: the daemon starts all the same.
async fn database(server: &DatabaseServer) -> String {
    let tables = PredecessorTables::new(server.clone());
    match tables.read().await {
        Err(error) => format!("{error}; until it can be read, the daemon votes with what it knows"),
        Ok(found) => {
            let (users, added) = (found.users.len(), found.added.len());
            let mut text = format!("{} has {users} users with an address, and {added} low-fee tickets", tables.place());
            if !found.left_out.is_empty() {
                text.push_str(&format!("; these cannot be used: {}", found.left_out.join(", ")));
            }
            text
        }
    }
}
