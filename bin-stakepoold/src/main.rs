//! `stakepoold`: see the library of the same name.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    stakepoold::main_with_arguments(std::env::args_os().skip(1)).await
}
