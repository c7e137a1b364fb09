use exo_auth::{AccessToken, Environment, Secret, Service};
use reqwest::header::HeaderValue;

use super::*;
use crate::connect::authorization::{Authorization, Form};
use crate::options::BrowserChoice;

fn options(uri: &str) -> ConnectOptions {
    ConnectOptions { connection_uri: Some(uri.to_owned()), ..ConnectOptions::default() }
}

fn refusal(options: &ConnectOptions) -> String {
    Plan::of(options).unwrap_err().to_string()
}

#[test]
fn the_address_decides_what_is_spoken() {
    for (uri, carrier, expected) in [
        ("https://mail.contoso.com/PowerShell/", CarrierChoice::Auto, None),
        ("http://localhost:8080/powershell-liveid/", CarrierChoice::Auto, None),
        ("https://mail.contoso.com/owa", CarrierChoice::Psrp, None),
        ("https://mail.contoso.com/owa?x=1", CarrierChoice::Auto, Some("https://mail.contoso.com/")),
        (
            "https://mail.contoso.com:444/powershell",
            CarrierChoice::Rest,
            Some("https://mail.contoso.com:444/"),
        ),
        (
            "https://outlook.office365.com/powershell-liveid/",
            CarrierChoice::Auto,
            Some("https://outlook.office365.com/"),
        ),
        ("https://outlook.office365.com/powershell-liveid/", CarrierChoice::Psrp, None),
        (
            "https://ps.protection.outlook.com/powershell-liveid/",
            CarrierChoice::Auto,
            Some("https://outlook.office365.com/"),
        ),
    ] {
        let plan = Plan::of(&ConnectOptions { carrier, ..options(uri) }).unwrap();
        assert_eq!(plan.rest.as_ref().map(Url::as_str), expected, "{uri} {carrier:?}");
    }
}

#[test]
fn each_environment_is_served_over_rest() {
    for (environment, exchange, compliance) in [
        (Environment::O365Default, "outlook.office365.com", "ps.compliance.protection.outlook.com"),
        (Environment::O365China, "outlook.office365.cn", "ps.compliance.protection.partner.outlook.cn"),
        (Environment::O365GermanyCloud, "outlook.office.de", "ps.compliance.protection.outlook.de"),
        (Environment::O365USGovGCCHigh, "outlook.office365.us", "ps.compliance.protection.office365.us"),
        (Environment::O365USGovDoD, "outlook-dod.office365.us", "l5.ps.compliance.protection.office365.us"),
    ] {
        for (service, host) in [(Service::Exchange, exchange), (Service::Compliance, compliance)] {
            let plan =
                Plan::of(&ConnectOptions { environment, service, ..ConnectOptions::default() }).unwrap();
            assert_eq!(plan.rest.unwrap().as_str(), format!("https://{host}/"), "{environment}");
            // The same by its address.
            let plan = Plan::of(&options(environment.connection_uri(service))).unwrap();
            assert_eq!((plan.environment, plan.service), (environment, service));
        }
    }
}

