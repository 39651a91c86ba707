//! A borrowing CEL view over `serde_json` values: no copy, and null is absent.
//!
//! An absent key is an error to CEL, and an error is `unknown` to us, so a fact that was not collected can neither
//! pass nor fail. Null is hidden because plain CEL gives `null != "x"` as true.

use cel::ExecutionError;
use cel::common::traits::{self, Indexer, Iterable, Sizer};
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelString, Type};
use cel::common::value::{CowVal, Val};
use serde_json::{Map, Value};
use std::sync::{Arc, LazyLock};

/// The name by which an error tells that a list was cut.
pub(super) const CUT_LIST: &str = "list_that_may_be_cut";
/// The name by which an error tells that a value is null or no JSON scalar.
pub(super) const NOTHING: &str = "nothing";

static CUT_TYPE: Type = Type::new_unspecified_type(CUT_LIST);
static NOTHING_TYPE: Type = Type::new_unspecified_type(NOTHING);
static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// A value as CEL sees it. Null never comes here from an object; inside a list it is a value that nothing can be
/// done with.
pub(super) fn boxed<'a>(value: &'a Value) -> Box<dyn Val + 'a> {
    match value {
        Value::Null => Box::new(Nothing),
        Value::Bool(b) => Box::new(CelBool::from(*b)),
        Value::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(i), _) => Box::new(CelInt::from(i)),
            (None, Some(f)) => Box::new(CelDouble::from(f)),
            (None, None) => Box::new(Nothing),
        },
        Value::String(s) => Box::new(CelString::from(s.as_str())),
        Value::Array(a) => Box::new(CelList::from(a.iter().map(boxed).collect::<Vec<_>>())),
        Value::Object(m) => Box::new(Object(m)),
    }
}

/// An object with nothing in it: everything asked of it is unknown.
pub(super) fn empty<'a>() -> Box<dyn Val + 'a> {
    Box::new(Object(&EMPTY))
}

/// An object.
#[derive(Debug, Clone, Copy)]
struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    fn member(self, index: &dyn Val) -> Result<&'a Value, ExecutionError> {
        let key = index.downcast_ref::<CelString>().ok_or(ExecutionError::MissingArgumentOrTarget)?;
        match self.0.get(key.inner()).filter(|value| !value.is_null()) {
            Some(value) => Ok(value),
            None => Err(ExecutionError::NoSuchKey(Arc::new(key.inner().to_owned()))),
        }
    }
}

impl Val for Object<'_> {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }
    fn cel_type() -> &'static Type {
        <cel::common::types::CelMap as Val>::cel_type()
    }
    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}

impl Indexer for Object<'_> {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.member(index).map(|value| CowVal::Owned(boxed(value)))
    }
    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.member(index).map(boxed)
    }
}

/// Null inside a list.
#[derive(Debug, Clone, Copy)]
struct Nothing;

impl Val for Nothing {
    fn get_type(&self) -> &Type {
        &NOTHING_TYPE
    }
    fn cel_type() -> &'static Type {
        &NOTHING_TYPE
    }
    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(*self)
    }
}

/// A related list. When a gap may have cut it, an empty object stands at its end for everything that was not seen:
/// `exists` is then true only by a seen item and `all` false only by a seen item; its size, membership and indexing
/// have no answer.
#[derive(Debug, Clone)]
pub(super) struct RelatedList<'a> {
    items: Vec<Object<'a>>,
    complete: bool,
}

impl<'a> RelatedList<'a> {
    pub(super) fn new(items: impl Iterator<Item = &'a Map<String, Value>>, complete: bool) -> Self {
        let mut items: Vec<Object<'a>> = items.map(Object).collect();
        if !complete {
            items.push(Object(&EMPTY));
        }
        Self { items, complete }
    }
}

impl Val for RelatedList<'_> {
    fn get_type(&self) -> &Type {
        if self.complete { <CelList as Val>::cel_type() } else { &CUT_TYPE }
    }
    fn cel_type() -> &'static Type {
        <CelList as Val>::cel_type()
    }
    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn as_sizer(&self) -> Option<&dyn Sizer> {
        if self.complete { Some(self) } else { None }
    }
    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }
}

impl Sizer for RelatedList<'_> {
    fn size(&self) -> CelInt {
        i64::try_from(self.items.len()).unwrap_or(i64::MAX).into()
    }
}

impl Iterable for RelatedList<'_> {
    fn iter<'b, 'v>(&'b self) -> Box<dyn traits::Iterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Items { items: self.items.iter() })
    }
}

struct Items<'b, 'a> {
    items: std::slice::Iter<'b, Object<'a>>,
}

impl<'b, 'a: 'v, 'v> traits::Iterator<'b, 'v> for Items<'b, 'a> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.items.next().map(|item| item as &(dyn Val + 'v))
    }
}
