//! Session keys and secure strings: the order of the messages, and what crosses in which form.

use bytes::Bytes;
use psrp::clixml::{Kind, Tape, Value};
use psrp::secret::{decode_secret, plain_text, secure_text};
use psrp::server::{ServerEvent, ServerPool};
use psrp::{
    CommandSpec, Defragmenter, EncryptedKey, Error, FragmentLimits, HostAnswer, HostMethod, Message,
    MessageType, PipelineEvent, PipelineSpec, PoolEvent, ProtocolVersion, PsInvocationState, PublicKey,
    RunspacePoolState, SecretCodec, SecretError, StateErrorKind, Target,
};
use uuid::Uuid;

use crate::pair::{Pair, body, parameters};
use crate::shared::{conversation, fixtures};

const PID: Uuid = Uuid::from_u128(1);
const KEY: EncryptedKey = EncryptedKey([9; 256]);

/// Changes nothing.
#[derive(Debug)]
pub(crate) struct Plain;

impl SecretCodec for Plain {
    fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>, SecretError> {
        Ok(plain.to_vec())
    }

    fn decrypt(&self, sealed: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, SecretError> {
        Ok(sealed.to_vec().into())
    }
}

/// Turns every bit, and refuses what begins with `!`.
#[derive(Debug)]
struct Not;

impl SecretCodec for Not {
    fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>, SecretError> {
        Ok(plain.iter().map(|byte| !byte).collect())
    }

