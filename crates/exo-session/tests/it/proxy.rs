//! Sessions through a proxy: the lab's, which knows CONNECT and leads the names of Microsoft's clouds to the lab.

use exo_lab::{Lab, LabConfig};
use exo_session::{Authentication, CarrierChoice, ConnectOptions, ProxyVariables, connect};

use crate::support::{lab_with, open, options, run};

/// Options that name a cloud, which only the proxy leads to the lab.
fn through(lab: &Lab, carrier: CarrierChoice) -> ConnectOptions {
    let mut options = options(lab);
    options.carrier = carrier;
    options.connection_uri = Some("https://outlook.office365.com/powershell-liveid/".to_owned());
    options.authority = Some("https://login.microsoftonline.com/organizations".to_owned());
    options
}

async fn proxy_that_asks(credential: Option<(&str, &str)>) -> Lab {
    let proxy_credential = credential.map(|(user, password)| (user.to_owned(), password.to_owned()));
    lab_with(LabConfig { proxy_credential, ..LabConfig::default() }).await
}

async fn works(options: ConnectOptions) {
    let session = open(options).await;
    assert_eq!(run(&session, "Get-AcceptedDomain", &[]).await.unwrap().errors, 0);
    session.close().await.unwrap();
}

fn variables(https: Option<String>, no: Option<&str>) -> Option<ProxyVariables> {
    let mut variables = ProxyVariables::default();
    variables.https = https;
    variables.no = no.map(str::to_owned);
    Some(variables)
}

/// The proxy's address with a user in it.
fn with_user(lab: &Lab, user: &str) -> String {
    lab.proxy().replace("http://", &format!("http://{user}@"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_through_the_proxy_that_the_options_or_the_variables_name() {
    let lab = proxy_that_asks(None).await;
    for carrier in [CarrierChoice::Psrp, CarrierChoice::Rest] {
        let mut named = through(&lab, carrier);
        named.proxy = Some(lab.proxy());
        works(named).await;
        let mut variable = through(&lab, carrier);
        variable.proxy_variables = variables(Some(lab.proxy()), Some("contoso.com,10.0.0.0/8"));
        works(variable).await;
    }
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_asks_is_told_who_it_is() {
    let lab = proxy_that_asks(Some(("ana", "p:ss wörd"))).await;
    let mut right = through(&lab, CarrierChoice::Psrp);
    right.proxy = Some(lab.proxy());
    right.proxy_user = Some("ana".to_owned());
    right.proxy_password = Some(exo_session::Secret::new("p:ss wörd".to_owned()));
    works(right).await;
    // The address may say it too, of the option and of the variable.
    let address = with_user(&lab, "ana:p%3Ass%20w%C3%B6rd");
    let mut in_address = through(&lab, CarrierChoice::Psrp);
    in_address.proxy = Some(address.clone());
    works(in_address).await;
    let mut variable = through(&lab, CarrierChoice::Psrp);
    variable.proxy_variables = variables(Some(address), None);
    works(variable).await;

    for wrong in [lab.proxy(), with_user(&lab, "ana:wrong")] {
        let mut options = through(&lab, CarrierChoice::Psrp);
        options.authentication = Some(Authentication::Basic);
        options.proxy = Some(wrong);
        let error = connect(options, |_| {}).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("gave no connection"), "{text}");
        assert!(text.ends_with("; check the proxy's address and whether it wants a user name"), "{text}");
        assert!(!text.contains("wrong"), "{text}");
    }
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_of_no_proxy_are_asked_directly() {
    let lab = proxy_that_asks(None).await;
    // This machine is never asked through a proxy that nobody named for it.
    let mut own = options(&lab);
    own.proxy_variables = variables(Some("http://127.0.0.1:9".to_owned()), None);
    works(own).await;
    // Nobody but the proxy knows the name of a cloud that does not exist.
    let mut past = through(&lab, CarrierChoice::Psrp);
    past.authentication = Some(Authentication::Basic);
    past.connection_uri = Some("https://outlook.office365.invalid/powershell/".to_owned());
    past.proxy_variables = variables(Some(lab.proxy()), Some(".office365.invalid"));
    let error = connect(past, |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("has no address"), "{error}");
}
