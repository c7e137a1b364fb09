//! What a journal remembers, of runs that ended well, badly and in the middle of a line.

use std::path::PathBuf;

use super::{Head, Journal, State};
use crate::exit::Failure;

fn head(input: &str) -> Head {
    Head::new(input, 4, vec!["Set-X".to_owned(), "-V".to_owned(), "{V}".to_owned()])
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.csv.journal");
    (folder, path)
}

fn open(path: &std::path::Path, head: Head, restart: bool) -> Journal {
    Journal::open(path.to_owned(), head, restart).unwrap_or_else(|failure| panic!("{failure:?}"))
}

fn refused(path: &std::path::Path, head: Head) -> String {
    match Journal::open(path.to_owned(), head, false) {
        Err(Failure::Usage(text)) => text.replace(&path.display().to_string(), "JOURNAL"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was taken"),
    }
}

/// A run that was cut off with one row in each state.
fn half_done(path: &std::path::Path) {
    let mut journal = open(path, head("one"), false);
    journal.begin("contoso").unwrap();
    journal.start(&[1, 2, 3]).unwrap();
    journal.end(1, State::Done, None).unwrap();
    journal.end(2, State::Failed, Some("no \"such\" mailbox")).unwrap();
}

#[test]
fn it_is_lines_that_a_person_can_read() {
    let (_folder, path) = place();
    half_done(&path);
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "{\"exoJournal\":1,\"input\":\"one\",\"rows\":4,\"command\":[\"Set-X\",\"-V\",\"{V}\"],\"target\":\"contoso\"}\n\
         {\"row\":1,\"state\":\"started\"}\n{\"row\":2,\"state\":\"started\"}\n{\"row\":3,\"state\":\"started\"}\n\
         {\"row\":1,\"state\":\"done\"}\n{\"row\":2,\"state\":\"failed\",\"error\":\"no \\\"such\\\" mailbox\"}\n"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_run_that_was_cut_off_is_gone_on_with() {
    let (_folder, path) = place();
    half_done(&path);
    let mut journal = open(&path, head("one"), false);
    let states: Vec<State> = journal.numbers().map(|row| journal.state(row)).collect();
    assert_eq!(states, [State::Done, State::Failed, State::Started, State::NotSent]);
    journal.begin("contoso").unwrap();
    let Err(Failure::Usage(text)) = journal.begin("fabrikam") else { panic!("another tenant") };
    assert!(text.ends_with("belongs to a run for contoso, and this connection is to fabrikam"), "{text}");
}

#[test]
fn a_line_that_was_cut_is_as_if_it_had_not_been_begun() {
    let (_folder, path) = place();
    half_done(&path);
    let whole = std::fs::read(&path).unwrap();
    let ends: Vec<usize> = (0..whole.len()).filter(|&at| whole[at] == b'\n').map(|at| at + 1).collect();
    for len in 0..=whole.len() {
        std::fs::write(&path, &whole[..len]).unwrap();
        let mut journal = open(&path, head("one"), false);
        let lines = ends.iter().filter(|&&end| end <= len).count();
        assert_eq!(
            journal.state(1),
            match lines {
                0 | 1 => State::NotSent,
                2..=4 => State::Started,
                _ => State::Done,
            }
        );
        journal.begin("contoso").unwrap();
        journal.start(&[4]).unwrap();
        drop(journal);
        assert_eq!(open(&path, head("one"), false).state(4), State::Started, "cut at {len}");
    }
}

#[test]
fn what_is_not_finished_is_not_mixed_with_something_else() {
    let (_folder, path) = place();
    half_done(&path);
    assert_eq!(
        refused(&path, head("two")),
        "the journal JOURNAL belongs to a run that is not finished, and the input has changed since: \
         finish that one, or give --restart to forget it"
    );
    let other = Head::new("one", 4, vec!["Set-Y".to_owned()]);
    assert!(refused(&path, other).contains("is not finished, and it was Set-X -V {V}: "));
    let mut restarted = open(&path, head("two"), true);
    assert_eq!(restarted.count(State::NotSent), 4);
    restarted.begin("contoso").unwrap();
    restarted.start(&[1, 2, 3, 4]).unwrap();
    (1..=4).for_each(|row| restarted.end(row, State::Done, None).unwrap());
    drop(restarted);
    assert_eq!(open(&path, head("two"), false).count(State::Done), 4);
    assert_eq!(open(&path, head("tomorrow"), false).count(State::NotSent), 4);
}

#[test]
fn two_runs_at_once_are_refused() {
    let (_folder, path) = place();
    let _first = open(&path, head("one"), false);
    assert_eq!(refused(&path, head("one")), "another exo is at work with the journal JOURNAL");
}

#[test]
fn what_is_no_journal_is_left_as_it_is() {
    let good = "{\"exoJournal\":1,\"input\":\"one\",\"rows\":4,\"command\":[],\"target\":\"\"}\n";
    for (text, expected) in [
        ("Identity\nana\n".to_owned(), "line 1 does not say what it belongs to"),
        (good.replace(":1,", ":2,"), "line 1 has a format that this version does not know"),
        (
            format!("{good}{{\"row\":5,\"state\":\"done\"}}\n"),
            "line 2 is about a row that the input does not have",
        ),
        (
            format!("{good}{{\"row\":0,\"state\":\"done\"}}\n"),
            "line 2 is about a row that the input does not have",
        ),
        (format!("{good}{{\"row\":1,\"state\":\"maybe\"}}\n"), "line 2 says nothing about a row"),
        (format!("{good}{}", "x".repeat(70_000)), "line 2 is too long"),
    ] {
        let (_folder, path) = place();
        std::fs::write(&path, &text).unwrap();
        let told = refused(&path, head("one"));
        assert!(told.contains(expected), "{told}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}
