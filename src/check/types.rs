//! What each resource type has: the same declarations that fill the resources lint the checks.

use crate::model::read::{ACCOUNTS, Field, FieldKind, REGION, Reads};
use crate::model::text::nearest;
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::BTreeMap;

/// All types with their fields.
#[derive(Debug, Clone, Default)]
pub struct Types {
    kinds: BTreeMap<String, BTreeMap<String, Shape>>,
}

/// What a value looks like.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Text.
    Text,
    /// A number, with the word that stands for silence.
    NumberOr(String),
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// `{at, age_seconds}`, with the word that stands in `at` for silence.
    Time(Option<String>),
    /// A list.
    List(Box<Shape>),
    /// A record with these members.
    Record(BTreeMap<String, Shape>),
    /// A free map.
    Map,
    /// A resource of this type.
    Resource(String),
    /// Parameters.
    Params(BTreeMap<String, Shape>),
    /// Not known before it runs.
    Any,
}

impl Shape {
    /// The shape of a member.
    ///
    /// # Errors
    /// A sentence, with the nearest name.
    pub fn member(&self, name: &str, types: &Types) -> Result<Shape, String> {
        let of = |members: &BTreeMap<String, Shape>, what: &str| {
            members.get(name).cloned().ok_or_else(|| {
                let near = nearest(name, members.keys().map(String::as_str));
                let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                format!("{what} has no field `{name}`{hint}")
            })
        };
        match self {
            Self::Resource(kind) => match types.kinds.get(kind) {
                Some(members) => of(members, kind),
                None => Err(format!("no read gives the type `{kind}`")),
            },
            Self::Record(members) => of(members, "the record"),
            Self::Params(members) => of(members, "params"),
            Self::Time(word) => match name {
                "at" => Ok(Self::Text),
                "age_seconds" => Ok(word.clone().map_or(Self::Number, Self::NumberOr)),
                _ => Err(format!("a time has `at` and `age_seconds`, not `{name}`")),
            },
            Self::Map | Self::Any => Ok(Self::Any),
            _ => Err(format!("there is nothing called `{name}` in a single value")),
        }
    }

    /// Is it more than one value?
    #[must_use]
    pub fn is_composite(&self) -> bool {
        matches!(
            self,
            Self::List(_) | Self::Record(_) | Self::Map | Self::Resource(_) | Self::Time(_) | Self::Params(_)
        )
    }

    /// The word that stands for silence in a value that is otherwise a number, as it is written in CEL.
    #[must_use]
    pub fn word_for_silence(&self) -> Option<String> {
        match self {
            Self::NumberOr(word) => Some(word.clone()),
            _ => None,
        }
    }

    fn of_field(field: &Field) -> Self {
        let word = match &field.when_absent {
            Some(Value::String(word)) => Some(format!("{word:?}")),
            _ => None,
        };
        match field.kind {
            FieldKind::Text | FieldKind::ArmId => Self::Text,
            FieldKind::Integer | FieldKind::Decimal => word.map_or(Self::Number, Self::NumberOr),
            FieldKind::Boolean => Self::Boolean,
            FieldKind::Time | FieldKind::TimeMillis => Self::Time(word),
            FieldKind::TextList | FieldKind::ArmIds => Self::List(Box::new(Self::Text)),
            FieldKind::Records => Self::List(Box::new(Self::Record(members(&field.of)))),
            FieldKind::Record => Self::Record(members(&field.of)),
            FieldKind::Map => Self::Map,
        }
    }

    fn of_kind(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Text | FieldKind::ArmId => Self::Text,
            FieldKind::Integer | FieldKind::Decimal => Self::Number,
            FieldKind::Boolean => Self::Boolean,
            FieldKind::Time | FieldKind::TimeMillis => Self::Time(None),
            FieldKind::TextList | FieldKind::ArmIds => Self::List(Box::new(Self::Text)),
            FieldKind::Records | FieldKind::Record | FieldKind::Map => Self::Any,
        }
    }
}

fn members(fields: &IndexMap<String, Field>) -> BTreeMap<String, Shape> {
    fields.iter().map(|(name, field)| (name.clone(), Shape::of_field(field))).collect()
}

impl Types {
    /// From the declared reads and the derived types.
    #[must_use]
    pub fn new(reads: &Reads, derived: &BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>>) -> Self {
        let mut kinds: BTreeMap<String, BTreeMap<String, Shape>> = BTreeMap::new();
        for read in &reads.reads {
            if let Some(kind) = read.gives() {
                kinds.entry(kind.to_owned()).or_default().extend(members(&read.fields));
            }
        }
        for (kind, fields) in derived {
            let fields = fields.iter().map(|(name, kind)| ((*name).to_owned(), Shape::of_kind(*kind)));
            kinds.entry((*kind).to_owned()).or_default().extend(fields);
        }
        for place in ACCOUNTS.into_iter().chain([REGION]) {
            kinds.entry(place.to_owned()).or_default();
        }
        for fields in kinds.values_mut() {
            for name in ["id", "account", "region"] {
                fields.insert(name.to_owned(), Shape::Text);
            }
        }
        Self { kinds }
    }

    /// The fields of a type.
    #[must_use]
    pub fn fields(&self, kind: &str) -> Option<&BTreeMap<String, Shape>> {
        self.kinds.get(kind)
    }

    /// The type whose name is nearest.
    #[must_use]
    pub fn nearest(&self, kind: &str) -> Option<&str> {
        nearest(kind, self.kinds.keys().map(String::as_str))
    }
}
