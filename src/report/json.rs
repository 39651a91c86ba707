//! `findings.json` and `assessment.json`, and the schemas that they are published with.

use crate::model::assessment::Assessment;
use crate::model::finding::Findings;
use crate::model::text::json_pretty;

/// `findings.json`.
///
/// # Errors
/// When it cannot be serialised.
pub fn findings(findings: &Findings) -> Result<String, serde_json::Error> {
    json_pretty(findings)
}

/// `assessment.json`.
///
/// # Errors
/// When it cannot be serialised.
pub fn assessment(assessment: &Assessment) -> Result<String, serde_json::Error> {
    json_pretty(assessment)
}

/// The JSON Schema of one of the files: `findings` or `assessment`.
#[must_use]
pub fn schema(name: &str) -> Option<serde_json::Value> {
    match name {
        "findings" => Some(schemars::schema_for!(Findings).to_value()),
        "assessment" => Some(schemars::schema_for!(Assessment).to_value()),
        _ => None,
    }
}
