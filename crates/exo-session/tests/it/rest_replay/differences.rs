//! Where this client differs from the recorded one on purpose, and which recordings it cannot make.

/// What stands in place of the recorded facts; what is `None` stays as recorded.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// The parameters of the first request, and no further ones.
    pub(super) body: Option<&'static str>,
    /// Requests like the last recorded one.
    pub(super) more_tries: usize,
    pub(super) waits: Option<&'static [f64]>,
    pub(super) warnings: Option<&'static [&'static str]>,
    pub(super) questions: Option<usize>,
    /// The call ends with this error.
    pub(super) broken: Option<&'static str>,
    /// The messages of all error records.
    pub(super) errors: Option<&'static [&'static str]>,
}

const NONE: Difference = Difference {
    body: None,
    more_tries: 0,
    waits: None,
    warnings: None,
    questions: None,
    broken: None,
    errors: None,
};

pub(super) fn difference(scenario: &str) -> Option<&'static Difference> {
    DIFFERENCES.iter().find(|(names, ..)| names.contains(&scenario)).map(|(_, _, difference)| difference)
}

const EXPONENTIAL: &[f64] = &[2000.0, 4000.0, 8000.0, 16000.0, 32000.0];
const ENOUGH: &str = "Maximum retry count reached.";
const GHOST: &str = "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation couldn't \
                     be performed because object 'ghost' couldn't be found on \
                     'AM0PR01A01DC001.EURPR01A001.PROD.OUTLOOK.COM'.";
const THROTTLED: &str = "The service is throttling this account (HTTP 429): Server is busy.";

