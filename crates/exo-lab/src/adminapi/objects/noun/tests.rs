//! The table of nouns says what it means.

use super::*;
use crate::adminapi::catalog;
use crate::adminapi::objects::special;

#[test]
fn every_cmdlet_of_the_catalogue_can_be_run() {
    let idle: Vec<&str> = catalog::all()
        .iter()
        .filter(|entry| !entry.is_built_in && special::named(entry.name).is_none())
        .filter(|entry| entry.name.split_once('-').is_none_or(|(_, noun)| named(noun).is_none()))
        .map(|entry| entry.name)
        .collect();
    assert_eq!(idle, Vec::<&str>::new());
}

#[test]
fn objects_have_their_properties_and_an_identifier_that_stays() {
    let noun = named("compliancecase").expect("it is in the table");
    let record = noun.record("A");
    assert_eq!(record.property("Status"), Some(&Value::text("Active")));
    assert_eq!(record.property("Description"), Some(&Value::Nil));
    assert_eq!(record.property("Guid"), noun.record("A").property("Guid"));
    assert_ne!(record.property("Guid"), noun.record("B").property("Guid"));
}
