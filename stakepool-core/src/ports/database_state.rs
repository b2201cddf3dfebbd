//! How the server of a database is.

use std::time::Duration;

use serde::Serialize;

/// What is known of the server, or the servers, of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServerState {
    /// The host whose server is used.
    pub host: String,
    /// What is wrong with hosts that cannot be used: their names, and why.
    pub unusable: Vec<(String, String)>,
    /// How often a transaction began again since the start, because a server took another one first, was lost, or did not
    /// answer.
    pub retries: u64,
    /// How often another host was taken since the start.
    pub moves: u64,
    /// How the cluster is of which the server is a node, if it is one.
    pub cluster: Option<ClusterState>,
}

/// How a cluster (Galera) is, as one of its nodes says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClusterState {
    /// How many nodes it has.
    pub size: u32,
    /// How many it should have: as many as it had since the start, and as hosts are named.
    pub usual: u32,
    /// What the node does: `Synced` where all is well.
    pub local_state: String,
    /// For how long the cluster waited for slow nodes, since the node started.
    pub flow_control_paused: Duration,
    /// Transactions of this node that another node's went before, since it started.
    pub certification_failures: u64,
    /// Transactions of this node that were ended for one of another node, since it started.
    pub aborts: u64,
}
