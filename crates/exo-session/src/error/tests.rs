use super::fault::split_exchange_prefix;

#[test]
fn the_exchange_prefix_is_taken_apart() {
    for (text, category, rest) in [
        ("plain text", None, "plain text"),
        (
            "[ClientAccessServer=A,BackEndServer=b,RequestId=1,TimeStamp=2] [FailureCategory=WSMan-Others] No.",
            Some("WSMan-Others"),
            "No.",
        ),
        ("[FailureCategory=Cafe-X] ", Some("Cafe-X"), ""),
        ("[not a field] text", None, "[not a field] text"),
        ("[open", None, "[open"),
    ] {
        assert_eq!(split_exchange_prefix(text), (category, rest), "{text}");
    }
}
