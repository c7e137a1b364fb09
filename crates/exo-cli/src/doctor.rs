//! `exo doctor`: connecting step by step, with what each step saw.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use exo_session::ConnectOptions;

use crate::args::Doctor;
use crate::connection;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::print::text::printable;
use crate::secret::Extent;

/// The connection to examine.
pub(crate) struct Prepared(ConnectOptions);

impl Prepared {
    pub(crate) fn new(arguments: Doctor) -> Result<Self, Failure> {
        Ok(Self(connection::options(arguments.connection, Extent::Whole)?))
    }

    pub(crate) async fn run(self) -> Result<Exit, Failure> {
        let interrupt = Interrupt::listen()?;
        let options = self.0;
        let environment = options.environment;
        let uri = options
            .connection_uri
            .clone()
            .unwrap_or_else(|| environment.connection_uri(options.service).to_owned());
        let authority = options.authority.clone().unwrap_or_else(|| environment.authority_uri().to_owned());
        report("environment", environment.name(), None)?;
        report("proxy", &proxy(&options), None)?;
        for (what, address) in [("endpoint", &uri), ("authority", &authority)] {
            resolve(what, address, options.proxy.is_some()).await?;
        }
        let mut outcome = Ok(());
        let step = |name: &'static str, detail: &str, elapsed| {
            if outcome.is_ok() {
                outcome = report(name, detail, Some(elapsed));
            }
        };
        let session = connection::connect(options, &interrupt, step).await?;
        let tls = match uri.get(..8) {
            Some(scheme) if scheme.eq_ignore_ascii_case("https://") => {
                "the endpoint's certificate is trusted"
            }
            _ => "none, plain http",
        };
        let counted = async {
            outcome?;
            report("tls", tls, None)?;
            let started = Instant::now();
            let commands = tokio::select! {
                commands = session.commands(&[]) => commands?,
                () = interrupt.wait() => return Ok(Exit::Interrupted),
            };
            report(
                "cmdlets",
                &format!("{} that this account may run", commands.len()),
                Some(started.elapsed()),
            )?;
            Ok(Exit::Success)
        };
        let outcome = counted.await;
        connection::close(&session, &interrupt).await;
        outcome
    }
}

/// Looks a host up. Behind a proxy a name need not be known here, so a failure is only told.
async fn resolve(what: &str, address: &str, proxied: bool) -> io::Result<()> {
    let Some((host, port)) = host_and_port(address) else {
        return report("dns", &format!("{what}: {address} has no host"), None);
    };
    let started = Instant::now();
    let found = tokio::net::lookup_host((host, port)).await;
    let detail = match found {
        Ok(found) => {
            let mut addresses: Vec<String> = found.map(|address| address.ip().to_string()).collect();
            addresses.dedup();
            format!("{what}: {host} is {}", addresses.join(", "))
        }
        Err(_) if proxied => format!("{what}: {host} has no address here, which the proxy may know"),
        Err(error) => format!("{what}: {host} has no address: {error}"),
    };
    report("dns", &detail, Some(started.elapsed()))
}

/// The host and port of an `https` or `http` address.
fn host_and_port(address: &str) -> Option<(&str, u16)> {
    let (scheme, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let default = if scheme.eq_ignore_ascii_case("http") { 80 } else { 443 };
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        return Some((host, port.strip_prefix(':').map_or(Some(default), |port| port.parse().ok())?));
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None if authority.is_empty() => None,
        None => Some((authority, default)),
    }
}

/// Which proxy was asked for, without the password that may stand in its address.
fn proxy(options: &ConnectOptions) -> String {
    match options.proxy.as_deref() {
        Some(uri) => uri.rsplit('@').next().unwrap_or_default().to_owned(),
        None => "none given; HTTPS_PROXY and NO_PROXY apply where they are set".to_owned(),
    }
}

fn report(name: &str, detail: &str, elapsed: Option<Duration>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{name:12} {}", printable(detail))?;
    if let Some(elapsed) = elapsed {
        write!(out, " ({} ms)", elapsed.as_millis())?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::host_and_port;

    #[test]
    fn host_and_port_are_found() {
        for (address, expected) in [
            ("https://outlook.office365.com/powershell-liveid/", Some(("outlook.office365.com", 443))),
            ("http://mail/powershell", Some(("mail", 80))),
            ("https://localhost:8443/x", Some(("localhost", 8443))),
            ("https://[::1]:8443/x", Some(("::1", 8443))),
            ("https://[::1]", Some(("::1", 443))),
            ("https://a@host?x", Some(("host", 443))),
            ("https:///x", None),
            ("host", None),
            ("https://host:x/", None),
        ] {
            assert_eq!(host_and_port(address), expected, "{address}");
        }
    }
}
