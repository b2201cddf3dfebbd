//! Many who write to one database at once.

use std::collections::BTreeSet;

use crate::accounts::User;
use crate::ports::{LedgerStore, UserStore};
use crate::testkit::samples::{NOW, new_user, report};

/// How many write.
const WRITERS: usize = 50;

/// Fifty at once sign up, take a key index, change two fields of an account at one moment and report a ticket, each through the
/// three stores that `stores` gives it, one step after the other: no change is lost, and no number given twice. `reader`
/// sees what all have written.
///
/// # Panics
/// Where that is not so.
pub async fn fifty_writers<S>(stores: impl Fn(usize) -> [S; 3], reader: &S)
where
    S: UserStore + LedgerStore + 'static,
{
    let running: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(writer, stores(writer)))).collect();
    let mut given = Vec::new();
    for writer in running {
        given.push(writer.await.unwrap());
    }
    let numbers = |at: usize| given.iter().map(|numbers| numbers[at]).collect::<BTreeSet<_>>();
    let all: BTreeSet<_> = (1..=50).collect();
    assert_eq!((numbers(0), numbers(1)), (all.clone(), all));
    let counts = reader.ticket_counts(None).await.unwrap();
    assert_eq!(counts.iter().map(|(_, _, count)| count).sum::<u64>(), 50);
}

/// What one of them does. Returns the number of the user and the key index.
async fn write<S: UserStore + LedgerStore>(writer: usize, [one, two, three]: [S; 3]) -> [i64; 2] {
    let id = one.create(new_user(&format!("writer{writer}@example.org"))).await.unwrap();
    let index = two.reserve_index(id, 1000).await.unwrap();
    let before = three.by_id(id).await.unwrap().unwrap();
    let with = |change: fn(&mut User)| {
        let mut after = before.clone();
        change(&mut after);
        after
    };
    let (disabled, admin) = (with(|user| user.disabled = true), with(|user| user.admin = true));
    // Two changes of different fields at one moment.
    let (first, second) = tokio::join!(one.update(&before, &disabled), two.update(&before, &admin));
    first.unwrap();
    second.unwrap();
    let user = three.by_id(id).await.unwrap().unwrap();
    assert!(user.disabled && user.admin, "user {id}");
    let ticket = u32::try_from(writer).unwrap();
    three.put_tickets("daemon", &[report(ticket, id.0)], NOW).await.unwrap();
    [id.0, i64::from(index.0)]
}
