//! JSON Schemas of the files, for editors.

use super::config::{BoundaryFile, ConfigFile};
use super::exception::ExceptionFile;
use super::statement::Head;

/// The JSON Schema of one of the files: `organisation`, `boundary`, `statement` (its head) or `exception`.
#[must_use]
pub fn schema(name: &str) -> Option<serde_json::Value> {
    match name {
        "organisation" => Some(schemars::schema_for!(ConfigFile).to_value()),
        "boundary" => Some(schemars::schema_for!(BoundaryFile).to_value()),
        "statement" => Some(schemars::schema_for!(Head).to_value()),
        "exception" => Some(schemars::schema_for!(ExceptionFile).to_value()),
        _ => None,
    }
}
