//! The tables say what they mean.

use super::*;

#[test]
fn every_token_of_the_tables_is_read() {
    assert_eq!(CATALOG.unreadable, Vec::<String>::new());
    assert!(60 <= all().len());
    let mut names: Vec<&str> = all().iter().map(|entry| entry.name).collect();
    names.dedup_by_key(|name| name.to_ascii_lowercase());
    assert_eq!(names.len(), all().len());
}

#[test]
fn every_cmdlet_of_the_tenant_is_in_the_catalogue() {
    for cmdlet in cmdlets::all() {
        assert!(named(cmdlet.name).is_some(), "{}", cmdlet.name);
    }
}

#[test]
fn parameters_rules_and_impacts_fit_each_other() {
    for entry in all() {
        assert_eq!(entry.impact.is_some(), entry.cmdlet.supports_should_process(), "{}", entry.name);
        let mut seen = Vec::new();
        for declared in &entry.declared {
            assert!(!seen.contains(&declared.name.to_ascii_lowercase()), "{} {}", entry.name, declared.name);
            seen.push(declared.name.to_ascii_lowercase());
        }
        for rule in &entry.type_rules {
            assert!(entry.declared(rule.parameter).is_some(), "{} {}", entry.name, rule.parameter);
        }
    }
}
