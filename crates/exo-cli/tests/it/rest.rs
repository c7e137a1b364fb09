//! The command over REST.

use exo_lab::LabConfig;

use crate::command::run_with;
use crate::tenant::Tenant;

/// `exo run --carrier rest …` as the administrator.
fn run(tenant: &Tenant, more: &[&str]) -> crate::command::Done {
    let arguments: Vec<&str> = ["--carrier", "rest"].iter().chain(more).copied().collect();
    run_with(tenant.signed("run", &arguments), tenant.lab.password().as_bytes())
}

#[test]
fn objects_come_page_by_page_in_every_form() {
    let tenant = Tenant::with(LabConfig { mailboxes: 1_050, ..LabConfig::default() });
    let out = run(
        &tenant,
        &["--output", "jsonl", "--select", "Name", "--", "Get-Mailbox", "-ResultSize", "Unlimited"],
    );
    assert_eq!(out.output().lines().count(), 1_050);
    let out =
        run(&tenant, &["--output", "csv", "--select", "Name,Alias", "--first", "3", "--", "Get-Mailbox"])
            .output();
    assert_eq!(out.lines().count(), 4, "{out}");
    let out = run(&tenant, &["--output", "clixml", "--", "Get-AcceptedDomain"]).output();
    assert!(out.contains("<Objs ") && out.contains("DomainName"), "{out}");
}

#[test]
fn errors_of_the_service_end_with_one_and_can_be_silenced() {
    let tenant = Tenant::start();
    let done = run(&tenant, &["--", "Get-Mailbox", "-Identity", "nobody"]);
    assert_eq!((done.code, done.out.as_str()), (Some(1), ""));
    assert!(done.err.contains("Category: ObjectNotFound: (nobody:"), "{}", done.err);
    assert!(done.err.contains("Error id: [Server="), "{}", done.err);
    let done =
        run(&tenant, &["--", "Get-Mailbox", "-Identity", "nobody", "-ErrorAction", "SilentlyContinue"]);
    assert_eq!((done.code, done.err.as_str()), (Some(1), ""));
}

#[test]
fn what_would_be_asked_about_needs_a_word_first() {
    let tenant = Tenant::start();
    let names = run(&tenant, &["--output", "csv", "--select", "Alias", "--", "Get-Mailbox"]).output();
    let alias = names.lines().nth(3).unwrap().trim_matches('"').to_owned();
    let done = run(&tenant, &["--", "Remove-Mailbox", "-Identity", &alias]);
    assert_eq!(done.code, Some(2));
    assert!(done.err.contains("Remove-Mailbox asks before it acts; give -Confirm:$false"), "{}", done.err);
    assert_eq!(tenant.lab.executions("Remove-Mailbox"), 0);
    let done = run(&tenant, &["--", "Remove-Mailbox", "-Identity", &alias, "-WhatIf"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.err.contains("What if: "), "{}", done.err);
    assert_eq!(tenant.lab.executions("Remove-Mailbox"), 0);
}

#[test]
fn the_list_of_cmdlets_is_downloaded_once() {
    let tenant = Tenant::start();
    let folder = tempfile::tempdir().unwrap();
    let caches =
        [("EXO_CATALOG_CACHE", folder.path().join("named")), ("XDG_CACHE_HOME", folder.path().to_owned())];
    for (variable, value) in caches {
        let before = tenant.lab.module_downloads();
        for _ in 0..2 {
            let mut command = tenant.signed("run", &["--carrier", "rest", "--", "Get-AcceptedDomain"]);
            command.env_remove("EXO_CATALOG_CACHE").env(variable, &value);
            run_with(command, tenant.lab.password().as_bytes()).output();
        }
        assert_eq!(tenant.lab.module_downloads(), before + 1, "{variable}");
    }
    let off = ["--catalog-cache", "off", "--", "Get-AcceptedDomain"];
    for _ in 0..2 {
        let before = tenant.lab.module_downloads();
        run(&tenant, &off).output();
        assert_eq!(tenant.lab.module_downloads(), before + 1);
    }
}

#[test]
fn doctor_says_the_carrier_and_the_count() {
    let tenant = Tenant::start();
    let out =
        run_with(tenant.signed("doctor", &["--carrier", "rest"]), tenant.lab.password().as_bytes()).output();
    for (step, seen) in [
        ("endpoint", "REST at https://localhost:"),
        ("session", " cmdlets at "),
        ("cmdlets", "that this account may run"),
    ] {
        assert!(out.lines().any(|line| line.starts_with(step) && line.contains(seen)), "{step}: {out}");
    }
}
