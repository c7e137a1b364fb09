//! From the PowerShell text of a recording to calls of the client.

use exo_session::catalog::{Catalog, Cmdlet, ConfirmImpact};
use psrp::clixml::{DateTime, DateTimeKind, Encoder, Tape, decode};

use super::arguments::{Argument, Literal, command};

/// One call; its parameters may need what the call before it wrote.
pub(super) struct Made {
    pub(super) command: String,
    /// Its output goes into the next call and no further.
    pub(super) is_inner: bool,
    pub(super) preference: ConfirmImpact,
    pub(super) inputs: Inputs,
    /// What stands behind it in the pipeline reads so many objects and no more.
    pub(super) first: Option<usize>,
    /// The shell ends the pipeline with the first error.
    pub(super) stops_at_error: bool,
}

/// The parameters of the one call, or of one for each piped object.
pub(super) enum Inputs {
    One(Parameters),
    Piped(Vec<Parameters>),
}

pub(super) type Parameters = Box<dyn Fn(&[Tape]) -> Tape>;

impl Made {
    fn new(command: &str, parameters: impl Fn(&[Tape]) -> Tape + 'static) -> Self {
        Self {
            command: command.to_owned(),
            is_inner: false,
            preference: ConfirmImpact::High,
            inputs: Inputs::One(Box::new(parameters)),
            first: None,
            stops_at_error: false,
        }
    }

    fn piped(command: &str, inputs: Vec<Parameters>) -> Self {
        Self { inputs: Inputs::Piped(inputs), ..Self::new(command, |_| members(|_| {})) }
    }
}

/// The calls of a recording; `None` for what cannot be said here.
pub(super) fn calls(scenario: &str, text: &str, catalog: &Catalog) -> Option<Vec<Made>> {
    if let Some(made) = by_hand(scenario) {
        return Some(made);
    }
    let mut preference = ConfirmImpact::High;
    let mut calls = Vec::new();
    let mut table = None;
    let text = text.strip_prefix("& {").and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    for statement in statements(text) {
        let statement = statement.strip_prefix("& {").unwrap_or(statement);
        if is_preference(statement) || is_scaffold(statement) {
            if statement.starts_with("$ConfirmPreference='Medium'") {
                preference = ConfirmImpact::Medium;
            }
            continue;
        }
        if let Some(value) = statement.strip_prefix("$h=") {
            table = Some(value);
            continue;
        }
        let statement = table.map_or_else(|| statement.to_owned(), |value| statement.replace("$h", value));
        calls.push(pipeline(&statement, preference, catalog)?);
    }
    (!calls.is_empty()).then_some(calls)
}

/// The parts between semicolons that are in no braces.
fn statements(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = text.split(|character| {
        depth += i32::from(character == '{') - i32::from(character == '}');
        character == ';' && depth == 0
    });
    parts.map(str::trim).collect()
}

fn is_preference(statement: &str) -> bool {
    statement.starts_with('$') && statement.contains("Preference")
}

fn is_scaffold(statement: &str) -> bool {
    matches!(statement, "\"after\"" | "'after'")
        || ["$global:", "$e |", "$h.Keys"].iter().any(|start| statement.starts_with(start))
}

/// A call, what is piped into it, and how much of its output is read.
fn pipeline(text: &str, preference: ConfirmImpact, catalog: &Catalog) -> Option<Made> {
    let (text, first) = match text.split_once(" | Select-Object -First ") {
        Some((text, first)) => (text, Some(first.parse().ok()?)),
        None => (text, None),
    };
    let stops_at_error = text.contains(" -ErrorAction Stop");
    let made = match text.rsplit_once(" | ") {
        None => {
            let (name, parameters) = parameters(text, catalog)?;
            Made::new(&name, parameters)
        }
        Some((piped, command)) => {
            let inputs = piped_texts(piped)?;
            let name = command.split(' ').next()?;
            let calls =
                inputs.iter().map(|input| parameters(&format!("{command} -Identity {input}"), catalog));
            let calls = calls.map(|call| Some(call?.1)).collect::<Option<Vec<_>>>()?;
            Made::piped(name, calls)
        }
    };
    Some(Made { preference, first, stops_at_error, ..made })
}

/// `'a','b'`, `@()` or `1..3 | ForEach-Object { "u$_" }`, each text in quotes.
fn piped_texts(text: &str) -> Option<Vec<String>> {
    if text == "@()" {
        return Some(Vec::new());
    }
    if let Some(last) =
        text.strip_prefix("1..").and_then(|text| text.strip_suffix(" | ForEach-Object { \"u$_\" }"))
    {
        return Some((1..=last.parse().ok()?).map(|place: u32| format!("'u{place}'")).collect());
    }
    (text.starts_with('\'') && !text.contains('|')).then(|| text.split(',').map(str::to_owned).collect())
}

