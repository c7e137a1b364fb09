//! Programs that tests start, and what is done with one that does not end.

use std::io;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Runs a program that reads nothing to its end, and gives what it printed, as [`wait`] does.
pub(crate) fn output(command: &mut Command) -> io::Result<Output> {
    wait(start(command.stdin(Stdio::null()))?)
}

/// Starts a program whose output is for [`wait`], in a group of its own with all that it starts.
pub(crate) fn start(command: &mut Command) -> io::Result<Child> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// Waits for the end of what [`start`] gave, and gives what it printed. A program that hangs fails its test, by its status,
/// with what it had printed so far and what its processes were at; otherwise the whole run would hang and say nothing.
pub(crate) fn wait(child: Child) -> io::Result<Output> {
    wait_within(child, LIMIT)
}

fn wait_within(child: Child, limit: Duration) -> io::Result<Output> {
    let group = child.id();
    let (ended, end) = channel::<()>();
    let watch = std::thread::spawn(move || {
        (end.recv_timeout(limit) == Err(RecvTimeoutError::Timeout)).then(|| {
            let threads = threads(group);
            // Whoever holds the pipes of the output is in the group, so that its end is the end of the waiting.
            let killed = Command::new("kill").args(["-KILL", "--", &format!("-{group}")]).status();
            format!("\nkilled ({killed:?}), because it had not ended within {limit:?}; it was at\n{threads}")
        })
    });
    let output = child.wait_with_output();
    drop(ended);
    let mut output = output?;
    if let Some(said) = watch.join().map_err(|_| io::Error::other("the watch panicked"))? {
        output.stderr.extend_from_slice(said.as_bytes());
    }
    Ok(output)
}

/// The threads of a group with what they wait for, as far as this system tells.
fn threads(group: u32) -> String {
    let listed = Command::new("ps").args(["-eLo", "pgid,pid,ppid,stat,time,wchan:24,comm"]).output();
    let Ok(listed) = listed else { return String::new() };
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let of_group = |line: &&str| line.split_whitespace().next() == Some(&group.to_string());
    listed.lines().filter(of_group).collect::<Vec<_>>().join("\n")
}

/// Far above what the slowest script takes on a busy machine (five minutes on two processors with forty other programs each):
/// this is no measure of speed, but the way out of a hang.
const LIMIT: Duration = Duration::from_secs(900);

#[cfg(unix)]
#[test]
fn a_program_that_does_not_end_is_killed_with_what_holds_its_output() {
    let mut hung = Command::new("sh");
    hung.args(["-c", "sleep 1000000 & wait"]).stdin(Stdio::null());
    let output = wait_within(start(&mut hung).expect("a shell"), Duration::ZERO).expect("it ends");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("had not ended within 0ns"), "{said}");
}
