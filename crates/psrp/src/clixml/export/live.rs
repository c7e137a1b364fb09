//! The few types that PowerShell's reader makes live again, so that its writer shows the .NET object and no longer what
//! the wire said.

use std::net::{IpAddr, Ipv6Addr};

use super::super::date::DateTime;
use super::super::node::Kind;
use super::super::sheet::push_line;
use super::super::tape::Siblings;
use super::super::text::Text;
use super::super::value::Value;
use super::shape::MARK;

/// A type that PowerShell makes live again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LiveType {
    Address,
    Certificate,
    Switch,
}

/// What the live object shows in the place of what the wire said.
pub(super) enum Live {
    Address { address: IpAddr, scope: u32 },
    Certificate { text: String },
    Switch,
}

impl LiveType {
    /// The live type of a list of type names: that of the first name which has one.
    pub(super) fn of(mut names: Siblings<'_>) -> Option<Self> {
        names.find_map(|name| {
            let name = name.text()?.as_bytes();
            let bare = match name.split_at_checked(MARK.len()) {
                Some((mark, rest)) if mark.eq_ignore_ascii_case(MARK.as_bytes()) => rest,
                _ => name,
            };
            let own = |live: &LiveType| bare.eq_ignore_ascii_case(live.type_names()[0].as_bytes());
            [LiveType::Address, LiveType::Certificate, LiveType::Switch].into_iter().find(own)
        })
    }

    /// The .NET type and what it derives from.
    pub(super) const fn type_names(self) -> &'static [&'static str] {
        match self {
            LiveType::Address => &["System.Net.IPAddress", "System.Object"],
            LiveType::Certificate => &[
                "System.Security.Cryptography.X509Certificates.X509Certificate2",
                "System.Security.Cryptography.X509Certificates.X509Certificate",
                "System.Object",
            ],
            LiveType::Switch => {
                &["System.Management.Automation.SwitchParameter", "System.ValueType", "System.Object"]
            }
        }
    }

    /// The live object, or `None` when the wire does not say what it takes to make one.
    pub(super) fn revive(self, object: Value<'_>, local_offset: &impl Fn(i64) -> i16) -> Option<Live> {
        let text = object.to_string_text().and_then(Text::as_str);
        match self {
            LiveType::Address => {
                let (address, scope) = text?.split_once('%').unwrap_or((text?, "0"));
                Some(Live::Address { address: address.parse().ok()?, scope: scope.parse().ok()? })
            }
            LiveType::Certificate => {
                let validity = validity(object.member("RawData")?.bytes()?)?;
                Some(Live::Certificate { text: certificate_text(text?, validity, local_offset)? })
            }
            LiveType::Switch => {
                object.member("IsPresent").filter(|is_present| is_present.kind() == Kind::Bool)?;
                Some(Live::Switch)
            }
        }
    }
}

/// The properties of an address with their values, as .NET gives them: texts and flags first.
pub(super) struct AddressProperties {
    pub(super) family: &'static str,
    /// Versions 6 only.
    pub(super) scope: Option<i64>,
    pub(super) flags: [(&'static str, bool); 6],
    /// Version 4 only.
    pub(super) number: Option<i64>,
}

impl AddressProperties {
    pub(super) fn of(address: IpAddr, scope: u32) -> Self {
        let none = Ipv6Addr::UNSPECIFIED;
        let (family, six, scope, number) = match address {
            IpAddr::V4(four) => {
                ("InterNetwork", none, None, Some(i64::from(u32::from_le_bytes(four.octets()))))
            }
            IpAddr::V6(six) => ("InterNetworkV6", six, Some(i64::from(scope)), None),
        };
        let [first, second, ..] = six.segments();
        AddressProperties {
            family,
            scope,
            flags: [
                ("IsIPv6Multicast", first & 0xFF00 == 0xFF00),
                ("IsIPv6LinkLocal", first & 0xFFC0 == 0xFE80),
                ("IsIPv6SiteLocal", first & 0xFFC0 == 0xFEC0),
                ("IsIPv6Teredo", first == 0x2001 && second == 0),
                ("IsIPv6UniqueLocal", first & 0xFE00 == 0xFC00),
                ("IsIPv4MappedToIPv6", six.to_ipv4_mapped().is_some()),
            ],
            number,
        }
    }
}

/// The display text of a certificate with both dates on the local clock and with line feeds.
fn certificate_text(
    text: &str,
    validity: [DateTime; 2],
    local_offset: &impl Fn(i64) -> i16,
) -> Option<String> {
    let mut shown = String::with_capacity(text.len());
    let mut date = None;
    let mut found = 0;
    for line in text.lines() {
        match (line, date.take()) {
            (_, Some(date)) => {
                shown += "  ";
                shown += &invariant(date, local_offset);
                found += 1;
            }
            (line, None) => {
                date = match line {
                    "[Not Before]" => Some(validity[0]),
                    "[Not After]" => Some(validity[1]),
                    _ => None,
                };
                shown += line;
            }
        }
        shown.push('\n');
    }
    (found == 2).then_some(shown)
}

/// `MM/dd/yyyy HH:mm:ss` on the local clock, as .NET writes a date without a culture.
fn invariant(date: DateTime, local_offset: &impl Fn(i64) -> i16) -> String {
    let mut out = Vec::new();
    push_line(&mut out, |line| date.on_clock(local_offset(date.ticks)).write(line));
    let text = String::from_utf8_lossy(&out);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!("{}/{}/{} {}", part(5, 7), part(8, 10), part(0, 4), part(11, 19))
}

/// From when until when an X.509 certificate counts (RFC 5280, 4.1.2.5), in UTC.
fn validity(certificate: &[u8]) -> Option<[DateTime; 2]> {
    let (_, certificate, _) = der(certificate)?;
    let (_, mut rest, _) = der(certificate)?;
    // The version is optional; serial number, algorithm and issuer are not.
    if rest.first() == Some(&VERSION) {
        rest = der(rest)?.2;
    }
    for _ in 0..3 {
        rest = der(rest)?.2;
    }
    let (_, validity, _) = der(rest)?;
    let (tag, before, rest) = der(validity)?;
    let before = time(tag, before)?;
    let (tag, after, _) = der(rest)?;
    Some([before, time(tag, after)?])
}

/// One element of DER: its tag, its content, and what stands behind.
fn der(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=0x7F => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((*tag, content, rest))
}

fn time(tag: u8, text: &[u8]) -> Option<DateTime> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let long = match tag {
        // Two digits of the year: 1950 to 2049.
        UTC_TIME => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| long.get(from..to).unwrap_or_default();
    let xml = format!(
        "{}-{}-{}T{}:{}:{}{}",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14),
        long.get(14..)?
    );
    DateTime::parse(xml.as_bytes())
}

const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
