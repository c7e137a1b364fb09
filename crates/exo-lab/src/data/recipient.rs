//! People, groups and contacts: what is stored about each, and the properties all of them show.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::data::random::Random;
use crate::data::record::Record;
use crate::data::value::{TICKS_PER_DAY, Value};
use crate::data::{FOREST, INITIAL_DOMAIN, distinguished_name, group, mail_user, mailbox};

/// One recipient. Everything not kept here follows from `seed`, so that many stay affordable.
#[derive(Debug, Clone)]
pub(crate) struct Recipient {
    pub(crate) kind: RecipientKind,
    pub(crate) seed: u64,
    pub(crate) guid: Uuid,
    pub(crate) name: String,
    pub(crate) alias: String,
    pub(crate) display_name: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) user_principal_name: String,
    /// Prefixed addresses; the primary one has the upper-case prefix.
    pub(crate) addresses: Vec<String>,
    /// Whom a group contains.
    pub(crate) members: Vec<Uuid>,
    /// Properties that somebody set.
    pub(crate) changes: BTreeMap<&'static str, Value>,
}

/// What a recipient is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecipientKind {
    UserMailbox,
    SharedMailbox,
    RoomMailbox,
    MailUser,
    DistributionGroup,
    /// An account without mail.
    User,
}

impl RecipientKind {
    pub(crate) fn is_mailbox(self) -> bool {
        matches!(self, Self::UserMailbox | Self::SharedMailbox | Self::RoomMailbox)
    }

    /// `RecipientTypeDetails` with its number.
    pub(crate) fn details(self) -> (&'static str, i32) {
        match self {
            Self::UserMailbox => ("UserMailbox", 1),
            Self::SharedMailbox => ("SharedMailbox", 4),
            Self::RoomMailbox => ("RoomMailbox", 16),
            Self::MailUser => ("MailUser", 128),
            Self::DistributionGroup => ("MailUniversalDistributionGroup", 256),
            Self::User => ("User", 65_536),
        }
    }

    /// `RecipientType` with its number.
    fn recipient_type(self) -> (&'static str, i32) {
        match self {
            Self::UserMailbox | Self::SharedMailbox | Self::RoomMailbox => ("UserMailbox", 2),
            Self::MailUser => ("MailUser", 4),
            Self::DistributionGroup => ("MailUniversalDistributionGroup", 7),
            Self::User => ("User", 1),
        }
    }
}

impl Recipient {
    /// The sample mailbox of this number.
    pub(crate) fn sample_mailbox(number: u32) -> Self {
        let mut random = Random::new(u64::from(number));
        let (first, last) = (random.pick(FIRST_NAMES), random.pick(LAST_NAMES));
        let kind = match number % 25 {
            7 => RecipientKind::SharedMailbox,
            13 => RecipientKind::RoomMailbox,
            _ => RecipientKind::UserMailbox,
        };
        let (alias, display) = match kind {
            RecipientKind::SharedMailbox => {
                (format!("shared{number:05}"), format!("{} shared {number}", random.pick(TEAMS)))
            }
            RecipientKind::RoomMailbox => {
                (format!("room{number:05}"), format!("Room {number} <{} & more>", random.pick(CITIES)))
            }
            _ => (format!("user{number:05}"), format!("{first} {last}")),
        };
        Self::new(kind, u64::from(number), &alias, &display, first, last)
    }

