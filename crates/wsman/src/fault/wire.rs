//! Faults as XML: `s:Fault` with a `WSManFault` or something else in its detail.

use super::{Fault, FaultCode, ProviderFault};
use crate::envelope::element;
use crate::error::EnvelopeError;
use crate::xml::{self, Element, Ns, Reader, escape_attribute, escape_text};

impl Fault {
    /// Reads to the end of the `Fault` element whose start was just taken.
    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, EnvelopeError> {
        let mut fault = Self::new(FaultCode::Unknown, "");
        while let Some(child) = reader.next_child()? {
            if child.is(Ns::Soap, "Code") {
                fault.decode_code(reader)?;
            } else if child.is(Ns::Soap, "Reason") {
                while let Some(text) = reader.next_child()? {
                    if text.is(Ns::Soap, "Text") && fault.reason.is_empty() {
                        fault.reason = reader.text()?.trim().to_owned();
                    } else {
                        reader.skip()?;
                    }
                }
            } else if child.is(Ns::Soap, "Detail") {
                fault.decode_detail(reader)?;
            } else {
                reader.skip()?;
            }
        }
        Ok(fault)
    }

    fn decode_code(&mut self, reader: &mut Reader<'_>) -> Result<(), EnvelopeError> {
        while let Some(child) = reader.next_child()? {
            if child.is(Ns::Soap, "Value") {
                self.code = FaultCode::of(without_prefix(&reader.text()?));
            } else if child.is(Ns::Soap, "Subcode") {
                // A subcode may hold a finer one; the outermost is the one WS-Management defines.
                while let Some(inner) = reader.next_child()? {
                    if inner.is(Ns::Soap, "Value") {
                        self.subcode = Some(without_prefix(&reader.text()?).to_owned());
                    } else {
                        reader.skip()?;
                    }
                }
            } else {
                reader.skip()?;
            }
        }
        Ok(())
    }

    fn decode_detail(&mut self, reader: &mut Reader<'_>) -> Result<(), EnvelopeError> {
        while let Some(child) = reader.next_child()? {
            if child.is(Ns::Wsman, "FaultDetail") {
                self.detail = Some(reader.text()?.trim().to_owned());
            } else if child.is(Ns::Fault, "WSManFault") {
                self.wsman_code =
                    child.attribute("Code")?.and_then(|code| decode_code_number(&code)).or(self.wsman_code);
                self.machine = child.attribute("Machine")?.filter(|machine| !machine.is_empty());
                while let Some(inner) = reader.next_child()? {
                    if inner.is(Ns::Fault, "Message") {
                        self.decode_message(reader)?;
                    } else {
                        reader.skip()?;
                    }
                }
            } else {
                // Providers without a WSManFault put the number into an element or attribute of their own.
                let found = decode_foreign_code(reader, &child)?;
                self.wsman_code = self.wsman_code.or(found);
            }
        }
        Ok(())
    }

    /// `f:Message` holds text, or a `ProviderFault` which holds text or a further `WSManFault`.
    fn decode_message(&mut self, reader: &mut Reader<'_>) -> Result<(), EnvelopeError> {
        let mut provider: Option<ProviderFault> = None;
        let mut inner_code = None;
        let text = reader.all_text(|child| {
            if child.is(Ns::Fault, "ProviderFault") {
                let name = child.attribute("provider")?;
                let path = child.attribute("path")?;
                provider.get_or_insert(ProviderFault { provider: name, path, text: String::new() });
            } else if child.is(Ns::Fault, "WSManFault") {
                inner_code = child.attribute("Code")?.and_then(|code| decode_code_number(&code));
            }
            Ok(())
        })?;
        let text = text.trim();
        if let Some(provider) = provider {
            self.provider = Some(ProviderFault { text: text.to_owned(), ..provider });
        }
        if !text.is_empty() {
            self.message = Some(text.to_owned());
        }
        self.wsman_code = self.wsman_code.or(inner_code);
        Ok(())
    }

