//! `cargo xtask header`: the C header is generated from `exo-ffi` and committed.

use xshell::{Shell, cmd};

use crate::Result;

const CRATE: &str = "crates/exo-ffi";
const HEADER: &str = "crates/exo-ffi/include/exo.h";
/// The version that wrote the committed header. Another one may order or space things differently.
const CBINDGEN: &str = "cbindgen 0.29.4";

pub(crate) fn write(shell: &Shell) -> Result {
    let version = cmd!(shell, "cbindgen --version").quiet().read()?;
    if version != CBINDGEN {
        return Err(format!("the header is written by {CBINDGEN}, found {version}").into());
    }
    let text = generate(shell)?;
    shell.write_file(HEADER, text)?;
    Ok(())
}

/// Compares with a fresh generation where cbindgen is installed. A test in `exo-ffi` compares the
/// exported names and numbers in any case.
pub(crate) fn check(shell: &Shell) -> Result {
    if !crate::has_program("cbindgen") {
        println!("header: {CBINDGEN} is not installed, only the exported names are compared (by a test)");
        return Ok(());
    }
    if generate(shell)? != shell.read_file(HEADER)? {
        return Err(format!("{HEADER} is stale: run `cargo xtask header` and commit it").into());
    }
    Ok(())
}

fn generate(shell: &Shell) -> Result<String> {
    let mut text = cmd!(shell, "cbindgen --quiet --config {CRATE}/cbindgen.toml {CRATE}").quiet().read()?;
    text.push('\n');
    Ok(text)
}
