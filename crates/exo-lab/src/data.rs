//! The sample organization: recipients, rules, domains, and what was recorded elsewhere.

mod encode;
pub(crate) mod filter;
mod group;
pub(crate) mod item;
mod mail_user;
mod mailbox;
pub(crate) mod random;
pub(crate) mod recipient;
pub(crate) mod record;
pub(crate) mod recorded;
pub(crate) mod value;
pub(crate) mod views;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use uuid::Uuid;

use crate::data::random::Random;
use crate::data::recipient::{FIRST_NAMES, LAST_NAMES, Recipient, RecipientKind, TEAMS};
use crate::data::record::Record;

/// The tenant's objects. Changes stick as long as the lab runs.
#[derive(Debug)]
pub(crate) struct Organization {
    content: RwLock<Content>,
}

/// What a cmdlet reads and changes.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) transport_rules: Vec<Record>,
    pub(crate) accepted_domains: Vec<Record>,
    pub(crate) organization_config: Record,
    next_seed: u64,
}

impl Organization {
    /// An organization with so many mailboxes, and some groups, mail users, rules and domains beside them.
    pub(crate) fn sample(mailboxes: u32) -> Self {
        let mut random = Random::new(0x0c07);
        let mut recipients: Vec<Recipient> = (1..=mailboxes).map(Recipient::sample_mailbox).collect();
        for (number, team) in TEAMS.iter().enumerate() {
            let alias = team.to_lowercase().replace(' ', "-");
            let seed = FIRST_GROUP_SEED + u64::try_from(number).unwrap_or(0);
            let mut group = Recipient::new(RecipientKind::DistributionGroup, seed, &alias, team, "", "");
            group.members = recipients
                .iter()
                .skip(number)
                .step_by(TEAMS.len())
                .take(SAMPLE_GROUP_LEN)
                .map(|member| member.guid)
                .collect();
            recipients.push(group);
        }
        for number in 1..=SAMPLE_MAIL_USERS {
            let (first, last) = (random.pick(FIRST_NAMES), random.pick(LAST_NAMES));
            let alias = format!("partner{number:02}");
            recipients.push(Recipient::new(
                RecipientKind::MailUser,
                FIRST_MAIL_USER_SEED + number,
                &alias,
                &format!("{first} {last} (Fabrikam)"),
                first,
                last,
            ));
        }
        let rules = ["External sender warning", "Legal disclaimer", "Block executable attachments"];
        let transport_rules = (0..)
            .zip(rules)
            .map(|(priority, name)| item::transport_rule(name, priority, random.guid()))
            .collect();
        let accepted_domains = vec![
            item::accepted_domain(INITIAL_DOMAIN, "Authoritative", true, random.guid()),
            item::accepted_domain("contoso.example", "Authoritative", false, random.guid()),
            item::accepted_domain("relay.contoso.example", "InternalRelay", false, random.guid()),
        ];
        let organization_config = item::organization_config(random.guid());
        let content = Content {
            recipients,
            transport_rules,
            accepted_domains,
            organization_config,
            next_seed: FIRST_NEW_SEED,
        };
        Self { content: RwLock::new(content) }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Content> {
        self.content.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    /// The recipients that an identity means, of the kinds that `wanted` picks.
    pub(crate) fn find(&self, identity: &str, wanted: impl Fn(RecipientKind) -> bool) -> Option<&Recipient> {
        self.recipients.iter().find(|recipient| wanted(recipient.kind) && recipient.answers_to(identity))
    }

    pub(crate) fn find_mut(
        &mut self,
        identity: &str,
        wanted: impl Fn(RecipientKind) -> bool,
    ) -> Option<&mut Recipient> {
        self.recipients.iter_mut().find(|recipient| wanted(recipient.kind) && recipient.answers_to(identity))
    }

    pub(crate) fn by_guid(&self, guid: Uuid) -> Option<&Recipient> {
        self.recipients.iter().find(|recipient| recipient.guid == guid)
    }

    /// A seed that no object has yet.
    pub(crate) fn new_seed(&mut self) -> u64 {
        self.next_seed += 1;
        self.next_seed
    }
}

/// The distinguished name of an object of the tenant.
pub(crate) fn distinguished_name(name: &str) -> String {
    format!(
        "CN={name},OU={INITIAL_DOMAIN},OU=Microsoft Exchange Hosted Organizations,DC=EURPR05A002,DC=prod,DC=outlook,DC=com"
    )
}

/// The tenant's first domain.
pub(crate) const INITIAL_DOMAIN: &str = "contoso.onmicrosoft.com";
/// The directory forest the tenant lies in.
pub(crate) const FOREST: &str = "EURPR05A002.prod.outlook.com";
/// The directory server that answers.
pub(crate) const DOMAIN_CONTROLLER: &str = "AM0PR05A02DC001.EURPR05A002.PROD.OUTLOOK.COM";
/// The most recipients a tenant takes; New-Mailbox refuses more.
pub(crate) const MAX_RECIPIENTS: usize = 400_000;

const SAMPLE_GROUP_LEN: usize = 8;
const SAMPLE_MAIL_USERS: u64 = 5;
const FIRST_GROUP_SEED: u64 = 1 << 40;
const FIRST_MAIL_USER_SEED: u64 = 1 << 41;
const FIRST_NEW_SEED: u64 = 1 << 42;
