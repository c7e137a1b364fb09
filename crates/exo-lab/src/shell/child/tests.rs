use super::next_line;

#[tokio::test]
async fn a_line_is_read_to_its_end_or_not_at_all() {
    let mut line = String::new();
    let mut output = &b"one\n\nfour\nlonger\nfive\n"[..];
    for expected in ["one\n", "\n", "four\n"] {
        assert!(next_line(&mut output, &mut line, 5).await);
        assert_eq!(line, expected);
    }
    assert!(!next_line(&mut output, &mut line, 5).await, "{line}");
    assert!(line.len() <= 5);
    assert!(!next_line(&mut &b"cut off"[..], &mut line, 100).await);
    assert!(!next_line(&mut &b""[..], &mut line, 100).await);
}
