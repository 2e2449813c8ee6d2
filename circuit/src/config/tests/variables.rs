//! Variables.

use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::super::manifest::Variables;
use crate::Problems;
use serde_json::json;

fn expanded(manifest: &Value, mut value: Value) -> (Value, Problems) {
    let mut problems = Problems::new();
    let file = Path::new("c.json");
    let given = IndexMap::from([("configdir".to_owned(), json!("/home/me"))]);
    let set = IndexMap::from([("user".to_owned(), json!(true))]);
    let manifest = manifest.as_object().unwrap();
    let all = Variables::resolve(manifest, given, &set, file, &mut problems);
    all.expand(&mut value, "", file, &mut problems);
    (value, problems)
}

#[test]
fn variables_are_resolved_in_any_order_and_both_spellings() {
    let (value, problems) = expanded(
        &json!({"$NET": "$BASE/net", "$BASE": "${configdir}", "DT": 0.1, "$NET2": "two"}),
        json!({"a": "${NET}/x.h5", "b": ["$NET2", "$NET/$NET2"], "c": "$DT", "d": "t$DT", "e": "$user"}),
    );
    assert!(problems.is_empty(), "{problems}");
    assert_eq!(
        value,
        json!({"a": "/home/me/net/x.h5", "b": ["two", "/home/me/net/two"], "c": 0.1, "d": "t0.1", "e": true})
    );
}

#[test]
fn an_undefined_variable_names_itself_and_the_nearest() {
    let (value, problems) = expanded(
        &json!({"$NETWORK_DIR": "/n"}),
        json!({"a": "$NETWROK_DIR/x"}),
    );
    assert_eq!(value["a"], "$NETWROK_DIR/x");
    assert_eq!(
        problems.to_string(),
        "error: c.json: a: $NETWROK_DIR is not defined; did you mean $NETWORK_DIR?"
    );
}

#[test]
fn the_guides_own_example_is_understood() {
    let (value, problems) = expanded(
        &json!({"$NETWORK_DIR": "$/path/to/my/models/network"}),
        json!("$NETWORK_DIR/nodes.h5"),
    );
    assert_eq!(value, "/path/to/my/models/network/nodes.h5");
    assert_eq!(
        (problems.errors(), problems.warnings()),
        (0, 1),
        "{problems}"
    );
}

#[test]
fn a_circle_is_one_error() {
    let (_, problems) = expanded(&json!({"$A": "$B", "$B": "x$A", "$C": "$A"}), json!("$C"));
    assert_eq!(problems.errors(), 1, "{problems}");
    let (_, problems) = expanded(&json!({"$A": "$A"}), json!("$A"));
    assert_eq!(problems.errors(), 1, "{problems}");
}

#[test]
fn a_dollar_that_names_nothing_is_a_letter() {
    let value = json!({"cell": {"name": {"$regex": "^L[0-9]$"}, "cost": "5$"}});
    assert_eq!(expanded(&json!({}), value.clone()).0, value);
    let (_, problems) = expanded(&json!({}), json!("${configdir/x"));
    assert_eq!(problems.errors(), 1, "{problems}");
}

#[test]
fn variables_that_double_each_other_end_in_an_error() {
    let mut manifest = Map::new();
    manifest.insert("$V0".to_owned(), json!("xxxxxxxxxx"));
    for at in 1..1000 {
        let before = at - 1;
        manifest.insert(format!("$V{at}"), json!(format!("$V{before}$V{before}")));
    }
    let (_, problems) = expanded(&Value::Object(manifest), json!("$V999"));
    assert!(problems.errors() > 0, "{problems}");
}

#[test]
fn a_chain_of_a_hundred_thousand_variables_is_resolved() {
    let mut manifest = Map::new();
    for at in 0..100_000 {
        manifest.insert(format!("$V{at}"), json!(format!("$V{}", at + 1)));
    }
    manifest.insert("$V100000".to_owned(), json!("end"));
    let (value, problems) = expanded(&Value::Object(manifest), json!("$V0"));
    assert!(problems.is_empty(), "{problems}");
    assert_eq!(value, "end");
}

#[test]
fn lists_and_objects_are_values_of_their_own() {
    let (value, problems) = expanded(
        &json!({"$A": ["$B", {"x": "${B}1"}], "$B": "b"}),
        json!({"a": "$A"}),
    );
    assert!(problems.is_empty(), "{problems}");
    assert_eq!(value, json!({"a": ["b", {"x": "b1"}]}));
    let (_, problems) = expanded(
        &json!({"$A": {"x": "$B"}, "$B": {"x": "$C"}, "$C": []}),
        json!("t$A"),
    );
    assert_eq!(problems.errors(), 3, "{problems}");
}

#[test]
fn a_large_value_that_is_put_in_often_ends_in_an_error() {
    let list: Vec<Value> = (0..100_000).map(Value::from).collect();
    let many = vec![json!("$A"); 10_000];
    let (_, problems) = expanded(&json!({"$A": list}), json!(many));
    assert_eq!(problems.errors(), 1, "{problems}");
}
