//! `exo run --input`: each row once, whatever happens in between.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use exo_lab::{Fault, LabConfig};
use serde_json::Value;

use crate::command::{Done, run_with};
use crate::tenant::Tenant;

/// A tenant, and a folder with an input beside which the journal comes to lie.
struct Bulk {
    tenant: Tenant,
    folder: tempfile::TempDir,
    carrier: &'static str,
}

impl Bulk {
    fn new(carrier: &'static str, config: LabConfig) -> Self {
        Self { tenant: Tenant::with(config), folder: tempfile::tempdir().unwrap(), carrier }
    }

    fn rest() -> Self {
        Self::new("rest", LabConfig::default())
    }

    fn write(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("users.csv");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// All mailboxes, each with a department of its own; their names in order.
    fn write_mailboxes(&self) -> Vec<String> {
        let line = [
            "--output",
            "csv",
            "--select",
            "UserPrincipalName",
            "--",
            "Get-Mailbox",
            "-ResultSize",
            "Unlimited",
        ];
        let names = self.tenant.run(&line).output();
        let names: Vec<String> = names.lines().skip(1).map(ToOwned::to_owned).collect();
        let rows: String = (1..).zip(&names).map(|(n, name)| format!("{name},dep {n}\n")).collect();
        self.write(&format!("Identity,Department\n{rows}"));
        names
    }

    fn start(&self, more: &[&str]) -> Child {
        let input = self.folder.path().join("users.csv");
        let before = ["--carrier", self.carrier, "--input", input.to_str().unwrap()];
        let mut command = self.tenant.signed("run", &[&before, more].concat());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        // A program that ends before it reads its input closes it.
        let _ = child.stdin.take().unwrap().write_all(self.tenant.lab.password().as_bytes());
        child
    }

    fn run(&self, more: &[&str]) -> Done {
        let done = Done::of(self.start(more));
        self.tenant.assert_no_shell();
        Done { err: done.err.replace(&format!("{}/", self.folder.path().display()), ""), ..done }
    }

    /// The states in the journal, by row; the last one counts.
    fn states(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("users.csv.journal")).unwrap();
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let rows = lines.next().unwrap()["rows"].as_u64().unwrap();
        let mut states = vec![String::new(); usize::try_from(rows).unwrap()];
        for line in lines {
            let row = usize::try_from(line["row"].as_u64().unwrap()).unwrap();
            states[row - 1] = line["state"].as_str().unwrap().to_owned();
        }
        states
    }

    fn count(&self, state: &str) -> usize {
        self.states().iter().filter(|other| *other == state).count()
    }
}

const SET: [&str; 6] = ["--", "Set-Mailbox", "-Identity", "{Identity}", "-CustomAttribute1", "{Department}"];

#[test]
fn each_row_is_run_once_and_not_again() {
    for carrier in ["rest", "psrp"] {
        let bulk = Bulk::new(carrier, LabConfig::default());
        bulk.write_mailboxes();
        let done = bulk.run(&SET);
        assert_eq!(
            (done.code, done.out.as_str(), done.err.as_str()),
            (Some(0), "", "exo: users.csv: 25 rows done\n")
        );
        assert_eq!(bulk.count("done"), 25);
        let select = ["--output", "csv", "--select", "CustomAttribute1", "--"];
        let found =
            bulk.tenant.run(&[&select[..], &["Get-Mailbox", "-ResultSize", "Unlimited"]].concat()).output();
        let expected: String = (1..=25).map(|n| format!("dep {n}\r\n")).collect();
        assert_eq!(found, format!("CustomAttribute1\r\n{expected}"), "{carrier}");
        let executions = bulk.tenant.lab.executions("Set-Mailbox");
        let again = bulk.run(&SET);
        assert_eq!(again.code, Some(0));
        assert_eq!(
            again.err,
            "exo: users.csv: 0 rows done, 25 done before\nexo: nothing is left to be done; --restart runs all rows again\n"
        );
        assert_eq!(bulk.tenant.lab.executions("Set-Mailbox"), executions);
        assert_eq!(bulk.run(&[&["--restart"][..], &SET].concat()).code, Some(0));
        assert_eq!(bulk.tenant.lab.executions("Set-Mailbox"), executions * 2);
    }
}

#[test]
fn objects_come_in_the_order_of_the_rows() {
    for carrier in ["rest", "psrp"] {
        let bulk = Bulk::new(carrier, LabConfig { mailboxes: 60, ..LabConfig::default() });
        let rows: String = bulk.write_mailboxes().iter().rev().map(|name| format!("{name}\n")).collect();
        bulk.write(&format!("Identity\n{rows}"));
        let select = ["--output", "csv", "--select", "UserPrincipalName", "--parallel", "3", "--"];
        let done = bulk.run(&[&select[..], &["Get-Mailbox", "-Identity", "{Identity}"]].concat());
        assert_eq!(
            done.out.replace('\r', ""),
            format!("UserPrincipalName\n{rows}"),
            "{carrier}: {}",
            done.err
        );
    }
}

