//! How long requests are.

use psrp::ProtocolVersion;

use crate::peer::{Peer, Script};
use crate::shell::three_lines;
use crate::support::{open, run};

/// Long parameters, sent by a session of a client that allows `limit`; gives the longest envelope.
async fn longest_envelope(script: Script, limit: u32) -> (usize, usize) {
    let peer = Peer::start(Script { on_command: three_lines().on_command, ..script }).await;
    let mut options = peer.options();
    options.max_envelope_len = limit;
    let session = open(options).await;
    let long = "x".repeat(3_000_000);
    for _ in 0..2 {
        assert_eq!(run(&session, "Set-Text", &[("Text", long.as_str())]).await.unwrap().output.len(), 3);
    }
    assert_eq!(peer.parameters(), [3_000_000, 3_000_000]);
    let asked = peer.count("Get");
    session.close().await.unwrap();
    (peer.longest(), asked)
}

#[tokio::test]
async fn requests_are_as_long_as_the_server_allows() {
    for (told, version, limit, expected, asked) in [
        (Some(1_000), ProtocolVersion::CURRENT, 4_000_000, 1_024_000, 1),
        (Some(100), ProtocolVersion::CURRENT, 4_000_000, 153_600, 1),
        (None, ProtocolVersion::CURRENT, 512_000, 512_000, 1),
        (None, ProtocolVersion::V2_1, 512_000, 153_600, 1),
        (Some(1_000), ProtocolVersion::CURRENT, 150_000, 150_000, 0),
    ] {
        let script = Script { max_envelope_kb: told, version, ..Script::default() };
        let (longest, times) = longest_envelope(script, limit).await;
        assert_eq!(times, asked, "{told:?} {limit}");
        // Base64 leaves a few bytes of room.
        let room = expected - longest.min(expected);
        assert!(longest <= expected && room < 16, "{told:?} {limit}: {longest} of {expected}");
    }
}

#[tokio::test]
async fn a_server_is_not_asked_for_its_limit_when_nothing_is_long() {
    let peer = Peer::start(three_lines()).await;
    let session = open(peer.options()).await;
    assert_eq!(run(&session, "Get-Line", &[]).await.unwrap().output.len(), 3);
    session.close().await.unwrap();
    assert_eq!(peer.count("Get"), 0);
}
