//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use exo_session::Environment;

/// Runs Exchange cmdlets without PowerShell, and reads files that PowerShell has written.
#[derive(Debug, Parser)]
#[command(name = "exo", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Write what the program does to stderr, for example `debug` or `exo_session=trace`. Never shows secrets or data
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Connect, run one cmdlet, print what it gives, disconnect
    #[command(after_help = RUN_HELP)]
    Run(Run),
    /// Take over a session that `exo run --detach` left, print what its cmdlet gives, disconnect
    #[command(after_help = ATTACH_HELP)]
    Attach(Attach),
    /// Print a CLIXML file, as Export-Clixml writes them, in another form
    #[command(after_help = DECODE_HELP)]
    Decode(Decode),
    /// Show the cmdlets that this account may run, or those of a saved module file, with their parameters
    #[command(after_help = CMDLETS_HELP)]
    Cmdlets(Cmdlets),
    /// Connect step by step and say what each step saw
    #[command(after_help = DOCTOR_HELP)]
    Doctor(Doctor),
    /// Sign in and keep that for later runs of this user, which then need no way to sign in
    #[command(after_help = LOGIN_HELP)]
    Login(Login),
    /// Say who is signed in; ends with 3 when nobody is
    Status(Status),
    /// Forget the kept sign-ins of this user
    Logout(Logout),
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// How to print the objects
    #[arg(long, value_enum, default_value_t = RunOutput::Table)]
    pub(crate) output: RunOutput,
    /// Print these members only, in this order
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(crate) select: Vec<String>,
    /// Stop after this many objects
    #[arg(long, value_name = "N", conflicts_with = "input")]
    pub(crate) first: Option<u64>,
    /// Start the cmdlet and leave it to itself on the server; FILE says how to come back (`exo attach FILE`). Remote
    /// PowerShell only
    #[arg(long, value_name = "FILE", conflicts_with_all = ["input", "first"])]
    pub(crate) detach: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) many: Many,
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// The cmdlet and its parameters, behind `--`
    #[arg(last = true, required = true, num_args = 1.., value_name = "CMDLET [-PARAMETER VALUE]…")]
    pub(crate) cmdlet: Vec<String>,
}

/// The members to print, without blanks; empty when none were chosen.
pub(crate) fn selected(select: &[String]) -> Vec<String> {
    select.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[derive(Debug, Args)]
pub(crate) struct Attach {
    /// What `exo run --detach FILE` wrote; it goes when the cmdlet has ended, and an interrupt leaves both as they were
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// How to print the objects
    #[arg(long, value_enum, default_value_t = RunOutput::Table)]
    pub(crate) output: RunOutput,
    /// Print these members only, in this order
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(crate) select: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// The cmdlet once for each row of a file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many rows")]
pub(crate) struct Many {
    /// Run the cmdlet for each row: values take columns as {Name}. CSV with a header, or JSON lines (.jsonl)
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Requests under way at once, 1 to 16; each carries up to ten rows (over PSRP one row after the other)
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16), requires = "input")]
    pub(crate) parallel: u8,
    /// Run those rows again too of which an earlier run does not know whether they were done
    #[arg(long, requires = "input")]
    pub(crate) retry_unknown: bool,
    /// Begin with the first row again, whatever the journal of an earlier run says
    #[arg(long, requires = "input")]
    pub(crate) restart: bool,
    /// Where to write what became of each row; left out, FILE.journal beside the file
    #[arg(long, value_name = "FILE", requires = "input")]
    pub(crate) journal: Option<PathBuf>,
    /// What stands between two values of the CSV file
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = delimiter, requires = "input")]
    pub(crate) delimiter: u8,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        &[byte] if byte != b'"' && byte != b'\n' && byte != b'\r' => Ok(byte),
        _ => Err("it is one ASCII character, such as ; or \\t".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Decode {
    /// The file; `-` is standard input. UTF-8 or UTF-16
    #[arg(default_value = "-", value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t = DecodeOutput::Json)]
    pub(crate) output: DecodeOutput,
}

#[derive(Debug, Args)]
pub(crate) struct Cmdlets {
    /// Read a module file that was saved before, instead of connecting
    #[arg(long, value_name = "MODULEFILE")]
    pub(crate) file: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = CmdletsOutput::Table)]
    pub(crate) output: CmdletsOutput,
    /// Only these cmdlets; `*` and `?` stand for any characters and any one
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// What to print
    #[arg(long, value_enum, default_value_t = StatusOutput::Table)]
    pub(crate) output: StatusOutput,
    #[command(flatten)]
    pub(crate) kept: TokenCacheFile,
}