/// Recordings, why ours differs, and what ours does.
const DIFFERENCES: &[(&[&str], &str, Difference)] = &[
    (
        &["answer-empty-value", "answer-no-value", "answer-null-clixml"],
        "no objects are no objects, not an internal error",
        Difference { errors: Some(&[]), ..NONE },
    ),
    (
        &["answer-error-in-200"],
        "an error object is an error whatever the status",
        Difference { errors: Some(&[GHOST]), ..NONE },
    ),
    (
        &["answer-errors-object"],
        "an error object shows its message",
        Difference { errors: Some(&["m"]), ..NONE },
    ),
    (
        &["answer-not-json"],
        "what is no JSON is said to be none, and the session knows that it talks to something else",
        Difference {
            errors: Some(&[]),
            broken: Some(
                "could not run the command: the answer is not the JSON that the service sends (line 1, column 1)",
            ),
            ..NONE
        },
    ),
    (
        &["error-400-html"],
        "a body that is no JSON is no reason to lose the status",
        Difference {
            errors: Some(&[
                "A server side error has occurred because of which the operation could not be completed. Please try again after some time. If the problem still persists, please reach out to MS support. (HTTP 400)",
            ]),
            ..NONE
        },
    ),
    (
        &["error-400-empty-details"],
        "the sentence says the status and what the service said",
        Difference {
            errors: Some(&[
                "A server side error has occurred because of which the operation could not be completed. Please try again after some time. If the problem still persists, please reach out to MS support. (HTTP 400: m)",
            ]),
            ..NONE
        },
    ),
    (
        &["error-400-no-details"],
        "the sentence says the status and what the service said",
        Difference {
            errors: Some(&[
                "A server side error has occurred because of which the operation could not be completed. Please try again after some time. If the problem still persists, please reach out to MS support. (HTTP 400: Bad request.)",
            ]),
            ..NONE
        },
    ),
    (
        &["error-500-no-details"],
        "the sentence says the status and what the service said",
        Difference {
            errors: Some(&[
                "A server side error has occurred because of which the operation could not be completed. Please try again after some time. If the problem still persists, please reach out to MS support. (HTTP 500: Boom.)",
            ]),
            ..NONE
        },
    ),
    (
        &["error-503-empty"],
        "the sentence says the status",
        Difference {
            errors: Some(&[
                "A server side error has occurred because of which the operation could not be completed. Please try again after some time. If the problem still persists, please reach out to MS support. (HTTP 503)",
            ]),
            ..NONE
        },
    ),
    (
        &["error-504-empty"],
        "the sentence says the status and that the outcome is not known",
        Difference {
            errors: Some(&[
                "The service did not finish Get-Mailbox in time (HTTP 504). Whether it was done is not known: look before trying again.",
            ]),
            ..NONE
        },
    ),
    (
        &["error-403-nul"],
        "403 in words",
        Difference {
            errors: Some(&[
                "The service does not allow this account to run Set-Mailbox (HTTP 403). Its roles do not include the cmdlet, or not with these parameters.",
            ]),
            ..NONE
        },
    ),
    (
        &["error-403-json-bare"],
        "403 in words",
        Difference {
            errors: Some(&[
                "The service does not allow this account to run Set-Mailbox (HTTP 403): Forbidden. Its roles do not include the cmdlet, or not with these parameters.",
            ]),
            ..NONE
        },
    ),
    (
        &["winheaders-401-empty"],
        "401 in words",
        Difference {
            errors: Some(&[
                "The service did not accept the token (HTTP 401). Connect again; if that does not help, check that the account may use Exchange Online PowerShell (Set-User -EXOModuleEnabled $true).",
            ]),
            ..NONE
        },
    ),
    (
        &["winheaders-429-always"],
        "throttling in words, not the body",
        Difference { errors: Some(&[ENOUGH, THROTTLED]), ..NONE },
    ),
    (
        &["error-401-once"],
        "a refused token is renewed (here the script refuses each)",
        Difference {
            more_tries: 5,
            waits: Some(EXPONENTIAL),
            errors: Some(&[ENOUGH, "Token expired."]),
            ..NONE
        },
    ),
    (
        &["error-401-claims"],
        "a claims challenge is answered (here the script refuses each token)",
        Difference {
            more_tries: 5,
            waits: Some(EXPONENTIAL),
            errors: Some(&[ENOUGH, "Continuous access evaluation resulted in claims challenge."]),
            ..NONE
        },
    ),
    (
        &["error-429-always"],
        "throttling is waited for",
        Difference { more_tries: 5, waits: Some(EXPONENTIAL), errors: Some(&[ENOUGH, THROTTLED]), ..NONE },
    ),
    (
        &["error-429-retry-after"],
        "throttling is waited for",
        Difference { more_tries: 5, waits: Some(&[3000.0; 5]), errors: Some(&[ENOUGH, THROTTLED]), ..NONE },
    ),
    (
        &["error-429-retry-after-decimal"],
        "throttling is waited for",
        Difference { more_tries: 5, waits: Some(&[1500.0; 5]), errors: Some(&[ENOUGH, THROTTLED]), ..NONE },
    ),
    (
        &["plain-hashtable-nested"],
        "inner tables are marked",
        Difference {
            body: Some(
                r##"{"Identity":"x","EmailAddresses":{"@odata.type":"#Exchange.GenericHashTable","Add":{"@odata.type":"#Exchange.GenericHashTable","deep":{"@odata.type":"#Exchange.GenericHashTable","deeper":1}},"Plain":[1,2]},"Confirm":false}"##,
            ),
            errors: Some(&[]),
            ..NONE
        },
    ),
    (
        &["plain-version"],
        "a version is its text",
        Difference {
            body: Some(r#"{"Identity":"x","ForwardingAddress":"1.2.3.4","Confirm":false}"#),
            ..NONE
        },
    ),
    (
        &["plain-region"],
        "a region is its text",
        Difference { body: Some(r#"{"Identity":"x","CountryRegionId":"US","Confirm":false}"#), ..NONE },
    ),
    (
        &["plain-no-public-key"],
        "says which parameter it is",
        Difference {
            errors: Some(&[]),
            broken: Some(
                "could not run the command: New-Mailbox: the parameter Password holds a secret, and the service has given no key to encrypt it with",
            ),
            ..NONE
        },
    ),
    (
        &["plain-securestring-246"],
        "says the limit",
        Difference {
            errors: Some(&[]),
            broken: Some(
                "could not run the command: New-Mailbox: the secret in the parameter Password cannot be encrypted: it has 246 bytes in UTF-8, at most 245 can be encrypted",
            ),
            ..NONE
        },
    ),
    (
        &["plain-resultsize-word"],
        "one sentence instead of a failed conversion",
        Difference {
            errors: Some(&[]),
            broken: Some(
                "could not run the command: Get-Mailbox: ResultSize must be a whole number or Unlimited, and 'many' is neither",
            ),
            ..NONE
        },
    ),
    (
        &["plain-resultsize-fraction"],
        "one sentence instead of a failed conversion",
        Difference {
            errors: Some(&[]),
            broken: Some(
                "could not run the command: Get-Mailbox: ResultSize must be a whole number or Unlimited, and '2.5' is neither",
            ),
            ..NONE
        },
    ),
    (
        &["common-erroraction-ignore", "common-erroraction-silentlycontinue", "common-errorvariable-failing"],
        "the records are given; the shell leaves them out",
        Difference { errors: Some(&[GHOST]), ..NONE },
    ),
    (
        &["common-preference-warning", "common-warningaction-silentlycontinue"],
        "the warnings are given; the shell leaves them out",
        Difference { warnings: Some(&["w1"]), ..NONE },
    ),
    (&["common-warningaction-stop"], "the shell stops the command", Difference { errors: Some(&[]), ..NONE }),
    (
        &["confirm-high-yes-to-all"],
        "the shell remembers Yes to All and answers the second question itself",
        Difference { questions: Some(2), ..NONE },
    ),
];

/// Recordings that are no calls of this client, and why.
pub(super) const NOT_HERE: &[(&[&str], &str)] = &[
    (
        &[
            "batch-11",
            "batch-answers-missing",
            "batch-empty-input",
            "batch-errors",
            "batch-get-10",
            "batch-get-3",
            "batch-get-3-verbose",
            "batch-item-401",
            "batch-item-403-no-body",
            "batch-item-404-no-code",
            "batch-item-404-server",
            "batch-item-404-stop",
            "batch-item-429",
            "batch-item-429-twice-name",
            "batch-item-503",
            "batch-item-503-first",
            "batch-item-503-number",
            "batch-item-503-text",
            "batch-item-nextlink-503",
            "batch-item-nextlink-three",
            "batch-nextlink-default",
            "batch-piped-import-csv",
            "batch-piped-mailbox-get",
            "batch-piped-mailbox-set",
            "batch-piped-object-without-identity",
            "batch-resultsize-2",
            "batch-second-of-three-fails",
            "batch-select-first",
            "batch-set-25",
            "batch-set-3",
            "batch-set-item-400",
            "batch-whole-400",
            "batch-whole-503",
            "confirm-whatif-piped",
            "winheaders-batch-whole-429",
        ],
        "piped input is not sent in batches",
    ),
    (
        &["error-missing-mandatory", "error-parameter-set", "plain-filter-empty", "plain-securestring-null"],
        "binding parameters is the shell's part; nothing is sent",
    ),
    (&["plain-securestring-empty"], "a tape has no empty secure string"),
    (&["confirm-whatif-preference"], "preference variables are the shell's part; it must send -WhatIf"),
    (&["answer-redirect-307", "error-closed", "error-garbage"], "the transport's part"),
];