    /// Appends the body of a fault envelope.
    pub(crate) fn encode(&self, out: &mut String) {
        out.push_str("<s:Fault><s:Code>");
        element(out, "s:Value", "", self.code.qualified());
        if let Some(subcode) = &self.subcode {
            out.push_str("<s:Subcode>");
            element(out, "s:Value", "", &format!("w:{subcode}"));
            out.push_str("</s:Subcode>");
        }
        out.push_str("</s:Code><s:Reason>");
        element(out, "s:Text", " xml:lang=\"en-US\"", &self.reason);
        out.push_str("</s:Reason><s:Detail>");
        if let Some(detail) = &self.detail {
            element(out, "w:FaultDetail", "", detail);
        }
        if let Some(code) = self.wsman_code {
            out.push_str("<f:WSManFault xmlns:f=\"");
            out.push_str(xml::FAULT);
            out.push_str("\" Code=\"");
            out.push_str(&code.to_string());
            out.push_str("\" Machine=\"");
            escape_attribute(self.machine.as_deref().unwrap_or_default(), out);
            out.push_str("\"><f:Message>");
            self.encode_message(out);
            out.push_str("</f:Message></f:WSManFault>");
        }
        out.push_str("</s:Detail></s:Fault>");
    }

    fn encode_message(&self, out: &mut String) {
        let Some(provider) = &self.provider else {
            escape_text(self.message.as_deref().unwrap_or(&self.reason), out);
            return;
        };
        out.push_str("<f:ProviderFault");
        for (name, value) in [("provider", &provider.provider), ("path", &provider.path)] {
            if let Some(value) = value {
                out.push(' ');
                out.push_str(name);
                out.push_str("=\"");
                escape_attribute(value, out);
                out.push('"');
            }
        }
        out.push('>');
        escape_text(&provider.text, out);
        out.push_str("</f:ProviderFault>");
    }
}

impl FaultCode {
    fn of(local: &str) -> Self {
        match local {
            "Sender" => Self::Sender,
            "Receiver" => Self::Receiver,
            "MustUnderstand" => Self::MustUnderstand,
            "VersionMismatch" => Self::VersionMismatch,
            "DataEncodingUnknown" => Self::DataEncodingUnknown,
            _ => Self::Unknown,
        }
    }

    fn qualified(self) -> &'static str {
        match self {
            Self::Sender => "s:Sender",
            Self::Receiver | Self::Unknown => "s:Receiver",
            Self::MustUnderstand => "s:MustUnderstand",
            Self::VersionMismatch => "s:VersionMismatch",
            Self::DataEncodingUnknown => "s:DataEncodingUnknown",
        }
    }
}

/// Prefixes of fault values differ between servers and none of the local names collide.
fn without_prefix(text: &str) -> &str {
    let text = text.trim();
    text.rsplit_once(':').map_or(text, |(_, local)| local)
}

/// Looks for an HRESULT in an element of a foreign namespace and reads to its end. The reader bounds the depth.
fn decode_foreign_code(reader: &mut Reader<'_>, element: &Element<'_>) -> Result<Option<u32>, EnvelopeError> {
    let mut found = None;
    for name in CODE_NAMES {
        found = found.or(element.attribute(name)?.and_then(|code| decode_code_number(&code)));
    }
    let is_code = CODE_NAMES.iter().any(|name| element.has_name(name));
    if is_code {
        return Ok(decode_code_number(&reader.text()?).or(found));
    }
    while let Some(child) = reader.next_child()? {
        let inner = decode_foreign_code(reader, &child)?;
        found = found.or(inner);
    }
    Ok(found)
}

/// A code is written as an unsigned, a negative, or a hexadecimal number.
fn decode_code_number(text: &str) -> Option<u32> {
    let text = text.trim();
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(hex, 16).ok();
    }
    text.parse().ok().or_else(|| text.parse().ok().map(i32::cast_unsigned))
}

/// What providers call their error number.
const CODE_NAMES: [&str; 3] = ["HRESULT", "hresult", "error_Code"];