#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// Forget this account only
    #[arg(long, value_name = "UPN")]
    pub(crate) user: Option<String>,
    #[command(flatten)]
    pub(crate) kept: TokenCacheFile,
}

/// Where sign-ins are kept.
#[derive(Debug, Args)]
pub(crate) struct TokenCacheFile {
    /// The encrypted file with the kept sign-ins, instead of the user's own; `off` = none
    #[arg(long, value_name = "FILE", env = "EXO_TOKEN_CACHE")]
    pub(crate) token_cache: Option<PathBuf>,
}

/// How to print sign-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusOutput {
    /// One line for each account
    Table,
    /// One JSON array
    Json,
}

/// How to print the objects of a cmdlet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunOutput {
    /// Columns for people; some members of each object
    Table,
    /// One member to a line; all of them
    List,
    /// One JSON array
    Json,
    /// One JSON value on each line, as they arrive
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// A CLIXML document that Import-Clixml reads
    Clixml,
}

/// How to print cmdlets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CmdletsOutput {
    /// One line for each cmdlet: its name, what its changes weigh, its parameters
    Table,
    /// How each cmdlet is called, as Get-Command -Syntax prints it
    Syntax,
    /// One JSON array with everything that is known
    Json,
}

/// How to print a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DecodeOutput {
    /// One JSON array
    Json,
    /// One JSON value on each line
    Jsonl,
    /// Every element on a line of its own, nothing merged or left out
    Tree,
    /// Counts and a hash of the texts, as one JSON line
    Stats,
    /// The document that PowerShell's Import-Clixml | Export-Clixml writes; dates with an offset become UTC
    Clixml,
}

