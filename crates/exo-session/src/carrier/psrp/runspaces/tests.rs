use ::psrp::Availability;

use super::Runspaces;

#[test]
fn more_runspaces_are_asked_for_when_commands_overlap() {
    let mut runspaces = Runspaces::new();
    assert_eq!(runspaces.wanted(0), None);
    assert_eq!(runspaces.wanted(1), None);
    assert_eq!(runspaces.wanted(2), Some((1, 2)));
    // One question at a time.
    assert_eq!(runspaces.wanted(5), None);
    runspaces.answered(7, Availability::Done(true));
    assert_eq!(runspaces.wanted(5), None);
    runspaces.answered(1, Availability::Done(true));
    assert_eq!(runspaces.wanted(2), None);
    assert_eq!(runspaces.wanted(100), Some((2, 8)));
    runspaces.answered(2, Availability::Done(true));
    assert_eq!(runspaces.wanted(100), None);
}

#[test]
fn a_server_that_refuses_is_not_asked_again() {
    let mut runspaces = Runspaces::new();
    assert_eq!(runspaces.wanted(3), Some((1, 3)));
    runspaces.answered(1, Availability::Done(false));
    assert_eq!(runspaces.wanted(8), None);
}