/// Section 1.7 of the reference on the surface, and what is written besides: whatever the options say of the service,
/// standalone EOP is served by Exchange.
#[test]
fn each_connection_uri_of_the_documentation_leads_to_its_cloud_and_service() {
    use Environment::{O365China, O365Default, O365GermanyCloud, O365USGovDoD, O365USGovGCCHigh};
    use Service::{Compliance, Exchange};
    for (uri, environment, service, host, sign_in) in [
        (
            "https://outlook.office365.com/powershell-liveid/",
            O365Default,
            Exchange,
            "outlook.office365.com",
            "login.microsoftonline.com",
        ),
        (
            "https://outlook.office365.com/PowerShell-LiveId?DelegatedOrg=fabrikam.com",
            O365Default,
            Exchange,
            "outlook.office365.com",
            "login.microsoftonline.com",
        ),
        (
            "https://ps.compliance.protection.outlook.com/powershell-liveid/",
            O365Default,
            Compliance,
            "ps.compliance.protection.outlook.com",
            "login.microsoftonline.com",
        ),
        (
            "https://ps.protection.outlook.com/powershell-liveid/",
            O365Default,
            Exchange,
            "outlook.office365.com",
            "login.microsoftonline.com",
        ),
        (
            "https://partner.outlook.cn/PowerShell",
            O365China,
            Exchange,
            "outlook.office365.cn",
            "login.chinacloudapi.cn",
        ),
        (
            "https://partner.outlook.cn/PowerShell-LiveID",
            O365China,
            Exchange,
            "outlook.office365.cn",
            "login.chinacloudapi.cn",
        ),
        (
            "https://ps.compliance.protection.partner.outlook.cn/powershell-liveid",
            O365China,
            Compliance,
            "ps.compliance.protection.partner.outlook.cn",
            "login.chinacloudapi.cn",
        ),
        (
            "https://outlook.office.de/PowerShell-LiveID",
            O365GermanyCloud,
            Exchange,
            "outlook.office.de",
            "login.microsoftonline.de",
        ),
        (
            "https://ps.compliance.protection.outlook.de/powershell-liveid/",
            O365GermanyCloud,
            Compliance,
            "ps.compliance.protection.outlook.de",
            "login.microsoftonline.de",
        ),
        (
            "https://PS.protection.outlook.de/powershell-liveid/",
            O365GermanyCloud,
            Exchange,
            "outlook.office.de",
            "login.microsoftonline.de",
        ),
        (
            "https://outlook.office365.us/powershell-liveID",
            O365USGovGCCHigh,
            Exchange,
            "outlook.office365.us",
            "login.microsoftonline.us",
        ),
        (
            "https://ps.compliance.protection.office365.us/powershell-liveid/",
            O365USGovGCCHigh,
            Compliance,
            "ps.compliance.protection.office365.us",
            "login.microsoftonline.us",
        ),
        (
            "https://webmail.apps.mil/powershell-liveID",
            O365USGovDoD,
            Exchange,
            "outlook-dod.office365.us",
            "login.microsoftonline.us",
        ),
        (
            "https://l5.ps.compliance.protection.office365.us/powershell-liveid/",
            O365USGovDoD,
            Compliance,
            "l5.ps.compliance.protection.office365.us",
            "login.microsoftonline.us",
        ),
        (
            "https://compliance.dod.microsoft.com/powershell-liveid",
            O365USGovDoD,
            Compliance,
            "compliance.dod.microsoft.com",
            "login.microsoftonline.us",
        ),
    ] {
        for said in [Exchange, Compliance] {
            let plan = Plan::of(&ConnectOptions { service: said, ..options(uri) }).unwrap();
            assert_eq!((plan.environment, plan.service), (environment, service), "{uri}");
            assert_eq!(plan.rest.unwrap().as_str(), format!("https://{host}/"), "{uri}");
            assert_eq!((plan.authority.host(), plan.warnings.len()), (sign_in, 0), "{uri}");
        }
    }
    // A region's own address says nothing of the service, which the command then does.
    for said in [Exchange, Compliance] {
        let uri = "https://nam12b.ps.compliance.protection.outlook.com";
        let plan = Plan::of(&ConnectOptions { service: said, ..options(uri) }).unwrap();
        assert_eq!(plan.service, said);
        assert_eq!(plan.rest.unwrap().as_str(), format!("{uri}/"));
    }
}

#[test]
fn a_password_never_goes_over_rest_itself() {
    let basic = Some(Authentication::Basic);
    let text = refusal(&ConnectOptions { authentication: basic, ..ConnectOptions::default() });
    assert!(text.contains("authentication is Basic, and the service takes only tokens over REST"), "{text}");
    let plan = Plan::of(&ConnectOptions {
        authentication: Some(Authentication::BasicToken),
        ..ConnectOptions::default()
    });
    assert_eq!(plan.unwrap().authentication, Authentication::Bearer);
}

