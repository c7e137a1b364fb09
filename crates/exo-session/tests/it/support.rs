//! A tenant, options for it, and small readers of what commands write.

use exo_lab::{Lab, LabConfig};
use exo_session::{
    Authentication, CarrierChoice, ConnectOptions, Error, Invocation, Pipeline, Secret, Session, connect,
};
use psrp::clixml::{Encoder, Tape, decode};
use psrp::{PipelineEvent, PsInvocationState};

pub(crate) async fn lab() -> Lab {
    lab_with(LabConfig::default()).await
}

pub(crate) async fn lab_with(config: LabConfig) -> Lab {
    Lab::start(config).await.unwrap()
}

pub(crate) async fn lab_with_fault(fault: &str) -> Lab {
    let config = LabConfig { faults: vec![fault.parse().unwrap()], ..LabConfig::default() };
    lab_with(config).await
}

/// Options as a script for the tenant's administrator has them: a token in Basic.
pub(crate) fn options(lab: &Lab) -> ConnectOptions {
    let mut options = ConnectOptions::default();
    options.connection_uri = Some(lab.url());
    options.authority = Some(lab.authority());
    options.user = Some(lab.user());
    options.password = Some(Secret::new(lab.password().to_owned()));
    options.ca_file = Some(lab.ca_file().to_owned());
    options
}

pub(crate) fn basic(lab: &Lab) -> ConnectOptions {
    let mut options = options(lab);
    options.authentication = Some(Authentication::Basic);
    options
}

/// Options for the same administrator over REST.
pub(crate) fn rest(lab: &Lab) -> ConnectOptions {
    let mut options = options(lab);
    options.carrier = CarrierChoice::Rest;
    options
}

pub(crate) async fn open(options: ConnectOptions) -> Session {
    connect(options, |_| {}).await.unwrap()
}

pub(crate) async fn refused(options: ConnectOptions) -> Error {
    connect(options, |_| {}).await.unwrap_err()
}

pub(crate) fn command(name: &str, parameters: &[(&str, &str)]) -> Invocation {
    let mut body = Vec::new();
    Encoder::new(&mut body).object(None, &[], None, |object| {
        object.members(|members| {
            for (name, value) in parameters {
                members.string(*name, value);
            }
        });
    });
    Invocation { command: name.to_owned(), parameters: decode(body).unwrap() }
}

/// What a command wrote, to its end.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) output: Vec<Tape>,
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) state: Option<PsInvocationState>,
}

impl Written {
    /// The texts of one member of all output.
    pub(crate) fn texts(&self, member: &str) -> Vec<String> {
        self.output
            .iter()
            .filter_map(|tape| {
                tape.first()?.member(member)?.base()?.text().map(|text| text.to_lossy().into_owned())
            })
            .collect()
    }
}

pub(crate) async fn read(mut pipeline: Pipeline) -> Result<Written, Error> {
    let mut written = Written::default();
    while let Some(event) = pipeline.next().await {
        match event? {
            PipelineEvent::Output(tape) => written.output.push(tape),
            PipelineEvent::Error(_) => written.errors += 1,
            PipelineEvent::Warning(_) => written.warnings += 1,
            PipelineEvent::State { state, .. } => written.state = Some(state),
            _ => {}
        }
    }
    Ok(written)
}

pub(crate) async fn run(
    session: &Session,
    name: &str,
    parameters: &[(&str, &str)],
) -> Result<Written, Error> {
    read(session.invoke(command(name, parameters)).await?).await
}

/// Waits until the tenant has this many shells; only the test runner's own patience ends it otherwise.
pub(crate) async fn shells_become(lab: &Lab, count: usize) {
    while lab.live_shells() != count {
        tokio::task::yield_now().await;
    }
}

/// A token of the tenant's administrator, as another program would have got it.
pub(crate) async fn token(lab: &Lab) -> String {
    let ca = reqwest::Certificate::from_pem(&std::fs::read(lab.ca_file()).unwrap()).unwrap();
    let client = reqwest::Client::builder().tls_certs_merge([ca]).no_proxy().build().unwrap();
    let form = [
        ("grant_type", "password"),
        ("client_id", "fb78d390-0c51-40cd-8e17-fdbfab77341b"),
        ("username", &lab.user()),
        ("password", lab.password()),
        ("scope", "https://outlook.office365.com/.default"),
    ];
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let answer = client
        .post(format!("{}/oauth2/v2.0/token", lab.authority()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.join("&"))
        .send()
        .await
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}
