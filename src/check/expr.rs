//! One condition: compiled, linted, evaluated to a three-valued truth. With `view`, the only place that knows `cel`.

use super::types::{Shape, Types};
use super::view::{self, RelatedList};
use cel::common::ast::{Expr as Node, IdedExpr, LiteralValue, operators};
use cel::{Context, Env, ExecutionError, Program, Value as CelValue};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// Longest condition; longer ones cannot be reviewed.
const MAX_LENGTH: usize = 2_000;
/// Macros inside macros: each level multiplies the work.
const MAX_NESTED: usize = 3;

/// What a condition came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// Something it needs is not known.
    Unknown,
    /// The condition is wrong.
    Mistake(String),
}

/// A compiled condition.
#[derive(Debug)]
pub(super) struct Condition {
    program: Program,
    /// Variable → its fields that are looked at.
    pub(super) uses: BTreeMap<String, BTreeSet<String>>,
}

/// A variable bound for one resource.
pub(super) enum Binding<'a> {
    /// A resource, or the match of a `one` join.
    Object(&'a Value),
    /// A `one` join without a match.
    Missing,
    /// A related list; false when it may be cut.
    List(Vec<&'a Map<String, Value>>, bool),
}

impl Condition {
    /// Compiles and lints a condition.
    ///
    /// # Errors
    /// Everything that is wrong with it, in words.
    pub(super) fn compile(
        source: &str,
        types: &Types,
        variables: &BTreeMap<String, Shape>,
    ) -> Result<Self, Vec<String>> {
        if source.len() > MAX_LENGTH {
            return Err(vec![format!("the condition is longer than {MAX_LENGTH} characters")]);
        }
        // Files under `--controls` are edited by people; a panic of the parser must not reach them.
        let compiled = std::panic::catch_unwind(|| ENV.compile(source));
        let program = match compiled {
            Ok(Ok(program)) => program,
            Ok(Err(errors)) => return Err(vec![format!("not valid CEL: {}", errors.to_string().trim())]),
            Err(_) => return Err(vec!["not valid CEL".to_owned()]),
        };
        let mut lint = Lint {
            types,
            variables,
            uses: BTreeMap::new(),
            problems: Vec::new(),
            ordered: Vec::new(),
            compared: Vec::new(),
        };
        let shape = lint.shape(program.expression(), &mut Vec::new());
        if !matches!(shape, Shape::Boolean | Shape::Any) {
            lint.problems.push("the condition is not true or false".to_owned());
        }
        for (path, token) in &lint.ordered {
            if !lint.compared.contains(&(path.clone(), token.clone())) {
                lint.problems.push(format!(
                    "`{path}` is {token} where the API is silent; compare it with {token} before ordering it"
                ));
            }
        }
        if lint.problems.is_empty() { Ok(Self { program, uses: lint.uses }) } else { Err(lint.problems) }
    }

    /// Evaluates with the bound variables.
    pub(super) fn evaluate(&self, context: &Context<'_, '_>) -> Truth {
        match self.program.execute(context) {
            Ok(CelValue::Bool(true)) => Truth::Yes,
            Ok(CelValue::Bool(false)) => Truth::No,
            Ok(other) => Truth::Mistake(format!("the condition gives {other:?}, not true or false")),
            Err(error) => of_error(&error),
        }
    }
}

/// What an error of CEL means: something absent is unknown, anything else is a mistake.
fn of_error(error: &ExecutionError) -> Truth {
    match error {
        ExecutionError::NoSuchKey(_) => Truth::Unknown,
        ExecutionError::NoSuchOverload(overload)
            if overload.argument_types().iter().any(|name| name == view::CUT_LIST || name == view::NOTHING) =>
        {
            Truth::Unknown
        }
        other => Truth::Mistake(other.to_string()),
    }
}

/// The context that every resource of a run shares: parameters.
pub(super) fn root_context(params: &Value) -> Context<'_, '_> {
    let mut context = Context::with_env(Arc::clone(&ENV));
    context.add_variable_as_val("params", view::boxed(params));
    context
}

/// A context for one resource.
pub(super) fn bind<'b, 'v>(
    root: &'b Context<'b, 'v>,
    bindings: impl IntoIterator<Item = (&'b str, Binding<'v>)>,
) -> Context<'b, 'v>
where
    'v: 'b,
{
    let mut context = root.new_inner_scope();
    for (name, binding) in bindings {
        context.add_variable_as_val(
            name,
            match binding {
                Binding::Object(value) => view::boxed(value),
                Binding::Missing => view::empty(),
                Binding::List(items, complete) => Box::new(RelatedList::new(items.into_iter(), complete)),
            },
        );
    }
    context
}

/// Walks a condition: finds out what it looks at, and refuses what would leak a false certainty.
struct Lint<'a> {
    types: &'a Types,
    variables: &'a BTreeMap<String, Shape>,
    uses: BTreeMap<String, BTreeSet<String>>,
    problems: Vec<String>,
    /// Paths that are ordered although silence gives them a word: (path, word).
    ordered: Vec<(String, String)>,
    /// Paths that are compared with such a word.
    compared: Vec<(String, String)>,
}

/// A macro's variable, and whether anything looked at it.
struct Local {
    name: String,
    shape: Shape,
    /// The related list it comes from, for `uses`.
    from: Option<String>,
    used: bool,
}

