//! The PowerShell module in genuine pwsh, against the lab.
//!
//! Each script of `tests/pwsh` is one test. The module is built once into a folder of its own, with the compiler that
//! comes with PowerShell; the native library is the one of this build.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use exo_lab::{Backend, DeviceApproval, Lab, LabConfig, Realm, RealmError};

use crate::bounded;

mod replay;

/// What `cargo xtask demo` types, which is what a new user sees first.
#[test]
fn pwsh_demo() {
    check("demo", |_| {});
}

#[test]
fn pwsh_import() {
    check("import", |_| {});
}

#[test]
fn pwsh_parity() {
    check("parity", |_| {});
}

#[test]
fn pwsh_options() {
    check("options", |_| {});
}

#[test]
fn pwsh_connect() {
    check("connect", |config| config.device_approval = DeviceApproval::AfterPolls(0));
}

#[test]
fn pwsh_objects() {
    check("objects", |_| {});
}

#[test]
fn pwsh_streams() {
    check("streams", |_| {});
}

#[test]
fn pwsh_rest() {
    check("rest", |_| {});
}

#[test]
fn pwsh_pipeline() {
    check("pipeline", |config| config.mailboxes = 40);
}

#[test]
fn pwsh_stop() {
    check("stop", |_| {});
}

#[test]
fn pwsh_lost() {
    check("lost", |_| {});
}

#[test]
fn pwsh_bad() {
    check("bad", |_| {});
}

#[test]
fn pwsh_odd() {
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pwsh-odd");
    std::fs::create_dir_all(&data).expect("a folder");
    let narrow = root().join("tests/pwsh/data/odd/GetAcceptedDomain.xml");
    std::fs::copy(narrow, data.join("GetAcceptedDomain.xml")).expect("the document");
    let properties: String =
        (0..10_000).map(|number| format!("<S N=\"Property{number}\">value {number}</S>")).collect();
    let wide = format!(
        "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><Obj RefId=\"0\">\
         <TN RefId=\"0\"><T>Wide</T></TN><ToString>wide</ToString><Props>{properties}</Props></Obj></Objs>"
    );
    std::fs::write(data.join("GetTransportRule.xml"), wide).expect("the wide document");
    check("odd", |config| config.data = Some(data));
}

#[test]
fn pwsh_host() {
    // A server that asks in all the ways there are: PowerShell's own.
    check("host", |config| config.backend = Backend::Pwsh { configuration_file: None });
}

#[test]
fn pwsh_listed() {
    check("listed", |config| config.mailboxes = 20_000);
}

/// Its second assembly is not there.
#[test]
fn pwsh_alone() {
    let modules = match module() {
        Ok(modules) => modules,
        Err(reason) => return ignored("pwsh_alone", reason),
    };
    let alone = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pwsh-alone");
    if alone.exists() {
        std::fs::remove_dir_all(&alone).expect("the old module goes away");
    }
    copy_tree(modules, &alone);
    let bin = alone.join("ExchangeOnlineManagement/4.0.0/bin");
    std::fs::remove_file(bin.join("ExchangeOnlineManagement.Sessions.dll")).expect("the second assembly");
    let variables = [("PSModulePath", alone.display().to_string())];
    check_among("alone", |_| {}, &variables);
}

#[test]
fn pwsh_pssession() {
    check("pssession", |config| config.mailboxes = 100_000);
}

/// In a throw-away realm of MIT's, whose user `admin` has the lab's password.
#[test]
fn pwsh_kerberos() {
    const PASSWORD: &str = "Kerberos-42";
    if !has_program("kinit") {
        return ignored("pwsh_kerberos", "kinit is not installed");
    }
    let realm = match Realm::start() {
        Err(error @ RealmError::Missing { .. }) => return ignored("pwsh_kerberos", &error.to_string()),
        started => started.expect("the realm starts"),
    };
    realm.add_service("HTTP/localhost").expect("the realm takes it");
    realm.add_user("admin", PASSWORD).expect("the realm takes it");
    let configure = |config: &mut LabConfig| {
        config.keytab = Some(realm.keytab());
        config.password = Some(PASSWORD.to_owned());
    };
    check_among("kerberos", configure, &realm.variables());
}

/// PowerShell's own server without a language, as Exchange's is.
#[test]
fn pwsh_restricted() {
    check("restricted", |config| config.backend = restricted("restricted"));
}