#[test]
fn rows_that_fail_are_listed_and_tried_again_alone() {
    for carrier in ["rest", "psrp"] {
        let bulk = Bulk::new(carrier, LabConfig::default());
        bulk.write("Identity,Department\nuser00001,a\nnobody,b\nuser00002,c\n\"no,one\",d\nuser00003,e\n");
        let done = bulk.run(&SET);
        assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{carrier}: {}", done.err);
        let lines: Vec<&str> = done.err.lines().collect();
        assert!(
            lines[0].starts_with("row 2 (line 3): Set-Mailbox: ") && lines[0].contains("nobody"),
            "{}",
            done.err
        );
        assert!(
            lines[1].starts_with("row 4 (line 5): Set-Mailbox: ") && lines[1].contains("no,one"),
            "{}",
            done.err
        );
        assert_eq!(lines[2], "exo: users.csv: 3 rows done, 2 failed");
        assert_eq!(bulk.states(), ["done", "failed", "done", "failed", "done"]);
        let again = bulk.run(&SET);
        assert_eq!(again.code, Some(1));
        assert!(
            again.err.contains("exo: users.csv: 0 rows done, 2 failed, 3 done before\n"),
            "{}",
            again.err
        );
    }
}

#[test]
#[cfg(unix)]
fn a_run_that_was_killed_goes_on_and_repeats_nothing() {
    const ROWS: usize = 400;
    let bulk = Bulk::rest();
    let rows: String = (1..=ROWS).map(|n| format!("group{n:04}\n")).collect();
    bulk.write(&format!("Name\n{rows}"));
    let line = ["--parallel", "2", "--", "New-DistributionGroup", "-Name", "{Name}"];
    let executions = || usize::try_from(bulk.tenant.lab.executions("New-DistributionGroup")).unwrap();
    for so_many in [60, 180] {
        let mut child = bulk.start(&line);
        while executions() < so_many {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        assert_eq!(Done::of(child).code, None);
        assert!(executions() < ROWS);
    }
    let unknown = bulk.count("started");
    assert!(bulk.count("done") != 0);
    let done = bulk.run(&line);
    let expected = if unknown == 0 { 0 } else { 1 };
    assert_eq!(done.code, Some(expected), "{}", done.err);
    // A group is made once: nothing that was done was done again, or it would have failed.
    assert_eq!(
        (bulk.count("done"), bulk.count("started"), bulk.count("failed")),
        (ROWS - unknown, unknown, 0)
    );
    let listed = done.err.lines().filter(|line| {
        line.ends_with("whether it was done is not known: an earlier run ended while it was under way")
    });
    assert_eq!(listed.count(), unknown, "{}", done.err);
    assert!(ROWS - unknown <= executions() && executions() <= ROWS, "{} {unknown}", executions());
    // Those in doubt go out again only on demand; which of them were done comes to light now.
    let were_done = executions() - (ROWS - unknown);
    bulk.run(&[&["--retry-unknown"][..], &line].concat());
    assert_eq!((bulk.count("done"), bulk.count("failed")), (ROWS - were_done, were_done));
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_ends_what_it_has_begun() {
    let bulk = Bulk::new("rest", LabConfig { mailboxes: 300, ..LabConfig::default() });
    bulk.write_mailboxes();
    let child = bulk.start(&[&["--parallel", "2"], &SET[..]].concat());
    while bulk.tenant.lab.executions("Set-Mailbox") < 50 {
        std::thread::yield_now();
    }
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    let done = Done::of(child);
    assert_eq!(done.code, Some(130), "{}", done.err);
    assert!(bulk.states().iter().all(|state| matches!(state.as_str(), "" | "done" | "not-sent")));
    assert_eq!(u64::try_from(bulk.count("done")).unwrap(), bulk.tenant.lab.executions("Set-Mailbox"));
    assert_eq!(bulk.run(&SET).code, Some(0));
    assert_eq!(bulk.tenant.lab.executions("Set-Mailbox"), 300);
}

#[test]
fn a_lost_answer_is_reported_and_the_row_not_sent_again() {
    let bulk = Bulk::rest();
    bulk.write_mailboxes();
    bulk.tenant.lab.add_fault("drop-before=1".parse::<Fault>().unwrap());
    let done = bulk.run(&[&["--parallel", "1"], &SET[..]].concat());
    assert_eq!(done.code, Some(4), "{}", done.err);
    let unknown = bulk.count("unknown");
    assert_eq!(unknown, 10, "{}", done.err);
    let executions = bulk.tenant.lab.executions("Set-Mailbox");
    let again = bulk.run(&SET);
    assert_eq!(again.code, Some(1), "{}", again.err);
    assert!(again.err.contains("exo: users.csv: 15 rows done, 10 unknown"), "{}", again.err);
    assert_eq!(bulk.tenant.lab.executions("Set-Mailbox"), executions + 15);
    assert_eq!(bulk.run(&[&["--retry-unknown"][..], &SET].concat()).code, Some(0));
    assert_eq!(bulk.count("done"), 25);
}

#[test]
fn a_busy_service_is_waited_for() {
    let bulk = Bulk::rest();
    bulk.write_mailboxes();
    for fault in ["http-429=1", "item-503=1"] {
        bulk.tenant.lab.add_fault(fault.parse::<Fault>().unwrap());
    }
    let done = bulk.run(&SET);
    assert_eq!((done.code, done.err.as_str()), (Some(0), "exo: users.csv: 25 rows done\n"));
    assert_eq!(bulk.tenant.lab.executions("Set-Mailbox"), 25);
}

#[test]
fn a_terminal_shows_how_many_rows_have_ended() {
    if !Command::new("script").arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!(
            "ignored: a_terminal_shows_how_many_rows_have_ended: the script command of util-linux is not here"
        );
        return;
    }
    let bulk = Bulk::rest();
    bulk.write_mailboxes();
    // The first row is made again after a while, in which the line is drawn.
    bulk.tenant.lab.add_fault("item-503=1".parse::<Fault>().unwrap());
    let input = bulk.folder.path().join("users.csv");
    let before = ["--carrier", bulk.carrier, "--input", input.to_str().unwrap()];
    let inner = bulk.tenant.signed("run", &[&before[..], &SET].concat());
    let words = std::iter::once(inner.get_program()).chain(inner.get_args());
    let words: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &words.join(" "), "/dev/null"]).env("TERM", "xterm");
    terminal.stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    let done = run_with(terminal, format!("{}\n", bulk.tenant.lab.password()).as_bytes());
    assert_eq!(done.code, Some(0), "{}", done.out);
    assert!(done.out.contains("Set-Mailbox: ") && done.out.contains(" of 25 rows"), "{}", done.out);
    assert!(done.out.contains("users.csv: 25 rows done"), "{}", done.out);
}

