//! What requests look like on the wire.

use std::time::Duration;

use expect_test::{Expect, expect};
use uuid::{Uuid, uuid};
use wsman::{Carrying, Endpoint, Ids, RESOURCE_EXCHANGE, ShellId, Signal};

fn endpoint() -> Endpoint {
    let session_id = uuid!("aecf49af-7164-43e6-b10a-e38e8c4986ad");
    Endpoint::new("https://outlook.example/powershell-liveid/?a=1&b=2", RESOURCE_EXCHANGE, session_id)
}

fn ids() -> Ids {
    Ids {
        message_id: uuid!("f249dbe7-0e83-4f39-ae4a-28324cf61227"),
        operation_id: uuid!("0a0988de-a676-48cb-b550-8adea9049a78"),
        again: false,
    }
}

fn shell() -> ShellId {
    ShellId::new("76056A84-51DC-4F24-9262-CA2A55464B2B")
}

const COMMAND: Uuid = uuid!("d1bf48da-b26c-4f4a-be52-b382ac20dd1f");

/// Shows one tag a line; the namespaces of the first tag are in every envelope.
#[expect(clippy::needless_pass_by_value, reason = "the expectation stands where the call is")]
fn check(envelope: Vec<u8>, expected: Expect) {
    let text = String::from_utf8(envelope).expect("requests are UTF-8");
    expected.assert_eq(&text.replace("><", ">\n<"));
}

