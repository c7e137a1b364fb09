//! The REST endpoints as a client of the service sees them.

use std::io::Read as _;

use exo_lab::{Lab, LabConfig};
use psrp::clixml::{self, Tape};
use serde_json::{Value, json};

use crate::http::{Answer, password_grant, send};

mod batch;
mod fault;
mod invoke;
mod module_file;
mod objects;
mod paging;
mod parameter;

/// A lab and a token for one of its services.
struct Rest {
    lab: Lab,
    token: String,
    tenant: String,
    /// Whether calls go to the regional compliance host.
    is_regional: bool,
}

impl Rest {
    /// A lab whose administrator is signed in to Exchange.
    async fn start(config: LabConfig) -> Self {
        let lab = Lab::start(config).await.expect("the lab starts");
        let user = lab.user();
        Self::signed_in(lab, &user, EXCHANGE).await
    }

    async fn signed_in(lab: Lab, user: &str, audience: &str) -> Self {
        let token = token(&lab, user, audience).await;
        let tenant = tenant(&token);
        Self { lab, token, tenant, is_regional: audience == COMPLIANCE }
    }

    async fn again(&mut self, user: &str, audience: &str) {
        self.token = token(&self.lab, user, audience).await;
        self.is_regional = audience == COMPLIANCE;
    }

    /// The path of a link that leads back to where the calls go.
    fn path_of<'l>(&self, link: &'l str) -> &'l str {
        let host = if self.is_regional { self.lab.compliance_url() } else { self.lab.rest_url() };
        link.strip_prefix(host).expect("the host of the request")
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, String> {
        let authorization = format!("Bearer {}", self.token);
        let mut all = vec![("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
        all.extend_from_slice(headers);
        if self.is_regional {
            crate::http::send_to(&self.lab, self.lab.compliance_url(), method, path, &all, body).await
        } else {
            send(&self.lab, method, path, &all, body).await
        }
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.request("POST", path, headers, Some(body.to_string().as_bytes())).await.expect("an answer")
    }

    fn invoke_path(&self) -> String {
        format!("/adminapi/beta/{}/InvokeCommand", self.tenant)
    }

    async fn invoke(&self, cmdlet: &str, parameters: Value) -> Answer {
        self.post(&self.invoke_path(), &[CLIXML], &call(cmdlet, parameters)).await
    }
}

#[expect(clippy::needless_pass_by_value, reason = "reads better in a table of cases")]
fn call(cmdlet: &str, parameters: Value) -> Value {
    json!({ "CmdletInput": { "CmdletName": cmdlet, "Parameters": parameters } })
}

async fn token(lab: &Lab, user: &str, audience: &str) -> String {
    let scope = format!("{audience}/.default openid");
    let answer = password_grant(lab, user, &scope, &[]).await;
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}

fn tenant(token: &str) -> String {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).expect("three parts");
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64");
    let payload: Value = serde_json::from_slice(&payload).expect("JSON");
    payload["tid"].as_str().expect("a tenant").to_owned()
}

/// The objects of an answer.
fn objects(answer: &Answer) -> Tape {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    let document = json["value"][0]["_cliXml"].as_str().expect("CLIXML").to_owned();
    clixml::decode(document.into_bytes()).expect("it is CLIXML")
}

/// A property of each object.
fn property(tape: &Tape, name: &str) -> Vec<String> {
    let text = |value: clixml::Value<'_>| {
        let member = value.resolve().member(name).expect("the property is there").resolve();
        member.to_string_text().map_or_else(|| member.to_string(), |text| text.to_string())
    };
    tape.values().map(text).collect()
}

fn gunzipped(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut text).expect("it is gzip");
    text
}

/// What `details[0].message` says, and its two other members.
fn detail(answer: &Answer) -> (String, String, String) {
    let body = answer.json();
    let detail = &body["error"]["details"][0];
    let text = |name: &str| detail[name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("target"), text("message"))
}

const CLIXML: (&str, &str) = ("X-ResponseFormat", "clixml");
const EXCHANGE: &str = "https://outlook.office365.com";
const COMPLIANCE: &str = "https://ps.compliance.protection.outlook.com";
