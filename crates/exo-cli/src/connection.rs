//! From the options of the command line to a connection.

use exo_session::catalog::CatalogCache;
use exo_session::{
    Authentication, CarrierChoice, ConnectEvent, ConnectOptions, Service, Session, SignInMethod,
};

use crate::args::{AuthenticationName, CarrierName, Connection, ServiceName};
use crate::exit::{Failure, complain, note};
use crate::interrupt::Interrupt;
use crate::secret::{Extent, from_stdin};

/// Reads the secret, if one was announced, and makes the session crate's options.
pub(crate) fn options(connection: Connection, extent: Extent) -> Result<ConnectOptions, Failure> {
    let mut options = ConnectOptions::default();
    if connection.password_stdin {
        options.sign_in = SignInMethod::Password;
        options.password = Some(from_stdin("password", extent)?);
    } else if connection.access_token_stdin {
        options.sign_in = SignInMethod::AccessToken;
        options.access_token = Some(from_stdin("access token", extent)?);
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
        CarrierName::Rest => CarrierChoice::Rest,
        CarrierName::Psrp => CarrierChoice::Psrp,
    };
    options.environment = connection.environment;
    options.connection_uri = connection.connection_uri;
    options.authority = connection.authority;
    options.user = connection.user;
    options.delegated_organization = connection.delegated_organization;
    options.proxy = connection.proxy;
    options.ca_file = connection.ca_file;
    options.catalog_cache = match connection.catalog_cache {
        None => CatalogCache::User,
        Some(folder) if folder.as_os_str() == "off" => CatalogCache::Off,
        Some(folder) => CatalogCache::Folder(folder),
    };
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
