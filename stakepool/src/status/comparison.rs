//! The voting wallets compared with the users of the database, and brought up to date, by a program that does not run the pool.

use stakepool_core::ports::StoreError;
use stakepool_core::wallets::{Health, MissingScript, Progress, UnknownScript, WalletComparison, WalletSync};

use crate::daemons::DaemonView;
use crate::pool::Pool;
use crate::status::lag::{Heights, LAG_ALLOWED};
use crate::status::wallet::WalletReport;
use crate::unknown_notes::UnknownNotes;

/// Key indexes that a problem names.
const NAMED: usize = 5;

/// A voting wallet beside the users of the database.
#[derive(Clone, Debug)]
pub struct ComparedWallet {
    /// How it is, and all that is wrong with it.
    pub report: WalletReport,
    /// Users of the database with an address.
    pub users: usize,
    /// Those whose scripts it lacks, by key index; `None` where it could not be compared, and the problems say why.
    pub missing: Option<Vec<MissingScript>>,
    /// Scripts of users whom the database does not know, by key index; `None` where it does not list its scripts, or the
    /// problems say why they could not be counted.
    pub unknown: Option<Vec<UnknownScript>>,
}

impl Pool {
    /// Compares every voting wallet with the users of the database: its keys and network, whether it can sign, its version, and
    /// the scripts. Nothing changes. Empty for a pool without wallets to keep.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn compare_wallets(&self) -> Result<Vec<ComparedWallet>, StoreError> {
        let Some(wallets) = &self.parts.wallets else { return Ok(Vec::new()) };
        let compared = wallets.group.compare().await?;
        let notes = UnknownNotes::read(self.parts.upkeep.as_ref()).await?;
        let members: Vec<_> = compared.iter().map(|wallet| wallet.status.clone()).collect();
        let heights = Heights::of(self.terms.network, &members, std::iter::empty::<&DaemonView>());
        let report = |compared: WalletComparison| {
            let lag = heights.lag(&compared.status.heights);
            let report = WalletReport::of(&compared.status, lag, LAG_ALLOWED, self.terms.new_pool, &notes);
            judged(report, compared)
        };
        Ok(compared.into_iter().map(report).collect())
    }

    /// Brings every voting wallet up to date, all at once: the scripts that it lacks, then one look through the chain from
    /// the lowest height needed. `progress` hears how far each is. It can be repeated without harm after it was cut off, and
    /// beside a pool that runs. Empty for a pool without wallets to keep.
    pub async fn sync_wallets(&self, progress: impl Fn(&str, Progress)) -> Vec<WalletSync> {
        match &self.parts.wallets {
            Some(wallets) => wallets.group.sync(progress).await,
            None => Vec::new(),
        }
    }
}

/// A wallet with what is wrong beside its state.
fn judged(mut report: WalletReport, compared: WalletComparison) -> ComparedWallet {
    let unknown = compared.status.census.map(|census| census.unknown);
    let missing = match compared.missing {
        Ok(missing) => {
            report.problems.extend(lacks(&missing));
            Some(missing)
        }
        Err(why) => {
            let is_known = matches!(compared.status.health, Health::Unreachable { .. } | Health::Disagrees { .. });
            report.problems.extend((!is_known).then(|| format!("its scripts could not be compared: {why}")));
            None
        }
    };
    report.problems.extend(compared.uncounted.map(|why| {
        format!("whether it has scripts of users whom the database does not know could not be counted, so make no wallet anew: {why}")
    }));
    ComparedWallet { report, users: compared.users, missing, unknown }
}

/// What is to be said of scripts that a wallet lacks.
fn lacks(missing: &[MissingScript]) -> Option<String> {
    let (first, others) = missing.split_first()?;
    let whose = if others.is_empty() { "the script of a user" } else { "the scripts of users" };
    let mut named: Vec<_> = missing.iter().take(NAMED).map(|script| script.index.to_string()).collect();
    if missing.len() > NAMED {
        named.push(format!("… {} in all", missing.len()));
    }
    let indexes = if others.is_empty() {
        format!("key index {}", first.index)
    } else {
        format!("key indexes {}", named.join(", "))
    };
    Some(format!(
        "it lacks {whose} ({indexes}) and cannot vote their tickets: `stakepoolctl wallets sync` brings them over"
    ))
}
