//! The recordings of the service's own client, made in PowerShell through the module.
//!
//! The test `rest_replay` of `exo-session` shows the same of the client alone, with its waits; what these files say of a
//! recording is read here too. Here the recorded text is run, and what PowerShell's streams have is compared. Each
//! recording has a tenant and a runspace of its own.
#![expect(clippy::unwrap_used, reason = "a test may end so, and the recordings are known")]

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use self::differences::{Difference, Differences};
use self::expected::{answers_given, error_of, numbered, requests_of};
use self::tenant::Tenant;

#[path = "../../../crates/exo-session/tests/it/rest_replay/cmdlets.rs"]
mod cmdlets;
#[path = "../../../crates/exo-session/tests/it/rest_replay/differences.rs"]
mod differences;
#[path = "../../../crates/exo-session/tests/it/rest_replay/expected.rs"]
mod expected;
#[path = "../../../crates/exo-session/tests/it/rest_replay/script.rs"]
mod script;
mod tenant;

#[test]
fn pwsh_replay() {
    let name = "pwsh_replay";
    let modules = match super::module() {
        Ok(modules) => modules,
        Err(reason) => return super::ignored(name, reason),
    };
    let directory = super::recorded().join("../rest");
    if !directory.is_dir() {
        return super::ignored(name, "the recordings of the service's client are not there");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let differences = Differences::read(true);
    let none = Difference::new();
    let entries = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    let cases: Vec<_> = files
        .iter()
        .map(|path| {
            let recorded: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            let tenant = runtime.block_on(Tenant::start(&recorded));
            (recorded, tenant)
        })
        .collect();
    let difference_of =
        |recorded: &Json| differences.replayed.get(recorded["scenario"].as_str().unwrap()).unwrap_or(&none);

    let plan: Vec<Json> =
        cases.iter().map(|(recorded, tenant)| call(recorded, difference_of(recorded), tenant)).collect();
    let folder = tempfile::tempdir().unwrap();
    let (calls, outcomes) = (folder.path().join("calls.json"), folder.path().join("outcomes.json"));
    std::fs::write(&calls, serde_json::to_vec(&plan).unwrap()).unwrap();
    let mut pwsh = super::pwsh();
    pwsh.arg("-File").arg(super::root().join("tests/pwsh/replay.ps1")).arg(&calls).arg(&outcomes);
    pwsh.env("PSModulePath", modules).env("EXO_CATALOG_CACHE", "off").env("TZ", "UTC");
    pwsh.env_remove("HTTPS_PROXY").env_remove("https_proxy");
    let output = crate::bounded::output(&mut pwsh).unwrap();
    assert!(output.status.success(), "{}", super::printed(&output));

    let outcomes: Vec<Json> = serde_json::from_slice(&std::fs::read(&outcomes).unwrap()).unwrap();
    assert_eq!(outcomes.len(), cases.len(), "each was run");
    let mut problems = Vec::new();
    for ((recorded, tenant), ours) in cases.iter().zip(&outcomes) {
        let found = compare(recorded, ours, tenant.asked(), &tenant.address, difference_of(recorded));
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", recorded["scenario"])));
    }
    let known = |name: &&String| !cases.iter().any(|(recorded, _)| recorded["scenario"] == name.as_str());
    let unknown = differences.replayed.keys().chain(&differences.in_powershell).filter(known);
    problems.extend(unknown.map(|name| format!("the document names {name}, and there is no such recording")));
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

/// What the script needs to make the call.
fn call(recorded: &Json, difference: &Difference, tenant: &Tenant) -> Json {
    let client = &recorded["client"];
    let waits = difference.get("waits").unwrap_or(&recorded["waits"]).as_array().unwrap();
    json!({
        "call": recorded["call"],
        "address": tenant.address,
        "token": script::token(),
        "answers": difference.get("answers").cloned().unwrap_or_else(|| answers_given(recorded).into()),
        "pageSize": client["connection"]["PageSize"],
        "timeZone": client["time_zone"],
        "wait": waits.iter().map(|wait| wait.as_f64().unwrap()).sum::<f64>(),
    })
}

fn compare(
    recorded: &Json,
    ours: &Json,
    asked: Vec<Json>,
    address: &str,
    difference: &Difference,
) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |what: &str, expected: &Json, found: &Json| {
        if expected != found {
            problems.push(format!("{what}\n    recorded {expected}\n    ours     {found}"));
        }
    };
    let found = numbered(asked);
    match difference.get("requests") {
        Some(Json::Array(counts)) if counts.contains(&found.len().into()) => {}
        Some(count) => check("number of requests", count, &found.len().into()),
        None => {
            let expected = requests_of(recorded, difference, &found);
            check("number of requests", &expected.len().into(), &found.len().into());
            for (expected, found) in expected.into_iter().zip(&found) {
                check("request", &in_lower_case(expected), found);
            }
        }
    }

    let list = |name: &str| match difference.get(name).unwrap_or(&recorded[name]) {
        Json::Null => json!([]),
        list => list.clone(),
    };
    check("warnings", &list("warnings"), &ours["warnings"]);
    check("host", &list("host"), &ours["host"]);
    check("prompts", &list("parameter_prompts"), &ours["parameter_prompts"]);
    match difference.get("questions") {
        Some(count) => {
            check("number of questions", count, &ours["questions"].as_array().unwrap().len().into());
        }
        None => check("questions", &list("questions"), &ours["questions"]),
    }

    let is_terminating =
        |errors: &Json| errors.as_array().unwrap().iter().any(|error| error["terminating"] == true);
    let goes_on = is_terminating(&recorded["errors"]) && !is_terminating(&ours["errors"]);
    // An empty page gives no object here; the recorded client gives a null.
    let mut expected: Vec<Json> = recorded["output"].as_array().unwrap().clone();
    expected.retain(|object| object["null"] != true);
    let mut output = ours["output"].as_array().unwrap().clone();
    // The error ends the command, and the text goes on.
    output.retain(|object| !(goes_on && object["clixml"].as_str().unwrap().contains("<S>after</S>")));
    match difference.get("output") {
        Some(count) => check("number of objects", count, &output.len().into()),
        None => check("output", &expected.iter().map(bare).collect(), &output.iter().map(bare).collect()),
    }

    let order_here = &ours["order"];
    let errors = ours["errors"].as_array().unwrap();
    let ends_with = difference.get("ends with").and_then(Json::as_str);
    let (last, others) = match ends_with {
        Some(_) => errors.split_last().map_or((None, &[][..]), |(last, others)| (Some(last), others)),
        None => (None, &errors[..]),
    };
    if let Some(ends_with) = ends_with {
        let host = address.split_once("://").unwrap().1;
        let said = last.map_or_else(String::new, |last| {
            let message = last["message"].as_str().unwrap().replace(host, "outlook.office365.com");
            match last["advice"].as_str() {
                Some(advice) if ends_with != message => format!("{message}; {advice}"),
                _ => message,
            }
        });
        check("ends with", &ends_with.into(), &said.into());
    }
    let status = difference.get("status").cloned().unwrap_or_else(|| match difference.get("errors") {
        _ if ends_with.is_some() => false.into(),
        Some(errors) => errors.as_array().unwrap().is_empty().into(),
        None => recorded["last_execution_status"].clone(),
    });
    let is_lost = ends_with.is_some_and(|ends_with| ends_with.ends_with("; connect again"));
    check("state", &(if is_lost { "Broken" } else { "Connected" }).into(), &ours["state"]);
    check("last status", &status, &ours["last_execution_status"]);
    match difference.get("errors") {
        Some(messages) => {
            let mut ours: Vec<Json> = others.iter().map(|error| error["message"].clone()).collect();
            if difference.get("requests").is_some_and(Json::is_array) {
                // One for each request that was sent.
                ours.dedup();
            }
            check("error messages", messages, &ours.into());
        }
        None => {
            let expected = recorded["errors"].as_array().unwrap().iter();
            let expected: Json = expected.map(|error| known(error_of(recorded, error, difference))).collect();
            let ours: Json = others.iter().map(|error| known(error.clone())).collect();
            check("errors", &expected, &ours);
            // Where the errors are others, so is the order.
            if !difference.contains_key("questions") && !difference.contains_key("output") {
                check("order", &order(recorded), order_here);
            }
        }
    }
    problems
}

/// The streams in order of arrival, without waits, without what is written only when it is asked for, and without the nulls
/// of empty pages.
fn order(recorded: &Json) -> Json {
    let mut objects = recorded["output"].as_array().unwrap().iter();
    let mut order: Vec<(&str, usize)> = Vec::new();
    for happened in recorded["order"].as_array().unwrap() {
        let happened = happened.as_str().unwrap();
        let (what, times) =
            happened.split_once(" x").map_or((happened, 1), |(what, n)| (what, n.parse().unwrap()));
        if ["wait", "verbose", "debug", "information"].contains(&what) {
            continue;
        }
        for _ in 0..times {
            if what == "output" && objects.next().is_some_and(|object| object["null"] == true) {
                continue;
            }
            match order.last_mut() {
                Some((last, count)) if *last == what => *count += 1,
                _ => order.push((what, 1)),
            }
        }
    }
    let written =
        |(what, count): (&str, usize)| if count == 1 { what.to_owned() } else { format!("{what} x{count}") };
    order.into_iter().map(written).collect()
}

/// An error without what differs by design: its exception is one of remote PowerShell, whose type says what was thrown over
/// there, and it is reported for the command that was called.
fn known(mut error: Json) -> Json {
    let fields = error.as_object_mut().unwrap();
    for field in ["reported_by", "advice"] {
        fields.remove(field);
    }
    error
}

/// An object by its text, single values without the object that PowerShell puts around them on the way or not.
fn bare(object: &Json) -> Json {
    let text = object["clixml"].as_str().unwrap();
    let has_parts = ["<TN", "<MS>", "<Props>", "<ToString>"].iter().any(|part| text.contains(part));
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| has_parts || !["<Obj RefId=\"0\">", "</Obj>"].contains(line));
    json!([object["type_names"], lines.collect::<Vec<_>>().join("\n")])
}

/// The request with the names of its headers as they come over the wire; those within a batch are text of the client.
fn in_lower_case(mut request: Json) -> Json {
    let headers = request["headers"].as_object().unwrap().iter();
    request["headers"] = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    request
}
