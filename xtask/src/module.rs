//! `cargo xtask module`: the PowerShell module as it is installed.

use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

use crate::Result;

/// How the native library is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build; for trying out.
    Dev,
    /// For use.
    Release,
}

/// Builds the native library and the managed assembly, and lays out
/// `pwsh-bridge/output/ExchangeOnlineManagement/<version>`. Gives that folder.
pub(crate) fn build(shell: &Shell, profile: Profile) -> Result<PathBuf> {
    let library = build_library(shell, profile)?;
    let manifest = shell.read_file(format!("{BRIDGE}/module/{NAME}.psd1"))?;
    let version = version_of(&manifest).ok_or("the manifest has no ModuleVersion")?;
    let folder = shell.current_dir().join(BRIDGE).join("output").join(NAME).join(version);
    shell.remove_path(&folder)?;

    build_assembly(shell, &folder.join("bin"))?;
    let native = folder.join("runtimes").join(runtime_id()).join("native");
    copy_into(shell, &library, &native)?;
    for file in shell.read_dir(format!("{BRIDGE}/module"))? {
        copy_into(shell, &file, &folder)?;
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy_into(shell, Path::new(licence), &folder)?;
    }
    Ok(folder)
}

/// Compiles `exo-ffi` and gives the path of the library.
fn build_library(shell: &Shell, profile: Profile) -> Result<PathBuf> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let release = (profile == Profile::Release).then_some("--release");
    cmd!(shell, "{cargo} build --quiet --locked --package exo-ffi --lib {release...}").quiet().run()?;
    let name = format!("{}exo{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let folder = if profile == Profile::Release { "release" } else { "debug" };
    let library = crate::target_folder(shell)?.join(folder).join(name);
    if library.is_file() { Ok(library) } else { Err(format!("{} was not built", library.display()).into()) }
}

/// Compiles the C# sources: with the .NET SDK, or with the compiler that comes with PowerShell.
fn build_assembly(shell: &Shell, folder: &Path) -> Result {
    if crate::has_program("dotnet") {
        let project = format!("{BRIDGE}/src/{NAME}.csproj");
        let _telemetry = shell.push_env("DOTNET_CLI_TELEMETRY_OPTOUT", "1");
        cmd!(
            shell,
            "dotnet publish {project} --nologo --verbosity quiet --configuration Release --output {folder}"
        )
        .quiet()
        .run()?;
    } else if crate::has_program("pwsh") {
        let script = format!("{BRIDGE}/build.ps1");
        let _telemetry = shell.push_env("POWERSHELL_TELEMETRY_OPTOUT", "1");
        let _updates = shell.push_env("POWERSHELL_UPDATECHECK", "Off");
        cmd!(shell, "pwsh -NoLogo -NoProfile -NonInteractive -File {script} -Task Build -Output {folder}")
            .quiet()
            .run()?;
    } else {
        return Err(
            "the module's assembly is compiled with the .NET SDK or with pwsh; neither is installed".into()
        );
    }
    Ok(())
}

fn copy_into(shell: &Shell, file: &Path, folder: &Path) -> Result {
    shell.create_dir(folder)?;
    shell.copy_file(file, folder)?;
    Ok(())
}

/// The text of `ModuleVersion = '…'`.
fn version_of(manifest: &str) -> Option<&str> {
    let line = manifest.lines().find(|line| line.trim_start().starts_with("ModuleVersion"))?;
    line.split('\'').nth(1)
}

/// This system as .NET names it.
fn runtime_id() -> String {
    let system = match std::env::consts::OS {
        "macos" => "osx",
        "windows" => "win",
        _ if cfg!(target_env = "musl") => "linux-musl",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}-{processor}")
}

const BRIDGE: &str = "pwsh-bridge";
const NAME: &str = "ExchangeOnlineManagement";
