//! The library from C: `tests/c/smoke.c`, compiled with all warnings, against the stand-in tenant.

use std::path::Path;
use std::process::Command;

use exo_lab::LabConfig;

use crate::native::{has, library, repository, run};
use crate::tenant::Tenant;

#[test]
fn a_c_program_connects_runs_cancels_and_closes() {
    if !has("cc") {
        eprintln!("ignored: a_c_program_connects_runs_cancels_and_closes: no C compiler");
        return;
    }
    let library = library();
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("smoke");
    let source = repository().join("tests/c/smoke.c");
    run(Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"])
        .args(sanitizers(folder.path()))
        .arg("-o")
        .arg(&program)
        .arg("-I")
        .arg(repository().join("crates/exo-ffi/include"))
        .arg(source)
        .arg(&library)
        .arg(format!("-Wl,-rpath,{}", library.parent().unwrap().display())));
    let tenant = Tenant::start(LabConfig { mailboxes: 2000, ..LabConfig::default() });
    let told = run(Command::new(&program).envs(tenant.lab.variables()));
    assert!(told.ends_with("smoke: all well\n"), "{told}");
    assert_eq!(tenant.lab.live_shells(), 0);
}

#[test]
fn the_header_compiles_as_cpp() {
    if !has("c++") {
        eprintln!("ignored: the_header_compiles_as_cpp: no C++ compiler");
        return;
    }
    run(Command::new("c++")
        .args(["-std=c++11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++"])
        .arg(repository().join("crates/exo-ffi/include/exo.h")));
}

/// The options for the address and undefined-behaviour sanitizers, where the compiler has them.
fn sanitizers(folder: &Path) -> &'static [&'static str] {
    const OPTIONS: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let source = folder.join("probe.c");
    std::fs::write(&source, "int main(void) { return 0; }\n").unwrap();
    let probe = folder.join("probe");
    let compiled = Command::new("cc").args(OPTIONS).arg("-o").arg(&probe).arg(&source).output();
    let works = compiled.is_ok_and(|output| output.status.success())
        && Command::new(&probe).output().is_ok_and(|output| output.status.success());
    if works { OPTIONS } else { &[] }
}
