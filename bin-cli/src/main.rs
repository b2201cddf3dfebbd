//! The command-line tool of an EXCC stake pool.

use std::io;
use std::process::ExitCode;

use stakepoolctl::Streams;

fn main() -> ExitCode {
    let (mut input, mut output, mut errors) = (io::stdin().lock(), io::stdout().lock(), io::stderr().lock());
    let streams = Streams { input: &mut input, output: &mut output, errors: &mut errors };
    ExitCode::from(stakepoolctl::run(std::env::args_os(), streams))
}