    /// A recipient with this alias in the tenant's first domain.
    pub(crate) fn new(
        kind: RecipientKind,
        seed: u64,
        alias: &str,
        display: &str,
        first: &str,
        last: &str,
    ) -> Self {
        let mut random = Random::new(seed.rotate_left(17) ^ 0x5eed);
        let mail = format!("{alias}@{INITIAL_DOMAIN}");
        Self {
            kind,
            seed,
            guid: random.guid(),
            name: alias.to_owned(),
            alias: alias.to_owned(),
            display_name: display.to_owned(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            user_principal_name: mail.clone(),
            addresses: vec![format!("SMTP:{mail}")],
            members: Vec::new(),
            changes: BTreeMap::new(),
        }
    }

    /// The address with the upper-case prefix, without it.
    pub(crate) fn primary_address(&self) -> &str {
        self.addresses.iter().find_map(|address| address.strip_prefix("SMTP:")).unwrap_or_default()
    }

    /// Makes this the primary address; the old one stays as a second one.
    pub(crate) fn set_primary_address(&mut self, address: &str) {
        for old in &mut self.addresses {
            if let Some(rest) = old.strip_prefix("SMTP:") {
                *old = format!("smtp:{rest}");
            }
        }
        let same =
            |old: &String| old.split_once(':').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(address));
        self.addresses.retain(|old| !same(old));
        self.addresses.insert(0, format!("SMTP:{address}"));
    }

    pub(crate) fn distinguished_name(&self) -> String {
        distinguished_name(&self.name)
    }

    /// Whether `-Identity` text means this recipient: name, alias, address, user name, display name, ids.
    pub(crate) fn answers_to(&self, identity: &str) -> bool {
        let is = |own: &str| own.eq_ignore_ascii_case(identity);
        is(&self.name)
            || is(&self.alias)
            || is(&self.user_principal_name)
            || is(&self.display_name)
            || self
                .addresses
                .iter()
                .any(|own| is(own) || own.split_once(':').is_some_and(|(_, rest)| is(rest)))
            || Uuid::parse_str(identity).is_ok_and(|id| id == self.guid || id == self.directory_id())
            || (identity.len() > self.name.len() && is(&self.distinguished_name()))
    }

    /// The id in Entra, `ExternalDirectoryObjectId`.
    pub(crate) fn directory_id(&self) -> Uuid {
        Uuid::from_u128(self.guid.as_u128().rotate_left(64) ^ 0x0f0f)
    }

    /// When it was made: a fixed moment per seed.
    pub(crate) fn created(&self) -> i64 {
        const FIRST: i64 = 634_350_528_000_000_000; // 2011-03-01
        let days = Random::new(self.seed ^ 0xda7e).below(4_500);
        FIRST + i64::try_from(days).unwrap_or(0) * TICKS_PER_DAY
    }

    /// The object that the recipient's own `Get-` cmdlet writes.
    pub(crate) fn record(&self) -> Record {
        let mut record = match self.kind {
            RecipientKind::MailUser => mail_user::record(self),
            RecipientKind::User => crate::data::views::user(self),
            RecipientKind::DistributionGroup => group::record(self),
            RecipientKind::UserMailbox | RecipientKind::SharedMailbox | RecipientKind::RoomMailbox => {
                mailbox::record(self)
            }
        };
        for (name, value) in &self.changes {
            record.set(name, value.clone());
        }
        record
    }

