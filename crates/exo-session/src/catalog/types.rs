//! PowerShell's short type names, written out.

/// The .NET full name of a declared type; `None` when it holds anything but letters, digits, dots and brackets.
pub(super) fn full_name(declared: &str) -> Option<String> {
    if let Some(element) = declared.strip_suffix("[]") {
        return Some(full_name(element)? + "[]");
    }
    if let Some(argument) = declared.strip_suffix(']') {
        // As `Type.ToString()` writes a generic type; nothing nests in what the service declares.
        let (generic, arguments) = argument.split_once('[')?;
        let arguments = arguments.split(',').map(full_name).collect::<Option<Vec<_>>>()?;
        return Some(format!("{}`{}[{}]", full_name(generic)?, arguments.len(), arguments.join(",")));
    }
    let simple = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+');
    if declared.is_empty() || !declared.bytes().all(simple) {
        return None;
    }
    let known = SHORT_NAMES.iter().find(|(short, _)| short.eq_ignore_ascii_case(declared));
    Some(known.map_or(declared, |(_, full)| full).to_owned())
}

/// Type accelerators (about_Type_Accelerators) that declarations use.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("bool", "System.Boolean"),
    ("boolean", "System.Boolean"),
    ("byte", "System.Byte"),
    ("char", "System.Char"),
    ("cultureinfo", "System.Globalization.CultureInfo"),
    ("datetime", "System.DateTime"),
    ("decimal", "System.Decimal"),
    ("double", "System.Double"),
    ("float", "System.Single"),
    ("guid", "System.Guid"),
    ("hashtable", "System.Collections.Hashtable"),
    ("int", "System.Int32"),
    ("int16", "System.Int16"),
    ("int32", "System.Int32"),
    ("int64", "System.Int64"),
    ("ipaddress", "System.Net.IPAddress"),
    ("long", "System.Int64"),
    ("mailaddress", "System.Net.Mail.MailAddress"),
    ("object", "System.Object"),
    ("pscredential", "System.Management.Automation.PSCredential"),
    ("psobject", "System.Management.Automation.PSObject"),
    ("pscustomobject", "System.Management.Automation.PSObject"),
    ("sbyte", "System.SByte"),
    ("scriptblock", "System.Management.Automation.ScriptBlock"),
    ("securestring", "System.Security.SecureString"),
    ("short", "System.Int16"),
    ("single", "System.Single"),
    ("string", "System.String"),
    ("switch", "System.Management.Automation.SwitchParameter"),
    ("timespan", "System.TimeSpan"),
    ("uint", "System.UInt32"),
    ("uint16", "System.UInt16"),
    ("uint32", "System.UInt32"),
    ("uint64", "System.UInt64"),
    ("ulong", "System.UInt64"),
    ("uri", "System.Uri"),
    ("ushort", "System.UInt16"),
    ("version", "System.Version"),
    ("x509certificate", "System.Security.Cryptography.X509Certificates.X509Certificate"),
    ("xml", "System.Xml.XmlDocument"),
];
