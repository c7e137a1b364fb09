//! The catalogue: reading a module text of the service's size, and connecting with it, kept and not kept.
//!
//! The text is made here, out of the stand-in tenant's own cmdlets, as long and with as many cmdlets as the service
//! sends. Connecting goes over TLS on loopback with a token that is there already; with a kept catalogue it is one
//! request and one answer without a body.

#![expect(clippy::unwrap_used, reason = "a benchmark that fails is a panic")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exo_lab::{Lab, LabConfig, module_text};
use exo_session::catalog::{Catalog, CatalogCache};
use exo_session::{CarrierChoice, ConnectOptions, Secret, SignInMethod, connect};
use tokio::runtime::Builder;

fn parse(criterion: &mut Criterion) {
    let text = full_size();
    let catalog = Catalog::read(&text).unwrap();
    assert_eq!((catalog.cmdlets.len(), catalog.refused.len()), (CMDLETS, 0));
    let mut group = criterion.benchmark_group("catalog");
    group.throughput(whole(&text));
    group.bench_function("parse", |bencher| bencher.iter(|| Catalog::read(black_box(&text))));
    group.finish();
}

fn connecting(criterion: &mut Criterion) {
    let tenant = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let lab = tenant.block_on(Lab::start(LabConfig { cmdlets: CMDLETS, ..LabConfig::default() })).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let token = client.block_on(token(&lab));
    let options = |cache: CatalogCache| {
        let mut options = ConnectOptions::default();
        options.connection_uri = Some(lab.rest_url().to_owned());
        options.authority = Some(lab.authority());
        options.carrier = CarrierChoice::Rest;
        options.sign_in = SignInMethod::AccessToken;
        options.access_token = Some(Secret::new(token.clone()));
        options.ca_file = Some(lab.ca_file().to_owned());
        options.catalog_cache = cache;
        options
    };
    let mut group = criterion.benchmark_group("connect");
    group.throughput(whole(&module_text(CMDLETS)));
    for (name, cache) in
        [("uncached", CatalogCache::Off), ("cached", CatalogCache::Folder(folder.path().to_owned()))]
    {
        let connect = || client.block_on(connect(options(cache.clone()), |_| {})).unwrap();
        let downloads = lab.module_downloads();
        assert_eq!(connect().catalog().unwrap().cmdlets.len(), CMDLETS);
        group.bench_function(name, |bencher| bencher.iter(connect));
        assert!(name == "uncached" || lab.module_downloads() == downloads + 1);
    }
    group.finish();
}

/// One text, so that the time of an element is the time of all.
fn whole(text: &str) -> Throughput {
    Throughput::ElementsAndBytes { elements: 1, bytes: u64::try_from(text.len()).unwrap() }
}

/// As many cmdlets as the service has, and code around them as long as the service's.
fn full_size() -> String {
    let text = module_text(CMDLETS);
    let body = format!("    Begin\n    {{\n{}", "        # what the service's text does here\n".repeat(12));
    text.replace("    Begin\n    {\n", &body)
}

async fn token(lab: &Lab) -> String {
    let ca = reqwest::Certificate::from_pem(&std::fs::read(lab.ca_file()).unwrap()).unwrap();
    let client = reqwest::Client::builder().tls_certs_merge([ca]).no_proxy().build().unwrap();
    let text = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let body = format!(
        "grant_type=password&client_id=fb78d390-0c51-40cd-8e17-fdbfab77341b&username={}&password={}&scope={}",
        text(&lab.user()),
        text(lab.password()),
        text("https://outlook.office365.com/.default"),
    );
    let answer = client
        .post(format!("{}/oauth2/v2.0/token", lab.authority()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

/// Of the service in 2026.
const CMDLETS: usize = 825;

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3));
    targets = parse, connecting
}
criterion_main!(benches);
