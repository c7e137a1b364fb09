use expect_test::{Expect, expect};
use psrp::clixml::decode;

use super::Arguments;
use crate::catalog::Catalog;

/// The parameters in `members`, CLIXML of an object's members, as JSON.
#[expect(clippy::needless_pass_by_value, reason = "reads better in a table of cases")]
fn check(members: &str, expected: Expect) {
    let module = "function script:Set-Thing\n{ [CmdletBinding()] param(\n[Parameter(ValueFromPipeline=$true)]${Identity},\n\
                  [Alias('Mail')][string]${Text},\n[string[]]${Texts},\n[byte[]]${Data},\n[hashtable[]]${Tables},\n${Any}\n) }\n\
                  Export-ModuleMember -Function @('Set-Thing')";
    let catalog = Catalog::read(module).unwrap();
    let tape = decode(format!("<Obj RefId=\"0\"><MS>{members}</MS></Obj>").into_bytes()).unwrap();
    let shown = Arguments::new(&catalog.cmdlets[0], &tape, None).and_then(|arguments| {
        let mut out = Vec::new();
        arguments.write(None, &mut out).map(|_| String::from_utf8(out).unwrap())
    });
    expected.assert_eq(&shown.unwrap_or_else(|error| error.to_string()));
}

#[test]
fn primitives_keep_their_value() {
    check(
        r#"<S N="Any">a"_x000A__xD800_</S><I64 N="b">-9</I64><Db N="c">1.5</Db><D N="d">1.50</D><Db N="e">NaN</Db>"#,
        expect![[r#"{"Any":"a\"\n\ud800","b":-9,"c":1.5,"d":1.50,"e":"NaN"}"#]],
    );
    check(
        r#"<TS N="Any">-P1DT2H3M4.5S</TS><DT N="d">2024-02-29T23:30:00.123-01:00</DT><Nil N="Text" /><Nil N="n" />"#,
        expect![[r#"{"Any":"-1.02:03:04.5000000","d":"2024-03-01T00:30:00","Text":"","n":null}"#]],
    );
}

#[test]
fn a_single_value_for_a_list_becomes_one_and_names_are_the_declared_ones() {
    check(
        r#"<S N="texts">a</S><S N="MAIL">x</S><BA N="data">AQI=</BA>"#,
        expect![[
            r##"{"Texts":["a"],"Text":"x","Data":{"@odata.type":"#Exchange.ByteArrayType","Data":[1,2]}}"##
        ]],
    );
}

#[test]
fn a_piped_object_sends_its_own_property_and_another_its_text() {
    let thing = |name: &str| {
        format!(
            r#"<Obj N="{name}" RefId="{}"><TN RefId="1"><T>X.Thing</T></TN><ToString>shown</ToString>
               <Props><S N="Identity">id</S></Props></Obj>"#,
            name.len()
        )
    };
    check(&(thing("Identity") + &thing("Any")), expect![[r#"{"Identity":"id","Any":"shown"}"#]]);
}

#[test]
fn tables_within_lists_are_not_marked_and_others_are() {
    let table = |name: &str, id: u32, inner: &str| {
        format!(
            r#"<Obj {name} RefId="{id}"><TN RefId="{id}"><T>System.Collections.Hashtable</T></TN><DCT><En><S N="Key">k</S>
               {inner}</En></DCT></Obj>"#
        )
    };
    let inner = table("N=\"Value\"", 2, "<S N=\"Value\">v</S>");
    check(
        &table("N=\"Any\"", 1, &inner),
        expect![[
            r##"{"Any":{"@odata.type":"#Exchange.GenericHashTable","k":{"@odata.type":"#Exchange.GenericHashTable","k":"v"}}}"##
        ]],
    );
    let list =
        format!(r#"<Obj N="Tables" RefId="9"><LST>{}</LST></Obj>"#, table("", 1, "<I32 N=\"Value\">1</I32>"));
    check(
        &list,
        expect![[r##"{"Tables":[{"k":1}],"Tables@odata.type":"#Collection(Exchange.GenericHashTable)"}"##]],
    );
}

#[test]
fn what_cannot_be_sent_is_refused_by_name() {
    check(
        r#"<SS N="Any">YQA=</SS>"#,
        expect!["the parameter Any holds a secret, and the service has given no key to encrypt it with"],
    );
    check(
        r#"<DT N="Any">2024-01-01T00:00:00</DT>"#,
        expect!["the parameter Any has a date without a zone: give it as UTC or with an offset"],
    );
    check(r#"<S N="Text">a</S><S N="mail">b</S>"#, expect!["the parameter text is given twice"]);
}

#[test]
fn a_value_that_holds_itself_ends_at_the_depth_of_json() {
    check(
        r#"<Obj N="Any" RefId="1"><LST><Ref RefId="1" /></LST></Obj>"#,
        expect![[r#"{"Any":[[[[[[[["System.Object[]"]]]]]]]]}"#]],
    );
}