#[test]
fn tickets_go_over_plain_http_and_to_servers_of_ones_own_only() {
    for authentication in [Authentication::Kerberos, Authentication::Negotiate] {
        for (uri, refused) in [
            ("http://mail.contoso.com/PowerShell/", None),
            ("https://mail.contoso.com/PowerShell/", None),
            ("https://outlook.office365.com/powershell-liveid/", Some("takes only tokens over REST")),
            ("http://mail.contoso.com/adminapi", Some("takes only tokens over REST")),
        ] {
            let options = ConnectOptions { authentication: Some(authentication), ..options(uri) };
            match (Plan::of(&options), refused) {
                (Ok(plan), None) => assert_eq!(plan.authentication, authentication, "{uri}"),
                (Err(error), Some(part)) => assert!(error.to_string().contains(part), "{uri}: {error}"),
                (outcome, _) => panic!("{uri}: {outcome:?}"),
            }
        }
    }
}

#[test]
fn psrp_against_the_cloud_is_possible_and_warned_about() {
    let options = ConnectOptions { carrier: CarrierChoice::Psrp, ..ConnectOptions::default() };
    let plan = Plan::of(&options).unwrap();
    assert_eq!(plan.warnings.len(), 1);
    assert!(plan.warnings[0].contains("outlook.office365.com no longer offers remote PowerShell"));
}

#[test]
fn wrong_addresses_are_named_without_passwords() {
    for (uri, expected) in [
        ("mail.contoso.com", "connectionUri 'mail.contoso.com' is not an absolute http or https address"),
        ("ftp://mail.contoso.com/powershell", "is not an absolute http or https address"),
        ("https://", "is not an absolute http or https address"),
        (
            "https://u:secret@mail.contoso.com/powershell",
            "'https://…@mail.contoso.com/powershell' has a user name",
        ),
        (
            "http://mail.contoso.com/powershell",
            "a password or a token would go to mail.contoso.com over plain http, where anybody could read it; use an \
             https address",
        ),
    ] {
        let text = refusal(&options(uri));
        assert!(text.starts_with("could not use the connection options: "), "{text}");
        assert!(text.contains(expected) && !text.contains("secret"), "{text}");
    }
    let authority = Some("http://login.contoso.com/x".to_owned());
    let text = refusal(&ConnectOptions { authority, ..options("https://mail.contoso.com/powershell") });
    assert!(text.contains("authority cannot be used"), "{text}");
}

#[test]
fn a_password_for_a_server_of_ones_own_goes_to_that_server() {
    let authority = || Some("https://login.contoso.com/x".to_owned());
    for (uri, sign_in, authority, expected) in [
        ("https://mail.contoso.com/powershell", SignInMethod::Password, None, Authentication::Basic),
        ("https://mail.contoso.com/powershell", SignInMethod::Password, authority(), Authentication::Bearer),
        ("https://mail.contoso.com/powershell", SignInMethod::Device, None, Authentication::Bearer),
        ("https://mail.contoso.com/powershell", SignInMethod::AccessToken, None, Authentication::Bearer),
        (
            "https://mail.contoso.com/PowerShell-LiveId",
            SignInMethod::Password,
            None,
            Authentication::BasicToken,
        ),
    ] {
        let options = ConnectOptions { sign_in, authority, ..options(uri) };
        assert_eq!(Plan::of(&options).unwrap().authentication, expected, "{uri} {sign_in:?}");
    }
    let chosen = ConnectOptions {
        authentication: Some(Authentication::Bearer),
        ..options("https://mail.contoso.com/powershell-liveid")
    };
    assert_eq!(Plan::of(&chosen).unwrap().authentication, Authentication::Bearer);
}

