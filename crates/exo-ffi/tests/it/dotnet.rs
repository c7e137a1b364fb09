//! The library from .NET: the tests of `pwsh-bridge` that need no PowerShell.

use std::process::Command;

use exo_lab::LabConfig;

use crate::native::{has, library, repository, run};
use crate::tenant::Tenant;

#[test]
fn the_bridge_reads_tapes_and_connects() {
    if !has("dotnet") {
        eprintln!("ignored: the_bridge_reads_tapes_and_connects: no dotnet");
        return;
    }
    let folder = repository().join("pwsh-bridge/tests");
    let restored = dotnet().arg("restore").current_dir(&folder).output().unwrap();
    if !restored.status.success() {
        eprintln!("ignored: the_bridge_reads_tapes_and_connects: the packages cannot be restored");
        return;
    }
    let tenant = Tenant::start(LabConfig { mailboxes: 2000, ..LabConfig::default() });
    let mut command = dotnet();
    command.args(["test", "--no-restore", "--nologo"]).current_dir(&folder);
    command.env("EXO_NATIVE_LIBRARY", library()).envs(tenant.lab.variables());
    command.env("EXO_LAB_CA_FILE", tenant.lab.ca_file()).env_remove("SSL_CERT_FILE");
    // A zone with an offset and summer time, so that local times differ from UTC.
    command.env("TZ", "America/New_York");
    run(&mut command);
    assert_eq!(tenant.lab.live_shells(), 0);
}

/// `dotnet` without the servers that it would leave behind.
fn dotnet() -> Command {
    let mut command = Command::new("dotnet");
    command.envs([("MSBUILDDISABLENODEREUSE", "1"), ("UseSharedCompilation", "false")]);
    command
}
