//! Which hosts may be trusted with what.

use std::net::IpAddr;

use reqwest::Url;

/// Whether `host` is this machine: `localhost`, 127.0.0.0/8 or ::1.
pub(crate) fn is_loopback(host: &str) -> bool {
    if host.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether `host` is an address that only this machine and what it runs on can use: 169.254.0.0/16 or fe80::/10.
pub(crate) fn is_link_local(host: &str) -> bool {
    let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    literal.parse::<IpAddr>().is_ok_and(|address| match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    })
}

/// Whether `host` belongs to one of Microsoft's clouds.
///
/// Credentials may follow a redirect to such a host, and such a host answers over REST.
pub(crate) fn is_microsoft_cloud(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    TRUSTED_SUFFIXES.iter().any(|suffix| {
        host.strip_suffix(suffix).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// Whether a password or a token may be sent to `url`: https, or http to this machine.
pub(crate) fn may_carry_secrets(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => url.host_str().is_some_and(is_loopback),
        _ => false,
    }
}

/// The hosts of Exchange Online and Security & Compliance in all environments: each name itself and
/// every name below it.
const TRUSTED_SUFFIXES: [&str; 10] = [
    "outlook.com",
    "office365.com",
    "outlook.office.com",
    "office365.us",
    "webmail.apps.mil",
    "compliance.dod.microsoft.com",
    "partner.outlook.cn",
    "office365.cn",
    "outlook.office.de",
    "protection.outlook.de",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_beside_the_machine_are_link_local() {
        for (host, expected) in [
            ("169.254.169.254", true),
            ("169.254.129.3", true),
            ("[fe80::1]", true),
            ("fe80::1", true),
            ("169.253.1.1", false),
            ("10.0.0.1", false),
            ("[fd00::1]", false),
            ("169.254.169.254.example.com", false),
            ("localhost", false),
        ] {
            assert_eq!(is_link_local(host), expected, "{host}");
        }
    }

    #[test]
    fn only_whole_labels_are_below_a_trusted_suffix() {
        for (host, expected) in [
            ("outlook.office365.com", true),
            ("nam12b.ps.compliance.protection.outlook.com", true),
            ("PS.Compliance.Protection.Outlook.COM.", true),
            ("outlook.com", true),
            ("notoutlook.com", false),
            ("outlook.com.example.org", false),
            ("mail.contoso.com", false),
            ("l5.ps.compliance.protection.office365.us", true),
            ("ps.compliance.protection.partner.outlook.cn", true),
            ("evil.outlook.cn", false),
            ("localhost", false),
        ] {
            assert_eq!(is_microsoft_cloud(host), expected, "{host}");
        }
    }

    #[test]
    fn secrets_go_over_https_or_to_this_machine() {
        for (url, expected) in [
            ("https://mail.contoso.com/powershell", true),
            ("http://mail.contoso.com/powershell", false),
            ("http://localhost:8080/", true),
            ("http://127.0.0.9/", true),
            ("http://[::1]:80/", true),
            ("http://localhost.contoso.com/", false),
            ("http://128.0.0.1/", false),
            ("ftp://localhost/", false),
        ] {
            assert_eq!(may_carry_secrets(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
