//! Recorded documents, once from the file and once through a session: the same objects must print the same.

use exo_lab::LabConfig;

use crate::command::{fixtures, run};
use crate::tenant::Tenant;

#[test]
fn objects_print_the_same_from_a_session_as_from_a_file() {
    let test = "objects_print_the_same_from_a_session_as_from_a_file";
    let Some(fixtures) = fixtures(test) else { return };
    let folder = fixtures.join("clixml");
    let tenant = Tenant::with(LabConfig { data: Some(folder.clone()), ..LabConfig::default() });
    let mut cmdlets = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let Some(cmdlet) = stem.split(|letter: char| !letter.is_ascii_alphanumeric()).find_map(cmdlet_of)
        else {
            continue;
        };
        let file = run(&["decode", "--output", "jsonl", path.to_str().unwrap()]).output();
        let session = tenant.run(&["--output", "jsonl", "--", &cmdlet]).output();
        assert!(
            session == file,
            "{cmdlet}: {} bytes from the session, {} from the file",
            session.len(),
            file.len()
        );
        // A document of the session's objects, with references of its own, holds the same objects too.
        let document = tenant.run(&["--output", "clixml", "--", &cmdlet]).output();
        let again = crate::command::run_with(
            crate::command::exo(["decode", "--output", "jsonl"]),
            document.as_bytes(),
        );
        assert!(again.output() == file, "{cmdlet} as CLIXML");
        cmdlets += 1;
    }
    assert!(14 <= cmdlets, "{cmdlets}");
}

/// `GetAcceptedDomain` or `getexchangemitigations` as the name of a cmdlet.
fn cmdlet_of(word: &str) -> Option<String> {
    let (verb, noun) = word.split_at_checked(3)?;
    (verb.eq_ignore_ascii_case("get") && !noun.is_empty()).then(|| format!("Get-{noun}"))
}
