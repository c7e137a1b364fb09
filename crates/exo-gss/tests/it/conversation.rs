//! Two sides in one process, over either mechanism and either library.

use std::sync::Arc;

use exo_gss::{Context, Credential, ErrorKind, Mechanism, Needs, Sealed, Target};

use crate::realm::{PASSWORD, USER, inside, keytab};

fn target() -> Target {
    Target::Host { service: "HTTP".to_owned(), host: "localhost".to_owned() }
}

fn user(mechanism: Mechanism) -> Arc<Credential> {
    Arc::new(Credential::of_user(mechanism, Some(USER), Some(PASSWORD)).unwrap())
}

fn service() -> Arc<Credential> {
    Arc::new(Credential::of_service(&keytab()).unwrap())
}

/// Both sides, until neither has anything to say.
fn meet(mut ours: Context, mut theirs: Context) -> Result<(Context, Context), exo_gss::Error> {
    let mut token = ours.step(b"")?;
    for _ in 0..10 {
        if !token.is_empty() {
            token = theirs.step(&token)?;
        }
        if !token.is_empty() {
            token = ours.step(&token)?;
        }
        if ours.is_established() && theirs.is_established() && token.is_empty() {
            return Ok((ours, theirs));
        }
    }
    unreachable!("ten tokens each and no end");
}

fn pair(mechanism: Mechanism, bindings: [Option<&[u8]>; 2]) -> Result<(Context, Context), exo_gss::Error> {
    let [ours, theirs] = bindings.map(|bindings| bindings.map(<[u8]>::to_vec));
    let needs = Needs::MutualAndSealing;
    meet(Context::initiate(user(mechanism), &target(), needs, ours)?, Context::accept(service(), theirs)?)
}

#[test]
fn messages_go_both_ways_under_either_mechanism() {
    inside(
        "conversation::messages_go_both_ways_under_either_mechanism",
        |_, _| {},
        || {
            for mechanism in [Mechanism::Kerberos, Mechanism::Spnego] {
                let (mut ours, mut theirs) = pair(mechanism, [None, None]).unwrap();
                assert_eq!(theirs.peer(), Some("ana@EXO.LAB"));
                for len in [0, 1, 15, 16, 17, 8_192, 600_000] {
                    let message: Vec<u8> = (0..len).map(|at| b'a' + u8::try_from(at % 23).unwrap()).collect();
                    let sealed = ours.seal(message.clone()).unwrap();
                    assert_eq!(sealed.data.len(), len, "as long as the message, as WinRM wants it");
                    assert!(len < 16 || !sealed.data.windows(16).any(|part| message.starts_with(part)));
                    assert_eq!(theirs.open(&sealed.header, &sealed.data).unwrap(), message);
                    let sealed = theirs.seal(message.clone()).unwrap();
                    assert_eq!(ours.open(&sealed.header, &sealed.data).unwrap(), message);
                }
            }
        },
    );
}

#[test]
fn a_changed_repeated_or_missing_message_is_refused() {
    inside(
        "conversation::a_changed_repeated_or_missing_message_is_refused",
        |_, _| {},
        || {
            type Harm = fn(&mut Sealed);
            let harms: [(&str, Harm); 5] = [
                ("a bit of the data", |sealed| sealed.data[7] ^= 1),
                ("a bit of the header's sum", |sealed| sealed.header[30] ^= 1),
                ("the number of the message", |sealed| sealed.header[15] ^= 1),
                ("data cut off", |sealed| sealed.data.truncate(20)),
                ("the flag that it is encrypted", |sealed| sealed.header[2] ^= 2),
            ];
            for (name, harm) in harms {
                let (mut ours, mut theirs) = pair(Mechanism::Kerberos, [None, None]).unwrap();
                let mut sealed = ours.seal(b"Remove-Mailbox -Identity ana".to_vec()).unwrap();
                harm(&mut sealed);
                let error = theirs.open(&sealed.header, &sealed.data).unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Open | ErrorKind::NotSealed), "{name}: {error}");
            }
            let (mut ours, mut theirs) = pair(Mechanism::Kerberos, [None, None]).unwrap();
            let [first, second, third] = [b"1", b"2", b"3"].map(|text| ours.seal(text.to_vec()).unwrap());
            assert_eq!(theirs.open(&first.header, &first.data).unwrap(), b"1");
            assert_eq!(theirs.open(&first.header, &first.data).unwrap_err().kind(), ErrorKind::Open);
            assert_eq!(theirs.open(&third.header, &third.data).unwrap_err().kind(), ErrorKind::Open);
            assert_eq!(theirs.open(&second.header, &second.data).unwrap_err().kind(), ErrorKind::Open);
        },
    );
}

#[test]
fn another_channel_is_refused() {
    inside(
        "conversation::another_channel_is_refused",
        |_, _| {},
        || {
            for mechanism in [Mechanism::Kerberos, Mechanism::Spnego] {
                assert!(
                    pair(mechanism, [Some(b"tls-server-end-point:1"), Some(b"tls-server-end-point:1")])
                        .is_ok()
                );
                let error =
                    pair(mechanism, [Some(b"tls-server-end-point:1"), Some(b"tls-server-end-point:2")]);
                assert_eq!(error.unwrap_err().kind(), ErrorKind::Establish);
            }
        },
    );
}

#[test]
fn nonsense_for_tokens_is_refused() {
    inside(
        "conversation::nonsense_for_tokens_is_refused",
        |_, _| {},
        || {
            for token in [&b"x"[..], b"\x60", b"\x60\x84\xff\xff\xff\xff\x06\x09", &[0x60; 70_000]] {
                let error = Context::accept(service(), None).unwrap().step(token).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Establish);
                let needs = Needs::Mutual;
                let mut ours = Context::initiate(user(Mechanism::Kerberos), &target(), needs, None).unwrap();
                assert!(!ours.step(b"").unwrap().is_empty());
                assert_eq!(ours.step(token).unwrap_err().kind(), ErrorKind::Establish);
                assert!(!ours.is_established());
                assert_eq!(ours.seal(b"x".to_vec()).unwrap_err().kind(), ErrorKind::Seal);
            }
            let (_, mut theirs) = pair(Mechanism::Kerberos, [None, None]).unwrap();
            for (header, data) in [(&b""[..], &b""[..]), (b"\x05\x04", b"x"), (&[5; 60], &[0; 60])] {
                assert_eq!(theirs.open(header, data).unwrap_err().kind(), ErrorKind::Open);
            }
        },
    );
}