/// The cmdlet's name, and what its arguments come to.
fn parameters(text: &str, catalog: &Catalog) -> Option<(String, Parameters)> {
    let (name, arguments) = command(text)?;
    let cmdlet = catalog.cmdlet(&name)?;
    let bound = bind(cmdlet, arguments)?;
    let parameters = move |_: &[Tape]| {
        members(|members| {
            for (name, value, is_switch) in &bound {
                match value {
                    Literal::Bool(value) if *is_switch => {
                        members.switch_parameter(name.as_str(), *value);
                    }
                    value => value.write(Some(name), members),
                }
            }
        })
    };
    Some((cmdlet.name.clone(), Box::new(parameters)))
}

/// Gives switches their value, and the value without a name its parameter.
fn bind(cmdlet: &Cmdlet, arguments: Vec<Argument>) -> Option<Vec<(String, Literal, bool)>> {
    let mut bound = Vec::new();
    let mut arguments = arguments.into_iter().peekable();
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument {
            Argument::Named(name, value) => (name, value),
            Argument::Value(value) => {
                let first =
                    cmdlet.parameters.iter().find(|p| p.sets.iter().any(|set| set.position == Some(0)))?;
                (first.name.clone(), Some(value))
            }
        };
        let declared = cmdlet.parameter(&name);
        let is_switch = SWITCHES.contains(&name.as_str())
            || declared.is_some_and(|p| p.type_name == "System.Management.Automation.SwitchParameter");
        let value = match value {
            Some(value) => value,
            None if is_switch => Literal::Bool(true),
            None => match arguments.next()? {
                Argument::Value(value) => value,
                Argument::Named(..) => return None,
            },
        };
        // PowerShell's binder makes text of a number for these, and numbers of texts for no one.
        let value = match (value, name.as_str()) {
            (Literal::Int(number), "OutBuffer") => Literal::Text(number.to_string()),
            (value, _) => value,
        };
        bound.push((name, value, is_switch));
    }
    Some(bound)
}

