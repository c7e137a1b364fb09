//! What the `Get-` cmdlets share: by identity, by filter, so many and no more.

use crate::cmdlets::{CmdletError, Halt, Invocation};
use crate::data::filter::{Filter, wildcard};
use crate::data::recipient::{Recipient, RecipientKind};
use crate::data::record::Record;

/// Writes the recipients that the caller asked for.
pub(crate) fn list_recipients(
    invocation: &mut Invocation<'_>,
    wanted: fn(RecipientKind) -> bool,
    show: fn(&Recipient) -> Record,
) -> Result<(), Halt> {
    let organization = invocation.organization;
    if let Some(identity) = invocation.text("Identity") {
        if identity.contains('*') {
            return write_selected(invocation, wanted, show, |recipient| {
                wildcard(&identity, &recipient.name)
            });
        }
        let record = organization.read().find(&identity, wanted).map(show);
        return match record {
            Some(record) => invocation.write(&record),
            None => invocation.error(CmdletError::not_found(invocation.cmdlet, &identity)),
        };
    }
    let anr = invocation.text("Anr").unwrap_or_default().to_lowercase();
    let details: Vec<String> = invocation
        .argument("RecipientTypeDetails")
        .and_then(super::Argument::texts)
        .unwrap_or_default()
        .iter()
        .flat_map(|text| text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>())
        .collect();
    write_selected(invocation, wanted, show, |recipient| {
        let begins = |text: &str| text.to_lowercase().starts_with(&anr);
        let named = anr.is_empty()
            || [
                &recipient.alias,
                &recipient.display_name,
                &recipient.first_name,
                &recipient.last_name,
                &recipient.name,
            ]
            .into_iter()
            .any(|text| begins(text));
        let detailed = details.is_empty()
            || details.iter().any(|wanted| wanted.eq_ignore_ascii_case(recipient.kind.details().0));
        named && detailed
    })
}

/// Writes the recipients that `chosen` and `-Filter` pick, up to `-ResultSize`.
fn write_selected(
    invocation: &mut Invocation<'_>,
    wanted: fn(RecipientKind) -> bool,
    show: fn(&Recipient) -> Record,
    chosen: impl Fn(&Recipient) -> bool,
) -> Result<(), Halt> {
    let filter = filter(invocation)?;
    let mut room = Room::of(invocation);
    let organization = invocation.organization;
    // The lock is not held while records go out: a slow reader must not keep others from changing things.
    let mut index = 0;
    loop {
        let record = {
            let content = organization.read();
            let mut rest = content.recipients.iter().enumerate().skip(index);
            let mut next = rest.find(|(_, recipient)| wanted(recipient.kind) && chosen(recipient));
            if let Some((at, _)) = next {
                index = at + 1;
            }
            next.take().map(|(_, recipient)| show(recipient))
        };
        let Some(record) = record else {
            return Ok(());
        };
        if filter.as_ref().is_some_and(|filter| !filter.matches(&record)) {
            continue;
        }
        if !room.take() {
            return room.warn(invocation);
        }
        invocation.write(&record)?;
    }
}

/// Writes records that are kept whole, by `-Identity`, `-Filter` and `-ResultSize`.
pub(crate) fn list_records(invocation: &mut Invocation<'_>, records: &[Record]) -> Result<(), Halt> {
    if let Some(identity) = invocation.text("Identity") {
        return match records.iter().find(|record| answers_to(record, &identity)) {
            Some(record) => invocation.write(record),
            None => invocation.error(CmdletError::not_found(invocation.cmdlet, &identity)),
        };
    }
    let filter = filter(invocation)?;
    let mut room = Room::of(invocation);
    for record in records {
        if filter.as_ref().is_some_and(|filter| !filter.matches(record)) {
            continue;
        }
        if !room.take() {
            return room.warn(invocation);
        }
        invocation.write(record)?;
    }
    Ok(())
}

/// Whether `-Identity` text means this object.
pub(crate) fn answers_to(record: &Record, identity: &str) -> bool {
    record.text.eq_ignore_ascii_case(identity)
        || ["Name", "Guid", "DistinguishedName", "Identity"].into_iter().any(|name| {
            record.property(name).is_some_and(|value| value.display().eq_ignore_ascii_case(identity))
        })
}

/// How many more objects may be written.
pub(crate) struct Room {
    left: Option<u64>,
    is_default: bool,
}

impl Room {
    pub(crate) fn of(invocation: &Invocation<'_>) -> Self {
        match invocation.argument("ResultSize").and_then(super::Argument::limit) {
            None => Self { left: Some(DEFAULT_RESULT_SIZE), is_default: true },
            Some(limit) => {
                Self { left: limit.map(|count| u64::try_from(count).unwrap_or(0)), is_default: false }
            }
        }
    }

    pub(crate) fn take(&mut self) -> bool {
        match &mut self.left {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }

    pub(crate) fn warn(&self, invocation: &mut Invocation<'_>) -> Result<(), Halt> {
        invocation.warn(if self.is_default { MORE_THAN_DEFAULT } else { MORE_THAN_ASKED })
    }
}

fn filter(invocation: &Invocation<'_>) -> Result<Option<Filter>, CmdletError> {
    let Some(text) = invocation.text("Filter") else {
        return Ok(None);
    };
    let inner = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(&text);
    Filter::parse(inner).map(Some).map_err(|error| {
        let message = format!(
            "Cannot bind parameter 'Filter' to the target. Exception setting \"Filter\": \"Invalid filter syntax. For a \
             description of the filter parameter syntax see the command help. \"{text}\" at position {}: expected {}.\"",
            error.position, error.expected
        );
        CmdletError::invalid(invocation.cmdlet, message)
    })
}

const DEFAULT_RESULT_SIZE: u64 = 1_000;
const MORE_THAN_ASKED: &str = "There are more results available than are currently displayed. To view them, increase the value for \
    the ResultSize parameter.";
const MORE_THAN_DEFAULT: &str = "By default, only the first 1000 items are returned. Use the ResultSize parameter to specify the number \
    of items returned. To return all items, specify \"-ResultSize Unlimited\". Be aware that, depending on the actual number of items, \
    returning all items can take a long time and consume a large amount of memory. Also, we don't recommend storing the results in a \
    variable. Instead, pipe the results to another task or script to perform batch changes.";
