//! Where this client differs from the recorded one on purpose: the tables of `docs/rest-differences.md`.

use std::collections::HashMap;

use serde_json::Value as Json;

/// What stands in place of the recorded facts; what is not there stays as recorded.
pub(super) type Difference = HashMap<String, Json>;

/// The tables, by recording.
pub(super) struct Differences {
    pub(super) replayed: HashMap<String, Difference>,
    /// Recordings of what PowerShell refuses before there is a call.
    pub(super) in_powershell: Vec<String>,
}

impl Differences {
    /// Of the client alone; or of the whole module, for which the third table adds its own, and says where there are none.
    pub(super) fn read(through_module: bool) -> Self {
        let (replayed, rest) = DOCUMENT.split_once("\n## Replayed in PowerShell only").expect("two tables");
        let (in_powershell, module) = rest.split_once("\n## Through the module").expect("a third table");
        let mut own = Self { replayed: HashMap::new(), in_powershell: Vec::new() };
        for [recordings, facts, why] in rows(replayed) {
            assert!(!why.is_empty(), "a difference has a reason: {recordings}");
            let facts: Difference = spans(&facts).map(|fact| fact_of(&fact)).collect();
            for recording in spans(&recordings) {
                assert!(own.replayed.insert(recording.clone(), facts.clone()).is_none(), "{recording} twice");
            }
        }
        if through_module {
            for [recordings, facts, why] in rows(module) {
                assert!(!why.is_empty(), "a difference has a reason: {recordings}");
                for recording in spans(&recordings) {
                    if facts == AS_RECORDED {
                        assert!(
                            own.replayed.remove(&recording).is_some(),
                            "{recording} is as recorded anyway"
                        );
                        continue;
                    }
                    let facts = spans(&facts).map(|fact| fact_of(&fact));
                    own.replayed.entry(recording).or_default().extend(facts);
                }
            }
        }
        for [recordings, why] in rows(in_powershell) {
            assert!(!why.is_empty(), "a recording is left out for a reason: {recordings}");
            own.in_powershell.extend(spans(&recordings));
        }
        own
    }
}

/// `name: JSON`.
fn fact_of(span: &str) -> (String, Json) {
    let (name, json) = span.split_once(": ").expect("a name and its JSON");
    assert!(NAMES.contains(&name), "{name} is none of the names the document explains");
    (name.to_owned(), serde_json::from_str(json).unwrap())
}

/// The cells of each row, without the head of the table.
fn rows<const N: usize>(text: &str) -> impl Iterator<Item = [String; N]> {
    let lines = text.lines().filter(|line| line.starts_with("| `"));
    lines.map(|line| {
        let line = line.replace("\\|", "\u{1}");
        let cells = line.trim_matches('|').split(" | ");
        let cells: Vec<String> = cells.map(|cell| cell.trim().replace('\u{1}', "|")).collect();
        cells.try_into().expect("as many cells as columns")
    })
}

/// What stands between backticks.
fn spans(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned)
}

const NAMES: [&str; 13] = [
    "parameters",
    "more",
    "alone",
    "waits",
    "warnings",
    "errors",
    "server",
    "questions",
    "ends with",
    "requests",
    "output",
    "status",
    "answers",
];
const AS_RECORDED: &str = "as recorded";
const DOCUMENT: &str = include_str!("../../../../../docs/rest-differences.md");