    /// The value of a property that every mail-enabled recipient has, or `None` for a name that is not one of them.
    pub(crate) fn common_property(&self, name: &str) -> Option<Value> {
        let guid = self.guid;
        let (details, details_number) = self.kind.details();
        let (kind, kind_number) = self.kind.recipient_type();
        Some(match name {
            "Alias" => Value::text(&self.alias),
            "Name" => Value::text(&self.name),
            "DisplayName" => Value::text(&self.display_name),
            "SimpleDisplayName" | "MailTip" | "LastExchangeChangedTime" | "ArbitrationMailbox" => Value::Nil,
            "DistinguishedName" => Value::Text(self.distinguished_name()),
            "Identity" | "Id" => Value::link(&self.name, "", guid),
            "Guid" | "ExchangeObjectId" => Value::Guid(guid),
            "ExternalDirectoryObjectId" => Value::Text(self.directory_id().to_string()),
            "EmailAddresses" => Value::proxy_addresses(self.addresses.iter().map(String::as_str)),
            "PrimarySmtpAddress" | "WindowsEmailAddress" => Value::text(self.primary_address()),
            "LegacyExchangeDN" => Value::Text(format!(
                "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={}-{}",
                guid.simple(),
                self.alias
            )),
            "OrganizationalUnit" => {
                Value::Text(format!("{FOREST}/Microsoft Exchange Hosted Organizations/{INITIAL_DOMAIN}"))
            }
            "OrganizationalUnitRoot" => Value::text(INITIAL_DOMAIN),
            "OrganizationId" => Value::Text(format!(
                "{FOREST}/Microsoft Exchange Hosted Organizations/{INITIAL_DOMAIN} - {FOREST}/ConfigurationUnits/{INITIAL_DOMAIN}/Configuration"
            )),
            "OriginatingServer" => Value::text(crate::data::DOMAIN_CONTROLLER),
            "ObjectCategory" => Value::Text(format!(
                "{FOREST}/Configuration/Schema/{}",
                match self.kind {
                    RecipientKind::DistributionGroup => "Group",
                    _ => "Person",
                }
            )),
            "ObjectClass" => Value::strings(
                match self.kind {
                    RecipientKind::DistributionGroup => &["top", "group"][..],
                    _ => &["top", "person", "organizationalPerson", "user"][..],
                }
                .iter()
                .copied(),
            ),
            "ObjectState" => Value::enumeration("Microsoft.Exchange.Data.ObjectState", "Unchanged", 1),
            "ExchangeVersion" => Value::text("0.20 (15.0.0.0)"),
            "RecipientType" => Value::enumeration(
                "Microsoft.Exchange.Data.Directory.Recipient.RecipientType",
                kind,
                kind_number,
            ),
            "RecipientTypeDetails" => Value::enumeration(
                "Microsoft.Exchange.Data.Directory.Recipient.RecipientTypeDetails",
                details,
                details_number,
            ),
            "WhenCreated" | "WhenCreatedUTC" => Value::Date(self.created()),
            "WhenChanged" | "WhenChangedUTC" => Value::Date(self.created() + 30 * TICKS_PER_DAY),
            "MaxSendSize" => Value::quota(Some(36_700_160)),
            "MaxReceiveSize" => Value::quota(Some(37_748_736)),
            "PoliciesIncluded" => {
                Value::strings([guid.to_string(), "{26491cfc-9e50-4857-861b-0cb8df22b5d7}".to_owned()])
            }
            "SendModerationNotifications" => Value::enumeration(
                "Microsoft.Exchange.Data.Directory.Recipient.TransportModerationNotificationFlags",
                "Always",
                3,
            ),
            "IsValid" | "EmailAddressPolicyEnabled" => Value::Bool(true),
            "HasPicture"
            | "HasSpokenName"
            | "IsDirSynced"
            | "HiddenFromAddressListsEnabled"
            | "ModerationEnabled"
            | "RequireSenderAuthenticationEnabled" => Value::Bool(false),
            "AcceptMessagesOnlyFrom"
            | "AcceptMessagesOnlyFromDLMembers"
            | "AcceptMessagesOnlyFromSendersOrMembers"
            | "AddressListMembership"
            | "AdministrativeUnits"
            | "BypassModerationFromSendersOrMembers"
            | "GrantSendOnBehalfTo"
            | "ModeratedBy"
            | "RejectMessagesFrom"
            | "RejectMessagesFromDLMembers"
            | "RejectMessagesFromSendersOrMembers" => Value::links(Vec::new()),
            "Extensions" | "PoliciesExcluded" | "UMDtmfMap" | "MailTipTranslations" => {
                Value::strings([""; 0])
            }
            _ if name.starts_with("CustomAttribute") => Value::text(""),
            _ if name.starts_with("ExtensionCustomAttribute") => Value::strings([""; 0]),
            _ => return None,
        })
    }
}

