//! The table of clouds.

use exo_auth::{Environment, Service};

#[test]
fn every_row_is_an_https_address_and_a_valid_authority() {
    for environment in Environment::ALL {
        assert_eq!(environment.authority().unwrap().to_string(), environment.authority_uri());
        for service in [Service::Exchange, Service::Compliance] {
            let uri = environment.connection_uri(service);
            assert!(uri.starts_with("https://") && uri.to_lowercase().contains("/powershell"), "{uri}");
            assert!(environment.scope(service).ends_with("/.default"));
        }
    }
}

#[test]
fn names_are_read_without_case_and_by_alias() {
    for (text, expected) in [
        ("O365Default", Environment::O365Default),
        ("o365usgovgcchigh", Environment::O365USGovGCCHigh),
        ("O365USGOVDOD", Environment::O365USGovDoD),
        ("gcchigh", Environment::O365USGovGCCHigh),
        ("China", Environment::O365China),
        ("GCC", Environment::O365Default),
    ] {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
    assert_eq!(
        "Moon".parse::<Environment>().unwrap_err().to_string(),
        "`Moon` is no environment: use O365Default, O365China, O365GermanyCloud, O365USGovGCCHigh or O365USGovDoD"
    );
}

#[test]
fn no_alias_names_two_environments() {
    let mut names: Vec<String> = Environment::ALL
        .iter()
        .flat_map(|environment| environment.aliases().iter().copied().chain([environment.name()]))
        .map(str::to_lowercase)
        .collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}
