//! What the organisation decides: days, ports, thresholds. Data of `controls/parameters.yaml`.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Parameters by name.
pub type Parameters = BTreeMap<String, Parameter>;

/// One parameter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Type of its value.
    #[serde(rename = "type")]
    pub kind: ParameterKind,
    /// Value where the organisation says nothing.
    pub default: Value,
    /// Values usually chosen, shown beside it.
    #[serde(default)]
    pub usual: Vec<Value>,
    /// Smallest value accepted.
    #[serde(default)]
    pub at_least: Option<i64>,
    /// What it means and where it matters.
    pub about: String,
}

/// Type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// A whole number.
    Integer,
    /// A list of whole numbers, written `22,3389`.
    IntegerList,
    /// Text.
    Text,
}

impl Parameter {
    /// Reads a value as a person writes it (`--param name=value`).
    ///
    /// # Errors
    /// A sentence saying what is wrong with it.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let integer = |text: &str| {
            let number: i64 = text.trim().parse().map_err(|_| format!("{text:?} is not a whole number"))?;
            match self.at_least {
                Some(least) if number < least => Err(format!("{number} is less than {least}")),
                _ => Ok(Value::from(number)),
            }
        };
        match self.kind {
            ParameterKind::Integer => integer(text),
            ParameterKind::IntegerList => text.split(',').map(integer).collect::<Result<Vec<_>, _>>().map(Value::Array),
            ParameterKind::Text => Ok(text.into()),
        }
    }
}
