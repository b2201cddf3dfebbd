//! Parts of a program that break down.
//!
//! A task that panics ends alone: the rest of the program would go on without it, and nobody would know. So a panic anywhere
//! is logged with its place and stops the program, as a signal would: what is under way is finished and the state saved.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::Poll;
use std::time::Duration;

use stakepool_core::sanitize::one_line;
use tokio::sync::watch;

/// How long the rest of the program may take to stop.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// Exit code of a program that did not stop within that time, as of one whose main thread panics.
const GIVEN_UP: i32 = 101;
/// Most bytes of a message that are logged.
const LONGEST: usize = 1000;

tokio::task_local! {
    static ISOLATED: ();
}

fn happened() -> &'static watch::Sender<bool> {
    static HAPPENED: OnceLock<watch::Sender<bool>> = OnceLock::new();
    HAPPENED.get_or_init(|| watch::Sender::new(false))
}

/// Whether a part of the program has broken down.
pub(crate) fn have_happened() -> bool {
    *happened().borrow()
}

/// Ready once a part of the program has broken down.
pub(crate) async fn until_one() {
    // The sender lives as long as the process.
    let _ = happened().subscribe().wait_for(|happened| *happened).await;
}

/// Runs something whose panic breaks nothing else, such as the answer to one request: it is logged, and the program goes
/// on. What it has begun must be whole or undone without it, and whoever waits for it must be told.
pub fn isolated<F: Future>(work: F) -> impl Future<Output = F::Output> {
    ISOLATED.scope((), work)
}

/// From now on, and for as long as the process runs, a panic is logged and stops the program.
pub(crate) fn watch() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        let place = panicked.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let what = one_line(message(panicked), LONGEST);
        if ISOLATED.try_with(|()| ()).is_ok() {
            tracing::error!(%place, %what, "what was asked for broke down (a mistake of the program: report it); it goes on");
            return;
        }
        tracing::error!(%place, %what, "a part of the program broke down (a mistake of the program: report it); it stops");
        print(panicked);
        if !happened().send_replace(true) {
            std::thread::spawn(give_up);
        }
    }));
}

fn message<'a>(panicked: &'a PanicHookInfo<'_>) -> &'a str {
    panicked.payload_as_str().unwrap_or("no message")
}

/// Ends a process that does not end by itself.
fn give_up() {
    std::thread::sleep(STOP_LIMIT);
    eprintln!("the rest of the program did not stop within {} s, and is ended", STOP_LIMIT.as_secs());
    std::process::exit(GIVEN_UP);
}

/// The outcome of some work; `None` where it panicked itself.
pub(crate) async fn caught<T>(mut work: Pin<Box<impl Future<Output = T>>>) -> Option<T> {
    // After a panic it is dropped, and not looked at again.
    let poll =
        |context: &mut std::task::Context<'_>| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        };
    std::future::poll_fn(poll).await
}
