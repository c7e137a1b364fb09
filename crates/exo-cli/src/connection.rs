//! From the options of the command line to a connection.

use std::io::{self, IsTerminal, Read};

use exo_session::{
    Authentication, CarrierChoice, ConnectEvent, ConnectOptions, Secret, Service, Session, SignInMethod,
};
use zeroize::Zeroizing;

use crate::args::{AuthenticationName, CarrierName, Connection, ServiceName};
use crate::exit::{Failure, complain, note};
use crate::interrupt::Interrupt;

/// Reads the secret, if one was announced, and makes the session crate's options.
pub(crate) fn options(connection: Connection) -> Result<ConnectOptions, Failure> {
    let mut options = ConnectOptions::default();
    if connection.password_stdin {
        options.sign_in = SignInMethod::Password;
        options.password = Some(read_secret("password")?);
    } else if connection.access_token_stdin {
        options.sign_in = SignInMethod::AccessToken;
        options.access_token = Some(read_secret("access token")?);
    } else if connection.device {
        options.sign_in = SignInMethod::Device;
    } else {
        let problem = "say how to sign in: --device, --user UPN --password-stdin, or --access-token-stdin";
        return Err(Failure::Usage(problem.to_owned()));
    }
    options.authentication = match (connection.authentication, options.sign_in) {
        (None, _) => None,
        (Some(AuthenticationName::Bearer), _) => Some(Authentication::Bearer),
        (Some(AuthenticationName::Basic), SignInMethod::Password) => Some(Authentication::Basic),
        (Some(AuthenticationName::Basic), _) => Some(Authentication::BasicToken),
    };
    options.service = match connection.service {
        ServiceName::Exchange => Service::Exchange,
        ServiceName::Compliance => Service::Compliance,
    };
    options.carrier = match connection.carrier {
        CarrierName::Auto => CarrierChoice::Auto,
        CarrierName::Psrp => CarrierChoice::Psrp,
    };
    options.environment = connection.environment;
    options.connection_uri = connection.connection_uri;
    options.authority = connection.authority;
    options.user = connection.user;
    options.delegated_organization = connection.delegated_organization;
    options.proxy = connection.proxy;
    options.ca_file = connection.ca_file;
    Ok(options)
}

/// Connects; `step` hears of each step that is done. An interrupt gives up and leaves nothing behind.
pub(crate) async fn connect(
    options: ConnectOptions,
    interrupt: &Interrupt,
    mut step: impl FnMut(&'static str, &str, std::time::Duration) + Send,
) -> Result<Session, Failure> {
    let events = |event| match event {
        ConnectEvent::Step { name, detail, elapsed } => step(name, &detail, elapsed),
        ConnectEvent::DeviceCode(prompt) => note("", &prompt.message),
        ConnectEvent::Warning(text) => note("WARNING: ", &text),
        _ => {}
    };
    Ok(exo_session::connect_until(options, events, interrupt.wait()).await?)
}

/// Ends the session; a failure to do so is said and changes nothing about what was achieved.
pub(crate) async fn close(session: &Session) {
    if let Err(error) = session.close().await {
        complain(&error.to_string());
    }
}

/// Standard input up to its end, without the line end.
fn read_secret(what: &str) -> Result<Secret, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        complain(&format!(
            "reading the {what} from the terminal, which shows it; end it with Enter and Ctrl+D"
        ));
    }
    // Taken once, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(vec![0; MAX_SECRET_LEN + 1]);
    let mut len = 0;
    let mut lock = stdin.lock();
    while let Some(room) = bytes.get_mut(len..).filter(|room| !room.is_empty()) {
        match lock.read(room) {
            Ok(0) => break,
            Ok(more) => len += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(Failure::Usage(format!(
                    "the {what} cannot be read from standard input: {error}"
                )));
            }
        }
    }
    let too_long =
        || Failure::Usage(format!("the {what} on standard input is longer than {MAX_SECRET_LEN} bytes"));
    let text = bytes.get(..len).filter(|_| len <= MAX_SECRET_LEN).ok_or_else(too_long)?;
    let text = std::str::from_utf8(text)
        .map_err(|_| Failure::Usage(format!("the {what} on standard input is not UTF-8")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(Failure::Usage(format!("there is no {what} on standard input")));
    }
    Ok(Secret::new(text.to_owned()))
}

const MAX_SECRET_LEN: usize = 64 << 10;