fn members(write: impl FnOnce(&mut Encoder<'_>)) -> Tape {
    let mut body = Vec::new();
    Encoder::new(&mut body).object(None, &[], None, |object| object.members(write));
    decode(body).unwrap()
}

/// Calls whose values are .NET's, written as PowerShell's serializer writes those.
fn by_hand(scenario: &str) -> Option<Vec<Made>> {
    let set = |write: fn(&mut Encoder<'_>, &[Tape])| {
        Made::new("Set-Mailbox", move |before| {
            members(|members| {
                write(members, before);
                members.switch_parameter("Confirm", false);
            })
        })
    };
    let get = |identity: Option<&'static str>| Made {
        is_inner: true,
        ..Made::new("Get-Mailbox", move |_| {
            members(|members| identity.into_iter().for_each(|it| members.string("Identity", it)))
        })
    };
    Some(match scenario {
        "plain-no-public-key" => vec![new_mailbox("x")],
        "plain-securestring-empty" => vec![new_mailbox("")],
        "plain-securestring-246" => vec![new_mailbox("x".repeat(246).leak())],
        "plain-bytes" => vec![Made::new("Import-TransportRuleCollection", |_| {
            members(|members| {
                members.bytes("FileData", &[1, 2, 255]);
                members.switch_parameter("Confirm", false);
            })
        })],
        "plain-guid" => vec![Made::new("Get-Mailbox", |_| {
            let guid = uuid::Uuid::parse_str("12345678-1234-1234-1234-123456789abc").unwrap();
            members(|members| members.guid("Identity", guid))
        })],
        "plain-ipaddress" => vec![Made::new("Set-HostedConnectionFilterPolicy", |_| {
            members(|members| {
                members.string("Identity", "x");
                members.object(
                    "IPAllowList",
                    &["System.Net.IPAddress", "System.Object"],
                    Some("192.0.2.1"),
                    |object| {
                        object.props(|props| props.i64("Address", 16_908_480));
                    },
                );
                members.switch_parameter("Confirm", false);
            })
        })],
        "plain-bytes-array" => vec![set(|members, _| {
            members.string("Identity", "x");
            members.object("AcceptMessagesOnlyFrom", OBJECTS, None, |object| {
                object.list(|list| {
                    list.bytes(None, &[1, 2]);
                    list.bytes(None, &[3]);
                });
            });
        })],
        "plain-bytes-jagged" => vec![set(|members, _| {
            members.string("Identity", "x");
            let types = ["System.Byte[][]", "System.Array", "System.Object"];
            members.object("AcceptMessagesOnlyFrom", &types, None, |object| {
                object.list(|list| {
                    list.bytes(None, &[1, 2]);
                    list.bytes(None, &[3]);
                });
            });
        })],
        "plain-char" => vec![set(|members, _| {
            members.string("Identity", "x");
            members.char("ForwardingAddress", 97);
        })],
        "plain-version" => vec![set(|members, _| {
            members.string("Identity", "x");
            members.version("ForwardingAddress", "1.2.3.4");
        })],
        "plain-region" => vec![Made::new("Set-TextMessagingAccount", |_| {
            members(|members| {
                members.string("Identity", "x");
                let types = ["System.Globalization.RegionInfo", "System.Object"];
                members.object("CountryRegionId", &types, Some("US"), |object| {
                    object.props(|props| props.string("Name", "US"));
                });
                members.switch_parameter("Confirm", false);
            })
        })],
        "plain-scriptblock-object" => vec![set(|members, _| {
            members.string("Identity", "x");
            members.script_block("ForwardingAddress", "a -eq 'b'");
        })],
        "plain-timespan-object" => vec![set(|members, _| {
            members.string("Identity", "x");
            members.time_span("RetainDeletedItemsFor", 14 * 864_000_000_000);
        })],
        "plain-datetime-utc" => vec![set(|members, _| {
            members.string("Identity", "x");
            members.date_time("LitigationHoldDate", date(DateTimeKind::Utc, 0, 0));
        })],
        "plain-datetime-getdate" => vec![set(|members, _| {
            members.string("Identity", "x");
            members.object(
                "LitigationHoldDate",
                &["System.DateTime", "System.ValueType", "System.Object"],
                None,
                |object| {
                    object.date_time(None, date(DateTimeKind::Local, 120, 5_000_000));
                    object.members(|members| members.string("DisplayHint", "DateTime"));
                },
            );
        })],
        "plain-datetime-offset" => vec![set(|members, _| {
            members.string("Identity", "x");
            let types = ["System.DateTimeOffset", "System.ValueType", "System.Object"];
            members.object("LitigationHoldDate", &types, Some("07/01/2024 12:00:00 -05:00"), |object| {
                object.props(|props| {
                    props.date_time("DateTime", date(DateTimeKind::Unspecified, 0, 0));
                    let utc = date(DateTimeKind::Utc, 0, 0);
                    props.date_time("UtcDateTime", DateTime { ticks: utc.ticks + 5 * 36_000_000_000, ..utc });
                });
            });
        })],
        "plain-list-of-string" => vec![set(|members, _| {
            members.string("Identity", "x");
            members.object(
                "AcceptMessagesOnlyFrom",
                &["System.Collections.Generic.List`1[[System.String]]"],
                None,
                |object| {
                    object.list(|list| {
                        list.string(None, "a");
                        list.string(None, "b");
                    });
                },
            );
        })],
        "plain-get-content" => vec![set(|members, _| {
            fn line(encoder: &mut Encoder<'_>, name: Option<&str>, text: &str) {
                encoder.object(name, &["System.String", "System.Object"], Some(text), |object| {
                    object.string(None, text);
                    object.members(|notes| notes.i64("ReadCount", 1));
                });
            }
            members.string("Identity", "x");
            members.object("AcceptMessagesOnlyFrom", OBJECTS, None, |object| {
                object.list(|list| {
                    line(list, None, "a");
                    line(list, None, "b");
                });
            });
            line(members, Some("ForwardingAddress"), "a");
        })],
        "plain-psobject" => vec![set(|members, _| {
            custom(members, Some("Identity"), &[("Identity", "alice"), ("Name", "n")]);
            custom(members, Some("ForwardingAddress"), &[("ForwardingAddress", "f"), ("Name", "n")]);
        })],
        "plain-array-psobjects" => vec![set(|members, _| {
            members.string("Identity", "x");
            members.object("AcceptMessagesOnlyFrom", OBJECTS, None, |object| {
                object.list(|list| {
                    custom(list, None, &[("Name", "a")]);
                    custom(list, None, &[("Name", "b")]);
                });
            });
        })],
        "plain-json-depth" => vec![set(|members, _| {
            fn nest(encoder: &mut Encoder<'_>, name: Option<&str>, depth: u32) {
                if depth == 0 {
                    return encoder.string(name, "x");
                }
                encoder.object(name, OBJECTS, None, |object| object.list(|list| nest(list, None, depth - 1)));
            }
            members.string("Identity", "x");
            nest(members, Some("AcceptMessagesOnlyFrom"), 12);
        })],
        "plain-array-mailboxes" => vec![
            get(None),
            set(|members, before| {
                members.string("Identity", "x");
                members.object("AcceptMessagesOnlyFrom", OBJECTS, None, |object| {
                    object.list(|list| {
                        before.iter().flat_map(Tape::values).for_each(|value| list.value(value));
                    });
                });
            }),
        ],
        "plain-psobject-deserialized" => vec![
            get(Some("alice")),
            set(|members, before| {
                let mailbox = before[0].first().unwrap();
                members.value_named("Identity", mailbox);
                members.value_named("ForwardingAddress", mailbox);
            }),
        ],
        "routing-mailbox-object" => vec![
            get(Some("alice")),
            Made::new("Get-MailboxStatistics", |before| {
                members(|members| {
                    members.value_named("Identity", before[0].first().unwrap());
                    members.switch_parameter("UseCustomRouting", true);
                })
            }),
        ],
        "plain-hashtable-array" => vec![Made::new("New-TransportRule", |_| {
            let table = |entries: &[(&str, &str)]| {
                let entries = entries.iter();
                Literal::Table(
                    entries
                        .map(|(key, text)| ((*key).to_owned(), Literal::Text((*text).to_owned())))
                        .collect(),
                )
            };
            members(|members| {
                members.string("Name", "r1");
                let types = ["System.Collections.Hashtable[]", "System.Array", "System.Object"];
                members.object("MessageContainsDataClassifications", &types, None, |object| {
                    object.list(|list| {
                        table(&[("Name", "CC"), ("minCount", "1")]).write(None, list);
                        table(&[("Name", "SSN")]).write(None, list);
                    });
                });
                members.switch_parameter("Confirm", false);
            })
        })],
        "batch-piped-import-csv" => {
            let row = |name: &'static str| -> Parameters {
                Box::new(move |_| {
                    members(|members| {
                        members.string("Name", name);
                        members.switch_parameter("Shared", true);
                        members.switch_parameter("Confirm", false);
                    })
                })
            };
            vec![Made::piped("New-Mailbox", vec![row("n1"), row("n2")])]
        }
        "batch-piped-mailbox-get" => {
            let of: Parameters = Box::new(|before| {
                members(|members| members.value_named("Identity", before[0].first().unwrap()))
            });
            vec![get(None), Made::piped("Get-Mailbox", vec![of])]
        }
        "batch-piped-mailbox-set" => {
            let of = |place: usize| -> Parameters {
                Box::new(move |before| {
                    members(|members| {
                        let piped = before.iter().flat_map(Tape::values).nth(place).unwrap();
                        members.value_named("Identity", piped);
                        members.string("DisplayName", "x");
                        members.switch_parameter("Confirm", false);
                    })
                })
            };
            vec![get(None), Made::piped("Set-Mailbox", vec![of(0), of(1)])]
        }
        "batch-piped-object-without-identity" => {
            let of: Parameters = Box::new(|_| {
                members(|members| {
                    custom(members, Some("Identity"), &[("Other", "alice")]);
                    members.string("DisplayName", "x");
                    members.switch_parameter("Confirm", false);
                })
            });
            vec![Made::piped("Set-Mailbox", vec![of])]
        }
        // The shell's part of the preference: it gives the parameter.
        "confirm-whatif-preference" => vec![Made::new("Set-Mailbox", |_| {
            members(|members| {
                members.string("Identity", "alice");
                members.string("DisplayName", "x");
                members.switch_parameter("WhatIf", true);
            })
        })],
        _ => return None,
    })
}

