use exo_session::Secret;

use super::{CommandLine, Parameter, ParseError, lexer};

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|&word| word.to_owned()).collect()
}

fn check(text: &[&str], expected: &str) {
    let line = CommandLine::parse(&words(text)).unwrap();
    let shown: Vec<String> =
        line.parameters.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    assert_eq!(shown.join(" "), expected, "{text:?}");
}

#[test]
fn a_value_is_read_by_its_form() {
    for (text, expected) in [
        ("text", r#""text""#),
        ("Doe, Ana", r#""Doe, Ana""#),
        ("Name -eq 'a,b'", r#""Name -eq 'a,b'""#),
        ("'it''s'", r#""it's""#),
        ("\"say \"\"hi\"\" $x\"", r#""say \"hi\" $x""#),
        ("''", r#""""#),
        ("$true", "$true"),
        ("$FALSE", "$false"),
        ("$null", "$null"),
        ("true", r#""true""#),
        ("5", "5"),
        ("-5", "-5"),
        ("2147483647", "2147483647"),
        ("2147483648", "2147483648L"),
        ("9223372036854775808", r#""9223372036854775808""#),
        ("1.5", "1.5d"),
        ("1.50", r#""1.50""#),
        ("007", r#""007""#),
        ("+49", r#""+49""#),
        ("1.2.3", r#""1.2.3""#),
        ("1e5", r#""1e5""#),
        ("inf", r#""inf""#),
        (".5", r#"".5""#),
        ("a,b,c", r#"["a", "b", "c"]"#),
        ("1,x,$true", r#"[1, "x", $true]"#),
        ("'Doe, Ana','Roe, Ben'", r#"["Doe, Ana", "Roe, Ben"]"#),
        ("@()", "[]"),
        ("@(a)", r#"["a"]"#),
        ("@( a , 'b c' )", r#"["a", "b c"]"#),
        ("@{}", "{}"),
        ("@{Add='x';Remove='y'}", r#"{"Add": "x", "Remove": "y"}"#),
        ("@{ Add = 'x', y ; 'a b' = 5 }", r#"{"Add": ["x", "y"], "a b": 5}"#),
        ("@{Add=@{a=1};B=@(2)}", r#"{"Add": {"a": 1}, "B": [2]}"#),
        ("@{a=1\nb=2\r\n}", r#"{"a": 1, "b": 2}"#),
        ("user@contoso.com", r#""user@contoso.com""#),
        ("@here", r#""@here""#),
        ("a'b", r#""a'b""#),
        ("\u{e4}\u{1f600}", "\"\u{e4}\u{1f600}\""),
    ] {
        assert_eq!(format!("{:?}", lexer::parse(text).unwrap()), expected, "{text}");
    }
}

#[test]
fn a_value_that_cannot_be_read_names_the_place() {
    for (text, at, word) in [
        ("", 1, "missing"),
        ("a,", 3, "missing"),
        (",a", 1, "missing"),
        ("'a", 2, "closing quote"),
        ("'a'b", 4, "more text"),
        ("'\u{e4}' b", 4, "more text"),
        ("$name", 1, "$true"),
        ("a,$name", 3, "$true"),
        ("@(a", 4, ")"),
        ("@{a", 4, "Key=value"),
        ("@{a=1", 6, "; or }"),
        ("@{a=1 b=2}", 7, "; or }"),
        ("@{a=1;A=2}", 9, "twice"),
        ("@{=1}", 3, "Key=value"),
        ("@{", 3, "}"),
    ] {
        let (place, problem) = lexer::parse(text).unwrap_err();
        assert_eq!(place, at, "{text}: {problem}");
        assert!(problem.contains(word), "{text}: {problem}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("{}{}", "@(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(lexer::parse(&deep).unwrap_err().1, "lists and tables are nested too deeply");
}

#[test]
fn parameters_keep_their_order_and_switches_are_true() {
    check(&["Get-Mailbox"], "");
    check(&["Get-Mailbox", "-ResultSize", "10", "-Archive"], "ResultSize=10 Archive=$true");
    check(&["Set-X", "-Force:$false", "-Confirm:", "$false"], "Force=$false Confirm=$false");
    check(&["Set-X", "-Offset", "-5", "-Next"], "Offset=-5 Next=$true");
    check(&["Set-X", "-Note:-dash", "-Other", "'-dash'"], r#"Note="-dash" Other="-dash""#);
    check(&["Set-X", "-Members", "a,", "b,", "c", "-Sure"], r#"Members=["a", "b", "c"] Sure=$true"#);
    check(&["Set-X", "-Empty", ""], r#"Empty="""#);
    check(&["Set-X", "-Empty", "''", "-Uri:https://x/y"], r#"Empty="" Uri="https://x/y""#);
}

#[test]
fn a_line_that_is_no_command_is_refused_with_a_sentence() {
    for (text, expected) in [
        (&[][..], ParseError::NoCommand),
        (&["-ResultSize", "1"], ParseError::NoCommand),
        (&["Get-X; Remove-Y"], ParseError::NoCommand),
        (&["Get-X", "ana"], ParseError::Positional { number: 1 }),
        (&["Get-X", "-A", "1", "2"], ParseError::Positional { number: 2 }),
        (&["Get-X", "--A"], ParseError::BadName { text: "--A".to_owned() }),
        (&["Get-X", "-"], ParseError::BadName { text: "-".to_owned() }),
        (&["Get-X", "-A", "1", "-a", "2"], ParseError::Twice { name: "a".to_owned() }),
    ] {
        assert_eq!(CommandLine::parse(&words(text)).unwrap_err(), expected, "{text:?}");
    }
    let error = CommandLine::parse(&words(&["Get-X", "-A:"])).unwrap_err();
    assert_eq!(error.to_string(), "after -A: stands no value");
    let error = CommandLine::parse(&words(&["Get-X", "-A", "a,,b"])).unwrap_err();
    assert!(
        error.to_string().starts_with("the value of -A cannot be read at character 3: a value is missing"),
        "{error}"
    );
}

#[test]
fn the_tape_holds_the_parameters_as_members_in_order() {
    let line =
        CommandLine::parse(&words(&["Set-X", "-B", "5", "-A", "@{k=1,x}", "-S", "-N", "$null"])).unwrap();
    let tape = line.to_tape().unwrap();
    let object = tape.first().unwrap();
    let names: Vec<String> = object.members().map(|member| member.name().unwrap().to_string()).collect();
    assert_eq!(names, ["B", "A", "S", "N"]);
    assert_eq!(object.member("b").unwrap().as_i64(), Some(5));
    assert_eq!(object.member("S").unwrap().as_bool(), Some(true));
    assert!(object.member("N").unwrap().is_nil());
    let table = object.member("A").unwrap();
    let list: Vec<_> = table.entry("k").unwrap().items().collect();
    assert_eq!((list[0].as_i64(), list[1].as_str()), (Some(1), Some("x")));
}

#[test]
fn a_secret_is_named_by_its_source_and_nothing_else_is() {
    check(&["New-X", "-A", "@stdin", "-B:@prompt"], "A=Stdin B=Prompt");
    check(&["New-X", "-A", "'@stdin'", "-B", "@STDIN"], r#"A="@stdin" B="@STDIN""#);
    let line = CommandLine::parse(&words(&["New-X", "-A", "@prompt"])).unwrap();
    assert!(!line.takes_stdin());
}

#[test]
fn a_secret_becomes_a_secure_string_and_is_not_shown() {
    let mut line = CommandLine::parse(&words(&["New-X", "-A", "@stdin", "-B", "b"])).unwrap();
    assert!(line.takes_stdin());
    line.parameters[0].1 = Parameter::Secure(Secret::new("p\u{e4}ss".to_owned()));
    let tape = line.to_tape().unwrap();
    let secret = tape.first().unwrap().member("A").unwrap();
    assert_eq!(secret.kind(), psrp::clixml::Kind::SecureString);
    assert_eq!(secret.text().unwrap().to_string(), "cADkAHMAcwA=");
    assert_eq!(format!("{:?}", line.parameters), r#"[("A", secret), ("B", "b")]"#);
}
