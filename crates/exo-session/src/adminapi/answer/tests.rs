use expect_test::{Expect, expect};

use super::Page;

#[expect(clippy::needless_pass_by_value, reason = "reads better in a table of cases")]
fn check(body: &str, expected: Expect) {
    let shown = match Page::decode(body.as_bytes()) {
        Ok(page) => format!(
            "{:?} next {:?} warnings {:?} errors {:?} confirmation {:?}",
            page.clixml.map(|clixml| String::from_utf8_lossy(&clixml).into_owned()),
            page.next_link,
            page.warnings,
            page.errors,
            page.confirmation
        ),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&shown);
}

#[test]
fn the_clixml_is_unescaped_once_whatever_the_form_of_its_escapes() {
    check(
        r#"{"value":[{"_CLIXML":"\u003CObjs\u003e\n<S>\ud83d\ude00é\"\\\/</S></Objs>"}],"x":{"y":[1]}}"#,
        expect![[
            r#"Some("<Objs>\n<S>😀é\"\\/</S></Objs>") next None warnings [] errors [] confirmation None"#
        ]],
    );
}

#[test]
fn what_stands_beside_the_objects_is_kept() {
    check(
        r#"{"value":[{"_clixml":null}],"@odata.nextLink":"n","@adminapi.warnings":["","w"],
            "@adminapi.errors":["e",{"message":"m"},{"code":1}],"@adminapi.confirmationmessage":"c"}"#,
        expect![[
            r#"None next Some("n") warnings ["", "w"] errors ["e", "m", "{\"code\":1}"] confirmation Some("c")"#
        ]],
    );
}

#[test]
fn no_objects_are_an_empty_page() {
    for body in ["", " \r\n", "{}", r#"{"value":[]}"#, r#"{"value":null,"@odata.nextLink":null}"#] {
        check(body, expect!["None next None warnings [] errors [] confirmation None"]);
    }
}

#[test]
fn another_form_is_refused_with_its_place_and_without_its_text() {
    check(
        "<html>secret</html>",
        expect!["the answer is not the JSON that the service sends (line 1, column 1)"],
    );
    check(
        r#"{"value":[{"_clixml":"<Objs"#,
        expect!["the answer is not the JSON that the service sends (line 1, column 27)"],
    );
    check(r#"{"value":{}}"#, expect!["the answer is not the JSON that the service sends (line 1, column 9)"]);
    check(
        r#"{"value":[{"Name":"a"}]}"#,
        expect!["the answer holds its objects as JSON although CLIXML was asked for"],
    );
    check(
        r#"{"value":[5,"a"]}"#,
        expect!["the answer holds its objects as JSON although CLIXML was asked for"],
    );
    check(r#"{"error":{"code":"x"}}"#, expect!["the answer says that it succeeded and holds an error"]);
    check(
        &"[".repeat(100_000),
        expect!["the answer is not the JSON that the service sends (line 1, column 100000)"],
    );
}
