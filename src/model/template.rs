//! `"{resource.id}: no flow log"`: text with places to fill from data.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A parsed template. `{a.b}` is a place; `{{` and `}}` are literal braces.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

/// One piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands.
    Text(String),
    /// The path between braces, split at the dots.
    Place(Vec<String>),
}

/// Why a template could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `{` without its `}`.
    #[error("`{{` without a closing `}}` in {0:?}")]
    Unclosed(String),
    /// Something other than names and dots between braces.
    #[error("{0:?} is not a path of names and dots")]
    BadPath(String),
}

impl Template {
    /// Parses the text of a template.
    ///
    /// # Errors
    /// [`TemplateError`] names the place that is wrong.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = source;
        while let Some(position) = rest.find(['{', '}']) {
            text.push_str(&rest[..position]);
            let at = &rest[position..];
            if at.starts_with("{{") || at.starts_with("}}") {
                text.push_str(&at[..1]);
                rest = &at[2..];
            } else if let Some(inside) = at.strip_prefix('{') {
                let end = inside.find('}').ok_or_else(|| TemplateError::Unclosed(source.to_owned()))?;
                let path = &inside[..end];
                let good = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                if !path.split('.').all(good) {
                    return Err(TemplateError::BadPath(path.to_owned()));
                }
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Place(path.split('.').map(str::to_owned).collect()));
                rest = &inside[end + 1..];
            } else {
                text.push('}');
                rest = &at[1..];
            }
        }
        text.push_str(rest);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Self { source: source.to_owned(), parts })
    }

    /// The text it was parsed from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The pieces, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The paths of all places.
    pub fn places(&self) -> impl Iterator<Item = &[String]> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place(path) => Some(path.as_slice()),
            Part::Text(_) => None,
        })
    }

    /// Fills the places.
    ///
    /// # Errors
    /// The dotted path of the first place for which `lookup` has nothing.
    pub fn render<F>(&self, mut lookup: F) -> Result<String, String>
    where
        F: FnMut(&[String]) -> Option<String>,
    {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Place(path) => out.push_str(&lookup(path).ok_or_else(|| path.join("."))?),
            }
        }
        Ok(out)
    }
}

/// A scalar as people write it; lists joined by commas; nothing for objects and null.
#[must_use]
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(items) => Some(items.iter().filter_map(scalar_text).collect::<Vec<_>>().join(", ")),
        // A time reads as its time stamp.
        Value::Object(map) => map.get("at").and_then(scalar_text),
        Value::Null => None,
    }
}

/// Follows a dotted path through objects.
#[must_use]
pub fn walk<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(name)).filter(|value| !value.is_null())
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Self::parse(&source).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_braces_kept() {
        let template = Template::parse("{resource.id}: {{x}} {params.n} days").unwrap();
        let text = template.render(|path| Some(path.join("/"))).unwrap();
        assert_eq!(text, "resource/id: {x} params/n days");
    }

    #[test]
    fn a_missing_place_is_named() {
        let template = Template::parse("{a.b}").unwrap();
        assert_eq!(template.render(|_| None), Err("a.b".to_owned()));
    }

    #[test]
    fn mistakes_are_refused() {
        assert!(matches!(Template::parse("{a"), Err(TemplateError::Unclosed(_))));
        assert!(matches!(Template::parse("{a b}"), Err(TemplateError::BadPath(_))));
    }
}
