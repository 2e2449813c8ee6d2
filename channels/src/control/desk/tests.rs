//! The desk from both its sides.

use super::super::about::Parameter;
use super::*;
use serde_json::json;

fn desk() -> Desk {
    let desk = Desk::default();
    desk.tell(|about| {
        let of = |value: Value, low, high| Parameter {
            value,
            low,
            high,
            choices: None,
            about: String::new(),
        };
        about
            .parameters
            .insert("light".into(), of(json!(1.5), Some(0.0), Some(10.0)));
        about
            .parameters
            .insert("count".into(), of(json!(3), None, None));
        about
            .parameters
            .insert("sun".into(), of(json!([0.0, 1.0]), None, None));
        about.services.insert("scene".into(), vec!["save".into()]);
    });
    desk
}

fn set(desk: &Desk, values: &Value) -> Result<Value, Refusal> {
    let values = values.as_object().unwrap().clone();
    desk.hear(1, Wanted::Set { values }).unwrap()
}

#[test]
fn values_are_laid_there_for_the_next_frame() {
    let desk = desk();
    assert!(!desk.is_due());
    set(&desk, &json!({"light": 2, "sun": [1, 0.5]})).unwrap();
    set(&desk, &json!({"light": 3.5})).unwrap();
    assert!(desk.is_due());
    let wanted = json!({"light": 3.5, "sun": [1, 0.5]});
    assert_eq!(
        desk.take(),
        [Work::Set(wanted.as_object().unwrap().clone())]
    );
    assert!(!desk.is_due() && desk.take().is_empty());
}

#[test]
fn wrong_values_are_refused_and_none_of_them_is_set() {
    let desk = desk();
    for (values, kind, says) in [
        (
            json!({"light": 2, "dark": 1}),
            RefusalKind::Unknown,
            "registered: count, light, sun",
        ),
        (json!({"light": "2"}), RefusalKind::Value, "\"2\" is a text"),
        (
            json!({"count": 2.5}),
            RefusalKind::Value,
            "it is a whole number",
        ),
        (json!({"light": -1}), RefusalKind::Value, "between 0 and 10"),
        (json!({"light": 11}), RefusalKind::Value, "between 0 and 10"),
        (json!({"light": true}), RefusalKind::Value, "true or false"),
        (
            json!({"sun": [1]}),
            RefusalKind::Value,
            "a list of 2 numbers",
        ),
    ] {
        let refusal = set(&desk, &values).unwrap_err();
        assert_eq!(refusal.kind, kind, "{values}");
        assert!(refusal.message.contains(says), "{values}: {refusal}");
    }
    assert!(!desk.is_due());
}

#[test]
fn a_whole_number_is_one_of_the_choices_of_a_number() {
    let desk = Desk::default();
    desk.tell(|about| {
        let scale = Parameter {
            value: json!(1.0),
            low: None,
            high: None,
            choices: Some(vec![json!(1.0), json!(2.0)]),
            about: String::new(),
        };
        about.parameters.insert("scale".into(), scale);
    });
    set(&desk, &json!({"scale": 2})).unwrap();
    let refusal = set(&desk, &json!({"scale": 3})).unwrap_err();
    assert!(
        refusal.message.contains("one of 1.0, 2.0, and not 3"),
        "{refusal}"
    );
}

#[test]
fn calls_wait_for_the_main_thread_and_unknown_ones_do_not() {
    let desk = desk();
    let call = |service: &str, name: &str| {
        desk.hear(
            7,
            Wanted::Call {
                service: service.into(),
                name: name.into(),
                arguments: Value::Null,
            },
        )
    };
    let said = call("scene", "open").unwrap().unwrap_err();
    assert!(said.message.contains("it has: save"), "{said}");
    let said = call("render", "frame").unwrap().unwrap_err();
    assert!(said.message.contains("registered: scene"), "{said}");
    assert_eq!(call("scene", "save"), None);
    assert!(desk.wait(Duration::from_secs(60)));
    assert!(matches!(desk.take()[..], [Work::Call { id: 7, .. }]));
    for _ in 0..MOST_CALLS {
        assert_eq!(call("scene", "save"), None);
    }
    assert_eq!(
        call("scene", "save").unwrap().unwrap_err().kind,
        RefusalKind::Late
    );
}

#[test]
fn a_stop_comes_after_what_was_asked_before() {
    let desk = desk();
    desk.hear(
        1,
        Wanted::Stop {
            why: "memory".into(),
        },
    );
    set(&desk, &json!({"count": 4})).unwrap();
    let work = desk.take();
    assert!(matches!(&work[..], [Work::Set(_), Work::Stop(why)] if why == "memory"));
}

#[test]
fn what_it_says_of_itself_is_told_once() {
    let desk = desk();
    assert!(desk.news().is_some() && desk.news().is_none());
    desk.tell(|about| about.engine = Some("CYCLES".into()));
    assert!(desk.news().is_some());
    desk.tell(|about| about.engine = Some("CYCLES".into()));
    assert!(desk.news().is_none());
}

#[test]
fn counters_add_up() {
    let desk = desk();
    desk.published(10);
    desk.took(Stage::Render, Duration::from_millis(1500));
    desk.took(Stage::Render, Duration::from_millis(500));
    let counters = desk.counters();
    assert_eq!((counters.samples, counters.bytes), (1, 10));
    assert!((counters.render_s - 2.0).abs() < 1e-9 && counters.memory > 0);
}
