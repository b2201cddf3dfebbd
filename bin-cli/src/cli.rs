//! The command line: what can be asked, and how a question that makes no sense is answered.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::alerts::AlertsCommand;
use crate::answer::Style;
use crate::api_token::ApiTokenCommand;
use crate::backup::Backup;
use crate::chain::ChainCommand;
use crate::closing::ClosingCommand;
use crate::console::Console;
use crate::daemons::DaemonsCommand;
use crate::db::DbCommand;
use crate::error::CliError;
use crate::generated::{Completion, Man};
use crate::handover::HandoverCommand;
use crate::invitations::InvitationsCommand;
use crate::mail::MailCommand;
use crate::notices::NoticesCommand;
use crate::pool::PoolArguments;
use crate::restore::Restore;
use crate::rotation::Rotation;
use crate::selftest::SelfTest;
use crate::status::Status;
use crate::streams::Streams;
use crate::terms::TermsCommand;
use crate::tickets::TicketsCommand;
use crate::unknown::UnknownCommand;
use crate::users::UsersCommand;
use crate::verify::Verify;
use crate::votes::VotesCommand;
use crate::vsp::VspCommand;
use crate::wallets::WalletsCommand;

const EXIT_CODES: &str = "\
Exit codes: 0 all is as it was asked for; 1 something failed, or the pool is not well (status, vsp status, vsp verify, vsp audit, vsp listing, wallets check, rotation, \
selftest, alerts test, db check, handover check); \
2 the command, an argument or the configuration is wrong; 3 something that was named is not there, or was refused.";

/// Administration of an EXCC stake pool.
#[derive(Debug, Parser)]
#[command(name = "stakepoolctl", version, about, after_help = EXIT_CODES, after_long_help = EXIT_CODES)]
struct Cli {
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    pool: PoolArguments,
    #[command(subcommand)]
    command: Command,
}

// What each command is stands where its arguments are.
#[derive(Debug, Subcommand)]
enum Command {
    /// Compute addresses, scripts, fees and verdicts without any server.
    #[command(subcommand)]
    Chain(ChainCommand),
    /// List tickets, and add and remove those that pay too small a fee.
    #[command(subcommand)]
    Tickets(TicketsCommand),
    /// List what the pool has voted.
    #[command(subcommand)]
    Votes(VotesCommand),
    /// See to tickets of wallets of today (VSP v3), and to the service that they register with.
    #[command(subcommand)]
    Vsp(VspCommand),
    /// List voting addresses that are no user's, and say which of them are known and wanted.
    #[command(subcommand)]
    Unknown(UnknownCommand),
    /// Create and show users.
    #[command(subcommand)]
    Users(UsersCommand),
    /// Show and renew the API keys of users.
    #[command(subcommand, name = "api-token")]
    ApiToken(ApiTokenCommand),
    /// List the voting daemons.
    #[command(subcommand)]
    Daemons(DaemonsCommand),
    /// Compare the voting wallets with the database, and bring over what they lack.
    #[command(subcommand)]
    Wallets(WalletsCommand),
    /// List, announce and revoke changes of the fee and the cold wallet.
    #[command(subcommand)]
    Terms(TermsCommand),
    /// List, add and remove notices to the users.
    #[command(subcommand)]
    Notices(NoticesCommand),
    /// Close the pool for good.
    #[command(subcommand)]
    Closing(ClosingCommand),
    /// Make, list and revoke invitations to sign up.
    #[command(subcommand)]
    Invitations(InvitationsCommand),
    /// Show mail that was not sent.
    #[command(subcommand)]
    Mail(MailCommand),
    Status(Status),
    #[command(name = "selftest")]
    SelfTest(SelfTest),
    /// Try the channels of alerts.
    #[command(subcommand)]
    Alerts(AlertsCommand),
    /// Look through the pool's database, or copy it to another one.
    #[command(subcommand)]
    Db(DbCommand),
    Rotation(Rotation),
    Backup(Backup),
    Restore(Restore),
    Verify(Verify),
    #[command(subcommand)]
    Handover(HandoverCommand),
    Completion(Completion),
    Man(Man),
}

/// The command line.
pub(crate) fn command_line() -> clap::Command {
    Cli::command()
}

pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>, streams: Streams<'_>) -> Result<(), CliError> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return streams.output.write_all(error.to_string().as_bytes()).map_err(CliError::Output);
        }
        Err(error) => return Err(CliError::Usage(summary(&error))),
    };
    let style = if cli.json { Style::Json } else { Style::Text };
    let console = Console { style, input: streams.input, output: streams.output, errors: streams.errors };
    match cli.command {
        Command::Chain(command) => command.run(style, console.input, console.output),
        Command::Tickets(command) => command.run(&cli.pool, console),
        Command::Votes(command) => command.run(&cli.pool, console),
        Command::Vsp(command) => command.run(&cli.pool, console),
        Command::ApiToken(command) => command.run(&cli.pool, console),
        Command::Daemons(command) => command.run(&cli.pool, console),
        Command::Unknown(command) => command.run(&cli.pool, console),
        Command::Users(command) => command.run(&cli.pool, console),
        Command::Wallets(command) => command.run(&cli.pool, console),
        Command::Terms(command) => command.run(&cli.pool, console),
        Command::Notices(command) => command.run(&cli.pool, console),
        Command::Closing(command) => command.run(&cli.pool, console),
        Command::Invitations(command) => command.run(&cli.pool, console),
        Command::Mail(command) => command.run(&cli.pool, console),
        Command::Status(command) => command.run(&cli.pool, console),
        Command::SelfTest(command) => command.run(&cli.pool, console),
        Command::Alerts(command) => command.run(&cli.pool, console),
        Command::Db(command) => command.run(&cli.pool, console),
        Command::Rotation(command) => command.run(&cli.pool, console),
        Command::Backup(command) => command.run(&cli.pool, console),
        Command::Restore(command) => command.run(&cli.pool, console),
        Command::Verify(command) => command.run(console),
        Command::Handover(command) => command.run(&cli.pool, console),
        Command::Completion(command) => command.run(command_line(), console),
        Command::Man(command) => command.run(command_line(), console),
    }
}

/// The parser's message on one line, without the usage that follows it.
fn summary(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing; `stakepoolctl --help` lists them".to_owned();
    }
    let text = error.to_string();
    let paragraphs = text.split("\n\n").take_while(|part| !part.starts_with("Usage") && !part.starts_with("For more"));
    let sentences: Vec<String> = paragraphs.map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let message = sentences.join("; ");
    format!("{}; see `stakepoolctl --help`", message.strip_prefix("error: ").unwrap_or(&message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command_line().debug_assert();
    }
}
