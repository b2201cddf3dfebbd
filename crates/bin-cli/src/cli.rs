//! The command line: what can be asked, and how a question that makes no sense is answered.

use std::ffi::OsString;
use std::io::{Read, Write};

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::answer::Style;
use crate::chain::ChainCommand;
use crate::error::CliError;

/// Administration of an EXCC stake pool.
#[derive(Debug, Parser)]
#[command(name = "stakepoolctl", version, about)]
struct Cli {
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compute addresses, scripts, fees and verdicts without any server.
    #[command(subcommand)]
    Chain(ChainCommand),
}

pub(crate) fn run(
    arguments: impl IntoIterator<Item = OsString>,
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> Result<(), CliError> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return output.write_all(error.to_string().as_bytes()).map_err(CliError::Output);
        }
        Err(error) => return Err(CliError::Usage(summary(&error))),
    };
    let style = if cli.json { Style::Json } else { Style::Text };
    match cli.command {
        Command::Chain(command) => command.run(style, input, output),
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
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
