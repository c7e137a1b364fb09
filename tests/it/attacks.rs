//! What attacks cost: memory within a small multiple of their bytes, and work that grows with the bytes and no faster.
//! Work is counted in instructions, so the outcome does not depend on the machine.
#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::process::Command;

use exo_tests::attack::ATTACKS;

#[test]
fn attacks_end_as_they_must_within_their_memory() {
    const LEN: usize = 1_000_000;
    for (row, attack) in ATTACKS.iter().enumerate() {
        let ran = Command::new(PROGRAM).args([row, LEN].map(|number| number.to_string())).output().unwrap();
        assert!(ran.status.success(), "{}: another outcome", attack.name);
        let most: usize = String::from_utf8(ran.stdout).unwrap().trim().parse().unwrap();
        // The copy of the input, the tape, what is written from it, and of each name how the encoder writes it.
        assert!(most < 20 * LEN, "{}: {most} bytes of memory for {LEN} bytes", attack.name);
    }
}

#[test]
fn the_work_for_an_attack_grows_with_its_bytes() {
    const NAME: &str = "the_work_for_an_attack_grows_with_its_bytes";
    const LEN: usize = 20_000;
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("ignored: {NAME}: no valgrind");
        return;
    }
    for (row, attack) in ATTACKS.iter().enumerate() {
        let [once, twice] = [LEN, 2 * LEN].map(|len| work(row, len));
        // A quadratic step would show as four times the work.
        assert!(twice < 3 * once, "{}: {once} and {twice} instructions", attack.name);
        let most = 6_000 * u64::try_from(2 * LEN).unwrap();
        assert!(twice < most, "{}: {twice} instructions for {} bytes", attack.name, 2 * LEN);
    }
}

/// The instructions of a process that makes the bytes and runs the attack.
fn work(row: usize, len: usize) -> u64 {
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", PROGRAM])
        .args([row, len].map(|number| number.to_string()))
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    let count = said.lines().find_map(|line| line.split_once("Collected : ")).unwrap().1;
    count.trim().parse().unwrap()
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_attack");
