//! The predecessor's tables as a source of users and added tickets, for a daemon that no web reaches.
//!
//! They are only read, by an account that needs no more than SELECT on `Users` and `LowFeeTicket`, on a server that may only
//! read. Nothing is kept open between two readings.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{ConnectOptions, Connection};
use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{RedeemScript, VoteBits, VoteVersion};
use stakepool_core::desired::{AddedTicket, DesiredUser};
use stakepool_core::ports::{DatabaseServer, DesiredFound, DesiredSource, DesiredSourceError, StoreError};
use tokio::time::{Instant, timeout};

use super::connect;
use super::failure::text_of;
use crate::sql::{Failure, Fields, Guarded, Row, sql};

/// How long a host may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long it may take for everything.
const HOST_LIMIT: Duration = Duration::from_secs(15);

/// The tables `Users` and `LowFeeTicket` of a server of MySQL or MariaDB, read as the predecessor's daemon reads them: every
/// user with an address, and every low-fee ticket, whatever else its row says.
///
/// ```no_run
/// # async fn read() -> Result<(), Box<dyn std::error::Error>> {
/// use stakepool_core::ports::{DatabaseServer, DesiredSource};
/// use stakepool_core::secret::Secret;
/// use stakepool_db::PredecessorTables;
///
/// let tables = PredecessorTables::new(DatabaseServer::new("stakepool", "reader", Secret::new("a password")));
/// println!("{} users", tables.read().await?.users.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PredecessorTables {
    server: DatabaseServer,
}

impl PredecessorTables {
    /// Those of a database; of several hosts the first that can be read is used.
    pub const fn new(server: DatabaseServer) -> Self {
        Self { server }
    }

    async fn read_on(&self, host: &str) -> Result<DesiredFound, Failure> {
        let options = connect::options(&self.server, host);
        // A pool tries again and again, and then only says that it took too long.
        let tried = timeout(PATIENCE, options.connect()).await.map_err(|_| Failure::Silent(PATIENCE))??;
        let _ = tried.close().await;
        let pool = connect::pool(options, connect::CONNECTIONS);
        let read = async {
            let mut connection = Guarded::alone(pool.acquire().await?, Instant::now() + HOST_LIMIT);
            connection.command("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
            connection.command("START TRANSACTION READ ONLY").await?;
            let found = found(&mut connection).await;
            connection.roll_back().await?;
            found
        };
        let read = read.await;
        pool.close().await;
        read
    }
}

#[async_trait]
impl DesiredSource for PredecessorTables {
    fn place(&self) -> String {
        self.server.place_on(&self.server.hosts.join(","))
    }

    async fn read(&self) -> Result<DesiredFound, DesiredSourceError> {
        let mut reasons = Vec::new();
        let hosts = &self.server.hosts;
        // A socket has no host; a name only stands for it.
        let hosts = if self.server.socket.is_some() { &hosts[..hosts.len().min(1)] } else { hosts };
        for host in hosts {
            match self.read_on(host).await {
                Ok(found) => return Ok(found),
                Err(failure) if hosts.len() > 1 => reasons.push(format!("{host}: {}", reason(failure))),
                Err(failure) => reasons.push(reason(failure)),
            }
        }
        let reason = if reasons.is_empty() { "no host is named; set dbhost".to_owned() } else { reasons.join("; ") };
        Err(DesiredSourceError { place: self.place(), reason })
    }
}

/// What is wrong, and what to do where that is something else than for a program that writes.
fn reason(failure: Failure) -> String {
    if [1044, 1142, 1143].into_iter().any(|number| failure.is_numbered(number)) {
        return format!(
            "grant the account (dbuser) SELECT on its tables Users and LowFeeTicket ({})",
            text_of(failure)
        );
    }
    if failure.is_numbered(1146) {
        return "it has no table Users: check dbname".to_owned();
    }
    if failure.is_numbered(1054) {
        return "its table Users is of an early version: start stakepool-web on it first, or the last version of the \
                predecessor's web program, which add what is missing"
            .to_owned();
    }
    text_of(failure)
}

async fn found(connection: &mut Guarded) -> Result<DesiredFound, Failure> {
    let users = sql("SELECT UserId, MultiSigAddress, MultiSigScript, VoteBits, VoteBitsVersion FROM Users \
         WHERE MultiSigAddress <> ''");
    let users = connection.rows(&users).await?;
    let added = connection.rows(&sql("SELECT LowFeeTicketID, TicketHash, TicketAddress FROM LowFeeTicket")).await;
    let added = match added {
        // Early versions had no low-fee tickets.
        Err(failure) if failure.is_numbered(1146) => Vec::new(),
        added => added?,
    };
    let mut found = DesiredFound::default();
    for row in &users {
        keep(user(row).map(Some), &mut found.users, &mut found.left_out);
        keep(script(row), &mut found.scripts, &mut found.left_out);
    }
    for row in &added {
        keep(added_ticket(row).map(Some), &mut found.added, &mut found.left_out);
    }
    Ok(found)
}

/// Keeps what could be read of a row, or what cannot be.
fn keep<T>(read: Result<impl IntoIterator<Item = T>, StoreError>, read_rows: &mut Vec<T>, left_out: &mut Vec<String>) {
    match read {
        Ok(read) => read_rows.extend(read),
        Err(error) => left_out.push(error.to_string()),
    }
}

fn user(row: &Row) -> Result<DesiredUser, StoreError> {
    let id: i64 = Fields::new(row, "Users", "?").number("UserId")?;
    let fields = Fields::new(row, "Users", id);
    let address = fields.parsed("MultiSigAddress")?;
    // Bits that make no sense do not keep anybody from being voted for, with default bits.
    let (bits, version) = (fields.number("VoteBits"), fields.number("VoteBitsVersion"));
    let voting = VotingPreference {
        bits: VoteBits(bits.unwrap_or(VoteBits::APPROVE.0)),
        version: VoteVersion(version.unwrap_or_default()),
    };
    Ok(DesiredUser { user: UserId(id), address, voting })
}

/// The script of a user whose address can be read: of another one there is word already.
fn script(row: &Row) -> Result<Option<RedeemScript>, StoreError> {
    let Ok(DesiredUser { user, address, .. }) = self::user(row) else { return Ok(None) };
    let fields = Fields::new(row, "Users", user);
    let script: RedeemScript = fields.parsed("MultiSigScript")?;
    if script.address(address.network()) != address {
        return Err(fields.corrupt("MultiSigScript", format_args!("it is not the script of {address}")));
    }
    Ok(Some(script))
}

fn added_ticket(row: &Row) -> Result<AddedTicket, StoreError> {
    let id: i64 = Fields::new(row, "LowFeeTicket", "?").number("LowFeeTicketID")?;
    let fields = Fields::new(row, "LowFeeTicket", id);
    Ok(AddedTicket { ticket: fields.parsed("TicketHash")?, address: fields.parsed("TicketAddress")? })
}
