use std::time::Duration;

use uuid::Uuid;
use wsman::{Fault, FaultCode, Reply};

use super::*;

fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &[u8]) -> Answer {
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect(),
        body: Ok(Bytes::copy_from_slice(body)),
        url: Url::parse("https://mail.contoso.com/powershell?email=a@b.c").unwrap(),
    }
}

#[test]
fn an_answer_that_is_no_success_has_its_own_sentence() {
    let page = b"<html><head><TITLE>\n Runtime Error </TITLE></head></html>";
    let cut = b"<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>";
    for (status, headers, body, basic, expected) in [
        (
            401,
            &[][..],
            &b""[..],
            true,
            "mail.contoso.com did not accept the user name and the password (HTTP 401); check the user name and the \
             password, and that the server allows Basic authentication",
        ),
        (
            401,
            &[],
            b"",
            false,
            "mail.contoso.com did not accept the token (HTTP 401); sign in again, and check that the account belongs \
             to this organization",
        ),
        (
            403,
            &[],
            b"",
            true,
            "mail.contoso.com does not allow this account remote PowerShell (HTTP 403); an administrator can enable \
             the account with Set-User -RemotePowerShellEnabled $true (in the cloud: -EXOModuleEnabled $true)",
        ),
        (
            404,
            &[],
            page,
            true,
            "mail.contoso.com has nothing at /powershell (HTTP 404); check the path of the connection address, \
             usually /powershell-liveid/ or /powershell/",
        ),
        (500, &[], page, true, "mail.contoso.com answered HTTP 500: Runtime Error"),
        (500, &[], b"", true, "mail.contoso.com answered HTTP 500"),
        (
            503,
            &[("retry-after", "7")],
            b"busy",
            true,
            "mail.contoso.com is busy (HTTP 503) and asks to wait 7 s; wait a little and try again",
        ),
        (
            200,
            &[],
            page,
            true,
            "mail.contoso.com answered with an HTML page instead of WSMan: Runtime Error; check the connection \
             address, and whether a proxy or a sign-in page stands in the way",
        ),
        (
            200,
            &[],
            cut,
            true,
            "the answer of mail.contoso.com ended before it was complete; try again; when it happens each time, look \
             for a proxy or firewall that cuts",
        ),
    ] {
        let error = judge(answer(status, headers, body), basic, Step::Open).unwrap_err();
        assert_eq!(error.to_string(), format!("could not open the session: {expected}"));
    }
}

#[test]
fn a_fault_is_an_answer_whatever_its_status() {
    let fault = Fault::new(FaultCode::Receiver, "no");
    let body = Reply::to_unreadable(Uuid::nil()).build_fault(&fault);
    for status in [200, 400, 403, 500] {
        match judge(answer(status, &[], &body), true, Step::Open) {
            Ok(Response::Fault(found)) => assert_eq!(found.reason, "no", "{status}"),
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn faults_say_code_reason_and_what_to_do() {
    let exchange =
        "[ClientAccessServer=A,BackEndServer=b] [FailureCategory=AuthZ-X] The user is not allowed.";
    for (fault, expected, category) in [
        (
            Fault::shell_quota(5),
            "the server answered with WSMan fault 2150859173 (0x803381A5): The WS-Management service cannot process \
             the request. This user is allowed a maximum number of 5 concurrent shells, which has been exceeded. \
             Close existing shells or raise the quota for this user; close other sessions first with \
             Disconnect-ExchangeOnline, or wait until the idle ones time out",
            None,
        ),
        (
            Fault::shell_not_found("The shell was not found."),
            "the server answered with WSMan fault 2150858843 (0x8033805B): The shell was not found; connect again; \
             when it happens while connecting, the network may send requests out from changing addresses (SNAT pool), \
             and in standalone EOP the account may lack its mail user",
            None,
        ),
        (
            Fault { message: Some(exchange.to_owned()), ..Fault::new(FaultCode::Receiver, "x") },
            "the server answered with a SOAP fault: The user is not allowed",
            Some("AuthZ-X"),
        ),
        (Fault::new(FaultCode::Sender, ""), "the server answered with a SOAP fault: without a reason", None),
    ] {
        let error = Error::new(Step::Open, Kind::Fault(Box::new(fault)));
        assert_eq!(error.to_string(), format!("could not open the session: {expected}"));
        assert_eq!(error.failure_category(), category);
        assert!(error.fault().is_some());
    }
}

#[test]
fn waiting_times_are_read_in_seconds_only() {
    for (value, expected) in [("7", Some(Duration::from_secs(7))), ("Sat, 21 Nov 2026 13:00:00 GMT", None)] {
        let error = judge(answer(429, &[("retry-after", value)], b""), true, Step::Run).unwrap_err();
        assert!(
            matches!(error.kind(), Kind::Busy { retry_after, .. } if *retry_after == expected),
            "{error}"
        );
    }
}
