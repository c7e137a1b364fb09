//! Message bodies like those a server sends: six kinds, made from a seed, the same in every run.
//!
//! Order and syntax are what PowerShell writes: ids from 0 in each body, type names once and then by reference,
//! `<Nil N="x" />` with a space, `_xHHHH_` in upper case.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A kind of body: its name, and how the body with a number is made.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) body: fn(&mut Random, usize) -> String,
}

pub(crate) const KINDS: [Kind; 6] = [
    Kind { name: "mailbox", body: mailbox },
    Kind { name: "process", body: process },
    Kind { name: "strings", body: string },
    Kind { name: "deep", body: deep },
    Kind { name: "error", body: error },
    Kind { name: "bytes", body: bytes },
];

/// Bodies of a kind until they have `len` bytes together.
pub(crate) fn bodies(kind: &Kind, len: usize) -> Vec<Vec<u8>> {
    let mut random = Random(kind.name.bytes().fold(20_261_121, |seed, byte| seed * 31 + u64::from(byte)));
    let (mut bodies, mut total) = (Vec::new(), 0);
    while total < len {
        let body = (kind.body)(&mut random, bodies.len());
        total += body.len();
        bodies.push(body.into_bytes());
    }
    bodies
}

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let len = u64::try_from(words.len()).unwrap_or(1);
        words[usize::try_from(self.below(len)).unwrap_or(0)]
    }

    fn guid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let groups = (high >> 32, high >> 16 & 0xFFFF, high & 0xFFFF, low >> 48, low & 0xFFFF_FFFF_FFFF);
        format!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", groups.0, groups.1, groups.2, groups.3, groups.4)
    }

    fn date(&mut self, zone: &str) -> String {
        let date = (10 + self.below(16), 1 + self.below(12), 1 + self.below(28));
        let time = (self.below(24), self.below(60), self.below(60), self.below(10_000_000));
        let (year, month, day) = date;
        format!(
            "20{year:02}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:07}{zone}",
            time.0, time.1, time.2, time.3
        )
    }

    fn phrase(&mut self, least: u64, end: u64) -> String {
        let count = least + self.below(end - least);
        let words: Vec<_> = (0..count).map(|_| self.pick(WORDS)).collect();
        words.join(" ")
    }
}

/// Gives ids in one body.
#[derive(Default)]
struct Ids {
    objects: usize,
    types: Vec<&'static str>,
}

impl Ids {
    fn object(&mut self) -> usize {
        self.objects += 1;
        self.objects - 1
    }

    fn types(&mut self, types: &[&'static str]) -> String {
        if let Some(id) = self.types.iter().position(|first| *first == types[0]) {
            return format!("<TNRef RefId=\"{id}\" />");
        }
        self.types.push(types[0]);
        let names: String = types.iter().map(|name| format!("<T>{name}</T>")).collect();
        format!("<TN RefId=\"{}\">{names}</TN>", self.types.len() - 1)
    }
}

/// Text as it stands on the wire.
fn wire(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '_' if matches!(rest.peek(), Some('x' | 'X')) => out += "_x005F_",
            '\0'..='\x1F' | '\x7F'..='\u{9F}' | '\u{10000}'.. => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    _ = write!(out, "_x{unit:04X}_");
                }
            }
            c => out.push(c),
        }
    }
    out
}

