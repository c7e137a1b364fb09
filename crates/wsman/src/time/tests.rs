use std::time::Duration;

use super::{decode_duration, encode_duration};

#[test]
fn durations_are_read() {
    for (text, millis) in [
        ("PT20S", 20_000),
        ("PT7200.000S", 7_200_000),
        ("PT0.5S", 500),
        ("P0DT0H0M2S", 2_000),
        ("P1DT1H1M1.001S", 90_061_001),
        ("PT2147483.647S", 2_147_483_647),
        ("P2D", 172_800_000),
        ("PT3M", 180_000),
        (" PT1H ", 3_600_000),
    ] {
        assert_eq!(decode_duration(text), Some(Duration::from_millis(millis)), "{text}");
    }
}

#[test]
fn other_texts_are_no_durations() {
    for text in [
        "",
        "P",
        "PT",
        "20",
        "PT20",
        "P1Y",
        "P1M",
        "-PT1S",
        "PT-1S",
        "PTS",
        "PT1.S",
        "PT1S1M",
        "P1DT",
        "PT99999999999999999999S",
        "PT18446744073709551615H",
    ] {
        assert_eq!(decode_duration(text), None, "{text}");
    }
}

#[test]
fn durations_are_written_with_milliseconds() {
    assert_eq!(encode_duration(Duration::from_secs(180)), "PT180.000S");
    assert_eq!(encode_duration(Duration::from_millis(1_005)), "PT1.005S");
}
