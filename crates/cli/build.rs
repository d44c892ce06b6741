//! Links released binaries smaller, and quicker to start, where the linker is Rust's own: decision 5 has the figures.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=release.ld");
    let of = |name: &str| env::var(name).unwrap_or_default();
    let own_linker = of("TARGET") == "x86_64-unknown-linux-gnu"
        && of("CARGO_ENCODED_RUSTFLAGS").is_empty()
        && of("RUSTC_LINKER").is_empty();
    if own_linker && of("PROFILE") == "release" {
        let script = format!("{}/release.ld", of("CARGO_MANIFEST_DIR"));
        // 56,000 addresses that would be filled in at each start: a millisecond, and 1.3 MB of the file.
        println!("cargo:rustc-link-arg-bins=-no-pie");
        for argument in ["--icf=all", "--no-eh-frame-hdr", "-T", &script] {
            println!("cargo:rustc-link-arg-bins=-Wl,{argument}");
        }
    }
}
