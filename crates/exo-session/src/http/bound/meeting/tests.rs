use super::*;

fn fields(values: &[&'static str]) -> HeaderMap {
    values.iter().map(|value| (WWW_AUTHENTICATE, HeaderValue::from_static(value))).collect()
}

#[test]
fn schemes_and_tokens_are_found_in_any_shape_of_the_field() {
    for (values, kerberos, negotiate, token) in [
        (&["Negotiate", "Kerberos"][..], true, true, None),
        (&["Negotiate, Kerberos, Basic realm=\"x\""], true, true, None),
        (&["kerberos YWJj"], true, false, Some(&b"abc"[..])),
        (&["Kerberos   YWJj  ,Negotiate"], true, true, Some(b"abc")),
        (&["Kerberos not-base-64"], true, false, None),
        (&["Kerberosity YWJj"], false, false, None),
        (&["Basic realm=\"Kerberos YWJj\""], false, false, None),
        (&[], false, false, None),
    ] {
        let headers = fields(values);
        assert_eq!(offers(&headers, Scheme::Kerberos), kerberos, "{values:?}");
        assert_eq!(offers(&headers, Scheme::Negotiate), negotiate, "{values:?}");
        assert_eq!(answered(&headers, Scheme::Kerberos).as_deref(), token, "{values:?}");
    }
}
