use super::{Fault, FaultKind, Faults, Stage};

#[test]
fn fault_names_are_read() {
    for (text, expected) in [
        ("http-503=2", Some(Fault::times(FaultKind::Status(503), 2))),
        ("http-401", Some(Fault::always(FaultKind::Status(401)))),
        ("drop-mid", Some(Fault::times(FaultKind::DropMid, 1))),
        ("huge-message=2000000", Some(Fault::always(FaultKind::HugeMessage(2_000_000)))),
        ("redirect=/powershell/", Some(Fault::always(FaultKind::Redirect("/powershell/".to_owned())))),
        ("hang=receive", Some(Fault::always(FaultKind::Hang(Stage::Receive)))),
        ("nul-403", Some(Fault::times(FaultKind::NulForbidden, 1))),
        ("item-429=3", Some(Fault::times(FaultKind::Item(429), 3))),
        ("claims", Some(Fault::times(FaultKind::Claims, 1))),
        ("drop-mid@send=2", Some(Fault::times(FaultKind::DropMid, 2).at(Stage::Send))),
        ("http-503@delete", Some(Fault::always(FaultKind::Status(503)).at(Stage::Delete))),
        ("hang@send", Some(Fault::times(FaultKind::Hang(Stage::Send), 1))),
        ("bad-fragment@create", Some(Fault::times(FaultKind::BadFragment, 1).at(Stage::Create))),
        (
            "redirect@command=2",
            Some(Fault::times(FaultKind::Redirect("/powershell/".to_owned()), 2).at(Stage::Command)),
        ),
        ("redirect-loop@send=6", Some(Fault::times(FaultKind::RedirectLoop, 6).at(Stage::Send))),
        ("redirect-foreign@signal", Some(Fault::times(FaultKind::RedirectForeign, 1).at(Stage::Signal))),
        ("drop-request", None),
        ("drop-mid@noon", None),
        ("claims@send", None),
        ("item-200", None),
        ("http-200", None),
        ("http-503=often", None),
        ("huge-message", None),
        ("huge-message=4000000000", None),
        ("redirect=", None),
        ("earthquake", None),
    ] {
        assert_eq!(text.parse::<Fault>().ok(), expected, "{text}");
    }
}

#[test]
fn a_counted_fault_wears_off() {
    let faults = Faults::new(vec![Fault::times(FaultKind::Html, 2)]);
    let html = |kind: &FaultKind| *kind == FaultKind::Html;
    assert!(faults.take(html).is_some());
    assert!(faults.take(|kind| *kind == FaultKind::DropMid).is_none());
    assert!(faults.take(html).is_some());
    assert!(faults.take(html).is_none());
}