fn multi_valued(ids: &mut Ids, name: &str, types: &[&'static str], items: &[String]) -> String {
    let (id, types) = (ids.object(), ids.types(types));
    let items: String = items.iter().map(|item| format!("<S>{}</S>", wire(item))).collect();
    let list = if items.is_empty() { "<LST />".to_owned() } else { format!("<LST>{items}</LST>") };
    format!("<Obj N=\"{name}\" RefId=\"{id}\">{types}{list}</Obj>")
}

/// A mailbox of 219 properties, about 15 KB.
fn mailbox(random: &mut Random, number: usize) -> String {
    let mut ids = Ids::default();
    let (root, root_types) = (ids.object(), ids.types(MAILBOX_TYPES));
    let (first, last) = (random.pick(FIRST), random.pick(LAST));
    let (alias, domain) = (format!("user{number:06}"), format!("contoso{:02}.onmicrosoft.com", number % 7));
    let path = format!(
        "CN={alias},OU={domain},OU=Microsoft Exchange Hosted Organizations,DC=EURPR05A002,DC=prod,DC=outlook,DC=com"
    );
    let mut props: Vec<String> = Vec::new();
    for name in TEXTS.split_whitespace() {
        let text = match name {
            "Alias" | "Identity" | "Id" | "Name" => alias.clone(),
            "DisplayName" => format!("{first} {last}"),
            "SimpleDisplayName" => String::new(),
            "SamAccountName" => format!("${:06X}-{:012X}", random.below(1 << 24), random.below(1 << 48)),
            "UserPrincipalName"
            | "PrimarySmtpAddress"
            | "WindowsEmailAddress"
            | "MicrosoftOnlineServicesID"
            | "WindowsLiveID" => format!("{alias}@{domain}"),
            "LegacyExchangeDN" => format!(
                "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={:032x}-{alias}",
                u128::from(random.next()) << 64 | u128::from(random.next())
            ),
            "DistinguishedName" => path.clone(),
            "Office" => format!("{} <Bldg & {}> \"HQ\"", random.pick(CITIES), random.below(99)),
            "OriginatingServer" => {
                format!("DB7PR05A02DC{:03}.EURPR05A002.prod.outlook.com", random.below(999))
            }
            "OrganizationId" => format!(
                "EURPR05A002.prod.outlook.com/Microsoft Exchange Hosted Organizations/{domain} - EURPR05A002.prod.outlook.com/ConfigurationUnits/{domain}/Configuration"
            ),
            "OrganizationalUnit" => {
                format!("eurpr05a002.prod.outlook.com/Microsoft Exchange Hosted Organizations/{domain}")
            }
            "MailTip" => format!("<html>\r\n<body>{}</body></html>", random.phrase(3, 9)),
            "Notes" => "line one\r\nline two\ttabbed & été 😀 end".to_owned(),
            "CustomAttribute1" => format!("cost_x0041_centre_{number}"),
            "ExchangeVersion" => "0.20 (15.0.0.0)".to_owned(),
            name if name.starts_with("CustomAttribute") && 16 < name.len() => String::new(),
            name => format!("{name} {}", random.phrase(1, 5)),
        };
        props.push(match wire(&text) {
            text if text.is_empty() => format!("<S N=\"{name}\" />"),
            text => format!("<S N=\"{name}\">{text}</S>"),
        });
    }
    for (name, values) in ENUMS {
        props.push(format!("<S N=\"{name}\">{}</S>", random.pick(values)));
    }
    let bits = random.next();
    for (place, name) in BOOLS.split_whitespace().enumerate() {
        props.push(format!("<B N=\"{name}\">{}</B>", bits >> place & 1 != 0));
    }
    props.extend(NILS.split_whitespace().map(|name| format!("<Nil N=\"{name}\" />")));
    for (place, name) in DATES.split_whitespace().enumerate() {
        props
            .push(format!("<DT N=\"{name}\">{}</DT>", random.date(["+00:00", "Z", "-07:00", ""][place % 4])));
    }
    props.extend(GUIDS.split_whitespace().map(|name| format!("<G N=\"{name}\">{}</G>", random.guid())));
    for (place, name) in SPANS.split_whitespace().enumerate() {
        props.push(format!("<TS N=\"{name}\">{}</TS>", ["P14D", "P90D", "P1DT2H3M4.5670001S"][place % 3]));
    }
    for name in INTS.split_whitespace() {
        props.push(format!("<I32 N=\"{name}\">{}</I32>", random.below(1 << 31)));
    }
    for name in LONGS.split_whitespace() {
        props.push(format!("<I64 N=\"{name}\">{}</I64>", random.below(1 << 44)));
    }
    // Kinds are mixed as on a real server, in one order for all mailboxes.
    let mut order = Random(7);
    for place in (1..props.len()).rev() {
        let other = order.below(u64::try_from(place).unwrap_or(0) + 1);
        props.swap(place, usize::try_from(other).unwrap_or(0));
    }
    let mut addresses = vec![format!("SMTP:{alias}@{domain}")];
    addresses.extend((0..1 + random.below(4)).map(|number| format!("smtp:{alias}.{number}@{domain}")));
    addresses.push(format!("SIP:{alias}@{domain}"));
    props.push(multi_valued(&mut ids, "EmailAddresses", ADDRESS_TYPES, &addresses));
    for (place, name) in LISTS.split_whitespace().enumerate() {
        let items: Vec<_> = (0..bits >> (place * 2) & 3).map(|_| random.phrase(2, 6)).collect();
        props.push(multi_valued(&mut ids, name, LIST_TYPES, &items));
    }
    let (database, types) = (ids.object(), ids.types(ID_TYPES));
    props.push(format!(
        "<Obj N=\"Database\" RefId=\"{database}\">{types}<ToString>EURPR05DG{:03}-db{:03}</ToString><Props><S N=\"Name\">db</S><S N=\"DistinguishedName\">{path}</S><G N=\"ObjectGuid\">{}</G><B N=\"IsDeleted\">false</B><I32 N=\"Depth\">7</I32></Props></Obj>",
        random.below(400), random.below(200), random.guid()
    ));
    props.push(format!("<Ref N=\"ArchiveDatabase\" RefId=\"{database}\" />"));
    let (plan, types) = (ids.object(), ids.types(ID_TYPES));
    props.push(format!("<Obj N=\"MailboxPlanId\" RefId=\"{plan}\">{types}<ToString>ExchangeOnlineEnterprise</ToString><Props><S N=\"Name\">ExchangeOnlineEnterprise</S><Nil N=\"DomainId\" /><I32 N=\"Depth\">5</I32></Props></Obj>"));
    for name in QUOTAS.split_whitespace() {
        let (id, types) = (ids.object(), ids.types(QUOTA_TYPES));
        props.push(format!(
            "<Obj N=\"{name}\" RefId=\"{id}\">{types}<ToString>{} GB ({},483,648 bytes)</ToString><Props><B N=\"IsUnlimited\">false</B><I64 N=\"Value\">{}</I64></Props></Obj>",
            random.below(100), random.below(999), random.below(1 << 40)
        ));
    }
    let (id, types) = (
        ids.object(),
        ids.types(&[
            "Microsoft.Exchange.Data.Directory.Lang",
            "System.Enum",
            "System.ValueType",
            "System.Object",
        ]),
    );
    props.push(format!(
        "<Obj N=\"LanguageEnum\" RefId=\"{id}\">{types}<ToString>English</ToString><I32>9</I32></Obj>"
    ));
    format!(
        "<Obj RefId=\"{root}\">{root_types}<ToString>{first} {last}</ToString><Props>{}</Props><MS><S N=\"PSComputerName\">outlook.office365.com</S><G N=\"RunspaceId\">d1b7c1c6-3e5a-4a53-9d8f-0c2a6f0b7e11</G><B N=\"PSShowComputerName\">false</B></MS></Obj>",
        props.concat()
    )
}

/// A process of 14 properties, about 0.7 KB.
fn process(random: &mut Random, number: usize) -> String {
    let name = random.pick(PROCESSES);
    let cpu = f64::from(u32::try_from(random.below(1_000_000_000)).unwrap_or(0)) / 64.0;
    let company = match number % 3 {
        0 => "<S N=\"Company\">Microsoft Corporation</S>",
        _ => "<Nil N=\"Company\" />",
    };
    format!(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Selected.System.Diagnostics.Process</T><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS><S N=\"ProcessName\">{name}</S><I32 N=\"Id\">{}</I32><I32 N=\"HandleCount\">{}</I32><I64 N=\"WorkingSet64\">{}</I64><I64 N=\"PrivateMemorySize64\">{}</I64><Db N=\"CPU\">{cpu}</Db><DT N=\"StartTime\">{}</DT><TS N=\"TotalProcessorTime\">PT{}M{}.{:07}S</TS><B N=\"Responding\">{}</B><I32 N=\"SessionId\">{}</I32><S N=\"Path\">C:\\Program Files\\{name}\\{name}.exe</S>{company}<Version N=\"FileVersion\">10.0.{}.{}</Version><U32 N=\"BasePriority\">{}</U32></MS></Obj>",
        random.below(65_000),
        random.below(5000),
        random.below(1 << 33),
        random.below(1 << 33),
        random.date("-07:00"),
        random.below(60),
        random.below(60),
        random.below(10_000_000),
        number & 1 == 0,
        random.below(3),
        random.below(30_000),
        random.below(9999),
        random.below(31)
    )
}

/// One string, every eighth with entities and escapes.
fn string(random: &mut Random, number: usize) -> String {
    let text = match number % 8 {
        7 => format!("{}: <{}> & café\r\n", random.phrase(2, 8), random.phrase(1, 3)),
        _ => format!("{number:08}  {}", random.phrase(3, 24)),
    };
    format!("<S>{}</S>", wire(&text))
}

/// Forty objects inside each other.
fn deep(random: &mut Random, _number: usize) -> String {
    const DEPTH: usize = 40;
    let mut out = String::new();
    for level in 0..DEPTH {
        let name = if level == 0 { "" } else { " N=\"Child\"" };
        let types = match level {
            0 => "<TN RefId=\"0\"><T>Deserialized.Contoso.Node</T><T>Deserialized.System.Object</T></TN>",
            _ => "<TNRef RefId=\"0\" />",
        };
        _ = write!(
            out,
            "<Obj{name} RefId=\"{level}\">{types}<ToString>node {level}</ToString><Props><I32 N=\"Level\">{level}</I32><S N=\"Name\">{}</S><G N=\"Id\">{}</G>",
            random.phrase(1, 4),
            random.guid()
        );
    }
    out + "<Nil N=\"Child\" />" + &"</Props></Obj>".repeat(DEPTH)
}

/// An error record with its exception, invocation and long texts.
fn error(random: &mut Random, number: usize) -> String {
    let message = wire(&format!(
        "The operation couldn't be performed because object '{}' couldn't be found on 'DB{}.prod.outlook.com'. <{}> & more",
        random.guid(),
        random.below(99),
        random.phrase(2, 6)
    ));
    let mut stack = String::new();
    for _ in 0..6 {
        let (class, method) = (random.pick(WORDS), random.pick(WORDS));
        stack += &format!("   at Microsoft.Exchange.Configuration.Tasks.{class}.{method}({class} arg)\r\n");
    }
    let command = format!("Get-Mailbox -Identity user{number:06}");
    let mut out = format!(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN><ToString>{message}</ToString><MS>"
    );
    _ = write!(
        out,
        "<Obj N=\"Exception\" RefId=\"1\"><TN RefId=\"1\"><T>Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException</T><T>System.Exception</T><T>System.Object</T></TN><ToString>{message}</ToString><Props><S N=\"ErrorRecord\">{message}</S><S N=\"StackTrace\">{}</S><S N=\"Message\">{message}</S><Obj N=\"Data\" RefId=\"2\"><TN RefId=\"2\"><T>System.Collections.ListDictionaryInternal</T><T>System.Object</T></TN><DCT><En><S N=\"Key\">Diag</S><S N=\"Value\">{}</S></En><En><S N=\"Key\">Count</S><I32 N=\"Value\">{}</I32></En></DCT></Obj><Nil N=\"InnerException\" /><Nil N=\"HelpLink\" /><S N=\"Source\">Microsoft.Exchange.Management</S><I32 N=\"HResult\">-2146233088</I32></Props></Obj>",
        wire(&stack),
        random.phrase(2, 5),
        random.below(1000)
    );
    _ = write!(
        out,
        "<Nil N=\"TargetObject\" /><S N=\"FullyQualifiedErrorId\">[Server=AM0PR05,RequestId={},TimeStamp=11/21/2026] 8F5C,Microsoft.Exchange.Management.RecipientTasks.GetMailbox</S><Obj N=\"InvocationInfo\" RefId=\"3\"><TN RefId=\"3\"><T>System.Management.Automation.InvocationInfo</T><T>System.Object</T></TN><ToString>System.Management.Automation.InvocationInfo</ToString><Props><S N=\"MyCommand\">Get-Mailbox</S><Obj N=\"BoundParameters\" RefId=\"4\"><TN RefId=\"4\"><T>System.Management.Automation.PSBoundParametersDictionary</T><T>System.Object</T></TN><DCT><En><S N=\"Key\">Identity</S><S N=\"Value\">user{number:06}</S></En></DCT></Obj><I32 N=\"ScriptLineNumber\">1</I32><I32 N=\"OffsetInLine\">1</I32><I64 N=\"HistoryId\">{}</I64><S N=\"ScriptName\"></S><S N=\"Line\">{command}</S><S N=\"PositionMessage\">At line:1 char:1_x000D__x000A_+ {command}</S><S N=\"InvocationName\">Get-Mailbox</S><I32 N=\"PipelineLength\">1</I32><I32 N=\"PipelinePosition\">1</I32><B N=\"ExpectingInput\">false</B><Obj N=\"CommandOrigin\" RefId=\"5\"><TN RefId=\"5\"><T>System.Management.Automation.CommandOrigin</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>Internal</ToString><I32>1</I32></Obj></Props></Obj>",
        random.guid(),
        random.below(1_000_000)
    );
    out + &format!(
        "<I32 N=\"ErrorCategory_Category\">13</I32><S N=\"ErrorCategory_Activity\">Get-Mailbox</S><S N=\"ErrorCategory_Reason\">ManagementObjectNotFoundException</S><S N=\"ErrorCategory_TargetName\"></S><S N=\"ErrorCategory_TargetType\"></S><S N=\"ErrorCategory_Message\">ObjectNotFound: (:) [Get-Mailbox], ManagementObjectNotFoundException</S><S N=\"ErrorDetails_Message\">{message}</S><B N=\"SerializeExtendedInfo\">false</B><Ref N=\"OriginalException\" RefId=\"1\" /><Obj N=\"PipelineIterationInfo\" RefId=\"6\"><TN RefId=\"6\"><T>System.Collections.ObjectModel.ReadOnlyCollection`1[[System.Int32, mscorlib]]</T><T>System.Object</T></TN><LST><I32>0</I32><I32>1</I32></LST></Obj></MS></Obj>"
    )
}

/// A file of 1 MiB as a byte array.
fn bytes(random: &mut Random, number: usize) -> String {
    let data: Vec<u8> = (0..1 << 17).flat_map(|_| random.next().to_le_bytes()).collect();
    format!(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Deserialized.Microsoft.Exchange.Data.FileData</T><T>System.Object</T></TN><ToString>blob{number}</ToString><Props><S N=\"Name\">blob{number}.bin</S><I32 N=\"Length\">1048576</I32><BA N=\"FileData\">{}</BA></Props></Obj>",
        STANDARD.encode(data)
    )
}

const FIRST: &[&str] = &[
    "Olivia", "Liam", "Søren", "Zoë", "José", "Anaïs", "Łukasz", "Björn", "美咲", "Иван", "Noah", "Emma",
    "Amélie", "Wei", "Priya", "Ümit",
];
const LAST: &[&str] = &[
    "Nguyen",
    "Smith",
    "García",
    "Öztürk",
    "Kowalski",
    "O'Brien",
    "Straße",
    "山田",
    "Петров",
    "Dupont",
    "Jensen",
    "Rossi",
    "Novák",
    "Patel",
    "Ågård",
    "Quill",
];
const CITIES: &[&str] =
    &["Zürich", "London", "München", "Kraków", "Málaga", "Oslo", "Tōkyō", "Århus", "Paris", "Dublin"];
const WORDS: &[&str] = &[
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "lazy",
    "dog",
    "mailbox",
    "policy",
    "default",
    "retention",
    "archive",
    "server",
    "database",
    "region",
    "tenant",
    "organization",
    "unit",
    "compliance",
    "hold",
    "litigation",
    "address",
    "book",
    "role",
    "assignment",
    "sharing",
];
const PROCESSES: &[&str] = &[
    "svchost",
    "chrome",
    "lsass",
    "w3wp",
    "Idle",
    "System",
    "MSExchangeTransport",
    "Microsoft.Exchange.Store.Worker",
    "pwsh",
    "explorer",
];
const MAILBOX_TYPES: &[&str] = &[
    "Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox",
    "Deserialized.Microsoft.Exchange.Data.Directory.Management.MailEnabledOrgPerson",
    "Deserialized.Microsoft.Exchange.Data.Directory.Management.MailEnabledRecipient",
    "Deserialized.Microsoft.Exchange.Data.Directory.ADPresentationObject",
    "Deserialized.Microsoft.Exchange.Data.Directory.ADObject",
    "Deserialized.Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Deserialized.Microsoft.Exchange.Data.ConfigurableObject",
    "Deserialized.System.Object",
];
const LIST_TYPES: &[&str] = &[
    "Deserialized.Microsoft.Exchange.Data.Directory.ADMultiValuedProperty`1[[System.String, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089]]",
    "Deserialized.Microsoft.Exchange.Data.MultiValuedProperty`1[[System.String, mscorlib]]",
    "Deserialized.Microsoft.Exchange.Data.MultiValuedPropertyBase",
    "Deserialized.System.Object",
];
const ADDRESS_TYPES: &[&str] = &[
    "Deserialized.Microsoft.Exchange.Data.ProxyAddressCollection",
    "Deserialized.Microsoft.Exchange.Data.ProxyAddressBaseCollection`1[[Microsoft.Exchange.Data.ProxyAddress, Microsoft.Exchange.Data]]",
    "Deserialized.System.Object",
];
const ID_TYPES: &[&str] = &[
    "Deserialized.Microsoft.Exchange.Data.Directory.ADObjectId",
    "Deserialized.Microsoft.Exchange.Data.ObjectId",
    "Deserialized.System.Object",
];
const QUOTA_TYPES: &[&str] = &[
    "Deserialized.Microsoft.Exchange.Data.Unlimited`1[[Microsoft.Exchange.Data.ByteQuantifiedSize, Microsoft.Exchange.Data]]",
    "Deserialized.System.ValueType",
    "Deserialized.System.Object",
];
const ENUMS: [(&str, &[&str]); 15] = [
    ("RecipientType", &["UserMailbox", "SharedMailbox"]),
    ("RecipientTypeDetails", &["UserMailbox", "SharedMailbox", "RoomMailbox"]),
    ("ArchiveStatus", &["None", "Active"]),
    ("ArchiveState", &["None", "Local", "HostedProvisioned"]),
    ("MailboxMoveStatus", &["None", "Completed"]),
    ("MailboxMoveFlags", &["None", "IntraOrg, Pull"]),
    ("RemoteRecipientType", &["None", "ProvisionMailbox"]),
    ("ExternalOofOptions", &["External", "InternalOnly"]),
    ("MessageRecallProcessingEnabled", &["Default"]),
    ("AutoExpandingArchiveEnabled", &["Default"]),
    ("DefaultAuditSet", &["Admin, Delegate, Owner"]),
    ("SendModerationNotifications", &["Always", "Internal"]),
    ("ModernGroupType", &["None"]),
    ("ResourceType", &["None", "Room"]),
    ("UseDatabaseRetentionDefaultsMode", &["Default"]),
];
const TEXTS: &str = "Alias DisplayName SimpleDisplayName SamAccountName UserPrincipalName PrimarySmtpAddress WindowsEmailAddress MicrosoftOnlineServicesID WindowsLiveID LegacyExchangeDN DistinguishedName Identity Id Name ServerName Office CustomAttribute1 CustomAttribute2 CustomAttribute3 CustomAttribute4 CustomAttribute5 CustomAttribute6 CustomAttribute7 CustomAttribute8 CustomAttribute9 CustomAttribute10 CustomAttribute11 CustomAttribute12 CustomAttribute13 CustomAttribute14 CustomAttribute15 ExternalDirectoryObjectId ObjectCategory OriginatingServer OrganizationId OrganizationalUnit OrganizationalUnitRoot RetentionPolicy RoleAssignmentPolicy SharingPolicy AddressBookPolicy DataEncryptionPolicy OfflineAddressBook MailboxPlan ArchiveDomain JournalArchiveAddress LitigationHoldOwner RetentionComment RetentionUrl AdminDisplayVersion ExchangeVersion MailTip NetID ImmutableId LinkedMasterAccount MailboxRegion UnifiedMailbox PersistedCapabilityNames Notes";
const BOOLS: &str = "IsValid HasPicture HasSpokenName IsDirSynced IsMailboxEnabled IsLinked IsResource IsShared IsRootPublicFolderMailbox IsSoftDeletedByRemove IsSoftDeletedByDisable IsInactiveMailbox IncludeInGarbageCollection HiddenFromAddressListsEnabled EmailAddressPolicyEnabled RequireSenderAuthenticationEnabled ModerationEnabled DeliverToMailboxAndForward UseDatabaseRetentionDefaults RetainDeletedItemsUntilBackup UseDatabaseQuotaDefaults MessageTrackingReadStatusEnabled AntispamBypassEnabled CalendarRepairDisabled LitigationHoldEnabled SingleItemRecoveryEnabled RetentionHoldEnabled DowngradeHighPriorityMessagesEnabled ImListMigrationCompleted SKUAssigned AuditEnabled RoomMailboxAccountEnabled MessageCopyForSentAsEnabled MessageCopyForSendOnBehalfEnabled AccountDisabled QueryBaseDNRestrictionEnabled WasInactiveMailbox StsRefreshTokensValid ComplianceTagHoldApplied DelayHoldApplied ElcProcessingDisabled IsExcludedFromServingHierarchy IsHierarchyReady IsHierarchySyncEnabled IsPersonToPersonTextMessagingEnabled IsMachineToPersonTextMessagingEnabled UserSMimeCertificatePresent IsAuxMailbox MAPIRecipient MailboxReleasePinned";
const NILS: &str = "MailboxProvisioningConstraint MailboxRegionLastUpdateTime ForwardingAddress ForwardingSmtpAddress StartDateForRetentionHold EndDateForRetentionHold LitigationHoldDate ThrottlingPolicy AggregatedMailboxGuids2 RemoteAccountPolicy ResourceCapacity ResourcePropertiesSchema MasterAccountGuid MaxSafeSenders MaxBlockedSenders RulesQuota2 SCLDeleteThreshold SCLDeleteEnabled SCLRejectThreshold SCLRejectEnabled SCLQuarantineThreshold SCLQuarantineEnabled SCLJunkThreshold SCLJunkEnabled DisabledArchiveGuid DisabledMailboxLocations2 UsageLocation2 ReconciliationId MailboxContainerGuid UnifiedGroupAlias InactiveMailboxRetireTime OrphanSoftDeleteTrackingTime";
const DATES: &str = "WhenMailboxCreated WhenChanged WhenCreated WhenChangedUTC WhenCreatedUTC WhenSoftDeleted LastExchangeChangedTime";
const GUIDS: &str = "Guid ExchangeGuid ArchiveGuid ExchangeObjectId ArchiveDatabaseGuid MailboxDatabaseGuid";
const SPANS: &str = "RetainDeletedItemsFor AuditLogAgeLimit LitigationHoldDuration2";
const INTS: &str = "RecipientLimits SCLThreshold AccountSkuCount MessageClassVersion";
const LONGS: &str =
    "ArchiveQuotaBytes ProhibitSendQuotaBytes IssueWarningQuotaBytes RulesQuotaBytes MaxSendSizeBytes";
const LISTS: &str = "PoliciesIncluded PoliciesExcluded InPlaceHolds InPlaceHoldsRaw ProtocolSettings GrantSendOnBehalfTo AcceptMessagesOnlyFrom RejectMessagesFrom ExtensionCustomAttribute1 ExtensionCustomAttribute2 Languages ResourceCustom AddressListMembership ObjectClass AuditAdmin AuditDelegate AuditOwner MailTipTranslations ModeratedBy BypassModerationFromSendersOrMembers AggregatedMailboxGuids MailboxLocations UserCertificate Extensions";
const QUOTAS: &str = "ProhibitSendQuota ProhibitSendReceiveQuota IssueWarningQuota ArchiveQuota ArchiveWarningQuota RecoverableItemsQuota";
