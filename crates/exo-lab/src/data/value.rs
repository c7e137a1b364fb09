//! What a property of a sample object can hold.

use uuid::Uuid;

/// One value in the shape that Exchange's objects have on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Nil,
    Text(String),
    Bool(bool),
    Byte(u8),
    Int(i32),
    Long(i64),
    /// 100 ns units since 0001-01-01, UTC.
    Date(i64),
    /// 100 ns units.
    Span(i64),
    Guid(Uuid),
    Enumeration(Enumeration),
    List(List),
    Object(Box<Object>),
}

/// A member of an enumeration type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Enumeration {
    /// The type's full name; the three base types follow by themselves.
    pub(crate) type_name: &'static str,
    pub(crate) member: String,
    pub(crate) number: i32,
}

/// A multi-valued property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) types: &'static [&'static str],
    pub(crate) items: Vec<Value>,
}

/// An object with properties of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// Most derived first, as on the wire.
    pub(crate) types: &'static [&'static str],
    pub(crate) text: String,
    pub(crate) properties: Vec<(&'static str, Value)>,
    /// Whether Exchange adds its binary form as a note property, as it does for its value types.
    pub(crate) has_binary_form: bool,
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A multi-valued property of strings.
    pub(crate) fn strings<S: Into<String>>(items: impl IntoIterator<Item = S>) -> Self {
        let items = items.into_iter().map(|item| Self::Text(item.into())).collect();
        Self::List(List { types: STRINGS, items })
    }

    /// A multi-valued property of directory references.
    pub(crate) fn links(items: Vec<Value>) -> Self {
        Self::List(List { types: LINKS, items })
    }

    pub(crate) fn enumeration(type_name: &'static str, member: &str, number: i32) -> Self {
        Self::Enumeration(Enumeration { type_name, member: member.to_owned(), number })
    }

    /// `Unlimited<ByteQuantifiedSize>`: a quota, or none.
    pub(crate) fn quota(limit: Option<u64>) -> Self {
        let (text, properties) = match limit {
            None => ("Unlimited".to_owned(), vec![("IsUnlimited", Self::Bool(true))]),
            Some(bytes) => (
                size_text(bytes),
                vec![("IsUnlimited", Self::Bool(false)), ("Value", Self::text(size_text(bytes)))],
            ),
        };
        Self::Object(Box::new(Object { types: UNLIMITED_SIZE, text, properties, has_binary_form: true }))
    }

    /// `Unlimited<int>`.
    pub(crate) fn limit(limit: Option<i32>) -> Self {
        let (text, properties) = match limit {
            None => ("Unlimited".to_owned(), vec![("IsUnlimited", Self::Bool(true))]),
            Some(count) => {
                (count.to_string(), vec![("IsUnlimited", Self::Bool(false)), ("Value", Self::Int(count))])
            }
        };
        Self::Object(Box::new(Object { types: UNLIMITED_INT, text, properties, has_binary_form: true }))
    }

    /// `ByteQuantifiedSize`.
    pub(crate) fn size(bytes: u64) -> Self {
        let text = size_text(bytes);
        Self::Object(Box::new(Object { types: SIZE, text, properties: Vec::new(), has_binary_form: true }))
    }

    /// `ADObjectId`: a reference to another directory object.
    pub(crate) fn link(name: &str, container: &str, guid: Uuid) -> Self {
        let forest = crate::data::FOREST;
        let properties = vec![
            ("IsDeleted", Self::Bool(false)),
            ("Rdn", Self::Text(format!("CN={name}"))),
            ("Parent", Self::text(container)),
            ("Depth", Self::Int(7)),
            ("DistinguishedName", Self::Text(crate::data::distinguished_name(name))),
            ("DomainId", Self::text(forest)),
            ("ObjectGuid", Self::Guid(guid)),
            ("Name", Self::text(name)),
        ];
        Self::Object(Box::new(Object {
            types: LINK,
            text: name.to_owned(),
            properties,
            has_binary_form: true,
        }))
    }

    /// A mail address with its prefix, `SMTP:` for the primary one.
    pub(crate) fn proxy_address(prefixed: &str) -> Self {
        let (prefix, address) = prefixed.split_once(':').unwrap_or(("smtp", prefixed));
        let properties = vec![
            ("SmtpAddress", Self::text(address)),
            ("AddressString", Self::text(address)),
            ("ProxyAddressString", Self::text(prefixed)),
            ("Prefix", Self::text(prefix.to_ascii_uppercase())),
            ("IsPrimaryAddress", Self::Bool(prefix == "SMTP")),
            ("PrefixString", Self::text(prefix)),
        ];
        let types =
            if prefix.eq_ignore_ascii_case("smtp") { SMTP_PROXY_ADDRESS } else { CUSTOM_PROXY_ADDRESS };
        Self::Object(Box::new(Object {
            types,
            text: prefixed.to_owned(),
            properties,
            has_binary_form: false,
        }))
    }

    pub(crate) fn proxy_addresses<'a>(items: impl IntoIterator<Item = &'a str>) -> Self {
        let items = items.into_iter().map(Self::proxy_address).collect();
        Self::List(List { types: PROXY_ADDRESSES, items })
    }

    /// `EnhancedTimeSpan` of whole days.
    pub(crate) fn days(days: i32) -> Self {
        let ticks = i64::from(days) * TICKS_PER_DAY;
        let properties = vec![
            ("Days", Self::Int(days)),
            ("Hours", Self::Int(0)),
            ("Milliseconds", Self::Int(0)),
            ("Minutes", Self::Int(0)),
            ("Seconds", Self::Int(0)),
            ("Ticks", Self::Long(ticks)),
            ("Sign", Self::Int(days.signum())),
        ];
        let text = format!("{days}.00:00:00");
        Self::Object(Box::new(Object { types: TIME_SPAN, text, properties, has_binary_form: true }))
    }

    /// How the value reads in a table, a filter or an identity.
    pub(crate) fn display(&self) -> String {
        match self {
            Self::Nil => String::new(),
            Self::Text(text) => text.clone(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Byte(number) => number.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Long(number) | Self::Date(number) | Self::Span(number) => number.to_string(),
            Self::Guid(guid) => guid.to_string(),
            Self::Enumeration(enumeration) => enumeration.member.clone(),
            Self::List(list) => list.items.iter().map(Self::display).collect::<Vec<_>>().join(" "),
            Self::Object(object) => object.text.clone(),
        }
    }
}