#[test]
fn what_would_be_asked_about_is_not_begun() {
    let bulk = Bulk::rest();
    bulk.write_mailboxes();
    let done = bulk.run(&["--", "Remove-Mailbox", "-Identity", "{Identity}"]);
    assert_eq!(done.code, Some(2), "{}", done.err);
    assert!(done.err.contains("Remove-Mailbox asks before it acts; give -Confirm:$false"), "{}", done.err);
    assert_eq!(bulk.tenant.lab.executions("Remove-Mailbox"), 0);
    let done = bulk.run(&["--restart", "--", "Remove-Mailbox", "-Identity", "{Identity}", "-Confirm:$false"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert_eq!(bulk.tenant.lab.executions("Remove-Mailbox"), 25);
}

#[test]
fn a_cmdlet_that_there_is_not_ends_the_run_at_once() {
    let bulk = Bulk::rest();
    bulk.write_mailboxes();
    let done = bulk.run(&["--", "Set-Nothing", "-Identity", "{Identity}"]);
    assert_eq!(done.code, Some(2), "{}", done.err);
    assert_eq!(done.err.matches("Set-Nothing is not among the commands").count(), 1, "{}", done.err);
    assert_eq!(bulk.count("not-sent"), bulk.states().iter().filter(|state| !state.is_empty()).count());
}

#[test]
fn secrets_come_out_of_a_column_and_stay_out_of_the_journal() {
    for carrier in ["rest", "psrp"] {
        let bulk = Bulk::new(carrier, LabConfig::default());
        bulk.write("Name,Password\nZoe,p\u{e4}ss-w\u{f6}rd-1\nYan,short\n");
        let done = bulk.run(&["--", "New-Mailbox", "-Name", "{Name}", "-Password", "{Password:secret}"]);
        assert_eq!(done.code, Some(1), "{carrier}: {}", done.err);
        assert_eq!(bulk.states(), ["done", "failed"], "{carrier}: {}", done.err);
        assert!(done.err.contains("minimum complexity requirements"), "{carrier}: {}", done.err);
        let journal = std::fs::read_to_string(bulk.folder.path().join("users.csv.journal")).unwrap();
        assert!(!journal.contains("rd-1") && !journal.contains("short") && !done.err.contains("rd-1"));
    }
}

#[test]
fn a_reader_that_goes_away_leaves_no_row_in_doubt() {
    let bulk = Bulk::new("rest", LabConfig { mailboxes: 300, ..LabConfig::default() });
    bulk.write_mailboxes();
    let line = ["--output", "jsonl", "--parallel", "1", "--", "Get-Mailbox", "-Identity", "{Identity}"];
    let mut child = bulk.start(&line);
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(Done::of(child).code, Some(0), "{errors}");
    assert!(bulk.states().iter().all(|state| matches!(state.as_str(), "" | "done" | "not-sent")));
    assert!(bulk.count("done") < 300);
}

#[test]
fn bad_input_costs_one_sentence_and_nothing_else() {
    let bulk = Bulk::rest();
    for (text, more, expected) in [
        ("", &SET[..], "exo: users.csv is empty: it needs a header"),
        ("Identity\nana\n", &SET, "exo: users.csv has no column Department; it has Identity"),
        (
            "Identity,Department\nana\n",
            &SET,
            "exo: users.csv has 1 value in line 2, and 2 values in its header",
        ),
        (
            "Identity,Department\na,b\na,b\n",
            &SET,
            "exo: users.csv says the same in row 1 (line 2) and row 2 (line 3)",
        ),
        ("A\nb\n", &["--", "Get-Mailbox"], "exo: no value of the cmdlet takes anything from the rows"),
        ("A\nb\n", &["--first", "1", "--", "Get-Mailbox"], "cannot be used with"),
        ("A\nb\n", &["--parallel", "17", "--", "Get-Mailbox"], "17 is not in 1..=16"),
        ("A\nb\n", &["--delimiter", ";;", "--", "Get-Mailbox"], "it is one ASCII character"),
    ] {
        bulk.write(text);
        let done = bulk.run(more);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{text:?}: {}", done.err);
        assert!(done.err.contains(expected), "{text:?}: {}", done.err);
        assert!(!expected.starts_with("exo: ") || done.err.lines().count() == 1, "{}", done.err);
    }
    assert_eq!(bulk.tenant.lab.executions("Set-Mailbox"), 0);
    let usage = run_with(bulk.tenant.signed("run", &["--restart", "--", "Get-Mailbox"]), b"").complaint(2);
    assert!(usage.contains("--input <FILE>"), "{usage}");
}

#[test]
fn a_header_without_rows_is_nothing_to_do() {
    let bulk = Bulk::rest();
    bulk.write("Identity,Department\n");
    let done = bulk.run(&SET);
    assert_eq!((done.code, done.err.as_str()), (Some(0), "exo: users.csv: 0 rows done\n"));
}

#[test]
fn a_changed_input_and_another_command_are_not_mixed_with_an_unfinished_run() {
    let bulk = Bulk::rest();
    bulk.write("Identity,Department\nuser00001,a\nnobody,b\n");
    assert_eq!(bulk.run(&SET).code, Some(1));
    let other = bulk.run(&["--", "Set-Mailbox", "-Identity", "{Identity}"]);
    assert_eq!(other.code, Some(2));
    assert!(
        other.err.contains("and it was Set-Mailbox -Identity {Identity} -CustomAttribute1 {Department}"),
        "{}",
        other.err
    );
    bulk.write("Identity,Department\nuser00001,a\nuser00002,b\n");
    let changed = bulk.run(&SET);
    assert_eq!(changed.code, Some(2));
    assert!(changed.err.contains("the input has changed since"), "{}", changed.err);
    assert_eq!(bulk.run(&[&["--restart"][..], &SET].concat()).code, Some(0));
    bulk.write("Identity,Department\nuser00003,c\n");
    assert_eq!(bulk.run(&SET).err, "exo: users.csv: 1 row done\n");
}

#[test]
fn json_lines_and_another_place_for_the_journal() {
    let bulk = Bulk::rest();
    let input = bulk.folder.path().join("rows.jsonl");
    std::fs::write(
        &input,
        "{\"Identity\":\"user00001\",\"Hidden\":true}\n{\"Identity\":\"user00002\",\"Hidden\":false}\n",
    )
    .unwrap();
    let journal = bulk.folder.path().join("elsewhere");
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (input, kept) = (path(&input), path(&journal));
    let line = [
        "--carrier",
        "rest",
        "--input",
        &input,
        "--journal",
        &kept,
        "--",
        "Set-Mailbox",
        "-Identity",
        "{Identity}",
        "-HiddenFromAddressListsEnabled",
        "{Hidden}",
    ];
    let done = bulk.tenant.run(&line);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(journal.is_file());
    let select = [
        "--output",
        "csv",
        "--select",
        "HiddenFromAddressListsEnabled",
        "--",
        "Get-Mailbox",
        "-ResultSize",
        "2",
    ];
    assert_eq!(
        bulk.tenant.run(&select).out.replace('\r', ""),
        "HiddenFromAddressListsEnabled\nTrue\nFalse\n"
    );
}
