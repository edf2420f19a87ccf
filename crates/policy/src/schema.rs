//! The JSON Schema of each kind of file, for editors.

use serde_json::{Map, Value, json};

/// The schemas by file name, such as `tiers.json`: what `packs/schema/` holds.
#[must_use]
pub fn schema_files() -> Vec<(String, String)> {
    crate::pack::schemas()
        .into_iter()
        .map(|(stem, schema)| {
            let mut schema = schema.to_value();
            remove_null(&mut schema);
            if let Value::Object(object) = &mut schema {
                object.insert(
                    "title".into(),
                    json!(format!("{stem}.toml of a policy pack")),
                );
            }
            (format!("{stem}.json"), pretty(&schema))
        })
        .collect()
}

fn pretty(value: &Value) -> String {
    // A JSON value can always be written.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// TOML has no null, so a key that may be left out is never null: editors should not offer it.
fn remove_null(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(remove_null),
        Value::Object(object) => {
            object.values_mut().for_each(remove_null);
            remove_null_type(object);
            remove_null_choice(object);
        }
        _ => {}
    }
}

fn remove_null_type(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(words)) = object.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
}

fn remove_null_choice(object: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| *choice != json!({ "type": "null" }));
    if let [only] = choices.as_slice()
        && let Value::Object(only) = only.clone()
    {
        object.remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}
