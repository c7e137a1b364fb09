//! `exo doctor`.

use crate::command::run_with;
use crate::tenant::Tenant;

#[test]
fn each_step_says_what_it_saw() {
    let tenant = Tenant::start();
    let out = run_with(tenant.signed("doctor", &[]), tenant.lab.password().as_bytes()).output();
    for (step, seen) in [
        ("environment", "O365Default"),
        ("proxy", "none given"),
        ("dns", "endpoint: localhost is 127.0.0.1"),
        ("dns", "authority: localhost"),
        ("endpoint", "/powershell-liveid/"),
        ("sign-in", "admin@"),
        ("session", "PSRP 2."),
        ("tls", "trusted"),
        ("cmdlets", "that this account may run"),
    ] {
        assert!(out.lines().any(|line| line.starts_with(step) && line.contains(seen)), "{step}: {out}");
    }
    tenant.assert_no_shell();
}

#[test]
fn what_was_seen_before_a_failure_is_shown() {
    let tenant = Tenant::start();
    let done = run_with(tenant.signed("doctor", &[]), b"wrong");
    assert_eq!(done.code, Some(3));
    assert!(done.out.contains("endpoint"), "{}", done.out);
    assert!(!done.out.contains("cmdlets"), "{}", done.out);
    assert!(done.err.contains("AADSTS50126"), "{}", done.err);
}
