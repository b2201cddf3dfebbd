//! The copying itself.

use super::copy_end::CopyEnd;
use super::fingerprint::Fingerprint;
use super::in_use::Meanwhile;
use super::source::Source;
use super::target::{Target, layouts};
use crate::error::DbError;
use crate::layout::Layout;

/// From how many rows on a table gets its indexes after them.
const MANY: u64 = 2000;

/// What is done with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its rows are copied.
    Copied,
    /// All are copied, and its indexes are made.
    Indexed,
    /// It is compared with the source's.
    Compared,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The table.
    pub table: &'static str,
    /// How many of its rows are copied.
    pub rows: u64,
    /// How many it has.
    pub of: u64,
    /// What is done with it now.
    pub step: Step,
}

/// A table that was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedTable {
    /// Its name.
    pub name: &'static str,
    /// How many rows it has in both.
    pub rows: u64,
    /// A sum over all rows, the same in both.
    pub checksum: String,
}

/// A copy that is finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The source.
    pub from: String,
    /// The target.
    pub to: String,
    /// The tables, compared one by one.
    pub tables: Vec<CopiedTable>,
}

/// Copies a pool's database into an empty one, of whichever engine, or goes on with such a copy that was cut off. Both sides
/// are compared at the end, table by table, by the number of rows and a sum over all of them. The source is read as it is at
/// one moment, and never written; nobody serves from the target before it is whole.
///
/// # Errors
/// [`DbError`]: [`SourceInUse`](DbError::SourceInUse) or [`SourceChanged`](DbError::SourceChanged) where what is written
/// meanwhile is refused. The copy goes on when it is asked for again, unless the target is refused.
pub async fn copy(
    from: &CopyEnd,
    to: &CopyEnd,
    meanwhile: Meanwhile,
    progress: &mut dyn FnMut(Progress),
) -> Result<Copied, DbError> {
    copy_as(from, &from.name(), to, meanwhile, progress).await
}

/// The same with another name of the source, by which a copy that was cut off is known again.
pub(crate) async fn copy_as(
    from: &CopyEnd,
    name: &str,
    to: &CopyEnd,
    meanwhile: Meanwhile,
    progress: &mut dyn FnMut(Progress),
) -> Result<Copied, DbError> {
    if from == to {
        let reason = "it is the source itself; name another database".to_owned();
        return Err(DbError::Copy { to: to.name(), reason });
    }
    let layouts = layouts();
    let source = Source::open(from, meanwhile).await?;
    let target = match Target::open(to, &layouts, name).await {
        Ok(target) => target,
        Err(error) => {
            source.close().await;
            return Err(error);
        }
    };
    match copy_rows(source, &target, &layouts, meanwhile, progress).await {
        Ok(Some(tables)) => {
            target.finish().await?;
            Ok(Copied { from: name.to_owned(), to: to.name(), tables })
        }
        Ok(None) => {
            target.close().await;
            Err(DbError::SourceChanged { place: name.to_owned(), to: to.name() })
        }
        Err(error) => {
            target.close().await;
            Err(error)
        }
    }
}

/// Copies all rows and compares them; `None` where the source was written meanwhile, and must not have been.
async fn copy_rows(
    mut source: Source,
    target: &Target,
    layouts: &[Layout],
    meanwhile: Meanwhile,
    progress: &mut dyn FnMut(Progress),
) -> Result<Option<Vec<CopiedTable>>, DbError> {
    let written = write_all(&mut source, target, layouts, progress).await;
    // Nothing of it is read while the other side is: a server would end a transaction that does nothing.
    let source = source.end().await;
    let compared = async {
        let sums = written?;
        index_all(target, layouts, &sums, progress).await?;
        let tables = compare_all(target, layouts, &sums, progress).await?;
        let is_outrun = meanwhile == Meanwhile::Refused && source.were_outrun(layouts, &sums).await?;
        Ok((!is_outrun).then_some(tables))
    };
    let compared = compared.await;
    source.close().await;
    compared
}

/// Writes what the target lacks; what the source's tables have.
async fn write_all(
    source: &mut Source,
    target: &Target,
    layouts: &[Layout],
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Fingerprint>, DbError> {
    let mut sums = Vec::with_capacity(layouts.len());
    for layout in layouts {
        let (of, there) = (source.count(layout).await?, target.count(layout).await?);
        let tell = |rows| Progress { table: layout.name, rows, of, step: Step::Copied };
        if there == 0 && of >= MANY {
            target.drop_indexes(layout).await?;
        }
        let mut rows = source.rows(layout);
        // What an earlier run wrote are the first rows; whether they are still the same is seen in the end.
        for _ in 0..there {
            if rows.next().await?.is_none() {
                break;
            }
        }
        let mut piece = rows.piece().await?;
        progress(tell(there));
        let mut done = there;
        while !piece.is_empty() {
            done += piece.len() as u64;
            // The next rows are read while these are written.
            let (written, next) = tokio::join!(target.write(layout, piece), rows.piece());
            written?;
            piece = next?;
            progress(tell(done));
        }
        sums.push(rows.fingerprint);
    }
    Ok(sums)
}

/// Makes the indexes that tables lack, whichever run of the copy removed them.
async fn index_all(
    target: &Target,
    layouts: &[Layout],
    sums: &[Fingerprint],
    progress: &mut dyn FnMut(Progress),
) -> Result<(), DbError> {
    let tables = target.unindexed(layouts).await?;
    for (layout, source) in layouts.iter().zip(sums).filter(|(layout, _)| tables.contains(layout.name)) {
        let (rows, of) = (source.rows, source.rows);
        progress(Progress { table: layout.name, rows, of, step: Step::Indexed });
        target.make_indexes(layout).await?;
    }
    Ok(())
}

/// Compares every table.
async fn compare_all(
    target: &Target,
    layouts: &[Layout],
    sums: &[Fingerprint],
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<CopiedTable>, DbError> {
    let (mut tables, mut different) = (Vec::new(), Vec::new());
    for (layout, source) in layouts.iter().zip(sums) {
        let (rows, of) = (source.rows, source.rows);
        progress(Progress { table: layout.name, rows, of, step: Step::Compared });
        let copied = target.fingerprint(layout).await?;
        if copied != *source {
            different.push(format!("{} ({} rows, {} in the source)", layout.name, copied.rows, source.rows));
        }
        tables.push(CopiedTable { name: layout.name, rows, checksum: source.checksum() });
    }
    match different.as_slice() {
        [] => Ok(tables),
        different => Err(target.differs(different)),
    }
}