/// The properties of every mail-enabled recipient, in the order Exchange gives them.
pub(crate) const COMMON: &[&str] = &[
    "Extensions",
    "HasPicture",
    "HasSpokenName",
    "IsDirSynced",
    "AcceptMessagesOnlyFrom",
    "AcceptMessagesOnlyFromDLMembers",
    "AcceptMessagesOnlyFromSendersOrMembers",
    "AddressListMembership",
    "AdministrativeUnits",
    "Alias",
    "ArbitrationMailbox",
    "BypassModerationFromSendersOrMembers",
    "OrganizationalUnit",
    "CustomAttribute1",
    "CustomAttribute10",
    "CustomAttribute11",
    "CustomAttribute12",
    "CustomAttribute13",
    "CustomAttribute14",
    "CustomAttribute15",
    "CustomAttribute2",
    "CustomAttribute3",
    "CustomAttribute4",
    "CustomAttribute5",
    "CustomAttribute6",
    "CustomAttribute7",
    "CustomAttribute8",
    "CustomAttribute9",
    "ExtensionCustomAttribute1",
    "ExtensionCustomAttribute2",
    "ExtensionCustomAttribute3",
    "ExtensionCustomAttribute4",
    "ExtensionCustomAttribute5",
    "DisplayName",
    "EmailAddresses",
    "GrantSendOnBehalfTo",
    "ExternalDirectoryObjectId",
    "HiddenFromAddressListsEnabled",
    "LastExchangeChangedTime",
    "LegacyExchangeDN",
    "MaxSendSize",
    "MaxReceiveSize",
    "ModeratedBy",
    "ModerationEnabled",
    "PoliciesIncluded",
    "PoliciesExcluded",
    "EmailAddressPolicyEnabled",
    "PrimarySmtpAddress",
    "RecipientType",
    "RecipientTypeDetails",
    "RejectMessagesFrom",
    "RejectMessagesFromDLMembers",
    "RejectMessagesFromSendersOrMembers",
    "RequireSenderAuthenticationEnabled",
    "SimpleDisplayName",
    "SendModerationNotifications",
    "UMDtmfMap",
    "WindowsEmailAddress",
    "MailTip",
    "MailTipTranslations",
    "Identity",
    "Id",
    "IsValid",
    "ExchangeVersion",
    "Name",
    "DistinguishedName",
    "ObjectCategory",
    "ObjectClass",
    "WhenChanged",
    "WhenCreated",
    "WhenChangedUTC",
    "WhenCreatedUTC",
    "ExchangeObjectId",
    "OrganizationalUnitRoot",
    "OrganizationId",
    "Guid",
    "OriginatingServer",
    "ObjectState",
];

/// Non-ASCII on purpose: names in other scripts, apostrophes and accents are what breaks clients.
pub(crate) const FIRST_NAMES: &[&str] = &[
    "Aino", "Beatriz", "Chloé", "Dmitri", "Elif", "Finn", "Gülşen", "Håvard", "Ines", "Jürgen", "Klára",
    "Léonie", "Maja", "Niamh", "Ólafur", "Petra", "Rūta", "Siobhán", "Tomáš", "Yuki",
];
pub(crate) const LAST_NAMES: &[&str] = &[
    "Andersson",
    "Błaszczyk",
    "Çelik",
    "D'Angelo",
    "Eriksen",
    "Fröhlich",
    "González",
    "Hübner",
    "Ibáñez",
    "Jokinen",
    "Kovács",
    "Lefèvre",
    "Müller-Lüdenscheidt",
    "Ní Bhriain",
    "Østergaard",
    "Popović",
    "Řezníček",
    "佐藤",
    "Соколова",
    "van der Meer",
];
pub(crate) const TEAMS: &[&str] = &["Accounting", "Facilities", "Legal", "Sales", "Service desk", "Travel"];
pub(crate) const CITIES: &[&str] = &["Bergen", "Gent", "Graz", "Kraków", "Lyon", "Porto", "Turku"];
