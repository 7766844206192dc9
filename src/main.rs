//! The program: parse, call, exit.

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
    ExitCode::from(command::run(&cli, &environment))
}