#[test]
fn a_create_carries_the_creation_xml_and_the_protocol_version() {
    check(
        endpoint().build_create(
            ids(),
            uuid!("76056a84-51dc-4f24-9262-ca2a55464b2b"),
            b"fragments",
            "2.3",
            Some(Duration::from_secs(900)),
            Some("a \"name\""),
        ),
        expect![[r#"
            <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">
            <s:Header>
            <a:To>https://outlook.example/powershell-liveid/?a=1&amp;b=2</a:To>
            <a:ReplyTo>
            <a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
            </a:ReplyTo>
            <a:Action s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/09/transfer/Create</a:Action>
            <w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>
            <a:MessageID>uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227</a:MessageID>
            <w:Locale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:SessionId s:mustUnderstand="false">uuid:AECF49AF-7164-43E6-B10A-E38E8C4986AD</p:SessionId>
            <p:OperationID s:mustUnderstand="false">uuid:0A0988DE-A676-48CB-B550-8ADEA9049A78</p:OperationID>
            <p:SequenceId s:mustUnderstand="false">1</p:SequenceId>
            <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/powershell/Microsoft.Exchange</w:ResourceURI>
            <w:OptionSet s:mustUnderstand="true">
            <w:Option Name="protocolversion" MustComply="true">2.3</w:Option>
            </w:OptionSet>
            <w:OperationTimeout>PT180.000S</w:OperationTimeout>
            </s:Header>
            <s:Body>
            <rsp:Shell ShellId="76056A84-51DC-4F24-9262-CA2A55464B2B" Name="a &quot;name&quot;">
            <rsp:InputStreams>stdin pr</rsp:InputStreams>
            <rsp:OutputStreams>stdout</rsp:OutputStreams>
            <rsp:IdleTimeOut>PT900.000S</rsp:IdleTimeOut>
            <creationXml xmlns="http://schemas.microsoft.com/powershell">ZnJhZ21lbnRz</creationXml>
            </rsp:Shell>
            </s:Body>
            </s:Envelope>"#]],
    );
}

#[test]
fn a_command_carries_its_arguments() {
    check(
        endpoint().build_command(ids(), &shell(), COMMAND, b"first"),
        expect![[r#"
            <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">
            <s:Header>
            <a:To>https://outlook.example/powershell-liveid/?a=1&amp;b=2</a:To>
            <a:ReplyTo>
            <a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
            </a:ReplyTo>
            <a:Action s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command</a:Action>
            <w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>
            <a:MessageID>uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227</a:MessageID>
            <w:Locale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:SessionId s:mustUnderstand="false">uuid:AECF49AF-7164-43E6-B10A-E38E8C4986AD</p:SessionId>
            <p:OperationID s:mustUnderstand="false">uuid:0A0988DE-A676-48CB-B550-8ADEA9049A78</p:OperationID>
            <p:SequenceId s:mustUnderstand="false">1</p:SequenceId>
            <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/powershell/Microsoft.Exchange</w:ResourceURI>
            <w:SelectorSet>
            <w:Selector Name="ShellId">76056A84-51DC-4F24-9262-CA2A55464B2B</w:Selector>
            </w:SelectorSet>
            <w:OperationTimeout>PT180.000S</w:OperationTimeout>
            </s:Header>
            <s:Body>
            <rsp:CommandLine CommandId="D1BF48DA-B26C-4F4A-BE52-B382AC20DD1F">
            <rsp:Command/>
            <rsp:Arguments>Zmlyc3Q=</rsp:Arguments>
            </rsp:CommandLine>
            </s:Body>
            </s:Envelope>"#]],
    );
}

#[test]
fn a_send_names_its_stream_and_its_command() {
    check(
        endpoint().build_send(ids(), &shell(), "stdin", Some(COMMAND), b"input"),
        expect![[r#"
            <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">
            <s:Header>
            <a:To>https://outlook.example/powershell-liveid/?a=1&amp;b=2</a:To>
            <a:ReplyTo>
            <a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
            </a:ReplyTo>
            <a:Action s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send</a:Action>
            <w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>
            <a:MessageID>uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227</a:MessageID>
            <w:Locale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:SessionId s:mustUnderstand="false">uuid:AECF49AF-7164-43E6-B10A-E38E8C4986AD</p:SessionId>
            <p:OperationID s:mustUnderstand="false">uuid:0A0988DE-A676-48CB-B550-8ADEA9049A78</p:OperationID>
            <p:SequenceId s:mustUnderstand="false">1</p:SequenceId>
            <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/powershell/Microsoft.Exchange</w:ResourceURI>
            <w:SelectorSet>
            <w:Selector Name="ShellId">76056A84-51DC-4F24-9262-CA2A55464B2B</w:Selector>
            </w:SelectorSet>
            <w:OperationTimeout>PT180.000S</w:OperationTimeout>
            </s:Header>
            <s:Body>
            <rsp:Send>
            <rsp:Stream Name="stdin" CommandId="D1BF48DA-B26C-4F4A-BE52-B382AC20DD1F">aW5wdXQ=</rsp:Stream>
            </rsp:Send>
            </s:Body>
            </s:Envelope>"#]],
    );
    check(
        endpoint().build_send(ids(), &shell(), "pr", None, b""),
        expect![[r#"
            <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">
            <s:Header>
            <a:To>https://outlook.example/powershell-liveid/?a=1&amp;b=2</a:To>
            <a:ReplyTo>
            <a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
            </a:ReplyTo>
            <a:Action s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send</a:Action>
            <w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>
            <a:MessageID>uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227</a:MessageID>
            <w:Locale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:SessionId s:mustUnderstand="false">uuid:AECF49AF-7164-43E6-B10A-E38E8C4986AD</p:SessionId>
            <p:OperationID s:mustUnderstand="false">uuid:0A0988DE-A676-48CB-B550-8ADEA9049A78</p:OperationID>
            <p:SequenceId s:mustUnderstand="false">1</p:SequenceId>
            <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/powershell/Microsoft.Exchange</w:ResourceURI>
            <w:SelectorSet>
            <w:Selector Name="ShellId">76056A84-51DC-4F24-9262-CA2A55464B2B</w:Selector>
            </w:SelectorSet>
            <w:OperationTimeout>PT180.000S</w:OperationTimeout>
            </s:Header>
            <s:Body>
            <rsp:Send>
            <rsp:Stream Name="pr">
            </rsp:Stream>
            </rsp:Send>
            </s:Body>
            </s:Envelope>"#]],
    );
}

#[test]
fn a_receive_asks_for_stdout_and_keeps_the_line_alive() {
    check(
        endpoint().build_receive(ids(), &shell(), Some(COMMAND)),
        expect![[r#"
            <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">
            <s:Header>
            <a:To>https://outlook.example/powershell-liveid/?a=1&amp;b=2</a:To>
            <a:ReplyTo>
            <a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
            </a:ReplyTo>
            <a:Action s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive</a:Action>
            <w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>
            <a:MessageID>uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227</a:MessageID>
            <w:Locale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:SessionId s:mustUnderstand="false">uuid:AECF49AF-7164-43E6-B10A-E38E8C4986AD</p:SessionId>
            <p:OperationID s:mustUnderstand="false">uuid:0A0988DE-A676-48CB-B550-8ADEA9049A78</p:OperationID>
            <p:SequenceId s:mustUnderstand="false">1</p:SequenceId>
            <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/powershell/Microsoft.Exchange</w:ResourceURI>
            <w:SelectorSet>
            <w:Selector Name="ShellId">76056A84-51DC-4F24-9262-CA2A55464B2B</w:Selector>
            </w:SelectorSet>
            <w:OptionSet s:mustUnderstand="true">
            <w:Option Name="WSMAN_CMDSHELL_OPTION_KEEPALIVE">TRUE</w:Option>
            </w:OptionSet>
            <w:OperationTimeout>PT180.000S</w:OperationTimeout>
            </s:Header>
            <s:Body>
            <rsp:Receive>
            <rsp:DesiredStream CommandId="D1BF48DA-B26C-4F4A-BE52-B382AC20DD1F">stdout</rsp:DesiredStream>
            </rsp:Receive>
            </s:Body>
            </s:Envelope>"#]],
    );
    check(
        endpoint().build_receive(ids(), &shell(), None),
        expect![[r#"
            <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">
            <s:Header>
            <a:To>https://outlook.example/powershell-liveid/?a=1&amp;b=2</a:To>
            <a:ReplyTo>
            <a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
            </a:ReplyTo>
            <a:Action s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive</a:Action>
            <w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>
            <a:MessageID>uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227</a:MessageID>
            <w:Locale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:SessionId s:mustUnderstand="false">uuid:AECF49AF-7164-43E6-B10A-E38E8C4986AD</p:SessionId>
            <p:OperationID s:mustUnderstand="false">uuid:0A0988DE-A676-48CB-B550-8ADEA9049A78</p:OperationID>
            <p:SequenceId s:mustUnderstand="false">1</p:SequenceId>
            <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/powershell/Microsoft.Exchange</w:ResourceURI>
            <w:SelectorSet>
            <w:Selector Name="ShellId">76056A84-51DC-4F24-9262-CA2A55464B2B</w:Selector>
            </w:SelectorSet>
            <w:OptionSet s:mustUnderstand="true">
            <w:Option Name="WSMAN_CMDSHELL_OPTION_KEEPALIVE">TRUE</w:Option>
            </w:OptionSet>
            <w:OperationTimeout>PT180.000S</w:OperationTimeout>
            </s:Header>
            <s:Body>
            <rsp:Receive>
            <rsp:DesiredStream>stdout</rsp:DesiredStream>
            </rsp:Receive>
            </s:Body>
            </s:Envelope>"#]],
    );
}

#[test]
fn a_signal_has_the_code_that_servers_know() {
    check(
        endpoint().build_signal(ids(), &shell(), COMMAND, Signal::CtrlC),
        expect![[r#"
            <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">
            <s:Header>
            <a:To>https://outlook.example/powershell-liveid/?a=1&amp;b=2</a:To>
            <a:ReplyTo>
            <a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
            </a:ReplyTo>
            <a:Action s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal</a:Action>
            <w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>
            <a:MessageID>uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227</a:MessageID>
            <w:Locale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:SessionId s:mustUnderstand="false">uuid:AECF49AF-7164-43E6-B10A-E38E8C4986AD</p:SessionId>
            <p:OperationID s:mustUnderstand="false">uuid:0A0988DE-A676-48CB-B550-8ADEA9049A78</p:OperationID>
            <p:SequenceId s:mustUnderstand="false">1</p:SequenceId>
            <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/powershell/Microsoft.Exchange</w:ResourceURI>
            <w:SelectorSet>
            <w:Selector Name="ShellId">76056A84-51DC-4F24-9262-CA2A55464B2B</w:Selector>
            </w:SelectorSet>
            <w:OperationTimeout>PT180.000S</w:OperationTimeout>
            </s:Header>
            <s:Body>
            <rsp:Signal CommandId="D1BF48DA-B26C-4F4A-BE52-B382AC20DD1F">
            <rsp:Code>powershell/signal/crtl_c</rsp:Code>
            </rsp:Signal>
            </s:Body>
            </s:Envelope>"#]],
    );
    check(
        endpoint().build_signal(ids(), &shell(), COMMAND, Signal::Terminate),
        expect![[r#"
            <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">
            <s:Header>
            <a:To>https://outlook.example/powershell-liveid/?a=1&amp;b=2</a:To>
            <a:ReplyTo>
            <a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
            </a:ReplyTo>
            <a:Action s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal</a:Action>
            <w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>
            <a:MessageID>uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227</a:MessageID>
            <w:Locale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:SessionId s:mustUnderstand="false">uuid:AECF49AF-7164-43E6-B10A-E38E8C4986AD</p:SessionId>
            <p:OperationID s:mustUnderstand="false">uuid:0A0988DE-A676-48CB-B550-8ADEA9049A78</p:OperationID>
            <p:SequenceId s:mustUnderstand="false">1</p:SequenceId>
            <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/powershell/Microsoft.Exchange</w:ResourceURI>
            <w:SelectorSet>
            <w:Selector Name="ShellId">76056A84-51DC-4F24-9262-CA2A55464B2B</w:Selector>
            </w:SelectorSet>
            <w:OperationTimeout>PT180.000S</w:OperationTimeout>
            </s:Header>
            <s:Body>
            <rsp:Signal CommandId="D1BF48DA-B26C-4F4A-BE52-B382AC20DD1F">
            <rsp:Code>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate</rsp:Code>
            </rsp:Signal>
            </s:Body>
            </s:Envelope>"#]],
    );
}

#[test]
fn a_delete_and_a_get_have_an_empty_body() {
    check(
        endpoint().build_delete(ids(), &shell()),
        expect![[r#"
            <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">
            <s:Header>
            <a:To>https://outlook.example/powershell-liveid/?a=1&amp;b=2</a:To>
            <a:ReplyTo>
            <a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
            </a:ReplyTo>
            <a:Action s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete</a:Action>
            <w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>
            <a:MessageID>uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227</a:MessageID>
            <w:Locale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:SessionId s:mustUnderstand="false">uuid:AECF49AF-7164-43E6-B10A-E38E8C4986AD</p:SessionId>
            <p:OperationID s:mustUnderstand="false">uuid:0A0988DE-A676-48CB-B550-8ADEA9049A78</p:OperationID>
            <p:SequenceId s:mustUnderstand="false">1</p:SequenceId>
            <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/powershell/Microsoft.Exchange</w:ResourceURI>
            <w:SelectorSet>
            <w:Selector Name="ShellId">76056A84-51DC-4F24-9262-CA2A55464B2B</w:Selector>
            </w:SelectorSet>
            <w:OperationTimeout>PT180.000S</w:OperationTimeout>
            </s:Header>
            <s:Body>
            </s:Body>
            </s:Envelope>"#]],
    );
    check(
        endpoint().build_get_config(ids()),
        expect![[r#"
            <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">
            <s:Header>
            <a:To>https://outlook.example/powershell-liveid/?a=1&amp;b=2</a:To>
            <a:ReplyTo>
            <a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>
            </a:ReplyTo>
            <a:Action s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/09/transfer/Get</a:Action>
            <w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>
            <a:MessageID>uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227</a:MessageID>
            <w:Locale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>
            <p:SessionId s:mustUnderstand="false">uuid:AECF49AF-7164-43E6-B10A-E38E8C4986AD</p:SessionId>
            <p:OperationID s:mustUnderstand="false">uuid:0A0988DE-A676-48CB-B550-8ADEA9049A78</p:OperationID>
            <p:SequenceId s:mustUnderstand="false">1</p:SequenceId>
            <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/config</w:ResourceURI>
            <w:OperationTimeout>PT180.000S</w:OperationTimeout>
            </s:Header>
            <s:Body>
            </s:Body>
            </s:Envelope>"#]],
    );
}

#[test]
fn the_largest_payload_fills_the_envelope_and_one_byte_more_does_not_fit() {
    for max_envelope_len in [8_192_u32, 8_193, 8_194, 8_195, 153_600, 512_000] {
        let endpoint = Endpoint { max_envelope_len, ..endpoint() };
        let shell = shell();
        let build = |carrying: Carrying<'_>, len: usize| {
            let payload = vec![0xFF; len];
            match carrying {
                Carrying::Creation { protocol_version, idle_timeout, name } => {
                    endpoint.build_create(ids(), Uuid::nil(), &payload, protocol_version, idle_timeout, name)
                }
                Carrying::Arguments { shell } => endpoint.build_command(ids(), shell, COMMAND, &payload),
                Carrying::Stream { shell, stream, to_command } => {
                    endpoint.build_send(ids(), shell, stream, to_command.then_some(COMMAND), &payload)
                }
            }
        };
        for carrying in [
            Carrying::Creation { protocol_version: "2.3", idle_timeout: None, name: Some("x") },
            Carrying::Arguments { shell: &shell },
            Carrying::Stream { shell: &shell, stream: "stdin", to_command: true },
            Carrying::Stream { shell: &shell, stream: "pr", to_command: false },
        ] {
            let room = endpoint.max_fragment_len(carrying);
            let limit = usize::try_from(max_envelope_len).expect("fits");
            let full = build(carrying, room).len();
            assert!(full <= limit, "{carrying:?}: {full} of {limit}");
            assert!(limit < build(carrying, room + 1).len(), "{carrying:?}: there was more room");
        }
    }
}

#[test]
fn without_room_nothing_fits() {
    let endpoint = Endpoint { max_envelope_len: 500, ..endpoint() };
    assert_eq!(endpoint.max_fragment_len(Carrying::Arguments { shell: &shell() }), 0);
}