    fn decrypt(&self, sealed: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, SecretError> {
        if sealed.starts_with(b"!") {
            return Err(SecretError);
        }
        Ok(sealed.iter().map(|byte| !byte).collect::<Vec<_>>().into())
    }
}

/// The key in a recorded PUBLIC_KEY.
pub(crate) fn public_key(message: &Message) -> PublicKey {
    let mut server = opened_server(ProtocolVersion::V2_3);
    let mut bytes = Vec::new();
    let mut fragmenter = psrp::Fragmenter::default();
    let message = Message { rpid: server.rpid(), ..message.clone() };
    fragmenter.push(&message);
    while let Some(fragments) = fragmenter.poll_transmit(1000) {
        bytes.extend(fragments);
    }
    server.handle_bytes(Bytes::from(bytes)).unwrap();
    match server.poll_event() {
        Some(ServerEvent::PublicKey(key)) => key,
        other => panic!("{other:?}"),
    }
}

fn opened_server(version: ProtocolVersion) -> ServerPool {
    let pair = opened(version, 1000);
    pair.server
}

fn opened(version: ProtocolVersion, max_len: usize) -> Pair {
    let mut pair = Pair::new(version, ProtocolVersion::CURRENT, max_len);
    pair.client.open().unwrap();
    pair.requests();
    pair.server.open(None).unwrap();
    pair.events();
    assert_eq!(pair.client.state(), RunspacePoolState::Opened);
    pair
}

fn client_key() -> PublicKey {
    PublicKey { exponent: 65_537, modulus: [0xA5; 256] }
}

/// A pair in which both have the key.
fn keyed(max_len: usize) -> Pair {
    let mut pair = opened(ProtocolVersion::V2_3, max_len);
    pair.client.exchange_keys(&client_key()).unwrap();
    let requests = pair.requests();
    let [ServerEvent::PublicKey(key)] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(*key, client_key());
    pair.server.session_key(&KEY, Box::new(Not)).unwrap();
    let events = pair.events();
    let [PoolEvent::SessionKey(key)] = &events[..] else { panic!("{events:?}") };
    assert!(*key == KEY);
    pair.client.session_key(Box::new(Not)).unwrap();
    pair
}

fn secure(plain: &str) -> Tape {
    decode_secret(body(|encoder| encoder.secure_string(None, &secure_text(plain))).into()).unwrap()
}

fn plain(value: Value<'_>) -> String {
    plain_text(value.text().unwrap().as_bytes()).unwrap().to_string()
}

fn credential_parameters() -> Tape {
    parameters(|members| {
        members.string("Name", "<SS>&\u{1F600}");
        members.secure_string("Password", &secure_text("pä&😀"));
        members.object("Credential", &["System.Management.Automation.PSCredential"], None, |object| {
            object.props(|props| {
                props.string("UserName", "ana");
                props.secure_string("Password <", &secure_text("second"));
            });
        });
    })
}

#[test]
fn secure_parameters_cross_under_the_key_and_arrive_in_the_clear() {
    for max_len in [22, 100, 5000] {
        let mut pair = keyed(max_len);
        let parameters = credential_parameters();
        let spec = PipelineSpec::new(vec![CommandSpec::command("New-Mailbox", Some(&parameters))]);
        pair.client.create_pipeline(PID, &spec).unwrap();
        let requests = pair.requests();
        let [ServerEvent::CreatePipeline { pipeline, .. }] = &requests[..] else { panic!("{requests:?}") };
        let command = pipeline.commands().next().unwrap();
        assert_eq!(command.parameter("Name").unwrap().text().unwrap().to_string(), "<SS>&\u{1F600}");
        assert_eq!(plain(command.parameter("Password").unwrap()), "pä&😀");
        let credential = command.parameter("Credential").unwrap();
        assert_eq!(credential.type_names().next().unwrap(), "System.Management.Automation.PSCredential");
        assert_eq!(plain(credential.member("Password <").unwrap()), "second");
    }
}

#[test]
fn nothing_secret_is_in_the_bytes_that_are_sent() {
    let mut pair = keyed(100_000);
    let parameters = credential_parameters();
    let spec = PipelineSpec::new(vec![CommandSpec::command("New-Mailbox", Some(&parameters))]);
    pair.client.create_pipeline(PID, &spec).unwrap();
    let sent = pair.client.poll_transmit(Target::Pipeline(PID), 100_000).unwrap().payload;
    let holds = |text: &str| memchr::memmem::find(sent, text.as_bytes()).is_some();
    assert!(holds("New-Mailbox"));
    assert!(!holds(&secure_text("pä&😀")) && !holds(&secure_text("second")));
}

/// A pipeline runs, and the server has sent a session key that the client has not received.
fn with_key_on_its_way() -> Pair {
    let mut pair = opened(ProtocolVersion::V2_3, 100_000);
    let spec = PipelineSpec::new(vec![CommandSpec::command("Get-It", None)]);
    pair.client.create_pipeline(PID, &spec).unwrap();
    pair.requests();
    pair.client.exchange_keys(&client_key()).unwrap();
    pair.requests();
    pair.server.session_key(&KEY, Box::new(Not)).unwrap();
    pair
}

#[test]
fn output_that_overtakes_the_session_key_waits_for_it() {
    let mut pair = with_key_on_its_way();
    for value in ["first", "second"] {
        let sealed = pair.server.sealed(secure(value)).unwrap();
        pair.server.output(PID, &body(|encoder| encoder.value(sealed.first().unwrap()))).unwrap();
    }
    pair.server.output(PID, &body(|encoder| encoder.string(None, "third"))).unwrap();
    // The pipeline has a Receive of its own, and its answer comes first.
    for target in [Target::Pipeline(PID), Target::Pool] {
        while let Some(bytes) = pair.server.poll_transmit(target, 100_000) {
            pair.client.handle_bytes(Bytes::copy_from_slice(bytes)).unwrap();
        }
    }
    assert!(matches!(pair.client.poll_event(), Some(PoolEvent::SessionKey(_))));
    assert!(pair.client.poll_event().is_none());
    pair.client.session_key(Box::new(Not)).unwrap();
    let mut seen = Vec::new();
    while let Some(PoolEvent::Pipeline { event: PipelineEvent::Output(tape), .. }) = pair.client.poll_event()
    {
        let value = tape.first().unwrap();
        seen.push(if value.kind() == Kind::SecureString { plain(value) } else { value.to_string() });
    }
    assert_eq!(seen, ["first", "second", "third"]);
}

#[test]
fn a_command_that_is_done_ends_when_its_output_has_its_session_key() {
    for tells_its_end in [true, false] {
        let mut pair = with_key_on_its_way();
        let sealed = pair.server.sealed(secure("it")).unwrap();
        pair.server.output(PID, &body(|encoder| encoder.value(sealed.first().unwrap()))).unwrap();
        if tells_its_end {
            pair.server.pipeline_state(PID, PsInvocationState::Completed, None).unwrap();
        }
        for target in [Target::Pipeline(PID), Target::Pool] {
            while let Some(bytes) = pair.server.poll_transmit(target, 100_000) {
                pair.client.handle_bytes(Bytes::copy_from_slice(bytes)).unwrap();
            }
            if target != Target::Pool {
                pair.client.handle_pipeline_gone(PID, "done");
            }
        }
        assert!(matches!(pair.client.poll_event(), Some(PoolEvent::SessionKey(_))));
        assert!(pair.client.poll_event().is_none());
        pair.client.session_key(Box::new(Not)).unwrap();
        let events: Vec<_> = std::iter::from_fn(|| pair.client.poll_event()).collect();
        let [
            PoolEvent::Pipeline { event: PipelineEvent::Output(_), .. },
            PoolEvent::Pipeline { event: end, .. },
        ] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!(matches!(end, PipelineEvent::State { .. }), tells_its_end, "{end:?}");
        assert_eq!(matches!(end, PipelineEvent::Broken(_)), !tells_its_end, "{end:?}");
    }
}

#[test]
fn input_and_answers_to_the_host_may_be_secure() {
    let mut pair = keyed(64);
    let mut spec = PipelineSpec::new(vec![CommandSpec::command("Get-It", None)]);
    spec.no_input = false;
    pair.client.create_pipeline(PID, &spec).unwrap();
    let value = secure("typed");
    pair.client.input(PID, value.first().unwrap()).unwrap();
    let requests = pair.requests();
    let [_, ServerEvent::Input { value, .. }] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(plain(value.first().unwrap()), "typed");

    pair.server.host_call(Some(PID), HostMethod::ReadLineAsSecureString, |_| {}).unwrap();
    let mut events = pair.events();
    let Some(PoolEvent::Pipeline { event: PipelineEvent::HostCall(call), .. }) = events.pop() else {
        panic!("{events:?}")
    };
    let answer = secure("answer");
    pair.client.host_response(&call, HostAnswer::Value(answer.first().unwrap())).unwrap();
    let requests = pair.requests();
    let [ServerEvent::HostResponse(response)] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(plain(response.value().unwrap()), "answer");
}

#[test]
fn a_server_that_has_a_secret_asks_for_the_key() {
    let mut pair = opened(ProtocolVersion::V2_2, 50);
    let refused = pair.server.sealed(secure("out")).unwrap_err();
    assert_eq!(refused.kind(), StateErrorKind::NeedsSessionKey);
    pair.server.request_public_key().unwrap();
    assert_eq!(pair.server.request_public_key().unwrap_err().kind(), StateErrorKind::SessionKey);
    let events = pair.events();
    assert!(matches!(events[..], [PoolEvent::SessionKeyRequested]), "{events:?}");
    pair.client.exchange_keys(&client_key()).unwrap();
    pair.requests();
    pair.server.session_key(&KEY, Box::new(Not)).unwrap();
    pair.events();
    pair.client.session_key(Box::new(Not)).unwrap();

    let spec = PipelineSpec::new(vec![CommandSpec::command("Get-Secret", None)]);
    pair.client.create_pipeline(PID, &spec).unwrap();
    pair.requests();
    let sealed = pair.server.sealed(secure("out")).unwrap();
    let sealed = body(|encoder| encoder.value(sealed.first().unwrap()));
    pair.server.output(PID, &sealed).unwrap();
    let events = pair.events();
    let [PoolEvent::Pipeline { event: PipelineEvent::Output(output), .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(plain(output.first().unwrap()), "out");
}

#[test]
fn without_a_key_a_secret_is_held_back() {
    let mut pair = opened(ProtocolVersion::V2_3, 500);
    let parameters = credential_parameters();
    let spec = PipelineSpec::new(vec![CommandSpec::command("New-Mailbox", Some(&parameters))]);
    for state in ["without a session key", "waiting for the session key", "with a session key to be read"] {
        let error = pair.client.create_pipeline(PID, &spec).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot send a secure string in state {state}, allowed in with a session key")
        );
        assert_eq!(error.kind(), StateErrorKind::NeedsSessionKey);
        match state {
            "without a session key" => pair.client.exchange_keys(&client_key()).unwrap(),
            _ => {
                pair.requests();
                drop(pair.server.session_key(&KEY, Box::new(Not)));
                pair.events();
            }
        }
    }
    pair.client.session_key(Box::new(Not)).unwrap();
    pair.client.create_pipeline(PID, &spec).unwrap();
}

#[test]
fn there_is_one_key_for_a_pool() {
    let mut pair = keyed(500);
    assert_eq!(pair.client.exchange_keys(&client_key()).unwrap_err().kind(), StateErrorKind::SessionKey);
    assert_eq!(pair.client.session_key(Box::new(Not)).unwrap_err().kind(), StateErrorKind::SessionKey);
    assert_eq!(pair.server.session_key(&KEY, Box::new(Not)).unwrap_err().kind(), StateErrorKind::SessionKey);
}

#[test]
fn a_second_session_key_breaks_the_pool() {
    let mut donor = opened(ProtocolVersion::V2_3, 5000);
    donor.client.exchange_keys(&client_key()).unwrap();
    donor.requests();
    donor.server.session_key(&KEY, Box::new(Not)).unwrap();
    let message = donor.server.poll_transmit(Target::Pool, 5000).unwrap();
    let mut pair = keyed(500);
    let error = pair.client.handle_bytes(Bytes::from(renumbered(message))).unwrap_err();
    assert_eq!(error.to_string(), "cannot take an ENCRYPTED_SESSION_KEY in state with a session key");
    assert_eq!(pair.client.state(), RunspacePoolState::Broken);
}

#[test]
fn a_second_public_key_breaks_the_pool() {
    let mut donor = opened(ProtocolVersion::V2_3, 5000);
    donor.client.exchange_keys(&client_key()).unwrap();
    let message = donor.client.poll_transmit(Target::Pool, 5000).unwrap().payload;
    let mut pair = keyed(500);
    let error = pair.server.handle_bytes(Bytes::from(renumbered(message))).unwrap_err();
    assert_eq!(error.to_string(), "cannot take a PUBLIC_KEY in state with a session key");
}

#[test]
fn a_newer_protocol_has_no_key_and_sends_secrets_as_they_are() {
    let mut pair = Pair::opened(100_000);
    assert_eq!(pair.client.exchange_keys(&client_key()).unwrap_err().kind(), StateErrorKind::NotSupported);
    assert_eq!(pair.server.request_public_key().unwrap_err().kind(), StateErrorKind::NotSupported);
    let parameters = credential_parameters();
    let spec = PipelineSpec::new(vec![CommandSpec::command("New-Mailbox", Some(&parameters))]);
    pair.client.create_pipeline(PID, &spec).unwrap();
    let requests = pair.requests();
    let [ServerEvent::CreatePipeline { pipeline, .. }] = &requests[..] else { panic!("{requests:?}") };
    let command = pipeline.commands().next().unwrap();
    assert_eq!(plain(command.parameter("Password").unwrap()), "pä&😀");
}

#[test]
fn a_server_that_sends_no_key_in_time_breaks_the_pool() {
    let mut pair = opened(ProtocolVersion::V2_3, 500);
    assert_eq!(pair.client.poll_timeout(), None);
    pair.client.handle_timeout();
    assert_eq!(pair.client.state(), RunspacePoolState::Opened);
    let spec = PipelineSpec::new(vec![CommandSpec::command("Get-It", None)]);
    pair.client.create_pipeline(PID, &spec).unwrap();
    pair.client.exchange_keys(&client_key()).unwrap();
    assert_eq!(pair.client.poll_timeout().map(|time| time.as_secs()), Some(60));
    pair.client.handle_timeout();
    let Some(PoolEvent::Pipeline { event: PipelineEvent::Broken(error), .. }) = pair.client.poll_event()
    else {
        panic!("the pipeline ends")
    };
    assert_eq!(
        error.to_string(),
        "the server sent no session key for secure strings within 60 seconds (session_key_timeout)"
    );
    assert!(matches!(
        pair.client.poll_event(),
        Some(PoolEvent::StateChanged { state: RunspacePoolState::Broken, .. })
    ));
    assert_eq!(pair.client.poll_timeout(), None);

    let mut pair = keyed(500);
    pair.client.handle_timeout();
    assert_eq!(pair.client.state(), RunspacePoolState::Opened);
}

#[test]
fn a_secret_that_the_key_does_not_open_is_one_error_everywhere() {
    let damaged = [&b"!aaa"[..], b"a"].map(|sealed| {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(sealed)
    });
    for text in [damaged[0].as_str(), "no base64", "QQ"] {
        let mut pair = keyed(500);
        let spec = PipelineSpec::new(vec![CommandSpec::command("Get-Secret", None)]);
        pair.client.create_pipeline(PID, &spec).unwrap();
        pair.requests();
        pair.server.output(PID, &body(|encoder| encoder.secure_string(None, text))).unwrap();
        let events = pair.events();
        let [PoolEvent::Pipeline { event: PipelineEvent::Broken(error), .. }] = &events[..] else {
            panic!("{events:?}")
        };
        assert!(matches!(error, Error::Secret(SecretError)), "{error:?}");
        assert_eq!(pair.client.state(), RunspacePoolState::Opened);
    }
}

#[test]
fn recorded_public_keys_are_read_and_written_alike() {
    let test = "recorded_public_keys_are_read_and_written_alike";
    let Some(folder) = fixtures(test, "conversations") else { return };
    let mut keys = 0;
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let mut requests = Defragmenter::new(FragmentLimits::default());
        for exchange in conversation(&path).into_iter().filter(|exchange| exchange.is_request) {
            for (_, bytes) in exchange.streams {
                requests.handle_bytes(bytes);
                while let Some(message) = requests.poll_message().unwrap() {
                    if message.message_type != MessageType::PublicKey {
                        continue;
                    }
                    let key = public_key(&message);
                    assert_eq!(key.exponent, 65_537);
                    let mut pair = opened(ProtocolVersion::V2_3, 5000);
                    pair.client.exchange_keys(&key).unwrap();
                    let sent = pair.client.poll_transmit(Target::Pool, 5000).unwrap().payload;
                    let mut ours = Defragmenter::new(FragmentLimits::default());
                    ours.handle_bytes(Bytes::from(renumbered(sent)));
                    let ours = ours.poll_message().unwrap().unwrap();
                    let bare = |message: &Message| {
                        message.data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&message.data).to_vec()
                    };
                    let member = |message: &Message| {
                        let body = psrp::clixml::decode(bare(message)).unwrap();
                        body.first().unwrap().member("PublicKey").unwrap().text().unwrap().to_string()
                    };
                    assert_eq!(member(&ours), member(&message));
                    keys += 1;
                }
            }
        }
    }
    assert_eq!(keys, 2);
}

/// The same message with a number that is free in every pool.
fn renumbered(fragment: &[u8]) -> Vec<u8> {
    let mut fragment = fragment.to_vec();
    fragment[..8].copy_from_slice(&0x1000_u64.to_be_bytes());
    fragment
}
