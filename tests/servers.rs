//! Servers that tests need and may not have. Without one a test is skipped, and says so.

use std::io::Write as _;

/// The address that a variable holds. If it is not set, the test says that it is skipped.
pub(crate) fn address(variable: &str, test: &str) -> Option<String> {
    let address = std::env::var(variable).ok().filter(|address| !address.is_empty());
    if address.is_none() {
        // Not `eprintln`, which nobody sees when a test passes.
        let _ = writeln!(std::io::stderr(), "skipped: {test} needs a server; {variable} is not set (.ci/servers has one to start)");
    }
    address
}
