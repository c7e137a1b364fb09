//! `exo login`, `exo status`, `exo logout`: sign-ins that later runs use.

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use exo_session::{CachedAccount, ConnectOptions, SignedIn, TokenCache};

use crate::args::{Login, Logout, Status, StatusOutput, TokenCacheFile};
use crate::connection;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::print::text::printable;
use crate::secret::Extent;

/// A sign-in to make.
pub(crate) struct Prepared(ConnectOptions);

impl Prepared {
    pub(crate) fn new(arguments: Login) -> Result<Self, Failure> {
        let mut connection = arguments.connection;
        let place = connection.kept.place();
        let place = place.ok_or_else(|| Failure::Usage(NO_PLACE.to_owned()))?;
        // Whoever logs in is there to be asked.
        connection.browser = !(connection.device
            || connection.password_stdin
            || connection.access_token_stdin
            || connection.certificate.is_some()
            || connection.managed_identity.is_some());
        let mut options = connection::options(connection, Extent::Whole)?;
        options.token_cache = Some(place);
        Ok(Self(options))
    }

    pub(crate) async fn run(self) -> Result<Exit, Failure> {
        let interrupt = Interrupt::listen()?;
        let place = self.0.token_cache.clone();
        let signed_in = connection::sign_in(self.0, &interrupt).await?;
        let mut text = said(&signed_in);
        match (place, &signed_in.user) {
            (Some(place), Some(_)) if place.exists() => {
                text.push_str(&format!("kept in {}\n", printable(&place.display().to_string())));
            }
            _ => text.push_str("nothing is kept: give the same options to `exo run`\n"),
        }
        io::stdout().write_all(text.as_bytes())?;
        Ok(Exit::Success)
    }
}

/// Who signed in, and for how long.
fn said(signed_in: &SignedIn) -> String {
    let name = match (&signed_in.user, &signed_in.app_id) {
        (Some(user), _) => user.clone(),
        (None, Some(id)) => format!("application {id}"),
        (None, None) => "an application".to_owned(),
    };
    let verb = if signed_in.from_cache { "already signed in" } else { "signed in" };
    let tenant = signed_in.tenant_id.as_deref().unwrap_or("unknown");
    format!(
        "{verb} as {}, tenant {}, token good {}\n",
        printable(&name),
        printable(tenant),
        rest(signed_in.expires_at)
    )
}

/// `exo status`
pub(crate) async fn status(arguments: Status) -> Result<Exit, Failure> {
    let (cache, place) = cache(&arguments.kept)?;
    let accounts = cache.accounts().await?;
    let mut out = io::stdout().lock();
    match arguments.output {
        StatusOutput::Json => {
            serde_json::to_writer(&mut out, &accounts).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        StatusOutput::Table => {
            for account in &accounts {
                writeln!(out, "{}", line(account))?;
            }
            if !accounts.is_empty() {
                writeln!(out, "kept in {}, key in a file beside it", printable(&place))?;
            }
        }
    }
    if accounts.is_empty() && arguments.output == StatusOutput::Table {
        return Err(Failure::SignIn("nobody is signed in; run `exo login`".to_owned()));
    }
    Ok(if accounts.is_empty() { Exit::SignIn } else { Exit::Success })
}

fn line(account: &CachedAccount) -> String {
    let tenant = account.tenant_id.as_deref().unwrap_or("unknown");
    let renewal = match account.renewable {
        true => "renewed without you",
        false => "not renewable",
    };
    format!(
        "{}  tenant {}  at {}  token good {}, {renewal}",
        printable(&account.user),
        printable(tenant),
        printable(&account.authority),
        rest(account.expires_at)
    )
}

/// How long a token is good still.
fn rest(expires_at: Option<u64>) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    match expires_at {
        None => "for a time it does not tell".to_owned(),
        Some(end) if end <= now => "no longer".to_owned(),
        Some(end) => format!("for {} minutes", (end - now).div_ceil(60)),
    }
}

/// `exo logout`
pub(crate) async fn logout(arguments: Logout) -> Result<Exit, Failure> {
    let (cache, _) = cache(&arguments.kept)?;
    let (was_there, what) = match &arguments.user {
        Some(user) => (cache.remove(user).await?, printable(user).to_string()),
        None => (cache.clear().await?, "everything".to_owned()),
    };
    let mut out = io::stdout();
    match was_there {
        true => writeln!(out, "forgot {what}; the service itself does not hear of it")?,
        false => writeln!(out, "nothing was kept")?,
    }
    Ok(Exit::Success)
}

/// The cache and where it is.
fn cache(file: &TokenCacheFile) -> Result<(TokenCache, String), Failure> {
    let place = file.place().ok_or_else(|| Failure::Usage(NO_PLACE.to_owned()))?;
    let shown = place.display().to_string();
    Ok((TokenCache::open(place)?, shown))
}

const NO_PLACE: &str = "there is no place to keep sign-ins: set HOME, or give --token-cache FILE";
