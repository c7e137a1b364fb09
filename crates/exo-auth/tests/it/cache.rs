//! What is kept between runs, and its seal.

use std::sync::{Arc, Mutex};

use exo_auth::{
    AuthErrorKind, Authority, CacheError, Clock, Grant, Page, SealKey, SignIn, Store, TokenCache,
    TokenSource, Tokens,
};

use crate::life::{Entra, HandClock};
use crate::service::{Service, answer, granted, refusal, run, sign_in, token, unreachable};

/// A file in memory, with the lock that a real one has.
#[derive(Clone, Default)]
struct Memory {
    json: Arc<Mutex<Vec<u8>>>,
    lock: Arc<tokio::sync::Mutex<()>>,
}

struct Held {
    json: Arc<Mutex<Vec<u8>>>,
    cache: TokenCache,
    _guard: tokio::sync::OwnedMutexGuard<()>,
}

impl Store for Memory {
    type Page = Held;

    async fn lock(&self) -> Result<Held, CacheError> {
        let guard = Arc::clone(&self.lock).lock_owned().await;
        let json = self.json.lock().unwrap().clone();
        let cache = if json.is_empty() { TokenCache::default() } else { TokenCache::from_json(&json)? };
        Ok(Held { json: Arc::clone(&self.json), cache, _guard: guard })
    }
}

impl Page for Held {
    fn cache(&mut self) -> &mut TokenCache {
        &mut self.cache
    }

    fn save(&mut self) -> Result<(), CacheError> {
        *self.json.lock().unwrap() = self.cache.to_json()?.to_vec();
        Ok(())
    }
}

