//! How far each wallet is, as bars on a terminal.

use std::cell::RefCell;
use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use stakepool_core::wallets::Progress;

/// A bar for each wallet that lacks something. They are drawn on standard error where that is a terminal, and go when dropped.
pub(super) struct Bars {
    all: MultiProgress,
    of_wallets: RefCell<BTreeMap<String, ProgressBar>>,
}

impl Bars {
    /// None yet; for a program that reads the answer they are never drawn.
    pub(super) fn new(for_people: bool) -> Self {
        let target = if for_people { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { all: MultiProgress::with_draw_target(target), of_wallets: RefCell::default() }
    }

    /// Shows how far a wallet is.
    pub(super) fn show(&self, wallet: &str, Progress { done, total, rescan_from }: Progress) {
        let mut bars = self.of_wallets.borrow_mut();
        let bar = bars.entry(wallet.to_owned()).or_insert_with(|| self.all.add(bar(wallet)));
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        if let Some(from) = rescan_from.filter(|_| done == total) {
            bar.set_message(format!("looks through the chain from block {from}"));
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // Nothing is left to do where the terminal cannot be cleared.
        let _ = self.all.clear();
    }
}

fn bar(wallet: &str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_prefix(wallet.to_owned()).with_message("scripts");
    match ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}") {
        Ok(style) => bar.with_style(style),
        // The template is a constant; without it the bar looks otherwise.
        Err(_) => bar,
    }
}