impl Lint<'_> {
    fn shape(&mut self, node: &IdedExpr, locals: &mut Vec<Local>) -> Shape {
        match &node.expr {
            Node::Unspecified => Shape::Any,
            Node::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Shape::Boolean,
                LiteralValue::String(_) => Shape::Text,
                LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => Shape::Number,
                LiteralValue::Null => {
                    self.problems.push("null is never there: an absent value is unknown".to_owned());
                    Shape::Any
                }
                LiteralValue::Bytes(_) => Shape::Any,
            },
            Node::Ident(name) => self.variable(name, locals),
            Node::Select(select) => {
                if select.test {
                    self.problems
                        .push("has() turns an absent value into false; use `when_absent` in the read".to_owned());
                    return Shape::Boolean;
                }
                let operand = self.shape(&select.operand, locals);
                self.note_use(&select.operand, &select.field, locals);
                match operand.member(&select.field, self.types) {
                    Ok(shape) => shape,
                    Err(problem) => {
                        self.problems.push(problem);
                        Shape::Any
                    }
                }
            }
            Node::List(list) => {
                for element in &list.elements {
                    self.shape(element, locals);
                }
                Shape::List(Box::new(Shape::Any))
            }
            Node::Map(_) | Node::Struct(_) => {
                self.problems.push("maps and structs have no place in a condition".to_owned());
                Shape::Any
            }
            Node::Call(call) => self.call(call, locals),
            Node::Comprehension(comprehension) => {
                let range = self.shape(&comprehension.iter_range, locals);
                let from = match &comprehension.iter_range.expr {
                    Node::Ident(name) => Some(name.clone()),
                    _ => None,
                };
                let element = match range {
                    Shape::List(element) => *element,
                    Shape::Any => Shape::Any,
                    _ => {
                        self.problems.push("a macro needs a list".to_owned());
                        Shape::Any
                    }
                };
                if locals.iter().filter(|local| !local.name.starts_with('@')).count() >= MAX_NESTED {
                    self.problems.push(format!("more than {MAX_NESTED} macros inside one another"));
                }
                locals.push(Local { name: comprehension.accu_var.clone(), shape: Shape::Any, from: None, used: true });
                locals.push(Local { name: comprehension.iter_var.clone(), shape: element, from, used: false });
                self.shape(&comprehension.loop_step, locals);
                let variable = locals.pop();
                if let Some(local) = variable.filter(|local| !local.used) {
                    self.problems.push(format!(
                        "the macro ignores its variable `{}`: over a list that may be cut it would claim to know",
                        local.name
                    ));
                }
                let result = match &comprehension.accu_init.expr {
                    Node::Literal(LiteralValue::Boolean(_)) => Shape::Boolean,
                    Node::List(_) => Shape::List(Box::new(Shape::Any)),
                    _ => Shape::Any,
                };
                locals.pop();
                result
            }
        }
    }

    fn variable(&mut self, name: &str, locals: &mut [Local]) -> Shape {
        if let Some(local) = locals.iter_mut().rev().find(|local| local.name == name) {
            local.used = true;
            return local.shape.clone();
        }
        if let Some(shape) = self.variables.get(name) {
            self.uses.entry(name.to_owned()).or_default();
            return shape.clone();
        }
        let known: Vec<&str> = self.variables.keys().map(String::as_str).collect();
        self.problems.push(format!("`{name}` is not known here; known are {}", known.join(", ")));
        Shape::Any
    }

    /// Remembers which field of which variable is looked at, through macros.
    fn note_use(&mut self, operand: &IdedExpr, field: &str, locals: &[Local]) {
        let Node::Ident(name) = &operand.expr else { return };
        let root = match locals.iter().rev().find(|local| local.name == *name) {
            Some(local) => local.from.clone(),
            None => Some(name.clone()),
        };
        if let Some(root) = root {
            self.uses.entry(root).or_default().insert(field.to_owned());
        }
    }

    fn call(&mut self, call: &cel::common::ast::CallExpr, locals: &mut Vec<Local>) -> Shape {
        let target = call.target.as_deref().map(|target| self.shape(target, locals));
        let shapes: Vec<Shape> = call.args.iter().map(|argument| self.shape(argument, locals)).collect();
        match call.func_name.as_str() {
            operators::EQUALS | operators::NOT_EQUALS => {
                if shapes.iter().any(Shape::is_composite) {
                    self.problems
                        .push("== and != on a list or an object are not allowed: compare a value in it".to_owned());
                }
                if let [left, right] = call.args.as_slice() {
                    for (path, word) in [(left, right), (right, left)] {
                        if let (Some(path), Node::Literal(LiteralValue::String(word))) = (spelled(path), &word.expr) {
                            self.compared.push((path, format!("{:?}", word.inner())));
                        }
                    }
                }
                Shape::Boolean
            }
            operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS => {
                for (argument, shape) in call.args.iter().zip(&shapes) {
                    if let (Some(path), Some(word)) = (spelled(argument), shape.word_for_silence()) {
                        // The age of a time is absent with the time itself; its `at` holds the word.
                        let path = path.strip_suffix(".age_seconds").map_or(path.clone(), |time| format!("{time}.at"));
                        self.ordered.push((path, word));
                    }
                }
                Shape::Boolean
            }
            operators::LOGICAL_AND
            | operators::LOGICAL_OR
            | operators::LOGICAL_NOT
            | operators::IN
            | operators::NOT_STRICTLY_FALSE
            | "startsWith"
            | "endsWith"
            | "contains"
            | "matches" => Shape::Boolean,
            operators::CONDITIONAL => shapes.into_iter().nth(1).unwrap_or(Shape::Any),
            "size" => Shape::Number,
            "filter" | "map" => target.unwrap_or(Shape::Any),
            _ => Shape::Any,
        }
    }
}

/// `a.b.c`, if the expression is just that.
fn spelled(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Node::Ident(name) => Some(name.clone()),
        Node::Select(select) => Some(format!("{}.{}", spelled(&select.operand)?, select.field)),
        _ => None,
    }
}