fn session_query(options: &ConnectOptions) -> Vec<(String, String)> {
    let plan = Plan::of(options).unwrap();
    let token = AccessToken::from_secret(Secret::new("abc".to_owned())).unwrap();
    let credential = Credential::of_token(options, &token, &exo_auth::Claims::default());
    let url = plan.session_url(options, &credential, Uuid::nil());
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

#[test]
fn cloud_style_addresses_get_the_query_fields_of_the_old_module() {
    let mut options = options("https://mail.contoso.com/powershell-liveid/?email=other@contoso.com");
    options.user = Some("admin@contoso.com".to_owned());
    options.delegated_organization = Some("fabrikam.com".to_owned());
    let query = session_query(&options);
    let names: Vec<&str> = query.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "email",
            "BasicAuthToOAuthConversion",
            "HideBannerMessage",
            "ConnectionId",
            "ClientProcessId",
            "ExoModuleVersion",
            "OSVersion",
            "DelegatedOrg"
        ]
    );
    assert_eq!(query[0].1, "other@contoso.com");
    options.connection_uri = Some("https://mail.contoso.com/powershell-liveid/".to_owned());
    assert!(session_query(&options).contains(&("email".to_owned(), "admin@contoso.com".to_owned())));
    options.bypass_mailbox_anchoring = true;
    assert!(session_query(&options).iter().all(|(name, _)| name != "email"));
}

#[tokio::test]
async fn the_token_in_basic_has_the_form_the_service_converts() {
    let token = AccessToken::from_secret(Secret::new("tok".to_owned())).unwrap();
    for (form, expected) in [
        (Form::Bearer, "Bearer tok"),
        // a@b.c:Bearer tok
        (Form::Basic { user: "a@b.c".to_owned() }, "Basic YUBiLmM6QmVhcmVyIHRvaw=="),
    ] {
        let header = form.header(&token).unwrap();
        assert_eq!(header, HeaderValue::from_static(expected));
        assert!(header.is_sensitive());
    }
    let mut options = options("https://mail.contoso.com/powershell-liveid/");
    options.user = Some("a@b.c".to_owned());
    options.password = Some(Secret::new("p:w".to_owned()));
    let sent = Authorization::basic(&options).unwrap().value().await.unwrap();
    assert_eq!(sent.header, Some(HeaderValue::from_static("Basic YUBiLmM6cDp3")));
    options.user = Some("a:b".to_owned());
    assert!(Authorization::basic(&options).err().unwrap().to_string().contains("has a colon"));
}

