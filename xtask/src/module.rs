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

/// Builds the module for use, with libraries that were built for other systems (`SYSTEM=LIBRARY`), and makes a zip of it.
pub(crate) fn pack(shell: &Shell, others: &[&str]) -> Result {
    let others = others.iter().map(|other| library_for(other)).collect::<Result<Vec<_>>>()?;
    let folder = build(shell, Profile::Release)?;
    for (system, library) in others {
        let native = folder.join("runtimes").join(system).join("native");
        copy_into(shell, library, &native)?;
    }
    println!("{}", folder.display());
    if let Some(zip) = zip(shell, &folder)? {
        println!("{}", zip.display());
    }
    Ok(())
}

/// The two sides of `SYSTEM=LIBRARY`, checked.
fn library_for(argument: &str) -> Result<(&str, &Path)> {
    let (system, library) =
        argument.split_once('=').ok_or_else(|| format!("`{argument}` is not SYSTEM=LIBRARY"))?;
    let name = SYSTEMS
        .iter()
        .find(|(known, _)| *known == system)
        .map(|(_, name)| *name)
        .ok_or_else(|| format!("`{system}` is none of {}", SYSTEMS.map(|(known, _)| known).join(", ")))?;
    let library = Path::new(library);
    if library.file_name().is_none_or(|file| file != name) {
        return Err(format!("the library for {system} is called {name}, not {}", library.display()).into());
    }
    Ok((system, library))
}

/// Makes the archive beside the module's versions, with the module's name as the one folder in it.
fn zip(shell: &Shell, folder: &Path) -> Result<Option<PathBuf>> {
    if !crate::has_program("pwsh") {
        println!("no zip was made: that takes pwsh");
        return Ok(None);
    }
    let version =
        folder.file_name().and_then(|version| version.to_str()).ok_or("the folder has no version")?;
    let output = shell.current_dir().join(BRIDGE).join("output");
    let archive = output.join(format!("{NAME}-{version}.zip"));
    shell.remove_path(&archive)?;
    let _telemetry = shell.push_env("POWERSHELL_TELEMETRY_OPTOUT", "1");
    let _updates = shell.push_env("POWERSHELL_UPDATECHECK", "Off");
    let _folder = shell.push_env("EXO_FOLDER", output.join(NAME));
    let _archive = shell.push_env("EXO_ARCHIVE", &archive);
    let script = "[IO.Compression.ZipFile]::CreateFromDirectory($env:EXO_FOLDER, $env:EXO_ARCHIVE, 'SmallestSize', $true)";
    cmd!(shell, "pwsh -NoLogo -NoProfile -NonInteractive -Command {script}").quiet().run()?;
    Ok(Some(archive))
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
    for part in ["", "en-US"] {
        for file in shell.read_dir(Path::new(BRIDGE).join("module").join(part))? {
            if file.is_file() {
                copy_into(shell, &file, &folder.join(part))?;
            }
        }
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

/// Compiles the C# sources: with the .NET SDK, or with the compiler that comes with PowerShell. The assembly for sessions of
/// PowerShell's own kind is compiled against the PowerShell that is installed.
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
        if !crate::has_program("pwsh") {
            println!(
                "no ExchangeOnlineManagement.Sessions.dll was built: that takes pwsh; New-PSSession stays PowerShell's own"
            );
            return Ok(());
        }
        build_with_script(shell, "Sessions", folder)
    } else if crate::has_program("pwsh") {
        build_with_script(shell, "Build", folder)
    } else {
        Err("the module's assembly is compiled with the .NET SDK or with pwsh; neither is installed".into())
    }
}

fn build_with_script(shell: &Shell, task: &str, folder: &Path) -> Result {
    let script = format!("{BRIDGE}/build.ps1");
    let _telemetry = shell.push_env("POWERSHELL_TELEMETRY_OPTOUT", "1");
    let _updates = shell.push_env("POWERSHELL_UPDATECHECK", "Off");
    // The compiler of PowerShell is the one whose .NET fits it.
    cmd!(shell, "pwsh -NoLogo -NoProfile -NonInteractive -File {script} -Task {task} -Compiler PowerShell -Output {folder}")
        .quiet()
        .run()?;
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

/// The systems that the module looks for a library of, and what it is called there.
const SYSTEMS: [(&str, &str); 7] = [
    ("linux-x64", "libexo.so"),
    ("linux-arm64", "libexo.so"),
    ("linux-musl-x64", "libexo.so"),
    ("linux-musl-arm64", "libexo.so"),
    ("osx-x64", "libexo.dylib"),
    ("osx-arm64", "libexo.dylib"),
    ("win-x64", "exo.dll"),
];

const BRIDGE: &str = "pwsh-bridge";
const NAME: &str = "ExchangeOnlineManagement";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_of_another_system_is_taken_under_the_name_that_it_has_there() {
        for (argument, expected) in [
            ("linux-arm64=target/libexo.so", Ok(("linux-arm64", "target/libexo.so"))),
            ("linux-musl-x64=/x/libexo.so", Ok(("linux-musl-x64", "/x/libexo.so"))),
            ("osx-x64=libexo.dylib", Ok(("osx-x64", "libexo.dylib"))),
            ("osx-arm64=a=b/libexo.dylib", Ok(("osx-arm64", "a=b/libexo.dylib"))),
            ("osx-arm64=libexo.so", Err("the library for osx-arm64 is called libexo.dylib, not libexo.so")),
            ("linux-arm64", Err("`linux-arm64` is not SYSTEM=LIBRARY")),
            (
                "beos-x64=libexo.so",
                Err(
                    "`beos-x64` is none of linux-x64, linux-arm64, linux-musl-x64, linux-musl-arm64, osx-x64, osx-arm64, \
                     win-x64",
                ),
            ),
        ] {
            let found = library_for(argument).map_err(|error| error.to_string());
            let expected =
                expected.map(|(system, library)| (system, Path::new(library))).map_err(str::to_owned);
            assert_eq!(found, expected, "{argument}");
        }
    }

    #[test]
    fn this_system_is_one_that_the_module_looks_for() {
        assert!(SYSTEMS.iter().any(|(system, _)| *system == runtime_id()), "{}", runtime_id());
    }

    #[test]
    fn the_folder_is_called_as_the_version_in_the_manifest() {
        let manifest = include_str!("../../pwsh-bridge/module/ExchangeOnlineManagement.psd1");
        let version = version_of(manifest).expect("a version");
        assert!(version.split('.').next().and_then(|major| major.parse().ok()) >= Some(4), "{version}");
    }
}
