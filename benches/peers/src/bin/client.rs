//! psrp-rs over winrm-rs as a whole client, for `cargo xtask bench --client` to measure beside this project's.
//!
//! `client N` connects to the stand-in tenant of the environment (`EXO_LAB_*`) over plain http on loopback with a password,
//! asks for N mailboxes and looks at them. psrp-rs gives them all at once.

use std::hint::black_box;

use psrp_rs::{
    AuthMethod, Command, EncryptionMode, Pipeline, PipelineState, PsValue, RunspacePool, WinrmClient,
    WinrmConfig, WinrmCredentials, WinrmPsrpTransport,
};

fn main() {
    let mailboxes = std::env::args().nth(1).expect("the number of mailboxes");
    // As many threads as the other client has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let count = runtime.expect("a runtime").block_on(fetch(&mailboxes));
    assert_eq!(count.to_string(), mailboxes);
    println!("{count}");
}

async fn fetch(mailboxes: &str) -> usize {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let url = variable("EXO_LAB_HTTP_URL");
    let port = url.split(':').nth(2).and_then(|rest| rest.split('/').next()?.parse().ok());
    let config = WinrmConfig {
        port: Some(port.expect("a port in the address")),
        auth_method: AuthMethod::Basic,
        encryption: EncryptionMode::Never,
        // As large as this project's client asks for.
        max_envelope_size: 512_000,
        ..WinrmConfig::http()
    };
    let credentials = WinrmCredentials::new(variable("EXO_LAB_USER"), variable("EXO_LAB_PASSWORD"), "");
    let client = WinrmClient::new(config, credentials).expect("a client");
    let (rpid, creation) =
        RunspacePool::<WinrmPsrpTransport<'_>>::build_creation_fragments(1, 1).expect("fragments");
    let transport = WinrmPsrpTransport::open(&client, "localhost", &creation).await.expect("a shell");
    let mut pool = RunspacePool::open_from_transport(transport, rpid, 1, 1).await.expect("a pool");
    let command =
        Command::new("Get-Mailbox").with_parameter("ResultSize", PsValue::String(mailboxes.to_owned()));
    let result =
        Pipeline::empty().add_command(command).run_all_streams(&mut pool).await.expect("the command runs");
    assert_eq!(result.state, PipelineState::Completed);
    let count = black_box(&result.output).len();
    // What it sends on closing is no message of the protocol, and servers may say so.
    drop(pool.close().await);
    count
}