#[test]
fn the_sign_in_fields_are_read_by_their_names() {
    let options: ConnectOptions = serde_json::from_str(
        r#"{"signIn":"certificate","appId":"a-1","organization":"contoso.onmicrosoft.com","certificateFile":"/c.pfx",
            "managedIdentityId":"m-1","prompt":"selectAccount","domainHint":"contoso.com","browser":"caller",
            "signInTimeoutMs":1500,"tokenCache":"/t"}"#,
    )
    .unwrap();
    assert_eq!(options.sign_in, SignInMethod::Certificate);
    assert_eq!(
        (options.prompt, options.browser),
        (Some(exo_auth::Prompt::SelectAccount), BrowserChoice::Caller)
    );
    assert_eq!(options.sign_in_timeout, Duration::from_millis(1500));
    assert_eq!(options.token_cache.as_deref(), Some(std::path::Path::new("/t")));
    for name in ["password", "certificate", "certificatePassword", "accessToken", "surroundings"] {
        let json = format!(r#"{{"{name}":"x"}}"#);
        assert!(serde_json::from_str::<ConnectOptions>(&json).is_err(), "{name} must not be in the document");
    }
    for method in ["browser", "device", "password", "certificate", "managedIdentity", "accessToken"] {
        let json = format!(r#"{{"signIn":"{method}"}}"#);
        assert_eq!(serde_json::from_str::<ConnectOptions>(&json).unwrap().sign_in.name(), method);
    }
}

#[test]
fn an_application_signs_in_at_its_organization() {
    let authority = |options: &ConnectOptions| {
        Plan::of(options).unwrap().sign_in_authority(options).map(|authority| authority.to_string())
    };
    let mut options = ConnectOptions { sign_in: SignInMethod::Certificate, ..ConnectOptions::default() };
    assert!(authority(&options).unwrap_err().to_string().contains("organization is needed"));
    options.organization = Some("contoso.onmicrosoft.com".to_owned());
    assert_eq!(authority(&options).unwrap(), "https://login.microsoftonline.com/contoso.onmicrosoft.com");
    options.organization = Some("a/b".to_owned());
    assert!(authority(&options).unwrap_err().to_string().contains("neither a domain nor a tenant id"));
    options.organization = None;
    options.authority = Some("https://login.microsoftonline.us/fabrikam.us".to_owned());
    assert_eq!(authority(&options).unwrap(), "https://login.microsoftonline.us/fabrikam.us");
}

#[test]
fn options_are_read_from_camel_case_json_and_unknown_names_are_refused() {
    let options: ConnectOptions = serde_json::from_str(
        r#"{"service":"compliance","environment":"O365USGovDoD","connectionUri":"https://x/","carrier":"psrp",
            "authentication":"basicToken","signIn":"device","user":"a@b.c","delegatedOrganization":"f.com",
            "proxy":"http://p:8080","caFile":"/ca.pem","allowRedirection":false,"connectTimeoutMs":1500,
            "operationTimeoutMs":60000,"maxEnvelopeLen":153600,"includePortInSpn":true}"#,
    )
    .unwrap();
    assert!(options.include_port_in_spn);
    for (name, expected) in [("kerberos", Authentication::Kerberos), ("negotiate", Authentication::Negotiate)]
    {
        let read: ConnectOptions =
            serde_json::from_str(&format!(r#"{{"authentication":"{name}"}}"#)).unwrap();
        assert_eq!(read.authentication, Some(expected));
    }
    assert_eq!(options.service, Service::Compliance);
    assert_eq!(options.environment, Environment::O365USGovDoD);
    assert_eq!(options.authentication, Some(Authentication::BasicToken));
    assert_eq!(options.connect_timeout, Duration::from_millis(1500));
    assert!(!options.allow_redirection);
    for wrong in [r#"{"password":"x"}"#, r#"{"colour":1}"#, r#"{"environment":"Moon"}"#, r#"{"service":"x"}"#]
    {
        assert!(serde_json::from_str::<ConnectOptions>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let mut options = options("https://mail.contoso.com/powershell");
    options.password = Some(Secret::new("hunter2".to_owned()));
    options.access_token = Some(Secret::new("hunter2".to_owned()));
    options.proxy = Some("http://me:hunter2@proxy:8080".to_owned());
    options.connection_uri = Some("https://me:hunter2@mail.contoso.com/powershell".to_owned());
    assert!(!format!("{options:?}").contains("hunter2"));
}

#[test]
fn a_partner_signs_in_at_the_customers_tenant_for_compliance() {
    let authority = || Some("https://login.microsoftonline.com/other.com".to_owned());
    for (service, delegated, authority, expected) in [
        (Service::Compliance, Some("fabrikam.com"), None, "fabrikam.com"),
        (Service::Compliance, Some("fabrikam.com"), authority(), "other.com"),
        (Service::Compliance, None, None, "organizations"),
        (Service::Exchange, Some("fabrikam.com"), None, "organizations"),
    ] {
        let delegated_organization = delegated.map(str::to_owned);
        let options =
            ConnectOptions { service, delegated_organization, authority, ..ConnectOptions::default() };
        let found = Plan::of(&options).unwrap().sign_in_authority(&options).unwrap();
        assert_eq!(found.tenant(), expected, "{service:?} {delegated:?}");
    }
}
