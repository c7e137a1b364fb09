use std::time::Duration;

use super::Moment;

#[test]
fn moments_are_written_as_the_services_write_them() {
    for (unix, entra, exchange, http) in [
        (0, "1970-01-01 00:00:00Z", "1/1/1970 12:00:00 AM", "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "2000-02-29 00:00:00Z", "2/29/2000 12:00:00 AM", "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_795_266_353, "2026-11-21 13:05:53Z", "11/21/2026 1:05:53 PM", "Sat, 21 Nov 2026 13:05:53 GMT"),
        (u64::MAX, "9999-12-31 23:59:59Z", "12/31/9999 11:59:59 PM", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] {
        let moment = Moment { since_epoch: Duration::from_secs(unix) };
        assert_eq!(moment.entra(), entra);
        assert_eq!(moment.exchange(), exchange);
        assert_eq!(moment.http(), http);
    }
    assert_eq!(Moment { since_epoch: Duration::ZERO }.ticks(), 621_355_968_000_000_000);
}
