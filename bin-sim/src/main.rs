//! `stakepool-sim`: a simulated network as a program of its own, for rehearsals with real `stakepoold` and
//! `stakepool-web` processes. It writes their configuration files and certificates, and takes commands on standard input.

mod command;
mod error;
mod files;
mod folder;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use stakepool_sim::SimNetwork;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::command::Command;
use crate::error::RehearsalError;
use crate::files::Plan;

/// A simulated EXCC network for rehearsals with the real programs of a stake pool.
///
/// Writes into FOLDER the configuration files, certificates and secrets for a stakepoold beside each voting wallet and for
/// one stakepool-web, runs a node and the wallets, and mines. Everything listens on this computer only. Commands on
/// standard input buy tickets and break things; `help` lists them. The files are written anew at each start, because the
/// network has other ports and certificates then: start the pool's programs after it.
#[derive(Debug, Parser)]
#[command(name = "stakepool-sim", version)]
struct Arguments {
    /// The folder, which is made where it is not there. It goes on from there at the next start.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// How many voting wallets there are.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=20))]
    wallets: u8,
    /// Seconds between two blocks.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    block: Duration,
    /// Where the web application serves.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8000")]
    listen: String,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "give seconds from 0.05 to 3600".to_owned();
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    if (0.05..=3600.0).contains(&seconds) { Ok(Duration::from_secs_f64(seconds)) } else { Err(wrong()) }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stakepool-sim: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), RehearsalError> {
    let saved = arguments.folder.join("network.json");
    folder::make(&arguments.folder)?;
    let network = SimNetwork::builder()
        .seed(rand::random())
        .voting_wallets(arguments.wallets.into())
        .height(200)
        .crowd(20)
        .continue_from(&saved)
        .start()
        .await?;
    let plan = Plan { folder: &arguments.folder, listen: &arguments.listen };
    plan.write(&network)?;
    println!("{}", plan.what_to_do(&network)?);
    network.run(arguments.block);
    until_the_end(&network).await;
    network.pause();
    network.save(&saved).await?;
    network.shutdown().await;
    Ok(())
}

/// Does what standard input asks for, until it asks for the end or a signal does. Where nothing more can come, as in the
/// background, only a signal ends it.
async fn until_the_end(network: &SimNetwork) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let stop = stopped();
    tokio::pin!(stop);
    loop {
        let line = tokio::select! {
            () = &mut stop => return,
            line = lines.next_line() => line,
        };
        let Ok(Some(line)) = line else { return stop.await };
        match line.parse::<Command>() {
            Ok(Command::Quit) => return,
            Ok(command) => match command.run(network).await {
                Ok(answer) => println!("{answer}"),
                Err(error) => println!("error: {error}"),
            },
            Err(error) => println!("error: {error}"),
        }
    }
}

/// Waits for the signal that ends the program. Where none can be caught, the system's own way ends it.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(seconds("0").is_err() && seconds("soon").is_err() && seconds("NaN").is_err());
    }
}