/// Where to connect, and as whom.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// The service whose address the environment stands for
    #[arg(long, value_enum, default_value_t = ServiceName::Exchange)]
    pub(crate) service: ServiceName,
    /// The cloud: O365Default, O365China, O365GermanyCloud, O365USGovGCCHigh or O365USGovDoD
    #[arg(long, value_name = "NAME", default_value = "O365Default", hide_default_value = true)]
    pub(crate) environment: Environment,
    /// The endpoint, instead of the environment's
    #[arg(long, value_name = "URI")]
    pub(crate) connection_uri: Option<String>,
    /// Where to sign in, instead of the environment's: https://host/tenant
    #[arg(long, value_name = "URI")]
    pub(crate) authority: Option<String>,
    /// How to talk to the endpoint
    #[arg(long, value_enum, default_value_t = CarrierName::Auto)]
    pub(crate) carrier: CarrierName,
    /// The account: a user principal name, DOMAIN\user for Basic, user@REALM for Kerberos
    #[arg(long, value_name = "UPN")]
    pub(crate) user: Option<String>,
    /// Read the account's password from standard input
    #[arg(long, group = "sign-in")]
    pub(crate) password_stdin: bool,
    /// Sign in in the browser; where there is none, with a device code
    #[arg(long, group = "sign-in")]
    pub(crate) browser: bool,
    /// Sign in on another device with a code that is shown
    #[arg(long, group = "sign-in")]
    pub(crate) device: bool,
    /// Read a ready access token from standard input
    #[arg(long, group = "sign-in")]
    pub(crate) access_token_stdin: bool,
    /// Sign in as an application with this certificate: a PFX or PEM file with its key. Needs --app-id and --organization
    #[arg(long, group = "sign-in", value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// Read the password of the certificate file from standard input
    #[arg(long)]
    pub(crate) certificate_password_stdin: bool,
    /// Sign in as this machine; with an ID, by the user-assigned identity that has this client id
    #[arg(long, group = "sign-in", value_name = "ID", num_args = 0..=1)]
    pub(crate) managed_identity: Option<Option<String>>,
    /// The application's id, for --certificate; otherwise the application to sign in through, instead of Exchange's own
    #[arg(long, value_name = "ID")]
    pub(crate) app_id: Option<String>,
    /// The organization's domain or tenant id, for --certificate, --managed-identity and --access-token-stdin
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) organization: Option<String>,
    #[command(flatten)]
    pub(crate) kept: TokenCacheFile,
    /// What requests carry; left out, it follows from the endpoint and the way of signing in
    #[arg(long, value_enum)]
    pub(crate) authentication: Option<AuthenticationName>,
    /// The customer's domain, when a partner administers it
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) delegated_organization: Option<String>,
    /// The proxy, instead of what HTTPS_PROXY and NO_PROXY say
    #[arg(long, value_name = "URI")]
    pub(crate) proxy: Option<String>,
    /// Certificates (PEM) of issuers to trust beside the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Where the list of cmdlets is kept between connections over REST: a folder, or `off`; left out, the user's own
    /// folder for caches
    #[arg(long, value_name = "DIR", env = "EXO_CATALOG_CACHE")]
    pub(crate) catalog_cache: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServiceName {
    /// Exchange Online, or an Exchange server
    Exchange,
    /// Security & Compliance
    Compliance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CarrierName {
    /// As the endpoint needs it
    Auto,
    /// The REST interface of Microsoft's cloud
    Rest,
    /// PowerShell remoting over WSMan
    Psrp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuthenticationName {
    /// The token alone
    Bearer,
    /// User and password; with a token, the token in the place of the password
    Basic,
    /// A Kerberos ticket: got with the password, or one that kinit got. Over http:// messages are encrypted with it
    Kerberos,
    /// The same inside SPNEGO
    Negotiate,
}

/// Lines below 90 characters, so that a usual terminal does not break them.
const RUN_HELP: &str = "\
Values:
  text            a string                     $true $false $null
  'it''s, ok'     a string, quoted             5  -5  1.5
  a,b,c           a list                       @(a)  @()   lists of one and none
  @{Add='x';Remove='y'}                        a table
  @stdin          a SecureString: the next line of standard input, behind the account's
                  own secret if that is read from there too. '@stdin' in quotes is a text
  @prompt         a SecureString: asked for at the terminal, not shown
  What the command asks (a confirmation, a credential) is asked at the terminal; where
  there is none it is refused, so scripts write -Confirm:$false.
  The shell takes one layer of quotes off: write -Name \"'5'\" for the text 5. Text with a
  space in it is one string as it stands: -DisplayName \"Doe, Ana\" needs nothing more.

Many rows (--input):
  {Name}          the value of the column Name in this row; {{ is a brace
  {Name:bool}     true or false          {Name:number}   a number
  {Name:list}     parts between ;        {Name:secret}   a SecureString
  What became of each row goes into FILE.journal. The same command, given again, runs what
  is not done yet: after an interruption, after a failure. Rows whose answer was lost are
  reported, and run again with --retry-unknown only.

Examples:
  exo run --user ana@contoso.com --device -- Get-AcceptedDomain
  exo run --user ana@contoso.com --device -- New-Mailbox -Name 'Ben Roe' -Password @prompt
  exo run --user ana@contoso.com --device --input users.csv -- \\
      Set-Mailbox -Identity '{Identity}' -CustomAttribute1 '{Department}'
  exo run --connection-uri https://mail.contoso.com/powershell/ --user 'CONTOSO\\ana' \\
      --password-stdin --output jsonl --select Name,Alias -- \\
      Get-Mailbox -ResultSize 10 < password.txt
  kinit ana@CONTOSO.COM && exo run --authentication kerberos \\
      --connection-uri http://mail.contoso.com/powershell/ -- Get-Mailbox -ResultSize 10";

const ATTACH_HELP: &str = "\
Sign in as the same account; the server's address is in FILE.
Examples:
  exo run --connection-uri https://mail.contoso.com/powershell --user 'CONTOSO\\anna' \\
      --password-stdin --detach search.json -- Search-Mailbox anna -EstimateResultOnly
  exo attach search.json --user 'CONTOSO\\anna' --password-stdin --output jsonl";
const DECODE_HELP: &str = "\
Examples:
  exo decode mailboxes.xml
  exo decode --output jsonl mailboxes.xml | jq .DisplayName
  gunzip -c backup.xml.gz | exo decode --output tree";

const CMDLETS_HELP: &str = "\
Examples:
  exo cmdlets --user ana@contoso.com --device
  exo cmdlets --user ana@contoso.com --device --output syntax Set-Mailbox '*-InboxRule'
  exo cmdlets --file ExchangeOnline.psm1 --output json Get-Mailbox";

const DOCTOR_HELP: &str = "\
Examples:
  exo doctor --user ana@contoso.com --device
  exo doctor --connection-uri https://mail.contoso.com/powershell/ --user 'CONTOSO\\ana' \\
      --password-stdin < password.txt";

const LOGIN_HELP: &str = "\
Without a way to sign in the browser opens; where there is none (ssh, a
container, no display) a code is shown instead. Applications and machines
sign in anew each time: give --certificate or --managed-identity to `exo run`.

Examples:
  exo login --user ana@contoso.com
  exo login --device
  exo run --user ana@contoso.com -- Get-AcceptedDomain";

const EXIT_CODES: &str = "\
Exit codes: 0 success, 1 the remote command reported an error, 2 wrong usage, 3 sign-in failed,
4 connection failed, 130 interrupted";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn everything_behind_the_dashes_belongs_to_the_cmdlet() {
        let line = ["exo", "run", "--select", "A,B", "--", "Get-X", "-Output", "json", "--", "-First:1"];
        let Command::Run(run) = Arguments::try_parse_from(line).unwrap().command else { panic!("run") };
        assert_eq!(run.select, ["A", "B"]);
        assert_eq!(run.cmdlet, ["Get-X", "-Output", "json", "--", "-First:1"]);
    }

    #[test]
    fn help_has_examples_and_lines_that_fit() {
        for command in Arguments::command().get_subcommands() {
            let Some(help) = command.get_after_help().map(ToString::to_string) else { continue };
            assert!(help.contains("Examples:\n  exo "), "{}", command.get_name());
            assert!(help.lines().all(|line| line.chars().count() <= 90), "{}", command.get_name());
        }
        let help = Arguments::command().find_subcommand_mut("run").unwrap().render_long_help().to_string();
        let (own, connection) = help.split_once("\nConnection:\n").unwrap();
        assert!(own.contains("--output <OUTPUT>") && !connection.contains("--output <OUTPUT>"));
    }

    #[test]
    fn wrong_lines_are_refused() {
        for line in [
            &["exo"][..],
            &["exo", "run"],
            &["exo", "run", "--"],
            &["exo", "run", "Get-X"],
            &["exo", "run", "--device", "--password-stdin", "--user", "a", "--", "Get-X"],
            &["exo", "run", "--managed-identity", "--certificate", "a.pfx", "--", "Get-X"],
            &["exo", "run", "--browser", "--access-token-stdin", "--", "Get-X"],
            &["exo", "logout", "--output", "json"],
            &["exo", "run", "--environment", "Moon", "--", "Get-X"],
            &["exo", "run", "--first", "-1", "--", "Get-X"],
            &["exo", "run", "--carrier", "smoke", "--", "Get-X"],
            &["exo", "cmdlets", "--output", "csv"],
            &["exo", "decode", "--output", "table"],
        ] {
            assert_eq!(Arguments::try_parse_from(line).unwrap_err().exit_code(), 2, "{line:?}");
        }
    }
}
