//! Text to tree, through minijinja's parser.

use super::{Argument, Arithmetic, CompareOp, Expr, ExprKind, Expression};
use crate::diagnostic::{Code, Diagnostic};
use crate::place::Places;
use crate::source::Source;
use crate::span::{Span, TextPlace};
use crate::value::Value;
use minijinja::machinery::ast;
use minijinja::value::ValueKind;

/// The longest expression, in bytes.
pub const MAX_LENGTH: usize = 8 * 1024;
/// How deep expressions may nest.
const MAX_DEPTH: usize = 40;
/// How many brackets may be open at once.
const MAX_BRACKETS: usize = 16;
/// How many operators an expression may have: every one may deepen its tree.
const MAX_OPERATORS: usize = 512;
/// How many `not`, `else` and signs an expression may have: minijinja recurses on each without a bound of its own.
const MAX_PREFIXES: usize = 24;

/// Reads an expression.
///
/// # Errors
/// A diagnostic with the code `template-syntax` for what is no expression of the language.
pub fn parse(text: &str, place: TextPlace, source: &Source) -> Result<Expression, Diagnostic> {
    parse_part(text, 0, &Places::new(text, place, source), source)
}

/// Reads an expression that begins at a byte of a scalar's text.
///
/// # Errors
/// A diagnostic with the code `template-syntax` for what is no expression of the language.
pub(crate) fn parse_part(
    text: &str,
    at: usize,
    places: &Places,
    source: &Source,
) -> Result<Expression, Diagnostic> {
    let trimmed = text.trim();
    let offset = at + text.len() - text.trim_start().len();
    let reader = Reader {
        text: trimmed,
        offset,
        places,
        source,
    };
    let whole = reader.place(0, trimmed.len());
    reader.check_bounds(whole)?;
    let tree =
        minijinja::machinery::parse_expr(trimmed).map_err(|error| reader.explain(&error, whole))?;
    let (root, _) = reader.convert(&tree, 0)?;
    Ok(Expression {
        text: trimmed.to_owned(),
        span: whole,
        root,
    })
}

/// A byte range of the expression's text.
#[derive(Clone, Copy)]
struct Extent {
    start: usize,
    end: usize,
}

struct Reader<'a> {
    text: &'a str,
    /// Where `text` begins in its scalar.
    offset: usize,
    places: &'a Places,
    source: &'a Source,
}

