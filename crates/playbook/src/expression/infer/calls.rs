//! Calls of functions, filters and tests.

use super::relation::is_secret;
use super::{Inference, Problem};
use crate::diagnostic::Code;
use crate::expression::functions::{self, BuiltinKind};
use crate::expression::tree::{Argument, ExprKind};
use crate::expression::{closest, returns};
use crate::span::Span;
use crate::types::Type;
use crate::value::Value;

/// Whether a filter has something to say about a value that is absent.
pub(super) fn takes_absent(filter: &str) -> bool {
    matches!(filter, "default" | "required" | "tojson")
}

impl Inference<'_> {
    pub(super) fn call(
        &mut self,
        kind: BuiltinKind,
        name: &str,
        input: Option<&Type>,
        arguments: &[Argument],
        span: Span,
    ) -> Type {
        if let (BuiltinKind::Filter, Some(input), Some((filter, rest))) =
            (kind, input, functions::mapped(name, arguments))
        {
            return self.map(input, filter, rest, span);
        }
        let Some(builtin) = functions::builtin(kind, name) else {
            self.unknown_builtin(kind, name, span);
            return Type::Any;
        };
        let mut given = Vec::new();
        for argument in arguments {
            let ty = if matches!(name, "default" | "select" | "reject") {
                self.of(&argument.value)
            } else {
                self.present_of(&argument.value, &format!("an argument of `{name}`"))
            };
            given.push((argument.name.as_deref(), (&argument.value, ty)));
        }
        let bound = match functions::bind(builtin, given) {
            Ok(bound) => bound,
            Err(message) => {
                self.mistype(span, message);
                return Type::Any;
            }
        };
        let secret =
            input.is_some_and(is_secret) || bound.iter().flatten().any(|(_, ty)| is_secret(ty));
        match returns::of(builtin, input, &bound) {
            Ok(Type::Text(_)) if secret => Type::Secret,
            Ok(Type::List(list)) if secret && matches!(list.element.present(), Type::Text(_)) => {
                Type::list(Type::Secret)
            }
            Ok(ty) => ty,
            Err((code, message)) => {
                self.problem(code, span, message);
                Type::Any
            }
        }
    }

    /// `list | map('filter')`
    fn map(&mut self, input: &Type, filter: &Argument, rest: &[Argument], span: Span) -> Type {
        let element = match input.present() {
            Type::List(list) => list.element.clone(),
            Type::Any | Type::JsonText => Type::Any,
            other => {
                self.mistype(span, format!("`map` does not work on {other}"));
                return Type::Any;
            }
        };
        let ExprKind::Constant(Value::Text(name)) = &filter.value.kind else {
            let problem = Problem::new(
                Code::ExpressionType,
                filter.value.span,
                "`map` takes the name of a filter, in quotes",
            );
            self.push(problem.help(functions::MAP_HELP));
            return Type::list(Type::Any);
        };
        if name.as_ref() == "map" {
            self.mistype(filter.value.span, "`map` does not map itself");
            return Type::list(Type::Any);
        }
        if functions::builtin(BuiltinKind::Filter, name).is_none() {
            self.unknown_filter_of_map(&element, name, filter.value.span);
            return Type::list(Type::Any);
        }
        if let Type::Optional(_) = element
            && !takes_absent(name)
        {
            let message = format!("`{name}` of elements that may be absent");
            let problem = Problem::new(Code::MaybeAbsent, span, message);
            self.push(problem.help("put `map('default', …)` before it"));
        }
        Type::list(self.call(BuiltinKind::Filter, name, Some(&element), rest, span))
    }

    fn unknown_filter_of_map(&mut self, element: &Type, name: &str, span: Span) {
        let members = match element.present() {
            Type::Structure(structure) => structure.member_names(),
            _ => Vec::new(),
        };
        let member = members.iter().find(|member| *member == name);
        let member = member.map(String::as_str).or_else(|| {
            match functions::similar(BuiltinKind::Filter, name) {
                Some(_) => None,
                None => closest(name, members.iter().map(String::as_str)),
            }
        });
        match member {
            None => self.unknown_builtin(BuiltinKind::Filter, name, span),
            Some(member) => {
                let message = format!("there is no filter `{name}`");
                let problem = Problem::new(Code::UnknownFunction, span, message);
                let help =
                    format!("for the member of each element, write `map(attribute='{member}')`");
                self.push(problem.help(help));
            }
        }
    }

    fn unknown_builtin(&mut self, kind: BuiltinKind, name: &str, span: Span) {
        let what = match kind {
            BuiltinKind::Function => "function",
            BuiltinKind::Filter => "filter",
            BuiltinKind::Test => "test",
        };
        let message = format!("there is no {what} `{name}`");
        let problem = Problem::new(Code::UnknownFunction, span, message);
        self.push(match functions::similar(kind, name) {
            Some(guess) => problem.help(format!("did you mean `{guess}`?")),
            None => problem,
        });
    }
}
