//! What the organisation decides: days, ports, thresholds. Data of `controls/parameters.yaml`.

use serde::Deserialize;
use serde_json::{Map, Value};
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
    /// Value where the organisation says nothing. Without one, the parameter is not known until the organisation sets
    /// it, and so is what a check compares with it.
    #[serde(default)]
    pub default: Option<Value>,
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
    /// A list of texts, written `US,CA`.
    TextList,
}

/// The values of parameters where the organisation says nothing: those that have a default.
#[must_use]
pub fn defaults(parameters: &Parameters) -> Map<String, Value> {
    let known = parameters.iter().filter_map(|(name, parameter)| Some((name.clone(), parameter.default.clone()?)));
    known.collect()
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
            ParameterKind::TextList => match text.split(',').map(str::trim).map(Value::from).collect::<Vec<_>>() {
                texts if texts.iter().any(|text| text == "") => Err(format!("{text:?} has an empty place")),
                texts => Ok(texts.into()),
            },
        }
    }
}

impl Parameter {
    /// Takes a value as a file gives it.
    ///
    /// # Errors
    /// A sentence saying what is wrong with it.
    pub fn accept(&self, value: &Value) -> Result<Value, String> {
        let written = match value {
            Value::Array(items) => items.iter().map(plain).collect::<Result<Vec<_>, _>>()?.join(","),
            other => plain(other)?,
        };
        self.read(&written)
    }
}

/// A single value as a person writes it.
fn plain(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("{other} is neither a number nor a text")),
    }
}
