use super::Transcript;

fn read(output: &str) -> Transcript {
    let mut transcript = Transcript::default();
    for line in output.lines() {
        transcript.read_output(line);
    }
    transcript
}

fn summary(output: &str, complaints: &str) -> String {
    let mut transcript = read(output);
    for line in complaints.lines() {
        transcript.read_complaint(line);
    }
    transcript.end_runner(|program| match program {
        "/t/it-1" => vec!["a::fast".to_owned(), "b::slow".to_owned(), "c::later".to_owned()],
        _ => Vec::new(),
    });
    transcript.summary()
}

const FAILED: &str = "\
running 3 tests
test a::good ... ok
test b::left_out ... ignored, no network
test c::bad ... FAILED

successes:

---- a::good stdout ----
test result: ok. 9 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

successes:
    a::good

failures:

---- c::bad stdout ----
test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

thread 'c::bad' (1) panicked at crates/x/tests/it/c.rs:7:5:
assertion failed: is_good
stack backtrace:
   0: __rustc::rust_begin_unwind


failures:
    c::bad

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s

running 1 test
test d::good ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

#[test]
fn a_failed_test_is_told_with_its_panic_and_the_numbers_come_last() {
    let expected = "\
failed: c::bad
    thread 'c::bad' (1) panicked at crates/x/tests/it/c.rs:7:5:
    assertion failed: is_good
2 passed, 1 failed, 1 skipped
";
    assert_eq!(summary(FAILED, "error: test failed, to rerun pass `-p x --test it`"), expected);
}

#[test]
fn a_binary_that_is_killed_is_told_with_the_tests_that_have_no_result() {
    let output = "\
running 3 tests
test a::fast ... ok
test b::slow has been running for over 60 seconds

running 1 test
test d::good ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
    let complaints = "\
error: test failed, to rerun pass `-p x --test it`

Caused by:
  process didn't exit successfully: `/t/it-1 --show-output` (signal: 9, SIGKILL: kill)
";
    let expected = "\
failed: /t/it-1
    it ended with signal: 9, SIGKILL: kill
    took long: b::slow
    without a result: b::slow, c::later
2 passed, 1 failed, 0 skipped
";
    assert_eq!(summary(output, complaints), expected);
    // The last one.
    let cut = output.split_inclusive("\n\n").next().unwrap();
    assert_eq!(summary(cut, complaints), expected.replace("2 passed", "1 passed"));
}

#[test]
fn a_test_that_skipped_itself_is_no_test_that_passed() {
    let output =
        "running 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured\n";
    let expected = "skipped: a: no pwsh\n0 passed, 0 failed, 1 skipped\n";
    assert_eq!(summary(output, "ignored: a: no pwsh\n"), expected);
}

#[test]
fn a_long_message_keeps_its_begin_and_its_end() {
    let lines: String = (0..500).map(|number| format!("line {number}\n")).collect();
    let output = format!(
        "running 1 test\ntest a ... FAILED\n\nfailures:\n\n---- a stdout ----\nbefore\n\
         thread 'a' panicked at x.rs:1:1:\nscript:\n{lines}\n\nfailures:\n    a\n\ntest result: FAILED. 0 passed; 1 failed\n"
    );
    let told = summary(&output, "");
    let told: Vec<&str> = told.lines().collect();
    assert!(told.len() < 60, "{}", told.len());
    assert_eq!(told[..3], ["failed: a", "    thread 'a' panicked at x.rs:1:1:", "    script:"]);
    assert_eq!(told[told.len() - 2..], ["    line 499", "0 passed, 1 failed, 0 skipped"]);
}

#[test]
fn what_tests_that_passed_printed_is_not_shown() {
    let mut transcript = Transcript::default();
    let shown: Vec<&str> = FAILED.lines().filter(|line| transcript.read_output(line)).collect();
    assert!(!shown.iter().any(|line| line.contains("9 passed")), "{shown:?}");
    assert!(shown.contains(&"assertion failed: is_good"));
    assert!(!transcript.read_complaint("ignored: x: y"));
    assert!(transcript.read_complaint("warning: something"));
}
