//! The program: parse, call, exit.

#[cfg(unix)]
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use gapgate::cli::Cli;
use gapgate::command::{self, Environment};
use gapgate::warehouse::Interrupt;

/// The engine allocates much and briefly, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let interrupt = Interrupt::default();
    let thrown = interrupt.clone();
    // Without a handler Ctrl-C ends the process, and the engine's work with it: no reason to stop here.
    let _ = ctrlc::set_handler(move || thrown.throw());
    let user = ["USER", "USERNAME", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    let clock = jiff::Timestamp::now;
    let environment = Environment { now: clock(), clock, user: user.unwrap_or_else(|| "unknown".to_owned()), interrupt };
    end(command::run(&cli, &environment))
}

/// Everything is written and closed by now. What the exit handlers of engine and allocator do is to give back memory piece by
/// piece, which the system does at once.
#[cfg(unix)]
fn end(status: u8) -> ExitCode {
    let _ = std::io::stdout().flush();
    signal_hook::low_level::exit(status.into())
}

#[cfg(not(unix))]
fn end(status: u8) -> ExitCode {
    ExitCode::from(status)
}
