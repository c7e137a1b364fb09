use super::size_text;

#[test]
fn sizes_read_as_exchange_writes_them() {
    for (bytes, expected) in [
        (0, "0 B (0 bytes)"),
        (1_023, "1023 B (1,023 bytes)"),
        (262_144, "256 KB (262,144 bytes)"),
        (37_748_736, "36 MB (37,748,736 bytes)"),
        (106_300_440_576, "99 GB (106,300,440,576 bytes)"),
        (1_395_864, "1.331 MB (1,395,864 bytes)"),
    ] {
        assert_eq!(size_text(bytes), expected);
    }
}