fn new_mailbox(password: &'static str) -> Made {
    Made::new("New-Mailbox", move |_| {
        members(|members| {
            members.string("Name", "n1");
            members.string("MicrosoftOnlineServicesID", "n1@contoso.com");
            match password {
                // CLIXML has no form for an empty secure string.
                "" => members.string("Password", ""),
                password => members.secure_string("Password", &psrp::secret::secure_text(password)),
            }
            members.switch_parameter("Confirm", false);
        })
    })
}

fn custom(encoder: &mut Encoder<'_>, name: Option<&str>, notes: &[(&str, &str)]) {
    let types = ["System.Management.Automation.PSCustomObject", "System.Object"];
    encoder.object(name, &types, Some("@{…}"), |object| {
        object.members(|members| notes.iter().for_each(|(name, text)| members.string(*name, text)));
    });
}

/// Noon of 1 July 2024 on the clock named.
fn date(kind: DateTimeKind, offset_minutes: i16, fraction: i64) -> DateTime {
    DateTime { ticks: 638_554_320_000_000_000 + fraction, kind, offset_minutes }
}

const SWITCHES: &[&str] = &["Confirm", "WhatIf", "Verbose", "Debug"];
const OBJECTS: &[&str] = &["System.Object[]", "System.Array", "System.Object"];