/// Somebody at a terminal, who enters a session and leaves it.
#[test]
fn pwsh_terminal() {
    if !has_program("python3") {
        return ignored("pwsh_terminal", "python3, which has the terminal, is not installed");
    }
    let mut terminal = Command::new("python3");
    terminal.arg(root().join("tests/pwsh/terminal.py"));
    terminal.envs(QUIET);
    check_program("terminal", terminal, |config| config.backend = restricted("terminal"), &[]);
}

/// The restricted endpoint, whose configuration is in a file of this name.
fn restricted(name: &str) -> Backend {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("pssc");
    let things = root().join("tests/pwsh/data/restricted/Things.psm1");
    let configuration = format!(
        "@{{ SchemaVersion = '2.0.0.0'; GUID = '0b5a7ad8-7a7c-4c43-9a39-5d5f6a0e2b11'; LanguageMode = 'NoLanguage'\n\
         SessionType = 'RestrictedRemoteServer'; ModulesToImport = '{}'\n\
         VisibleFunctions = 'Get-Thing', 'Remove-Thing', 'Get-Everything', 'Wait-Thing' }}\n",
        things.display()
    );
    std::fs::write(&file, configuration).expect("the session configuration");
    Backend::Pwsh { configuration_file: Some(file) }
}

#[test]
fn pwsh_runspaces() {
    check("runspaces", |_| {});
}

#[test]
fn pwsh_sign_in() {
    // The certificates are made with the tool that administrators use.
    if !has_program("openssl") {
        return ignored("pwsh_sign_in", "openssl is not installed");
    }
    let certificates = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pwsh-certificates");
    check("signin", |config| config.certificates = Some(certificates));
}

#[test]
fn guide_connect_exchange_online() {
    check("guides/connect-exchange-online", |config| {
        config.accounts = accounts([
            "navin@contoso.com",
            "lukas@fabrikam.de",
            "laura@blueyonderairlines.us",
            "julia@adatum.mil",
            "li@fabrikam.cn",
            "partner@adatum.onmicrosoft.com",
        ]);
        config.faults.push("http-403=1".parse().expect("a fault"));
    });
}

#[test]
fn guide_connect_security_compliance() {
    check("guides/connect-security-compliance", |config| {
        config.accounts =
            accounts(["navin@contoso.com", "li@fabrikam.cn", "chris@govt.us", "michelle@govt.mil"]);
        config.faults.push("http-403=1".parse().expect("a fault"));
    });
}

#[test]
fn guide_connect_eop() {
    check("guides/connect-eop", |config| config.accounts = accounts(["navin@contoso.com"]));
}

#[test]
fn guide_basic_auth_eop() {
    check("guides/basic-auth-eop", |config| {
        config.accounts = accounts(["navin@contoso.com", "lukas@fabrikam.de"]);
        config.session_limit = 3;
        config.faults.push("shell-gone@command=1".parse().expect("a fault"));
    });
}

#[test]
fn guide_v1_module_mfa() {
    check("guides/v1-module-mfa", |config| {
        config.accounts = accounts([
            "navin@contoso.com",
            "chris@contoso.com",
            "lukas@fabrikam.com",
            "partner@fabrikam.onmicrosoft.com",
        ]);
        config.faults.push("http-403=1".parse().expect("a fault"));
    });
}

#[test]
fn pwsh_fidelity() {
    let recorded = recorded();
    if !recorded.is_dir() {
        return ignored("pwsh_fidelity", "the recorded documents are not there");
    }
    check("fidelity", |config| config.data = Some(recorded));
}

/// Objects with parts that come more than once, of which PowerShell takes the last.
#[test]
fn pwsh_repeated_parts() {
    check("fidelity", |config| config.data = Some(root().join("tests/pwsh/data/parts")));
}