/// `50 GB (53,687,091,200 bytes)`, as Exchange writes sizes.
pub(crate) fn size_text(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut unit = 0;
    let mut divisor: u64 = 1;
    while unit + 1 < UNITS.len() && bytes >= divisor.saturating_mul(1_024) {
        divisor = divisor.saturating_mul(1_024);
        unit += 1;
    }
    // Four significant digits, without a fraction that says nothing.
    let (whole, thousandths) = (bytes / divisor, bytes % divisor * 1_000 / divisor);
    let digits = if thousandths == 0 {
        whole.to_string()
    } else {
        let keep = 4usize.saturating_sub(whole.to_string().len()).min(3);
        let fraction = format!("{thousandths:03}");
        let fraction = fraction.get(..keep).unwrap_or_default().trim_end_matches('0');
        if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") }
    };
    format!("{digits} {} ({} bytes)", UNITS.get(unit).copied().unwrap_or("B"), grouped(bytes))
}

/// `1,234,567`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

pub(crate) const TICKS_PER_DAY: i64 = 864_000_000_000;

const STRINGS: &[&str] = &[
    "Microsoft.Exchange.Data.MultiValuedProperty`1[[System.String, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089]]",
    "Microsoft.Exchange.Data.MultiValuedPropertyBase",
    "System.Object",
];
const LINKS: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.ADMultiValuedProperty`1[[Microsoft.Exchange.Data.Directory.ADObjectId, Microsoft.Exchange.Data.Directory, Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
    "Microsoft.Exchange.Data.MultiValuedProperty`1[[Microsoft.Exchange.Data.Directory.ADObjectId, Microsoft.Exchange.Data.Directory, Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
    "Microsoft.Exchange.Data.MultiValuedPropertyBase",
    "System.Object",
];
const PROXY_ADDRESSES: &[&str] = &[
    "Microsoft.Exchange.Data.ProxyAddressCollection",
    "Microsoft.Exchange.Data.ProxyAddressBaseCollection`1[[Microsoft.Exchange.Data.ProxyAddress, Microsoft.Exchange.Data, Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
    "Microsoft.Exchange.Data.MultiValuedProperty`1[[Microsoft.Exchange.Data.ProxyAddress, Microsoft.Exchange.Data, Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
    "Microsoft.Exchange.Data.MultiValuedPropertyBase",
    "System.Object",
];
const SMTP_PROXY_ADDRESS: &[&str] = &[
    "Microsoft.Exchange.Data.SmtpProxyAddress",
    "Microsoft.Exchange.Data.ProxyAddress",
    "Microsoft.Exchange.Data.ProxyAddressBase",
    "System.Object",
];
const CUSTOM_PROXY_ADDRESS: &[&str] = &[
    "Microsoft.Exchange.Data.CustomProxyAddress",
    "Microsoft.Exchange.Data.ProxyAddress",
    "Microsoft.Exchange.Data.ProxyAddressBase",
    "System.Object",
];
const UNLIMITED_SIZE: &[&str] = &[
    "Microsoft.Exchange.Data.Unlimited`1[[Microsoft.Exchange.Data.ByteQuantifiedSize, Microsoft.Exchange.Data, Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
    "System.ValueType",
    "System.Object",
];
const UNLIMITED_INT: &[&str] = &[
    "Microsoft.Exchange.Data.Unlimited`1[[System.Int32, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089]]",
    "System.ValueType",
    "System.Object",
];
const SIZE: &[&str] = &["Microsoft.Exchange.Data.ByteQuantifiedSize", "System.ValueType", "System.Object"];
const TIME_SPAN: &[&str] = &["Microsoft.Exchange.Data.EnhancedTimeSpan", "System.ValueType", "System.Object"];
const LINK: &[&str] =
    &["Microsoft.Exchange.Data.Directory.ADObjectId", "Microsoft.Exchange.Data.ObjectId", "System.Object"];

#[cfg(test)]
mod tests;
