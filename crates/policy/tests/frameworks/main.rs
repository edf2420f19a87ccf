//! The packs that come with the program say what the frameworks' tables say: every figure, and no other.

mod escalation;
mod people;
mod promises;
mod service;

use mainstay_policy::{Pack, builtin, to_json};
use serde_json::Value;

fn pack(name: &str) -> Pack {
    let source = builtin(name).expect("a pack that comes with the program");
    mainstay_policy::load(&source).unwrap_or_else(|refusal| {
        let text: Vec<String> = refusal
            .problems
            .iter()
            .map(|problem| problem.render(&source))
            .collect();
        panic!("{}", text.join("\n"))
    })
}

/// A pack as data.
fn shown(name: &str) -> Value {
    to_json(&pack(name))
}

/// The members of a list.
fn list<'v>(value: &'v Value, key: &str) -> &'v Vec<Value> {
    value[key].as_array().expect("a list")
}