impl Reader<'_> {
    fn place(&self, start: usize, end: usize) -> Span {
        self.places.part(self.offset + start, self.offset + end)
    }

    fn problem(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::TemplateSyntax, self.source, span, message)
    }

    /// Refuses what would make the parser, or the walks over its tree, recurse without bound.
    fn check_bounds(&self, whole: Span) -> Result<(), Diagnostic> {
        if self.text.is_empty() {
            return Err(self
                .problem(whole, "the expression is empty")
                .help("write a name, a literal or a condition, for example `inputs.cluster`"));
        }
        if self.text.len() > MAX_LENGTH {
            return Err(self.problem(
                whole,
                format!("the expression is longer than {MAX_LENGTH} bytes"),
            ));
        }
        if let Some(at) = self.text.find("{%").or_else(|| self.text.find("{#")) {
            return Err(self
                .problem(
                    self.place(at, at + 2),
                    "an expression has no statements and no comments",
                )
                .help("only expressions stand between `${{` and `}}`"));
        }
        let (mut open, mut brackets, mut operators, mut prefixes) = (0usize, 0, 0, 0);
        for token in tokens(self.text) {
            match token {
                "(" | "[" | "{" => {
                    open += 1;
                    operators += 1;
                    brackets = brackets.max(open);
                }
                ")" | "]" | "}" => open = open.saturating_sub(1),
                "not" | "else" | "-" => {
                    prefixes += 1;
                    operators += 1;
                }
                "and" | "or" | "is" | "if" | "in" | "." | "|" | "+" | "~" | "*" | "/" | "%"
                | "=" | "<" | ">" | "!" => operators += 1,
                _ => {}
            }
        }
        if brackets > MAX_BRACKETS || operators > MAX_OPERATORS || prefixes > MAX_PREFIXES {
            return Err(self.too_deep(whole));
        }
        Ok(())
    }

    fn too_deep(&self, span: Span) -> Diagnostic {
        self.problem(span, "the expression is too deep")
            .help("split it: capture a part of it under a name of its own")
    }

    fn explain(&self, error: &minijinja::Error, whole: Span) -> Diagnostic {
        let detail = error.detail().unwrap_or("it is not well-formed");
        let problem = self.problem(whole, format!("the expression cannot be read: {detail}"));
        let words: Vec<&str> = tokens(self.text).collect();
        if words.iter().any(|word| *word == "&" || *word == "!") && !self.text.contains("!=") {
            problem.help("conditions are written with `and`, `or` and `not`")
        } else if words
            .windows(3)
            .any(|three| matches!(three, ["is", _, "if"]))
        {
            problem.help("put the test before `if` in parentheses: `(x is defined) if …`")
        } else if words
            .windows(2)
            .any(|two| matches!(two, [before, "="] if *before != "="))
            && detail.contains('=')
        {
            problem.help("equality is written `==`")
        } else {
            problem
        }
    }

    fn node(&self, kind: ExprKind, extent: Extent) -> (Expr, Extent) {
        let span = self.place(extent.start, extent.end);
        (Expr { kind, span }, extent)
    }

    fn convert(&self, tree: &ast::Expr<'_>, depth: usize) -> Result<(Expr, Extent), Diagnostic> {
        let own = extent(tree.span(), self.text.len());
        if depth > MAX_DEPTH {
            return Err(self.too_deep(self.place(own.start, own.end)));
        }
        let depth = depth + 1;
        match tree {
            ast::Expr::Var(name) => self.name(name.id, own),
            ast::Expr::Const(constant) => {
                let value = self.constant(&constant.value, own)?;
                Ok(self.node(ExprKind::Constant(value), own))
            }
            ast::Expr::UnaryOp(operation) => {
                let (inner, at) = self.convert(&operation.expr, depth)?;
                let kind = match operation.op {
                    ast::UnaryOpKind::Not => ExprKind::Not(Box::new(inner)),
                    ast::UnaryOpKind::Neg => ExprKind::Negate(Box::new(inner)),
                };
                let start = own.start.min(at.start);
                Ok(self.node(kind, Extent { start, end: at.end }))
            }
            ast::Expr::BinOp(operation) => {
                let (left, from) = self.convert(&operation.left, depth)?;
                let (right, to) = self.convert(&operation.right, depth)?;
                Ok(self.node(binary(operation.op, left, right), join(from, to)))
            }
            ast::Expr::Compare(chain) => {
                let (first, from) = self.convert(&chain.expr, depth)?;
                let mut to = from;
                let mut rest = Vec::new();
                for link in &chain.ops {
                    let (right, at) = self.convert(&link.expr, depth)?;
                    to = at;
                    rest.push((comparison(link.op), right));
                }
                Ok(self.node(ExprKind::Compare(Box::new(first), rest), join(from, to)))
            }
            ast::Expr::IfExpr(choice) => self.choice(choice, depth),
            ast::Expr::GetAttr(access) => {
                let (inner, from) = self.convert(&access.expr, depth)?;
                let kind = ExprKind::Member(Box::new(inner), access.name.to_owned());
                Ok(self.node(kind, join(from, own)))
            }
            ast::Expr::GetItem(access) => {
                let (inner, from) = self.convert(&access.expr, depth)?;
                let (index, _) = self.convert(&access.subscript_expr, depth)?;
                let kind = ExprKind::Index(Box::new(inner), Box::new(index));
                Ok(self.node(kind, join(from, own)))
            }
            ast::Expr::Slice(slice) => self.slice(slice, depth, own),
            ast::Expr::Filter(filter) => self.filter(filter, depth, own),
            ast::Expr::Test(test) => {
                let (input, from) = self.convert(&test.expr, depth)?;
                let kind = ExprKind::Test {
                    name: test.name.to_owned(),
                    input: Box::new(input),
                    arguments: self.arguments(&test.args, depth, own)?,
                };
                Ok(self.node(kind, join(from, own)))
            }
            ast::Expr::Call(call) => self.call(call, depth, own),
            ast::Expr::List(list) => {
                let items = list
                    .items
                    .iter()
                    .map(|item| Ok(self.convert(item, depth)?.0))
                    .collect::<Result<_, Diagnostic>>()?;
                Ok(self.node(ExprKind::List(items), own))
            }
            ast::Expr::Map(map) => {
                let mut entries = Vec::new();
                for (key, value) in map.keys.iter().zip(&map.values) {
                    entries.push((self.key(key)?, self.convert(value, depth)?.0));
                }
                Ok(self.node(ExprKind::Map(entries), own))
            }
            ast::Expr::Tuple(_) => Err(self
                .problem(self.place(own.start, own.end), "there are no tuples")
                .help("write a list: `[a, b]`")),
        }
    }

    fn choice(&self, choice: &ast::IfExpr<'_>, depth: usize) -> Result<(Expr, Extent), Diagnostic> {
        let (then, from) = self.convert(&choice.true_expr, depth)?;
        let (test, mut to) = self.convert(&choice.test_expr, depth)?;
        let otherwise = match &choice.false_expr {
            Some(tree) => {
                let (otherwise, at) = self.convert(tree, depth)?;
                to = at;
                Some(Box::new(otherwise))
            }
            None => None,
        };
        let kind = ExprKind::If {
            test: Box::new(test),
            then: Box::new(then),
            otherwise,
        };
        Ok(self.node(kind, join(from, to)))
    }

    fn slice(
        &self,
        slice: &ast::Slice<'_>,
        depth: usize,
        own: Extent,
    ) -> Result<(Expr, Extent), Diagnostic> {
        let (inner, from) = self.convert(&slice.expr, depth)?;
        let bound = |bound: &Option<ast::Expr<'_>>| match bound {
            Some(tree) => Ok(Some(Box::new(self.convert(tree, depth)?.0))),
            None => Ok(None),
        };
        let kind = ExprKind::Slice(
            Box::new(inner),
            bound(&slice.start)?,
            bound(&slice.stop)?,
            bound(&slice.step)?,
        );
        Ok(self.node(kind, join(from, own)))
    }

    fn filter(
        &self,
        filter: &ast::Filter<'_>,
        depth: usize,
        own: Extent,
    ) -> Result<(Expr, Extent), Diagnostic> {
        let Some(input) = &filter.expr else {
            return Err(self.problem(
                self.place(own.start, own.end),
                "a filter needs a value before it",
            ));
        };
        let (input, from) = self.convert(input, depth)?;
        let kind = ExprKind::Filter {
            name: filter.name.to_owned(),
            input: Box::new(input),
            arguments: self.arguments(&filter.args, depth, own)?,
        };
        Ok(self.node(kind, join(from, own)))
    }

    fn name(&self, id: &str, own: Extent) -> Result<(Expr, Extent), Diagnostic> {
        let span = self.place(own.start, own.end);
        match id {
            "absent" => Ok(self.node(ExprKind::Constant(Value::Absent), own)),
            "null" | "nil" | "undefined" => Err(self
                .problem(span, format!("`{id}` is not a value"))
                .help("nothing is written `absent`")),
            "if" | "else" | "and" | "or" | "not" | "in" | "is" => Err(self
                .problem(span, format!("`{id}` cannot stand here"))
                .help("put what is before it in parentheses: `(x is defined) if …`")),
            _ => Ok(self.node(ExprKind::Name(id.to_owned()), own)),
        }
    }

    fn constant(&self, value: &minijinja::value::Value, own: Extent) -> Result<Value, Diagnostic> {
        let span = self.place(own.start, own.end);
        let written = self.text.get(own.start..own.end).unwrap_or_default();
        match value.kind() {
            ValueKind::Bool if written == "True" || written == "False" => Err(self
                .problem(span, format!("`{written}` is not a value"))
                .help(format!("write `{}`", written.to_lowercase()))),
            ValueKind::Bool => Ok(Value::Boolean(value.is_true())),
            ValueKind::Number if value.is_integer() => i64::try_from(value.clone())
                .map(Value::Integer)
                .map_err(|_| self.problem(span, "the integer is too large")),
            ValueKind::Number => f64::try_from(value.clone())
                .ok()
                .filter(|number| number.is_finite())
                .map(Value::Number)
                .ok_or_else(|| self.problem(span, "the number is too large")),
            ValueKind::String => Ok(Value::text(value.as_str().unwrap_or_default())),
            _ => Err(self
                .problem(span, format!("`{written}` is not a value"))
                .help("nothing is written `absent`")),
        }
    }

    fn key(&self, key: &ast::Expr<'_>) -> Result<String, Diagnostic> {
        let own = extent(key.span(), self.text.len());
        if let ast::Expr::Const(constant) = key
            && let Some(text) = constant.value.as_str()
        {
            return Ok(text.to_owned());
        }
        Err(self
            .problem(
                self.place(own.start, own.end),
                "the key of a mapping must be a text",
            )
            .help("put it in quotes: `{'name': value}`"))
    }

    fn call(
        &self,
        call: &ast::Call<'_>,
        depth: usize,
        own: Extent,
    ) -> Result<(Expr, Extent), Diagnostic> {
        let callee = extent(call.expr.span(), self.text.len());
        match &call.expr {
            ast::Expr::Var(name) => {
                let kind = ExprKind::Call {
                    name: name.id.to_owned(),
                    arguments: self.arguments(&call.args, depth, own)?,
                };
                Ok(self.node(kind, join(callee, own)))
            }
            ast::Expr::GetAttr(access) => Err(self
                .problem(
                    self.place(callee.start.min(own.start), own.end),
                    format!("there is no method `{}()`", access.name),
                )
                .help(format!(
                    "values have no methods; filters are written `x | {}`",
                    access.name
                ))),
            _ => Err(self.problem(
                self.place(own.start, own.end),
                "only a function can be called",
            )),
        }
    }

    fn arguments(
        &self,
        arguments: &[ast::CallArg<'_>],
        depth: usize,
        own: Extent,
    ) -> Result<Vec<Argument>, Diagnostic> {
        arguments
            .iter()
            .map(|argument| match argument {
                ast::CallArg::Pos(value) => Ok(Argument {
                    name: None,
                    value: self.convert(value, depth)?.0,
                }),
                ast::CallArg::Kwarg(name, value) => Ok(Argument {
                    name: Some((*name).to_owned()),
                    value: self.convert(value, depth)?.0,
                }),
                ast::CallArg::PosSplat(_) | ast::CallArg::KwargSplat(_) => Err(self
                    .problem(
                        self.place(own.start, own.end),
                        "`*` and `**` cannot spread arguments",
                    )
                    .help("write the arguments out")),
            })
            .collect()
    }
}

