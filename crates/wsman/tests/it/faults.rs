//! Faults as servers write them.

use expect_test::{Expect, expect};
use wsman::{Fault, FaultCode, ProviderFault, Reply, Response};

fn decode(body: &str) -> Fault {
    let envelope = format!(
        r#"<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"
            xmlns:wsman="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
            xmlns:g="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault">
            <SOAP-ENV:Header/><SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>"#
    );
    match Response::decode(envelope.as_bytes()) {
        Ok(Response::Fault(fault)) => fault,
        other => panic!("not a fault: {other:?}"),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the expectation stands where the call is")]
fn check(body: &str, expected: Expect) -> Fault {
    let fault = decode(body);
    expected.assert_debug_eq(&fault);
    fault
}

#[test]
fn a_windows_fault_is_read_whole() {
    let fault = check(
        r#"<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value>
        <SOAP-ENV:Subcode><SOAP-ENV:Value>wsman:InvalidSelectors</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code>
        <SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en-US">The request contained invalid selectors. </SOAP-ENV:Text></SOAP-ENV:Reason>
        <SOAP-ENV:Detail><wsman:FaultDetail>http://example/UnexpectedSelectors</wsman:FaultDetail>
        <g:WSManFault Code="2150858843" Machine="ex01"><g:Message>The shell &amp; its command do not exist.</g:Message></g:WSManFault>
        </SOAP-ENV:Detail></SOAP-ENV:Fault>"#,
        expect![[r#"
            Fault {
                code: Sender,
                subcode: Some(
                    "InvalidSelectors",
                ),
                wsman_code: Some(
                    2150858843,
                ),
                reason: "The request contained invalid selectors.",
                machine: Some(
                    "ex01",
                ),
                message: Some(
                    "The shell & its command do not exist.",
                ),
                provider: None,
                detail: Some(
                    "http://example/UnexpectedSelectors",
                ),
            }
        "#]],
    );
    assert!(fault.is_shell_not_found() && !fault.is_operation_timeout());
    assert_eq!(
        fault.to_string(),
        "The shell & its command do not exist. (WSMan fault 2150858843, 0x8033805B)"
    );
}

#[test]
fn a_provider_speaks_inside_the_message() {
    let fault = check(
        r#"<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Receiver</SOAP-ENV:Value></SOAP-ENV:Code>
        <SOAP-ENV:Reason><SOAP-ENV:Text>short</SOAP-ENV:Text></SOAP-ENV:Reason>
        <SOAP-ENV:Detail><g:WSManFault Code="-2144108477" Machine=""><g:Message><g:ProviderFault provider="Microsoft.Exchange"
        path="C:\exchange.dll">Fail to create a runspace because you have exceeded the maximum number of connections allowed : 3
        for the policy party : MaxConcurrency.</g:ProviderFault></g:Message></g:WSManFault></SOAP-ENV:Detail></SOAP-ENV:Fault>"#,
        expect![[r#"
            Fault {
                code: Receiver,
                subcode: None,
                wsman_code: Some(
                    2150858819,
                ),
                reason: "short",
                machine: None,
                message: Some(
                    "Fail to create a runspace because you have exceeded the maximum number of connections allowed : 3\n        for the policy party : MaxConcurrency.",
                ),
                provider: Some(
                    ProviderFault {
                        provider: Some(
                            "Microsoft.Exchange",
                        ),
                        path: Some(
                            "C:\\exchange.dll",
                        ),
                        text: "Fail to create a runspace because you have exceeded the maximum number of connections allowed : 3\n        for the policy party : MaxConcurrency.",
                    },
                ),
                detail: None,
            }
        "#]],
    );
    assert!(fault.is_shell_quota_exceeded());
}

#[test]
fn a_number_is_found_in_a_detail_of_another_kind() {
    let fault = check(
        r#"<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Receiver</SOAP-ENV:Value></SOAP-ENV:Code>
        <SOAP-ENV:Reason/><SOAP-ENV:Detail><x xmlns="urn:other"><y><HRESULT>0x80070005</HRESULT></y></x></SOAP-ENV:Detail>
        </SOAP-ENV:Fault>"#,
        expect![[r#"
            Fault {
                code: Receiver,
                subcode: None,
                wsman_code: Some(
                    2147942405,
                ),
                reason: "",
                machine: None,
                message: None,
                provider: None,
                detail: None,
            }
        "#]],
    );
    assert!(fault.is_access_denied());
}

#[test]
fn an_empty_fault_is_still_a_fault() {
    let fault = check(
        "<SOAP-ENV:Fault/>",
        expect![[r#"
        Fault {
            code: Unknown,
            subcode: None,
            wsman_code: None,
            reason: "",
            machine: None,
            message: None,
            provider: None,
            detail: None,
        }
    "#]],
    );
    assert_eq!(fault.to_string(), "the server gave no reason");
}

type Predicate = fn(&Fault) -> bool;

#[test]
fn codes_mean_what_windows_means() {
    let predicates: [(&str, Predicate); 5] = [
        ("timeout", Fault::is_operation_timeout),
        ("gone", Fault::is_shell_not_found),
        ("quota", Fault::is_shell_quota_exceeded),
        ("denied", Fault::is_access_denied),
        ("aborted", Fault::is_aborted),
    ];
    let table = [
        (Some(2_150_858_793), None, "", "timeout"),
        (None, Some("TimedOut"), "", "timeout"),
        (Some(2_150_858_843), Some("InvalidSelectors"), "", "gone"),
        (None, Some("InvalidSelectors"), "", "gone"),
        (Some(2_150_859_173), None, "", "quota"),
        (Some(2_150_859_236), None, "", "quota"),
        (
            Some(1),
            None,
            "This user is allowed a maximum number of 5 concurrent shells, which has been exceeded.",
            "quota",
        ),
        (Some(5), None, "", "denied"),
        (Some(0x8007_0005), None, "", "denied"),
        (None, Some("AccessDenied"), "", "denied"),
        (Some(995), None, "", "aborted"),
        (Some(0x8007_03E3), None, "", "aborted"),
        (Some(2_150_858_770), Some("TimedOut"), "", ""),
        (None, None, "something else", ""),
    ];
    for (wsman_code, subcode, reason, expected) in table {
        let fault = Fault {
            wsman_code,
            subcode: subcode.map(str::to_owned),
            ..Fault::new(FaultCode::Receiver, reason)
        };
        let held: Vec<&str> =
            predicates.iter().filter(|(_, predicate)| predicate(&fault)).map(|(name, _)| *name).collect();
        assert_eq!(held.join(" "), expected, "{wsman_code:?} {subcode:?} {reason}");
    }
}

#[test]
fn made_faults_come_back_as_they_were() {
    let reply = Reply::to_unreadable(uuid::Uuid::nil());
    let provider = ProviderFault {
        provider: Some("Microsoft.Exchange".to_owned()),
        path: Some("C:\\a & b\".dll".to_owned()),
        text: "no <more> connections".to_owned(),
    };
    let table: [(Fault, Predicate); 6] = [
        (Fault::operation_timeout(), Fault::is_operation_timeout),
        (Fault::shell_not_found("no such shell"), Fault::is_shell_not_found),
        (Fault::access_denied(), Fault::is_access_denied),
        (Fault::shell_quota(3), Fault::is_shell_quota_exceeded),
        (Fault::action_not_supported("urn:x"), |fault| fault.wsman_code.is_some()),
        (Fault { provider: Some(provider.clone()), ..Fault::shell_quota(18) }, |fault| {
            fault.provider.is_some()
        }),
    ];
    for (fault, predicate) in table {
        let envelope = reply.build_fault(&fault);
        let Ok(Response::Fault(back)) = Response::decode(&envelope) else { panic!("{fault:?}") };
        assert!(predicate(&back), "{back:?}");
        let said = fault.provider.as_ref().map_or(&fault.reason, |provider| &provider.text);
        assert_eq!(Fault { message: Some(said.clone()), ..fault.clone() }, back);
    }
}
