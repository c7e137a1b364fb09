//! Where credentials come from, and what is said when there are none.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use exo_gss::{Context, Credential, ErrorKind, LIBRARY_VARIABLE, Mechanism, Needs, Reason, Target};
use exo_lab::Realm;

use crate::realm::{PASSWORD, USER, inside};

const BOTH: [Mechanism; 2] = [Mechanism::Kerberos, Mechanism::Spnego];

fn with_password(mechanism: Mechanism, user: &str, password: &str) -> Result<Credential, exo_gss::Error> {
    Credential::of_user(mechanism, Some(user), Some(password))
}

#[test]
fn each_thing_that_is_wrong_with_a_user_has_its_reason() {
    let prepare = |realm: &Realm, _: &mut Command| {
        realm.add_user("locked", PASSWORD).unwrap();
        realm.administer(&["modprinc", "-allow_tix", "locked"]).unwrap();
        realm.add_user("old", PASSWORD).unwrap();
        realm.administer(&["modprinc", "-pwexpire", "2020-01-01", "old"]).unwrap();
    };
    inside("credentials::each_thing_that_is_wrong_with_a_user_has_its_reason", prepare, || {
        for mechanism in BOTH {
            for (user, password, reason) in [
                (USER, "wrong", Reason::WrongPassword),
                ("nobody", PASSWORD, Reason::UnknownUser),
                ("locked", PASSWORD, Reason::AccountRevoked),
                ("old", PASSWORD, Reason::PasswordExpired),
                ("ana@NOWHERE.LAB", PASSWORD, Reason::UnknownRealm),
            ] {
                let error = with_password(mechanism, user, password).unwrap_err();
                assert_eq!(
                    (error.kind(), error.reason()),
                    (ErrorKind::Credential, Some(reason)),
                    "{user}: {error}"
                );
                assert!(!error.to_string().contains("wrong"), "no password in {error}");
            }
            let error = with_password(mechanism, USER, "").unwrap_err();
            assert_eq!((error.kind(), error.reason()), (ErrorKind::Credential, None), "{error}");
            let error = Credential::of_user(mechanism, None, None).unwrap_err();
            assert_eq!(
                (error.kind(), error.reason()),
                (ErrorKind::Credential, Some(Reason::NoTicket)),
                "{error}"
            );
            let error = Credential::of_user(mechanism, Some("ana"), None).unwrap_err();
            assert_eq!(
                (error.kind(), error.reason()),
                (ErrorKind::Credential, Some(Reason::NoTicket)),
                "{error}"
            );
            let ana = with_password(mechanism, USER, PASSWORD).unwrap();
            assert!(ana.lifetime().unwrap().is_some_and(|left| 60 < left.as_secs()));
        }
        let error = Credential::of_service(Path::new("/nonexistent/keys")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
    });
}

#[test]
fn a_service_that_the_realm_does_not_know_is_named_as_the_reason() {
    let prepare = |_: &Realm, _: &mut Command| {};
    inside("credentials::a_service_that_the_realm_does_not_know_is_named_as_the_reason", prepare, || {
        for mechanism in BOTH {
            let ana = Arc::new(with_password(mechanism, USER, PASSWORD).unwrap());
            for target in [
                Target::Host { service: "SMTP".to_owned(), host: "localhost".to_owned() },
                Target::Principal("HTTP/localhost:8080".to_owned()),
            ] {
                let error = Context::initiate(Arc::clone(&ana), &target, Needs::Mutual, None)
                    .and_then(|mut ours| ours.step(b""));
                let error = error.unwrap_err();
                assert_eq!(error.reason(), Some(Reason::UnknownService), "{mechanism:?}: {error}");
            }
        }
    });
}

#[test]
fn a_library_that_is_not_there_is_said() {
    let prepare = |_: &Realm, command: &mut Command| {
        command.env(LIBRARY_VARIABLE, "/nonexistent/libgssapi.so");
    };
    inside("credentials::a_library_that_is_not_there_is_said", prepare, || {
        let error = exo_gss::library().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Library);
        let error = error.to_string();
        assert!(error.starts_with("this system has no Kerberos library: "), "{error}");
        assert!(error.contains("/nonexistent/libgssapi.so"), "{error}");
    });
}