fn account(upn: &str) -> Tokens {
    let access = token(&format!(r#"{{"upn":"{upn}","tid":"t-1"}}"#));
    let body = format!(
        r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{access}","refresh_token":"refresh-of-{upn}"}}"#
    );
    let service = Service::new([answer(200, &body)]);
    let password = exo_auth::Secret::new("p".to_owned());
    run(sign_in().with_password(&service, &HandClock::at(500), upn, &password)).unwrap()
}

#[test]
fn a_kept_sign_in_needs_nobody() {
    let (memory, clock) = (Memory::default(), HandClock::at(500));
    run(sign_in().keep(&memory, None, &account("admin@contoso.com"))).unwrap();
    // While its access token is good nobody is asked at all.
    let silent = Service::new([]);
    for user in [None, Some("ADMIN@contoso.com")] {
        let tokens = run(sign_in().silently(&silent, &clock, &memory, user)).unwrap().unwrap();
        assert_eq!(tokens.account(), Some("admin@contoso.com"));
    }
    assert!(run(sign_in().silently(&silent, &clock, &memory, Some("other@contoso.com"))).unwrap().is_none());
    // Afterwards the refresh token is exchanged, and what comes is kept in its place.
    clock.turn(3600);
    let service = Service::new([granted("admin@contoso.com")]);
    run(sign_in().silently(&service, &clock, &memory, None)).unwrap().unwrap();
    assert!(service.asked()[0].1.contains("refresh_token=refresh-of-admin%40contoso.com"));
    let json = String::from_utf8(memory.json.lock().unwrap().clone()).unwrap();
    assert!(json.contains("\"r-1\"") && !json.contains("refresh-of-admin"), "{json}");
}

#[test]
fn an_entry_is_for_its_authority_client_service_and_account_only() {
    let (memory, clock) = (Memory::default(), HandClock::at(500));
    run(sign_in().keep(&memory, None, &account("admin@contoso.com"))).unwrap();
    let nobody = Service::new([]);
    let elsewhere = Authority::parse("https://login.other/contoso.com").unwrap();
    let scope = sign_in().scope().to_owned();
    for other in [SignIn::new(elsewhere, &scope), sign_in().as_client("another-client")] {
        assert!(run(other.silently(&nobody, &clock, &memory, None)).unwrap().is_none());
    }
    // Another service of the same sign-in has no access token yet, and the refresh token is good for it.
    let service = Service::new([granted("admin@contoso.com")]);
    let compliance =
        SignIn::new(sign_in().authority().clone(), "https://ps.compliance.protection.outlook.com/.default");
    run(compliance.silently(&service, &clock, &memory, None)).unwrap().unwrap();
    assert!(service.asked()[0].1.contains("scope=https%3A%2F%2Fps.compliance"));
    run(sign_in().silently(&nobody, &clock, &memory, None)).unwrap().unwrap();
}

#[test]
fn with_two_accounts_one_must_be_named() {
    let (memory, clock) = (Memory::default(), HandClock::at(500));
    for upn in ["a@contoso.com", "b@contoso.com"] {
        run(sign_in().keep(&memory, None, &account(upn))).unwrap();
    }
    let nobody = Service::new([]);
    assert!(run(sign_in().silently(&nobody, &clock, &memory, None)).unwrap().is_none());
    let tokens = run(sign_in().silently(&nobody, &clock, &memory, Some("b@contoso.com"))).unwrap().unwrap();
    assert_eq!(tokens.account(), Some("b@contoso.com"));
}

#[test]
fn a_revoked_entry_is_forgotten_and_an_unreachable_service_is_told() {
    let (memory, clock) = (Memory::default(), HandClock::at(500));
    run(sign_in().keep(&memory, None, &account("admin@contoso.com"))).unwrap();
    clock.turn(3600);
    let error = run(sign_in().silently(&Service::new([unreachable()]), &clock, &memory, None)).unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::Network);
    let revoked = Service::new([refusal("invalid_grant", 50173)]);
    assert!(run(sign_in().silently(&revoked, &clock, &memory, None)).unwrap().is_none());
    let mut page = run(memory.lock()).unwrap();
    assert!(page.cache().accounts().is_empty());
}

#[test]
fn what_is_told_of_the_accounts_has_no_secret() {
    let memory = Memory::default();
    run(sign_in().keep(&memory, None, &account("admin@contoso.com"))).unwrap();
    let mut page = run(memory.lock()).unwrap();
    let told = serde_json::to_string(&page.cache().accounts()).unwrap();
    assert_eq!(
        told,
        r#"[{"user":"admin@contoso.com","tenantId":"t-1","appId":"fb78d390-0c51-40cd-8e17-fdbfab77341b","authority":"https://login.example","expiresAt":4100,"renewable":true}]"#
    );
    assert!(page.cache().remove("ADMIN@CONTOSO.COM") && !page.cache().remove("admin@contoso.com"));
    assert!(format!("{:?}", page.cache()).contains("accounts: 0"));
}

#[test]
fn two_sessions_with_one_cache_never_use_a_refresh_token_twice() {
    let (entra, clock, memory) = (Entra::default(), HandClock::at(500), Memory::default());
    let first = entra.first();
    run(sign_in().keep(&memory, None, &first)).unwrap();
    let session = |tokens: &Tokens| {
        let store = Some(memory.clone());
        TokenSource::new(entra.clone(), clock.clone(), sign_in(), None, tokens.clone(), Grant::None, store)
    };
    let (one, other) = (session(&first), session(&first));
    for hour in 1..48 {
        clock.turn(3600);
        let (taken, also) = if hour % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let renewed = run(taken.token()).unwrap();
        let followed = run(also.token()).unwrap();
        // The second one found what the first one had kept.
        assert_eq!(renewed.expose(), followed.expose());
        assert_eq!(entra.refreshes(), hour);
        assert!(clock.now() < followed.expires_at().unwrap());
    }
    assert_eq!(entra.replayed(), 0);
}

#[test]
fn a_seal_holds_and_shows_every_change() {
    let key = SealKey::generate();
    let sealed = key.seal(b"the cache").unwrap();
    assert_eq!(key.open(&sealed).unwrap().as_slice(), b"the cache");
    assert!(sealed.starts_with(b"EXO-TOKENS\r\n\0\0\0\x01"));
    assert_ne!(sealed, key.seal(b"the cache").unwrap(), "each seal has its own nonce");
    assert!(!sealed.windows(9).any(|window| window == b"the cache"));
    for position in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[position] ^= 1;
        let error = key.open(&changed).unwrap_err();
        let fits = match position {
            ..12 => matches!(error, CacheError::NotACache),
            12..16 => matches!(error, CacheError::Version { .. }),
            _ => matches!(error, CacheError::Altered),
        };
        assert!(fits, "{position}: {error}");
    }
    for len in 0..sealed.len() {
        let error = key.open(&sealed[..len]).unwrap_err();
        let fits = matches!(error, CacheError::CutOff { .. })
            || (44..sealed.len()).contains(&len) && matches!(error, CacheError::Altered);
        assert!(fits, "{len}: {error}");
    }
    assert!(matches!(SealKey::generate().open(&sealed).unwrap_err(), CacheError::Altered));
    assert!(matches!(key.open(b"{\"json\":1}").unwrap_err(), CacheError::NotACache));
}

#[test]
fn a_key_is_32_bytes_and_is_not_shown() {
    let key = SealKey::generate();
    let again = SealKey::from_bytes(key.as_bytes()).unwrap();
    assert_eq!(again.as_bytes(), key.as_bytes());
    for len in [0, 31, 33] {
        assert!(matches!(SealKey::from_bytes(&vec![7; len]).unwrap_err(), CacheError::BadKey));
    }
    assert_eq!(format!("{key:?}"), "SealKey(…)");
}

#[test]
fn what_is_no_cache_under_a_good_seal_is_damaged_and_not_quoted() {
    for json in ["", "[]", r#"{"accounts":[{"user":"secret-name"}]}"#] {
        let error = TokenCache::from_json(json.as_bytes()).unwrap_err();
        assert!(!error.to_string().contains("secret-name"), "{error}");
    }
}
