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
/// Most words and signs of a condition, and so a bound of its depth, in parentheses or otherwise.
const MAX_WORDS: usize = 300;
/// Levels of what the parser gives. Evaluation takes up to 40 kB of stack for each in a debug build, and a thread has two
/// megabytes.
const MAX_DEPTH: usize = 24;
/// Stack of the thread that parses. The parser takes up to 200 kB for each pair of parentheses in a debug build; a stack
/// that overflows ends the process, and cannot be caught.
const PARSER_STACK: usize = 64 << 20;
/// What may be called, besides operators and macros.
const FUNCTIONS: [&str; 5] = ["size", "startsWith", "endsWith", "contains", "matches"];
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
        if words(source) > MAX_WORDS {
            return Err(vec![format!("the condition has more than {MAX_WORDS} words and signs")]);
        }
        // Files under `--controls` are edited by people; a panic of the parser must not reach them.
        let compiled = std::thread::scope(|scope| {
            let parser = std::thread::Builder::new().stack_size(PARSER_STACK);
            parser.spawn_scoped(scope, || ENV.compile(source)).map(std::thread::ScopedJoinHandle::join)
        });
        let program = match compiled {
            Ok(Ok(Ok(program))) => program,
            Ok(Ok(Err(errors))) => return Err(vec![format!("not valid CEL: {}", errors.to_string().trim())]),
            Ok(Err(_)) => return Err(vec!["not valid CEL".to_owned()]),
            Err(error) => return Err(vec![format!("no thread could be started to parse it: {error}")]),
        };
        let mut lint = Lint {
            types,
            variables,
            uses: BTreeMap::new(),
            problems: Vec::new(),
            ordered: Vec::new(),
            compared: Vec::new(),
            depth: 0,
            deepest: 0,
        };
        let shape = lint.shape(program.expression(), &mut Vec::new());
        if !matches!(shape, Shape::Boolean | Shape::Any) {
            lint.problems.push("the condition is not true or false".to_owned());
        }
        if lint.deepest > MAX_DEPTH {
            lint.problems.push(format!("more than {MAX_DEPTH} levels inside one another"));
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

/// How many words and signs a text has; a sign of two characters counts twice.
fn words(text: &str) -> usize {
    let inner = |c: char| c.is_alphanumeric() || c == '_';
    let starts = text.chars().scan(false, |in_word, c| {
        let starts = !c.is_whitespace() && (!*in_word || !inner(c));
        *in_word = inner(c);
        Some(starts)
    });
    starts.filter(|starts| *starts).count()
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
    /// Levels above what is looked at, and the most there were.
    depth: usize,
    deepest: usize,
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
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let shape = self.shape_of(node, locals);
        self.depth -= 1;
        shape
    }

    fn shape_of(&mut self, node: &IdedExpr, locals: &mut Vec<Local>) -> Shape {
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
                // Behind what was seen of a list that is cut stands one thing of which nothing is known. A new list that
                // has a place for it without looking at it would have a length that means nothing.
                let grows = matches!(comprehension.accu_init.expr, Node::List(_));
                let of_resources = variable.as_ref().is_some_and(|local| matches!(local.shape, Shape::Resource(_)));
                if grows && of_resources && !looks_at(&comprehension.loop_step, &comprehension.iter_var) {
                    self.problems.push(format!(
                        "`filter` and `map` must look at a field of `{}` in any case: the list may be cut",
                        comprehension.iter_var
                    ));
                }
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
        if let Some(target) = call.target.as_deref() {
            self.shape(target, locals);
        }
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
            operators::ADD | operators::INDEX => Shape::Any,
            operators::SUBSTRACT
            | operators::MULTIPLY
            | operators::DIVIDE
            | operators::MODULO
            | operators::NEGATE
            | "size" => Shape::Number,
            // `a.?b.orValue(c)` makes a known value of an absent one; what else CEL has, nobody needed yet.
            operators::OPT_SELECT | operators::OPT_INDEX => {
                self.problems.push("`.?` and `[?]` turn an absent value into a known one".to_owned());
                Shape::Any
            }
            name => {
                self.problems.push(format!(
                    "there is no function `{name}` with {} here; there are {}",
                    match shapes.len() {
                        1 => "one argument".to_owned(),
                        count => format!("{count} arguments"),
                    },
                    FUNCTIONS.join(", ")
                ));
                Shape::Any
            }
        }
    }
}

/// Does an expression come to nothing where no field of the variable is known, whatever else is?
fn looks_at(node: &IdedExpr, variable: &str) -> bool {
    let is = |node: &IdedExpr| matches!(&node.expr, Node::Ident(name) if name == variable);
    let all = |nodes: &[IdedExpr]| nodes.iter().all(|node| looks_at(node, variable));
    let any = |nodes: &[IdedExpr]| nodes.iter().any(|node| looks_at(node, variable));
    match &node.expr {
        Node::Select(select) => is(&select.operand) || looks_at(&select.operand, variable),
        Node::List(list) => any(&list.elements),
        Node::Comprehension(inner) => looks_at(&inner.iter_range, variable),
        Node::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            // One side alone may decide.
            (operators::LOGICAL_AND | operators::LOGICAL_OR, sides) => all(sides),
            (operators::CONDITIONAL, [condition, sides @ ..]) => looks_at(condition, variable) || all(sides),
            (_, arguments) => any(arguments) || call.target.as_deref().is_some_and(|target| looks_at(target, variable)),
        },
        _ => false,
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
