//! Rebuilds the crate when a query is added, so that the library inside the program is never stale.

fn main() {
    println!("cargo::rerun-if-changed=queries");
}