/// What the shared generator makes, as documents that the lab serves.
#[test]
fn pwsh_payloads() {
    let name = "pwsh_payloads";
    let generator = recorded().join("../../bench/gen_payload.py");
    if !has_program("python3") || !generator.is_file() {
        return ignored(name, "python3 or the generator of payloads is not there");
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("payloads");
    let documents = folder.join("documents");
    std::fs::create_dir_all(&documents).expect("a folder");
    let mut made = Command::new("python3");
    made.arg(generator).arg("--out").arg(&folder).args(["--sizes", "1"]);
    let made = bounded::output(&mut made).expect("python3");
    assert!(made.status.success(), "the generator of payloads:\n{}", printed(&made));
    for kind in ["mailbox", "process", "bytes", "strings", "deep", "error"] {
        let messages = std::fs::read(folder.join(format!("{kind}-1.docs"))).expect("a payload");
        std::fs::write(documents.join(format!("GetPayload{kind}.xml")), document_of(&messages))
            .expect("a document");
    }
    check("fidelity", |config| config.data = Some(documents));
}

/// The first messages, each preceded by its length, as one document.
fn document_of(mut messages: &[u8]) -> Vec<u8> {
    let mut document =
        br#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">"#.to_vec();
    for _ in 0..40 {
        let Some((len, rest)) = messages.split_first_chunk::<4>() else { break };
        let len = usize::try_from(u32::from_le_bytes(*len)).expect("a length");
        let (message, rest) = rest.split_at(len);
        document.extend_from_slice(message);
        messages = rest;
    }
    document.extend_from_slice(b"</Objs>");
    document
}

#[test]
fn pwsh_exo_cmdlets() {
    check("exo_cmdlets", |_| {});
}

#[test]
fn pwsh_layout() {
    check("layout", |_| {});
}

#[test]
fn pwsh_help() {
    check("help", |_| {});
}

#[test]
fn pwsh_formats() {
    check("formats", |_| {});
}

/// The assembly that is shipped, which asks for no more than PowerShell 7.4 has.
#[test]
fn the_sdk_builds_the_assembly_too() {
    let name = "the_sdk_builds_the_assembly_too";
    if !has_program("dotnet") {
        return ignored(name, "dotnet is not installed");
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("dotnet-module");
    let mut build = Command::new("dotnet");
    build.arg("build").arg(root().join("pwsh-bridge/src/ExchangeOnlineManagement.csproj"));
    build.args(["--nologo", "--output"]).arg(&folder).env("DOTNET_CLI_TELEMETRY_OPTOUT", "1");
    let build = bounded::output(&mut build).expect("dotnet");
    let text = String::from_utf8_lossy(&build.stdout);
    if !build.status.success() && (text.contains("error NU1101") || text.contains("error NU1301")) {
        return ignored(name, "the package registry cannot be reached");
    }
    assert!(build.status.success(), "{text}");
    let assembly = folder.join("ExchangeOnlineManagement.dll");
    assert!(assembly.is_file(), "{text}");
    if !has_program("pwsh") {
        return ignored(name, "what it refers to is looked at with pwsh, which is not installed");
    }
    let mut api = pwsh();
    api.arg("-File").arg(root().join("tests/pwsh/api.ps1")).arg("-Assembly").arg(&assembly);
    let api = bounded::output(&mut api).expect("pwsh");
    assert!(api.status.success(), "api.ps1:\n{}", printed(&api));
}

/// Runs one script with a lab of its own; afterwards no session may be left on the server.
fn check(script: &str, configure: impl FnOnce(&mut LabConfig)) {
    check_among(script, configure, &[]);
}

/// The same, with these variables in the environment of the script.
fn check_among(script: &str, configure: impl FnOnce(&mut LabConfig), variables: &[(&str, String)]) {
    let mut pwsh = pwsh();
    pwsh.arg("-File").arg(root().join("tests/pwsh").join(script).with_extension("ps1"));
    check_program(script, pwsh, configure, variables);
}

/// Runs a program that uses the module with a lab of its own; afterwards no session may be left on the server.
fn check_program(
    script: &str,
    mut program: Command,
    configure: impl FnOnce(&mut LabConfig),
    variables: &[(&str, String)],
) {
    let modules = match module() {
        Ok(modules) => modules,
        Err(reason) => return ignored(script, reason),
    };
    let mut config = LabConfig::default();
    configure(&mut config);
    let data = config.data.clone().unwrap_or_else(recorded);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let lab = runtime.block_on(Lab::start(config)).expect("a lab");

    program
        .envs(lab.variables())
        .env("PSModulePath", modules)
        .envs(variables.iter().cloned())
        .env("EXO_RECORDED", data);
    // Of a lab that is gone tomorrow nothing is kept.
    program.env("EXO_CATALOG_CACHE", "off").env_remove("HTTPS_PROXY").env_remove("https_proxy");
    // A person at the browser, and where a script says who else sits there.
    program.env("BROWSER", root().join("tests/pwsh/guides/browser.ps1"));
    let person = format!("{}-person", script.replace('/', "-"));
    program.env("EXO_LAB_PERSON", PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(person));
    let control = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = control.local_addr().expect("an address");
    program.env("EXO_LAB_CONTROL", address.to_string());
    let output = std::thread::scope(|scope| {
        scope.spawn(|| take_faults(&control, &lab));
        let output = bounded::output(&mut program).expect("the program runs");
        // Nothing on the line is the end of it.
        drop(TcpStream::connect(address).expect("the thread listens"));
        output
    });
    let text = printed(&output);
    let left = lab.live_shells();
    runtime.block_on(lab.shutdown());
    assert!(output.status.success(), "{script}:\n{text}");
    assert_eq!(left, 0, "sessions left on the server by {script}:\n{text}");
}

/// Makes the trouble that the script asks for, a line for each, or tells the number that it wants to know, until a connection
/// says nothing.
fn take_faults(control: &TcpListener, lab: &Lab) {
    for stream in control.incoming() {
        let mut stream = stream.expect("a connection");
        let mut fault = String::new();
        BufReader::new(&stream).read_line(&mut fault).expect("a line");
        if fault.is_empty() {
            return;
        }
        let answer = match fault.trim_end() {
            "objects" => lab.objects_written().to_string(),
            "shells" => lab.live_shells().to_string(),
            "end-shells" => {
                lab.end_shells();
                "made".to_owned()
            }
            fault => {
                lab.add_fault(fault.parse().expect("a fault"));
                "made".to_owned()
            }
        };
        stream.write_all(answer.as_bytes()).expect("the script waits");
        stream.write_all(b"\n").expect("the script waits");
    }
}

fn accounts<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

/// The folder that has the module, built on first use; or why there is none.
fn module() -> Result<&'static Path, &'static str> {
    static MODULE: OnceLock<Result<PathBuf, &'static str>> = OnceLock::new();
    MODULE.get_or_init(build).as_deref().map_err(|reason| *reason)
}

fn build() -> Result<PathBuf, &'static str> {
    if !has_program("pwsh") {
        return Err("pwsh is not installed");
    }
    let library = native_library().ok_or("the native library is not built for this system")?;
    let modules = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pwsh-modules");
    let folder = modules.join("ExchangeOnlineManagement").join("4.0.0");
    if modules.exists() {
        std::fs::remove_dir_all(&modules).expect("the old module goes away");
    }
    let native = folder.join("runtimes").join(runtime_id()).join("native");
    std::fs::create_dir_all(&native).expect("a folder");
    std::fs::copy(&library, native.join(library.file_name().expect("a name")))
        .expect("the library is copied");
    copy_files(&root().join("pwsh-bridge/module"), &folder);
    copy_files(&root().join("pwsh-bridge/module/en-US"), &folder.join("en-US"));
    let mut build = pwsh();
    build.arg("-File").arg(root().join("pwsh-bridge/build.ps1"));
    build.args(["-Task", "Build", "-Compiler", "PowerShell", "-Output"]).arg(folder.join("bin"));
    let build = bounded::output(&mut build).expect("pwsh");
    assert!(build.status.success(), "build.ps1:\n{}", printed(&build));
    Ok(modules)
}

fn copy_tree(from: &Path, to: &Path) {
    copy_files(from, to);
    for folder in std::fs::read_dir(from).expect("a folder") {
        let folder = folder.expect("an entry");
        if folder.path().is_dir() {
            copy_tree(&folder.path(), &to.join(folder.file_name()));
        }
    }
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for file in std::fs::read_dir(from).expect("the module's files") {
        let file = file.expect("a file");
        if file.path().is_file() {
            std::fs::copy(file.path(), to.join(file.file_name())).expect("a file is copied");
        }
    }
}

/// `libexo` of this build: beside the test binary's folder, or in it.
fn native_library() -> Option<PathBuf> {
    let name = format!("{}exo{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let test = std::env::current_exe().expect("the test's own path");
    let deps = test.parent()?;
    [deps.join(&name), deps.parent()?.join(&name)].into_iter().find(|path| path.is_file())
}

/// As .NET names this system.
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

fn pwsh() -> Command {
    let mut pwsh = Command::new("pwsh");
    pwsh.args(["-NoLogo", "-NoProfile", "-NonInteractive"]);
    pwsh.envs(QUIET);
    pwsh.env("DOTNET_CLI_TELEMETRY_OPTOUT", "1");
    pwsh
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn has_program(name: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

fn recorded() -> PathBuf {
    let shared = std::env::var_os("EXO_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    shared.join("fixtures/clixml")
}

fn ignored(test: &str, reason: &str) {
    let line = format!("ignored: {test}: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr");
}

/// What keeps PowerShell from the network, and from colours.
const QUIET: [(&str, &str); 3] =
    [("POWERSHELL_TELEMETRY_OPTOUT", "1"), ("POWERSHELL_UPDATECHECK", "Off"), ("NO_COLOR", "1")];
