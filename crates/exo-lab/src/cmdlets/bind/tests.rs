use super::bind;
use crate::cmdlets::{Argument, named};

fn text(text: &str) -> Argument {
    Argument::Text(text.to_owned())
}

#[test]
fn arguments_find_their_parameters() {
    let cmdlet = named("Get-Mailbox").expect("it is one of ours");
    let named = |name: &str, value: Argument| (Some(name.to_owned()), value);
    for (arguments, parameter, expected) in [
        (vec![named("Identity", text("a"))], "Identity", Ok(text("a"))),
        (vec![named("-Identity:", text("a"))], "Identity", Ok(text("a"))),
        (vec![named("-ident", Argument::Null), (None, text("a"))], "Identity", Ok(text("a"))),
        (vec![(None, text("a"))], "Identity", Ok(text("a"))),
        (vec![named("vb", Argument::Null)], "Verbose", Ok(Argument::Bool(true))),
        (vec![named("-Archive", Argument::Null), (None, text("a"))], "Identity", Ok(text("a"))),
        (vec![named("ResultSize", Argument::Number(5))], "ResultSize", Ok(Argument::Number(5))),
        (vec![named("Colour", text("red"))], "", Err("NamedParameterNotFound")),
        (vec![named("", text("red"))], "", Err("NamedParameterNotFound")),
        (vec![named("Re", text("x"))], "", Err("AmbiguousParameter")),
        (vec![named("Identity", text("a")), named("identity", text("b"))], "", Err("ParameterAlreadyBound")),
        (vec![(None, text("a")), (None, text("b"))], "", Err("PositionalParameterNotFound")),
        (vec![named("ResultSize", text("many"))], "", Err("ParameterArgumentTransformationError")),
        (vec![named("Identity", Argument::Other("bytes"))], "", Err("ParameterArgumentTransformationError")),
    ] {
        let shown = format!("{arguments:?}");
        match (bind(cmdlet, arguments), expected) {
            (Ok(bound), Ok(expected)) => assert_eq!(bound.argument(parameter), Some(&expected), "{shown}"),
            (Err(error), Err(id)) => assert!(error.fully_qualified_id.starts_with(id), "{shown}: {error:?}"),
            (other, expected) => panic!("{shown}: {other:?}, expected {expected:?}"),
        }
    }
}
