//! Which failures are worth another try, and when.

use std::time::Duration;

use super::failure::Failure;

/// What to do after an answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Ask again after this time.
    Wait(Duration),
    /// As before, with a new token; the claims are what the service wants in it.
    Renew(Duration, Option<String>),
    /// It stays so.
    Final,
    /// It might have gone well another time, but there were enough.
    Exhausted,
}

/// Judges a failure. `tries` have been made; `may_have_run` says that the request changes something.
pub(crate) fn judge(failure: &Failure, tries: u32, may_have_run: bool) -> Verdict {
    let is_refused = failure.status == 401 && (failure.has_body || failure.claims.is_some());
    let is_busy = matches!(failure.status, 429 | 503) && failure.has_body;
    // A gateway that gave up waiting does not know whether the server behind it went on.
    let is_late = failure.status == 504 && failure.has_body && !may_have_run;
    if !is_refused && !is_busy && !is_late && !failure.is_transient() {
        return Verdict::Final;
    }
    if MAX_TRIES <= tries {
        return Verdict::Exhausted;
    }
    let exponent = tries.saturating_sub(1).min(16);
    let usual = FIRST_WAIT.saturating_mul(1 << exponent);
    if is_refused {
        return Verdict::Renew(usual, failure.claims.clone());
    }
    match failure.retry_after.filter(|_| failure.status == 429) {
        Some(wait) if MAX_WAIT < wait => Verdict::Exhausted,
        Some(wait) => Verdict::Wait(wait),
        None => Verdict::Wait(usual),
    }
}

/// `Retry-After` in seconds, which may be decimal. Zero and what is no number count as absent.
pub(crate) fn retry_after(header: &str) -> Option<Duration> {
    let seconds: f64 = header.trim().parse().ok()?;
    if !(seconds.is_finite() && 0.0 < seconds) {
        return None;
    }
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// The claims that a challenge asks for: `claims="…"` in `WWW-Authenticate`.
pub(crate) fn claims_of(challenge: &str) -> Option<String> {
    let lower = challenge.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower.get(from..)?.find("claims") {
        let start = from + at;
        from = start + "claims".len();
        let stands_alone =
            lower.get(..start)?.chars().next_back().is_none_or(|before| matches!(before, ' ' | ',' | '\t'));
        let rest = challenge.get(from..)?.trim_start();
        if let (true, Some(rest)) = (stands_alone, rest.strip_prefix('=')) {
            let claims = rest.trim_start().strip_prefix('"')?.split('"').next()?;
            return (!claims.is_empty()).then(|| claims.to_owned());
        }
    }
    None
}

/// One try and five repetitions.
const MAX_TRIES: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// Who is asked to wait longer is better told so.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_a_retry_after_replaces_it_when_throttled() {
        let seconds = Duration::from_secs;
        let of = |status, after: Option<&str>| {
            let mut failure = Failure::of_status(status);
            failure.has_body = true;
            failure.retry_after = after.and_then(retry_after);
            failure
        };
        for (failure, tries, may_have_run, expected) in [
            (of(503, None), 1, true, Verdict::Wait(seconds(2))),
            (of(503, Some("9")), 2, false, Verdict::Wait(seconds(4))),
            (of(429, Some("1.5")), 1, false, Verdict::Wait(Duration::from_millis(1500))),
            (of(429, Some("0")), 1, false, Verdict::Wait(seconds(2))),
            (of(429, Some("inf")), 5, false, Verdict::Wait(seconds(32))),
            (of(429, Some("100000")), 1, false, Verdict::Exhausted),
            (of(503, None), 6, false, Verdict::Exhausted),
            (of(504, None), 1, false, Verdict::Wait(seconds(2))),
            (of(504, None), 1, true, Verdict::Final),
            (of(500, None), 1, false, Verdict::Final),
            (of(401, None), 1, false, Verdict::Renew(seconds(2), None)),
            (Failure::of_status(401), 1, false, Verdict::Final),
            (Failure::of_status(503), 1, false, Verdict::Final),
        ] {
            assert_eq!(judge(&failure, tries, may_have_run), expected, "{failure:?} after {tries}");
        }
    }

    #[test]
    fn claims_are_found_in_a_challenge() {
        for (challenge, expected) in [
            (r#"Bearer realm="", error="insufficient_claims", claims="eyJhIjoxfQ==""#, Some("eyJhIjoxfQ==")),
            (r#"Bearer CLAIMS = "x""#, Some("x")),
            (r#"Bearer error="insufficient_claims""#, None),
            (r#"Bearer claims="""#, None),
            ("claims", None),
        ] {
            assert_eq!(claims_of(challenge).as_deref(), expected, "{challenge}");
        }
    }
}
