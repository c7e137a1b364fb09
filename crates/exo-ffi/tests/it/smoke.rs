//! The library from C: the programs of `tests/c`, compiled with all warnings, against the stand-in tenant.

use std::path::{Path, PathBuf};
use std::process::Command;

use exo_lab::LabConfig;
use psrp::{PoolConfig, RunspacePool};
use tempfile::TempDir;
use uuid::Uuid;

use crate::native::{has, library, repository, run};
use crate::relay::opening;
use crate::tenant::Tenant;

#[test]
fn a_c_program_connects_runs_cancels_and_closes() {
    let Some(program) = Program::compile("smoke") else {
        eprintln!("ignored: a_c_program_connects_runs_cancels_and_closes: no C compiler");
        return;
    };
    let tenant = Tenant::start(LabConfig { mailboxes: 2000, ..LabConfig::default() });
    program.run(&tenant, &[]);
}

#[test]
fn a_c_program_opens_sessions_in_lines_and_leaves_none() {
    let Some(program) = Program::compile("relay") else {
        eprintln!("ignored: a_c_program_opens_sessions_in_lines_and_leaves_none: no C compiler");
        return;
    };
    let tenant = Tenant::start(LabConfig::default());
    let mut pool = RunspacePool::new(Uuid::from_u128(7), PoolConfig::default());
    program.run(&tenant, &[("RELAY_OPENING", &opening(&mut pool))]);
}

/// A program of `tests/c`, compiled into a folder of its own.
struct Program {
    name: &'static str,
    folder: TempDir,
}

impl Program {
    /// Nothing without a C compiler.
    fn compile(name: &'static str) -> Option<Self> {
        if !has("cc") {
            return None;
        }
        let library = library();
        let program = Self { name, folder: tempfile::tempdir().unwrap() };
        run(Command::new("cc")
            .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"])
            .args(sanitizers(program.folder.path()))
            .arg("-o")
            .arg(program.path())
            .arg("-I")
            .arg(repository().join("crates/exo-ffi/include"))
            .arg(repository().join("tests/c").join(name).with_extension("c"))
            .arg(&library)
            .arg(format!("-Wl,-rpath,{}", library.parent().unwrap().display())));
        Some(program)
    }

    /// Runs it against the tenant; it says that all is well and leaves no session.
    fn run(&self, tenant: &Tenant, variables: &[(&str, &str)]) {
        let mut command = Command::new(self.path());
        let told = run(command.envs(tenant.lab.variables()).envs(variables.iter().copied()));
        assert!(told.ends_with(&format!("{}: all well\n", self.name)), "{told}");
        assert_eq!(tenant.lab.live_shells(), 0);
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }
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
