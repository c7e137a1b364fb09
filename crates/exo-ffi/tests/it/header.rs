//! `include/exo.h` is what cbindgen makes of the source; these tests notice without cbindgen when it is not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[test]
fn every_exported_function_is_in_the_header_with_its_arguments() {
    let mut exported = BTreeMap::new();
    for source in sources() {
        for (at, _) in source.match_indices("extern \"C\" fn ") {
            let rest = &source[at + "extern \"C\" fn ".len()..];
            let (name, rest) = rest.split_once('(').unwrap();
            let (arguments, _) = rest.split_once(')').unwrap();
            exported.insert(
                name.to_owned(),
                argument_names(arguments, |argument| argument.split(':').next().unwrap().trim().to_owned()),
            );
        }
    }
    let header = header();
    let mut declared = BTreeMap::new();
    for (at, _) in header.match_indices("exo_") {
        let before = header[..at].chars().next_back();
        let Some((name, rest)) = header[at..].split_once('(') else { continue };
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || !matches!(before, Some(' ' | '*')) || comment_line(&header, at) {
            continue;
        }
        let (arguments, _) = rest.split_once(')').unwrap();
        declared.insert(
            name.to_owned(),
            argument_names(arguments, |argument| argument.rsplit([' ', '*']).next().unwrap().to_owned()),
        );
    }
    assert!(20 < exported.len());
    assert_eq!(declared, exported, "run cbindgen: include/exo.h does not fit the source");
}

#[test]
fn every_constant_is_in_the_header_with_its_value() {
    let mut exported = BTreeMap::new();
    for source in sources() {
        for line in source.lines() {
            let Some(rest) = line.strip_prefix("pub const EXO_") else { continue };
            let (name, rest) = rest.split_once(':').unwrap();
            let value = rest.split_once('=').unwrap().1.trim().trim_end_matches(';');
            exported.insert(format!("EXO_{name}"), number(value));
        }
    }
    let declared: BTreeMap<String, u64> = header()
        .lines()
        .filter_map(|line| line.strip_prefix("#define EXO_")?.split_once(' '))
        .map(|(name, value)| (format!("EXO_{name}"), number(value)))
        .collect();
    assert!(40 < exported.len());
    assert_eq!(declared, exported, "run cbindgen: include/exo.h does not fit the source");
}

#[test]
fn the_version_is_that_of_the_package() {
    let of_package =
        [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")];
    let of_header = [exo::EXO_VERSION_MAJOR, exo::EXO_VERSION_MINOR, exo::EXO_VERSION_PATCH];
    assert_eq!(of_header.map(|part| part.to_string()), of_package);
    assert_eq!(exo::exo_abi_version(), exo::EXO_ABI_MAJOR << 16 | exo::EXO_ABI_MINOR);
}

/// The names of the exports, from the source.
pub(crate) fn exports() -> Vec<String> {
    let mut names = Vec::new();
    for source in sources() {
        for (at, matched) in source.match_indices("extern \"C\" fn ") {
            names.push(source[at + matched.len()..].split_once('(').unwrap().0.to_owned());
        }
    }
    names.sort();
    names
}

fn sources() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).map(read).collect()
}

fn header() -> String {
    read(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/exo.h"))
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

fn argument_names(arguments: &str, name: impl Fn(&str) -> String) -> Vec<String> {
    let all = arguments.split(',').map(str::trim);
    all.filter(|argument| !argument.is_empty() && *argument != "void").map(name).collect()
}

fn comment_line(text: &str, at: usize) -> bool {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].trim_start();
    line.starts_with("//") || line.starts_with('*') || line.starts_with("/*")
}

fn number(text: &str) -> u64 {
    let text = text.replace('_', "");
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).unwrap(),
        None => text.parse().unwrap(),
    }
}
