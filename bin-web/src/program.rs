//! The life of the web's process: from its arguments to its exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use stakepool_config::{ConfigErrors, Invocation, WebConfig, load_web};
use stakepool_process::{Reloads, until_signal};

use crate::check;
use crate::configured::run_reloaded;

/// The flag by which nothing but a check is asked for.
const CHECK: &str = "--check-config";

/// The whole process: reads the configuration, runs until a signal stops it, and answers with an exit code: 0 after a
/// clean stop, 1 where it had to stop, 2 for a wrong configuration.
pub async fn main_with_arguments(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    let checked = stakepool_process::check_config(load(&arguments), async |places| {
        // The configuration with which it would run.
        let others: Vec<OsString> = arguments.iter().filter(|argument| *argument != CHECK).cloned().collect();
        let config = match load(&others) {
            Ok(Invocation::Run(config)) => Some(*config),
            _ => None,
        };
        Box::pin(check::machine(places, config)).await
    });
    if let Some(code) = checked.await {
        return code;
    }
    let version = concat!("stakepool-web ", env!("CARGO_PKG_VERSION"));
    let work = async |config, mut reloads: Reloads<WebConfig>| {
        // Boxed, as the check is: the futures of all parts of the web within each other are too deep for the compiler.
        let next = async || reloads.next().await;
        Box::pin(run_reloaded(config, next, |_| stakepool_process::ready(), until_signal())).await
    };
    stakepool_process::run("stakepool-web", version, || load(&arguments), work).await
}

fn load(arguments: &[OsString]) -> Result<Invocation<WebConfig>, ConfigErrors> {
    let env = |name: &str| std::env::var(name).ok();
    load_web(arguments.iter().cloned(), &env, &|path| std::fs::read(path))
}
