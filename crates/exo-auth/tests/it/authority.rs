//! Which addresses are authorities.

use exo_auth::{Authority, AuthorityError};

#[test]
fn an_authority_is_read_and_printed_in_one_form() {
    for (text, printed, host) in [
        (
            "https://login.microsoftonline.com/organizations",
            "https://login.microsoftonline.com/organizations",
            "login.microsoftonline.com",
        ),
        (
            "HTTPS://Login.MicrosoftOnline.com/Contoso.com/",
            "https://login.microsoftonline.com/Contoso.com",
            "login.microsoftonline.com",
        ),
        (
            "https://login.microsoftonline.com",
            "https://login.microsoftonline.com/organizations",
            "login.microsoftonline.com",
        ),
        (
            "https://login.microsoftonline.us/",
            "https://login.microsoftonline.us/organizations",
            "login.microsoftonline.us",
        ),
        ("https://localhost:8443/organizations", "https://localhost:8443/organizations", "localhost"),
        ("http://127.0.0.1:80/t", "http://127.0.0.1:80/t", "127.0.0.1"),
        ("http://[::1]:80/t", "http://[::1]:80/t", "::1"),
        (" https://login.windows.net/common ", "https://login.windows.net/common", "login.windows.net"),
    ] {
        let authority = Authority::parse(text).unwrap();
        assert_eq!((authority.to_string().as_str(), authority.host()), (printed, host), "{text}");
    }
}

#[test]
fn anything_else_is_refused_with_a_sentence() {
    for (text, sentence) in [
        ("", "the authority `` is not an address of the form https://host/tenant"),
        (
            "login.microsoftonline.com",
            "the authority `login.microsoftonline.com` is not an address of the form https://host/tenant",
        ),
        ("ftp://host/t", "the authority `ftp://host/t` is not an address of the form https://host/tenant"),
        ("https:///t", "the authority `https:///t` is not an address of the form https://host/tenant"),
        (
            "https://host:99999/t",
            "the authority `https://host:99999/t` is not an address of the form https://host/tenant",
        ),
        (
            "https://user:secret@host/t",
            "the authority `https://…@host/t` is not an address of the form https://host/tenant",
        ),
        (
            "https://h\u{e4}/t",
            "the authority `https://h\u{e4}/t` is not an address of the form https://host/tenant",
        ),
        (
            "http://login.example/t",
            "the authority `http://login.example/t` uses plain http: a password or code goes over https only",
        ),
        (
            "http://localhost.evil.example/t",
            "the authority `http://localhost.evil.example/t` uses plain http: a password or code goes over https only",
        ),
        (
            "http://127.0.0.1.evil.example/t",
            "the authority `http://127.0.0.1.evil.example/t` uses plain http: a password or code goes over https only",
        ),
        ("https://host/a/b", "the tenant `a/b` is neither a domain nor a tenant id"),
        ("https://host/t?x=1", "the tenant `t?x=1` is neither a domain nor a tenant id"),
        ("https://host/..", "the tenant `..` is neither a domain nor a tenant id"),
        ("https://host/%2e", "the tenant `%2e` is neither a domain nor a tenant id"),
    ] {
        assert_eq!(Authority::parse(text).unwrap_err().to_string(), sentence);
    }
}

#[test]
fn the_tenant_is_replaced_for_a_delegated_organization() {
    let authority = Authority::parse("https://login.microsoftonline.com/organizations").unwrap();
    let customer = authority.with_tenant("customer.onmicrosoft.com").unwrap();
    assert_eq!(
        customer.token_uri(),
        "https://login.microsoftonline.com/customer.onmicrosoft.com/oauth2/v2.0/token"
    );
    assert_eq!(customer.tenant(), "customer.onmicrosoft.com");
    let bad = authority.with_tenant("a b").unwrap_err();
    assert_eq!(bad, AuthorityError::BadTenant { tenant: "a b".to_owned() });
}

#[test]
fn common_means_organizations_because_passwords_are_refused_there() {
    let authority = Authority::parse("https://login.windows.net/Common").unwrap();
    assert_eq!(authority.token_uri(), "https://login.windows.net/organizations/oauth2/v2.0/token");
    assert_eq!(authority.device_code_uri(), "https://login.windows.net/organizations/oauth2/v2.0/devicecode");
}
