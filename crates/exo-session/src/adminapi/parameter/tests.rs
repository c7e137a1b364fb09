use expect_test::{Expect, expect};
use psrp::clixml::decode;

use super::Arguments;
use crate::adminapi::seal::ServiceKey;
use crate::adminapi::seal::tests::key_pair;
use crate::catalog::Catalog;

/// The parameters in `members`, CLIXML of an object's members, as JSON.
#[expect(clippy::needless_pass_by_value, reason = "reads better in a table of cases")]
fn check(members: &str, expected: Expect) {
    expected.assert_eq(&written(members, None));
}

/// The same with a key for secrets; or why they cannot be sent.
fn written(members: &str, key: Option<&ServiceKey>) -> String {
    let module = "function script:Set-Thing\n{ [CmdletBinding()] param(\n[Parameter(ValueFromPipeline=$true)]${Identity},\n\
                  [Alias('Mail')][string]${Text},\n[string[]]${Texts},\n[byte[]]${Data},\n[hashtable[]]${Tables},\n${Any}\n) }\n\
                  Export-ModuleMember -Function @('Set-Thing')";
    let catalog = Catalog::read(module).unwrap();
    let tape = decode(format!("<Obj RefId=\"0\"><MS>{members}</MS></Obj>").into_bytes()).unwrap();
    let shown = Arguments::new(&catalog.cmdlets[0], &tape, key).and_then(|arguments| {
        let mut out = Vec::new();
        arguments.write(None, &mut out).map(|_| String::from_utf8(out).unwrap())
    });
    shown.unwrap_or_else(|error| error.to_string())
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
fn what_json_has_no_form_for_is_its_text_and_an_enumeration_its_number() {
    check(
        r#"<URI N="Any">https://contoso.com/a?b</URI><G N="b">12345678-1234-1234-1234-123456789abc</G><C N="c">97</C>
           <Version N="d">1.2.3</Version><SBK N="e">{ $_ }</SBK>
           <Obj N="f" RefId="0"><TN RefId="0"><T>X.Kind</T><T>System.Enum</T></TN><ToString>High</ToString><I32>3</I32></Obj>"#,
        expect![[
            r#"{"Any":"https://contoso.com/a?b","b":"12345678-1234-1234-1234-123456789abc","c":"a","d":"1.2.3","e":"{ $_ }","f":3}"#
        ]],
    );
}

#[test]
fn a_secret_is_sealed_alone_and_a_credential_as_one_text() {
    let (key, open) = key_pair();
    let secret = |plain: &str| psrp::secret::secure_text(plain).to_string();
    let sealed = |members: &str, name: &str| {
        let json: serde_json::Value = serde_json::from_str(&written(members, Some(&key))).unwrap();
        json[name].as_str().map(&open)
    };
    assert_eq!(
        sealed(&format!(r#"<SS N="Any">{}</SS>"#, secret("pä\"ss")), "Any").as_deref(),
        Some("pä\"ss")
    );
    let credential = |password: &str| {
        format!(
            r#"<Obj N="Any" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCredential</T></TN>
               <Props><S N="UserName">CONTOSO\a</S><SS N="Password">{}</SS></Props></Obj>"#,
            secret(password)
        )
    };
    assert_eq!(
        sealed(&credential("pä\"ss"), "Any").as_deref(),
        Some(r#"{"UserName":"CONTOSO\\a","Password":"pä\"ss"}"#)
    );
    let empty = credential("").replace(r#"<SS N="Password"></SS>"#, r#"<S N="Password"></S>"#);
    assert_eq!(sealed(&empty, "Any").as_deref(), Some(r#"{"UserName":"CONTOSO\\a","Password":""}"#));
    let none = empty.replace(r#"<S N="Password"></S>"#, "");
    assert_eq!(
        written(&none, Some(&key)),
        "the secret in the parameter Any cannot be encrypted: the credential has no password"
    );
    // All of it must fit into one block of the key.
    let frame = r#"{"UserName":"CONTOSO\\a","Password":""}"#.len();
    assert!(sealed(&credential(&"x".repeat(117 - frame)), "Any").is_some());
    assert_eq!(
        written(&credential(&"x".repeat(118 - frame)), Some(&key)),
        "the secret in the parameter Any cannot be encrypted: it has 118 bytes in UTF-8, at most 117 can be encrypted"
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
