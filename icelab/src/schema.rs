//! The grammar of scenario files as JSON Schema, from the types that read them.

use schemars::schema_for;

use crate::scenario::grammar::file::File;

/// The schema as indented JSON.
#[must_use]
pub fn text() -> String {
    let mut schema = schema_for!(File);
    schema.insert("title".to_owned(), "icelab scenario".into());
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}
