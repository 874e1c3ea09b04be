//! What properties are tried with: how many cases, and JSON that is almost as it should be.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

/// What proptest takes if nobody says how many.
const PROPTESTS_OWN: u32 = 256;

/// Ten thousand cases, or as many as `PROPTEST_CASES` says, which proptest itself reads.
pub(crate) fn ten_thousand() -> ProptestConfig {
    let said = ProptestConfig::default();
    match said.cases {
        PROPTESTS_OWN => ProptestConfig { cases: 10_000, ..said },
        _ => said,
    }
}

/// Something that happens to a part of some JSON.
#[derive(Clone, Debug)]
enum Change {
    Drop,
    Replace(Value),
    /// What it holds, so many times.
    Enlarge(usize),
    /// It stands in so many lists.
    Nest(usize),
}

/// What happens to some JSON: to which of its parts, and what.
#[derive(Clone, Debug)]
pub(crate) struct Changes(Vec<(Index, Change)>);

impl Changes {
    /// Up to four changes, be it none.
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let change = prop_oneof![
            2 => Just(Change::Drop),
            4 => value().prop_map(Change::Replace),
            1 => (2_usize..300).prop_map(Change::Enlarge),
            1 => (1_usize..400).prop_map(Change::Nest),
        ];
        prop::collection::vec((any::<Index>(), change), 0..=4).prop_map(Self)
    }

    /// The text of the JSON with these changes.
    pub(crate) fn applied(self, mut json: Value) -> Value {
        for (index, change) in self.0 {
            let mut places = Vec::new();
            collect(&json, String::new(), &mut places);
            let place = index.get(&places);
            match change {
                Change::Drop => drop_at(&mut json, place),
                Change::Replace(value) => at(&mut json, place, |_| value),
                Change::Enlarge(times) => at(&mut json, place, |value| enlarged(value, times)),
                Change::Nest(depth) => at(&mut json, place, |value| {
                    (0..depth).fold(value, |value, _| Value::Array(vec![value]))
                }),
            }
        }
        json
    }
}

/// Text as nobody means it: odd characters, digits, nothing, too much.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<String>(),
        1 => "[0-9]{1,30}",
        3 => "[a-z`@<>&#:/*_|\\\\ \u{202e}\u{200b}\u{0}営🦀]{0,60}",
        1 => Just(String::new()),
        1 => (any::<char>(), 1_usize..5000).prop_map(|(c, times)| c.to_string().repeat(times)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-10_i64..100).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
        any::<u64>().prop_map(|id| id.to_string().into()),
        Just(json!({})),
        Just(json!([])),
        prop::collection::vec(text().prop_map(Value::from), 1..4).prop_map(Value::from),
    ]
}

/// The pointers to all parts, the whole first.
fn collect(json: &Value, place: String, places: &mut Vec<String>) {
    // What is nested deeply is left as it is: a pointer to it would be as long.
    if place.len() > 200 {
        return;
    }
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{place}/{name}"), places);
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate().take(20) {
                collect(value, format!("{place}/{at}"), places);
            }
        }
        _ => {}
    }
    places.push(place);
}

fn at(json: &mut Value, place: &str, change: impl FnOnce(Value) -> Value) {
    if let Some(part) = json.pointer_mut(place) {
        *part = change(part.take());
    }
}

fn drop_at(json: &mut Value, place: &str) {
    let Some((parent, name)) = place.rsplit_once('/') else { return };
    match json.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(values)) => {
            values.remove(name.parse().unwrap());
        }
        _ => {}
    }
}

fn enlarged(value: Value, times: usize) -> Value {
    match value {
        Value::String(text) => text.repeat(times.min(4000 / text.len().max(1) + 2)).into(),
        Value::Array(values) => (0..times).flat_map(|_| values.clone()).take(300).collect(),
        Value::Object(fields) => {
            let more = (0..times).map(|at| (format!("another-{at}"), Value::from(at)));
            fields.into_iter().chain(more).collect::<Map<_, _>>().into()
        }
        Value::Number(_) => json!(1e300),
        other => other,
    }
}