fn extent(span: minijinja::machinery::Span, length: usize) -> Extent {
    let end = usize::try_from(span.end_offset).map_or(length, |end| end.min(length));
    let start = usize::try_from(span.start_offset).map_or(end, |start| start.min(end));
    Extent { start, end }
}

/// minijinja starts some spans at the token before the node; the operands know better.
fn join(from: Extent, to: Extent) -> Extent {
    Extent {
        start: from.start,
        end: from.end.max(to.end),
    }
}

fn comparison(op: ast::CompareOpKind) -> CompareOp {
    match op {
        ast::CompareOpKind::Eq => CompareOp::Equal,
        ast::CompareOpKind::Ne => CompareOp::NotEqual,
        ast::CompareOpKind::Lt => CompareOp::Less,
        ast::CompareOpKind::Lte => CompareOp::LessOrEqual,
        ast::CompareOpKind::Gt => CompareOp::Greater,
        ast::CompareOpKind::Gte => CompareOp::GreaterOrEqual,
        ast::CompareOpKind::In => CompareOp::In,
        ast::CompareOpKind::NotIn => CompareOp::NotIn,
    }
}

fn binary(op: ast::BinOpKind, left: Expr, right: Expr) -> ExprKind {
    let compare = |op, left, right| ExprKind::Compare(Box::new(left), vec![(op, right)]);
    let calculate = |op, left, right| ExprKind::Arithmetic(op, Box::new(left), Box::new(right));
    match op {
        ast::BinOpKind::Eq => compare(CompareOp::Equal, left, right),
        ast::BinOpKind::Ne => compare(CompareOp::NotEqual, left, right),
        ast::BinOpKind::Lt => compare(CompareOp::Less, left, right),
        ast::BinOpKind::Lte => compare(CompareOp::LessOrEqual, left, right),
        ast::BinOpKind::Gt => compare(CompareOp::Greater, left, right),
        ast::BinOpKind::Gte => compare(CompareOp::GreaterOrEqual, left, right),
        ast::BinOpKind::In => compare(CompareOp::In, left, right),
        ast::BinOpKind::ScAnd => ExprKind::And(Box::new(left), Box::new(right)),
        ast::BinOpKind::ScOr => ExprKind::Or(Box::new(left), Box::new(right)),
        ast::BinOpKind::Add => calculate(Arithmetic::Add, left, right),
        ast::BinOpKind::Sub => calculate(Arithmetic::Subtract, left, right),
        ast::BinOpKind::Mul => calculate(Arithmetic::Multiply, left, right),
        ast::BinOpKind::Div => calculate(Arithmetic::Divide, left, right),
        ast::BinOpKind::FloorDiv => calculate(Arithmetic::FloorDivide, left, right),
        ast::BinOpKind::Rem => calculate(Arithmetic::Remainder, left, right),
        ast::BinOpKind::Pow => calculate(Arithmetic::Power, left, right),
        ast::BinOpKind::Concat => ExprKind::Concat(Box::new(left), Box::new(right)),
    }
}

/// The words and the single other characters of an expression, string literals left out.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            let first = rest.chars().next()?;
            if first == '\'' || first == '"' {
                let end = string_end(rest);
                rest = rest.get(end..).unwrap_or_default();
                continue;
            }
            let end = if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            let (token, after) = rest.split_at(end);
            rest = after;
            return Some(token);
        }
    })
}

/// Where the string literal that `text` begins with ends; the end of the text where it is not closed.
pub(crate) fn string_end(text: &str) -> usize {
    let mut characters = text.char_indices();
    let Some((_, quote)) = characters.next() else {
        return 0;
    };
    let mut escaped = false;
    for (at, character) in characters {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + character.len_utf8(),
            _ => {}
        }
    }
    text.len()
}
