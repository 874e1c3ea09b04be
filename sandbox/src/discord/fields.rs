//! What is read from objects that may be of any make, and how they are put together.

use serde_json::Value;

/// The elements of a list; none if it isn't one.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text; empty if it isn't one.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The number in the field, 0 if there is none.
pub(super) fn number(object: &Value, name: &str) -> u64 {
    object.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// An id, which may be written as a string or as a number.
/// <https://discord.com/developers/docs/reference#snowflakes>
pub(super) fn id_in(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The value with whatever is null left out: Discord takes null for what isn't given, and doesn't
/// answer with it.
pub(super) fn without_null(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let there = fields.iter().filter(|(_, value)| !value.is_null());
            there.map(|(name, value)| (name.clone(), without_null(value))).collect()
        }
        Value::Array(list) => list.iter().map(without_null).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Adds the fields of the object `more` to the object `json`.
pub(super) fn merge(json: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (json, more) {
        into.extend(more);
    }
}
