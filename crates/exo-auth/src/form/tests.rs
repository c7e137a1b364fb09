use super::encode;

#[test]
fn fields_are_encoded_as_a_browser_does() {
    for (name, value, expected) in [
        ("a", "b", "a=b"),
        ("scope", "https://x/.default openid", "scope=https%3A%2F%2Fx%2F.default+openid"),
        ("password", "p&=+%\u{e4}\u{1f600}", "password=p%26%3D%2B%25%C3%A4%F0%9F%98%80"),
        ("n", "~*-._\0", "n=%7E*-._%00"),
        ("", "", "="),
    ] {
        assert_eq!(encode(&[(name, value)]).as_slice(), expected.as_bytes(), "{name}");
    }
    assert_eq!(encode(&[("a", "1"), ("b", "2")]).as_slice(), b"a=1&b=2");
}

#[test]
fn a_password_is_never_moved_by_growth() {
    let fields = [("password", "\u{10ffff}\u{10ffff}&&&&")];
    let body = encode(&fields);
    assert!(body.len() <= body.capacity());
    assert_eq!(body.capacity(), 3 * ("password".len() + fields[0].1.len()) + 2);
}
