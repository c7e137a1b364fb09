//! The seeds of the fuzz targets and what they once found, through the same oracles.

use std::fs;
use std::path::Path;

use exo_tests::oracle;

type Oracle = fn(&[u8]);

const ORACLES: [(&str, Oracle); 8] = [
    ("fragments", oracle::fragments),
    ("clixml", oracle::clixml),
    ("clixml_round_trip", oracle::clixml_round_trip),
    ("tape_read", oracle::tape_read),
    ("wsman_receive", oracle::wsman_receive),
    ("sealed_message", oracle::sealed_message),
    ("catalog", oracle::catalog),
    ("rest_answer", oracle::rest_answer),
];

/// Each input goes through every oracle, because what one target found may be news to another.
#[test]
fn inputs_of_the_fuzz_targets_hold() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data/fuzz"));
    let mut folders: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    let mut names: Vec<_> = folders.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    names.sort_unstable();
    let mut known = ORACLES.map(|(name, _)| name);
    known.sort_unstable();
    assert_eq!(names, known);
    for folder in &folders {
        let mut inputs = 0;
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            assert!(bytes.len() <= 16 * 1024, "{} is no small file", path.display());
            for (name, oracle) in ORACLES {
                let outcome = std::panic::catch_unwind(|| oracle(&bytes));
                assert!(outcome.is_ok(), "{name}: {}", path.display());
            }
            inputs += 1;
        }
        assert!(0 < inputs, "{} is empty", folder.display());
    }
}

#[test]
fn each_oracle_has_a_fuzz_target() {
    let package = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz"));
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
    for (name, _) in ORACLES {
        let target = fs::read_to_string(package.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("exo_tests::oracle::{name}(")), "{name}");
        if !manifest.contains(&format!("name = \"{name}\"")) {
            panic!("{name} is missing in the manifest");
        }
    }
}
