//! The recordings beside the repository, and how to read them.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use psrp::Fragment;

/// The folder of the recordings; prints why the test is ignored when it is not there.
pub(crate) fn fixtures(test: &str, folder: &str) -> Option<PathBuf> {
    let shared = match std::env::var_os("EXO_SHARED") {
        Some(shared) => PathBuf::from(shared),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
    };
    let path = shared.join("fixtures").join(folder);
    if path.exists() {
        return Some(path);
    }
    eprintln!("ignored: {test}: no recordings in fixtures/{folder}");
    None
}

/// One HTTP request or response of a recorded conversation.
pub(crate) struct Exchange {
    pub(crate) is_request: bool,
    /// The fragments it carries, by the element they stand in.
    pub(crate) streams: Vec<(String, Bytes)>,
}

/// The requests and responses of a recorded conversation, in order.
pub(crate) fn conversation(path: &PathBuf) -> Vec<Exchange> {
    let yaml = fs::read_to_string(path).unwrap();
    let mut texts: Vec<(bool, String)> = Vec::new();
    for line in yaml.lines() {
        if let Some(text) = line.strip_prefix("- request: ") {
            texts.push((true, text.to_owned()));
        } else if let Some(text) = line.strip_prefix("  response: ") {
            texts.push((false, text.to_owned()));
        } else if line.starts_with("    ")
            && let Some((_, text)) = texts.last_mut()
        {
            text.push(' ');
            text.push_str(line.trim());
        }
    }
    let exchange = |(is_request, text): (bool, String)| Exchange { is_request, streams: streams(&text) };
    texts.into_iter().map(exchange).collect()
}

/// The base64 texts of the elements that carry fragments.
fn streams(envelope: &str) -> Vec<(String, Bytes)> {
    let mut found = Vec::new();
    for element in envelope.split('<').skip(1) {
        let Some((tag, text)) = element.split_once('>') else { continue };
        let name = tag.split([' ', '/']).next().unwrap();
        let local = name.rsplit(':').next().unwrap();
        let carries =
            matches!(local, "creationXml" | "connectXml" | "connectResponseXml" | "Arguments" | "Stream");
        if carries && !tag.ends_with('/') && !text.is_empty() {
            let Ok(bytes) = STANDARD.decode(text) else { continue };
            found.push((local.to_owned(), Bytes::from(bytes)));
        }
    }
    found
}

/// One line of a recording of the out-of-process transport.
pub(crate) struct Line {
    pub(crate) from_client: bool,
    /// Fragments, or nothing for a line without data.
    pub(crate) bytes: Bytes,
}

/// The lines of a recording of the out-of-process transport.
pub(crate) fn lines(path: &PathBuf) -> Vec<Line> {
    let line = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = line["line"].as_str().unwrap();
        let data = text.strip_prefix("<Data ").map(|data| {
            let (_, base64) = data.split_once('>').unwrap();
            STANDARD.decode(base64.strip_suffix("</Data>").unwrap()).unwrap()
        });
        Line { from_client: line["from"] == "client", bytes: Bytes::from(data.unwrap_or_default()) }
    };
    fs::read_to_string(path).unwrap().lines().map(line).collect()
}

/// The object ids of the messages that end in these bytes, with the number of their last fragment.
pub(crate) fn ended_objects(mut bytes: &[u8]) -> Vec<(u64, u64)> {
    let mut ids = Vec::new();
    while let Some((fragment, rest)) = Fragment::decode(bytes, usize::MAX).unwrap() {
        if fragment.end {
            ids.push((fragment.object_id, fragment.fragment_id));
        }
        bytes = rest;
    }
    assert!(bytes.is_empty(), "a fragment never spans two packets");
    ids
}
