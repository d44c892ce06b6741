//! Types of paths: what a node is that a path leads to.

use super::Path;
use crate::diagnostic::Code;
use crate::expression::{closest, join, unknown_member};
use crate::span::Span;
use crate::types::Type;
use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, Segment, Selector, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};
use std::collections::HashSet;

/// How many shapes are looked at for one descendant segment.
const MAX_SHAPES: usize = 2_000;

/// What is wrong with a path into a known type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathProblem {
    /// The kind of problem.
    pub code: Code,
    /// Where.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
}

impl Path {
    /// Finds the type of one node that the path leads to, from the type of the document. It is optional where a
    /// singular path may lead nowhere.
    ///
    /// # Errors
    /// Members that the type does not have, those in filters included.
    pub fn infer(&self, ty: &Type) -> Result<Type, Vec<PathProblem>> {
        let mut walk = Walk::new(self.span, ty, None);
        let found = walk.segments(ty.clone(), &self.query.segments);
        if walk.problems.is_empty() {
            Ok(found)
        } else {
            Err(walk.problems)
        }
    }

    /// Finds what [`Path::infer`] does, and looks at what the filters compare too, given the types of the names in them.
    #[must_use]
    pub fn review(&self, ty: &Type, names: Vec<Option<Type>>) -> (Type, Vec<PathProblem>) {
        let mut walk = Walk::new(self.span, ty, Some(names));
        let found = walk.segments(ty.clone(), &self.query.segments);
        let unknown = walk
            .problems
            .iter()
            .any(|problem| problem.code == Code::UnknownMember);
        (if unknown { Type::Any } else { found }, walk.problems)
    }
}

pub(super) struct Walk {
    span: Span,
    root: Type,
    /// The types of the names in filters, where what filters compare is to be looked at.
    names: Option<Vec<Option<Type>>>,
    problems: Vec<PathProblem>,
}

impl Walk {
    fn new(span: Span, root: &Type, names: Option<Vec<Option<Type>>>) -> Self {
        Self {
            span,
            root: root.clone(),
            names,
            problems: Vec::new(),
        }
    }

    pub(super) fn root(&self) -> Type {
        self.root.clone()
    }

    /// The type of a name in a filter, by its position.
    pub(super) fn named(&self, place: usize) -> Option<Type> {
        self.names.as_ref()?.get(place)?.clone()
    }

    /// The type that some segments lead to; what is wrong with them is said elsewhere.
    pub(super) fn quietly(&mut self, from: &Type, segments: &[Segment]) -> Option<Type> {
        let before = self.problems.len();
        let found = self.segments(from.clone(), segments);
        let fine = self.problems.len() == before;
        self.problems.truncate(before);
        fine.then_some(found)
    }

    pub(super) fn wrong(&mut self, code: Code, message: String, suggestion: Option<String>) {
        let problem = PathProblem {
            code,
            span: self.span,
            message,
            suggestion,
        };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn problem(&mut self, message: impl Into<String>, suggestion: Option<String>) -> Type {
        self.wrong(Code::UnknownMember, message.into(), suggestion);
        Type::Any
    }

    fn segments(&mut self, from: Type, segments: &[Segment]) -> Type {
        let mut ty = from;
        for segment in segments {
            ty = match segment {
                Segment::Selector(selector) => self.selector(&ty, selector),
                Segment::Selectors(selectors) => self.union(&ty, selectors),
                Segment::Descendant(inner) => self.descendants(&ty, inner),
            };
        }
        ty
    }

    fn union(&mut self, ty: &Type, selectors: &[Selector]) -> Type {
        let types: Vec<Type> = selectors
            .iter()
            .map(|selector| self.selector(ty, selector))
            .collect();
        types
            .into_iter()
            .reduce(|left, right| join(&left, &right))
            .unwrap_or(Type::Any)
    }

    fn selector(&mut self, ty: &Type, selector: &Selector) -> Type {
        let optional = matches!(ty, Type::Optional(_));
        let node = match selector {
            Selector::Name(name) => self.member(ty.present(), name),
            Selector::Index(_) => self.element(ty.present()).optional(),
            Selector::Slice(..) => self.element(ty.present()),
            Selector::Wildcard => self.children(ty.present()),
            Selector::Filter(filter) => {
                let child = self.children(ty.present());
                self.filter(&child, filter);
                child
            }
        };
        let one = matches!(selector, Selector::Name(_) | Selector::Index(_));
        if optional && one {
            node.optional()
        } else {
            node
        }
    }

    fn member(&mut self, ty: &Type, name: &str) -> Type {
        match ty {
            Type::Any | Type::JsonText => Type::Any,
            Type::Map(inner) => inner.as_ref().clone().optional(),
            Type::Structure(structure) => match structure.member(name) {
                // Results are what the API sends: that a member is required says what requests must have.
                Some(member) if member.required => member.known(),
                Some(member) => member.known().optional(),
                None => {
                    let problem = unknown_member(structure.as_ref(), name, self.span);
                    self.problem(problem.message, problem.help)
                }
            },
            Type::List(_) => self.problem(
                format!("a list has no member `{name}`"),
                Some(format!(
                    "write `[*].{name}` for its elements, or `[0].{name}` for the first"
                )),
            ),
            other => self.problem(format!("{other} has no member `{name}`"), None),
        }
    }

    fn element(&mut self, ty: &Type) -> Type {
        match ty {
            Type::Any | Type::JsonText => Type::Any,
            Type::List(list) => list.element.present().clone(),
            other => self.problem(format!("{other} has no elements"), None),
        }
    }

    fn children(&mut self, ty: &Type) -> Type {
        match ty {
            Type::Any | Type::JsonText => Type::Any,
            Type::List(list) => list.element.present().clone(),
            Type::Map(inner) => inner.present().clone(),
            Type::Structure(structure) => structure
                .member_names()
                .iter()
                .filter_map(|name| structure.member(name))
                .map(|member| member.known().present().clone())
                .reduce(|left, right| join(&left, &right))
                .unwrap_or(Type::Any),
            other => self.problem(format!("{other} has no elements"), None),
        }
    }

    /// A name below: the types of all members of that name, wherever they stand.
    fn descendants(&mut self, ty: &Type, inner: &Segment) -> Type {
        let Segment::Selector(Selector::Name(name)) = inner else {
            return Type::Any;
        };
        let mut pending = vec![ty.present().clone()];
        // Shapes may contain themselves, and many stand in more than one place.
        let mut seen: HashSet<(String, Vec<String>)> = HashSet::new();
        let mut found: Option<Type> = None;
        let mut open = false;
        while let Some(ty) = pending.pop() {
            match ty.present() {
                // Any key of a map may be meant.
                Type::Any | Type::JsonText | Type::Map(_) => open = true,
                Type::List(list) => pending.push(list.element.clone()),
                Type::Structure(structure) => {
                    let names = structure.member_names();
                    if seen.len() > MAX_SHAPES {
                        return Type::Any;
                    }
                    if !seen.insert((structure.name().to_owned(), names.clone())) {
                        continue;
                    }
                    for member_name in names {
                        let Some(member) = structure.member(&member_name) else {
                            continue;
                        };
                        if member_name == *name {
                            let ty = member.known();
                            let ty = ty.present();
                            found =
                                Some(found.map_or_else(|| ty.clone(), |found| join(&found, ty)));
                        }
                        pending.push(member.ty);
                    }
                }
                _ => {}
            }
        }
        match found {
            Some(found) if !open => found,
            None if !open => {
                let names = seen.iter().flat_map(|(_, names)| names);
                let near = closest(name, names.map(String::as_str));
                self.problem(
                    format!("there is no member `{name}` below {ty}"),
                    near.map(|near| format!("did you mean `{near}`?")),
                )
            }
            _ => Type::Any,
        }
    }

    fn filter(&mut self, node: &Type, filter: &Filter) {
        match filter {
            Filter::Or(filters) | Filter::And(filters) => {
                for filter in filters {
                    self.filter(node, filter);
                }
            }
            Filter::Atom(FilterAtom::Filter { expr, .. }) => self.filter(node, expr),
            Filter::Atom(FilterAtom::Test { expr, .. }) => self.test(node, expr),
            Filter::Atom(FilterAtom::Comparison(comparison)) => {
                let (Comparison::Eq(left, right)
                | Comparison::Ne(left, right)
                | Comparison::Gt(left, right)
                | Comparison::Gte(left, right)
                | Comparison::Lt(left, right)
                | Comparison::Lte(left, right)) = comparison.as_ref();
                self.comparable(node, left);
                self.comparable(node, right);
                if self.names.is_some() {
                    self.compared(node, comparison);
                }
            }
        }
    }

    fn test(&mut self, node: &Type, test: &Test) {
        match test {
            Test::RelQuery(segments) => {
                self.segments(node.clone(), segments);
            }
            Test::AbsQuery(query) => {
                let root = self.root.clone();
                self.segments(root, &query.segments);
            }
            Test::Function(function) => self.function(node, function),
        }
    }

    fn comparable(&mut self, node: &Type, comparable: &Comparable) {
        match comparable {
            Comparable::Literal(_) => {}
            Comparable::Function(function) => self.function(node, function),
            Comparable::SingularQuery(query) => {
                let (mut ty, segments) = match query {
                    SingularQuery::Current(segments) => (node.clone(), segments),
                    SingularQuery::Root(segments) => (self.root.clone(), segments),
                };
                for segment in segments {
                    ty = match segment {
                        SingularQuerySegment::Name(name) => self.member(ty.present(), name),
                        SingularQuerySegment::Index(_) => self.element(ty.present()),
                    };
                }
            }
        }
    }

    fn function(&mut self, node: &Type, function: &TestFunction) {
        if let (
            Some(_),
            TestFunction::Search(subject, pattern) | TestFunction::Match(subject, pattern),
        ) = (&self.names, function)
        {
            self.searched(node, subject, pattern);
        }
        let arguments: Vec<&FnArg> = match function {
            TestFunction::Custom(_, arguments) => arguments.iter().collect(),
            TestFunction::Length(argument) => vec![argument],
            TestFunction::Value(argument) | TestFunction::Count(argument) => vec![argument],
            TestFunction::Search(left, right) | TestFunction::Match(left, right) => {
                vec![left, right]
            }
        };
        for argument in arguments {
            match argument {
                FnArg::Literal(_) => {}
                FnArg::Test(test) => self.test(node, test),
                FnArg::Filter(filter) => self.filter(node, filter),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::span::TextPlace;
    use crate::types::Record;

    fn response() -> Type {
        let container = Record::new("Container")
            .optional("name", Type::text())
            .optional("exitCode", Type::integer())
            .build();
        let task = Record::new("Task")
            .optional("cpu", Type::integer())
            .optional("containers", Type::list(container))
            .optional("tags", Type::map(Type::text()))
            .optional("policy", Type::JsonText)
            .build();
        Record::new("DescribeTasksResponse")
            .required("tasks", Type::list(task.clone()))
            .optional("first", task)
            .build()
    }

    fn show(text: &str) -> String {
        let place = TextPlace {
            span: Span::new(0, text.len()),
            exact: true,
        };
        let path = Path::parse(text, place, &Source::new("test.yaml", text))
            .unwrap_or_else(|problem| panic!("{text}: {}", problem.message));
        match path.infer(&response()) {
            Ok(ty) => ty.to_string(),
            Err(problems) => {
                let said = problems
                    .into_iter()
                    .map(|problem| match problem.suggestion {
                        Some(suggestion) => format!("{}; {suggestion}", problem.message),
                        None => problem.message,
                    });
                said.collect::<Vec<_>>().join(" / ")
            }
        }
    }

    #[test]
    fn finds_the_types_of_nodes() {
        for (text, expected) in [
            ("$", "DescribeTasksResponse"),
            ("$.tasks", "list of Task"),
            ("$.tasks[*]", "Task"),
            ("$.tasks[0]", "Task, may be absent"),
            ("$.tasks[0].cpu", "integer, may be absent"),
            ("$.first.cpu", "integer, may be absent"),
            ("$['first']['cpu']", "integer, may be absent"),
            ("$.first.tags.team", "text, may be absent"),
            ("$.first.tags[*]", "text"),
            ("$.first.policy.Statement[*].Effect", "any value"),
            ("$.tasks[1:].containers[*]", "Container"),
            (
                "$.tasks[?@.cpu > 256].containers",
                "list of Container, may be absent",
            ),
            ("$.tasks[?@.containers[?@.exitCode == 137]]", "Task"),
            ("$.tasks[?@.cpu == inputs.cpu]", "Task"),
            ("$.tasks[?count(@.containers[*]) > 1]", "Task"),
            // A JSON document may have one too.
            ("$..exitCode", "any value"),
            ("$.tasks[0]['cpu', 'containers']", "any value"),
        ] {
            assert_eq!(show(text), expected, "{text}");
        }
    }

    #[test]
    fn refuses_what_the_type_does_not_have() {
        for (text, expected) in [
            (
                "$.task",
                "DescribeTasksResponse has no member `task`; did you mean `tasks`?",
            ),
            (
                "$.tasks[*].CPU",
                "Task has no member `CPU`; did you mean `cpu`?",
            ),
            (
                "$.tasks.cpu",
                "a list has no member `cpu`; write `[*].cpu` for its elements, or `[0].cpu` for the first",
            ),
            ("$.first[0]", "Task has no elements"),
            ("$.first.cpu.value", "integer has no member `value`"),
            ("$.first.cpu[*]", "integer has no elements"),
            (
                "$.tasks[?@.memory > 1]",
                "Task has no member `memory`; it has cpu, containers, tags, policy",
            ),
            (
                "$.tasks[?$.task]",
                "DescribeTasksResponse has no member `task`; did you mean `tasks`?",
            ),
            (
                "$.tasks[?length(@.nam) > 1]",
                "Task has no member `nam`; it has cpu, containers, tags, policy",
            ),
            (
                "$.tasks[?@.x == 1 && @.x == 2]",
                "Task has no member `x`; it has cpu, containers, tags, policy",
            ),
        ] {
            assert_eq!(show(text), expected, "{text}");
        }
    }

    #[test]
    fn looks_at_what_filters_compare() {
        let review = |text: &str, names: Vec<Option<Type>>| {
            let place = TextPlace {
                span: Span::new(0, text.len()),
                exact: true,
            };
            let path = Path::parse(text, place, &Source::new("test.yaml", text)).expect("a path");
            let problems = path.review(&response(), names).1;
            let said = problems.iter().map(|problem| {
                let help = problem.suggestion.as_ref();
                let help = help.map_or_else(String::new, |help| format!("; {help}"));
                format!("{} {}{help}", problem.code.slug(), problem.message)
            });
            said.collect::<Vec<_>>().join(" / ")
        };
        for (text, expected) in [
            ("$.tasks[?@.cpu > 256]", ""),
            ("$.tasks[?@.cpu == null || @.tags.a == 'b']", ""),
            ("$.tasks[?@.containers[0].name < 'b']", ""),
            (
                "$.tasks[?@.cpu == '256']",
                "expression-type the filter compares a number with text, which is never true",
            ),
            (
                "$.tasks[?'256' != @.cpu]",
                "expression-type the filter compares text with a number, which is always true",
            ),
            (
                "$.tasks[?length(@.containers) == 'many']",
                "expression-type the filter compares a number with text, which is never true",
            ),
            (
                "$.tasks[?@.containers == 1]",
                "expression-type the filter compares a list with a number, which is never true",
            ),
            (
                "$.tasks[?@.tags < @.tags]",
                "expression-type the filter asks for an order, and a mapping has none",
            ),
            (
                "$.tasks[*].containers[?search(@.exitCode, '1')]",
                "expression-type the filter searches in text, and this is a number",
            ),
            (
                "$.tasks[*].containers[?search(@.name, 'a(')]",
                "invalid-regex `a(` is no regular expression",
            ),
        ] {
            assert_eq!(review(text, Vec::new()), expected, "{text}");
        }
        let named = "$.tasks[?@.cpu == inputs.cpu]";
        assert_eq!(review(named, vec![Some(Type::integer())]), "");
        assert_eq!(review(named, vec![None]), "");
        assert_eq!(
            review(named, vec![Some(Type::text())]),
            "expression-type the filter compares a number with text, which is never true"
        );
        let state = Record::new("Result")
            .optional(
                "items",
                Type::list(
                    Record::new("Item")
                        .optional("state", Type::one_of(&["ACTIVE"]))
                        .build(),
                ),
            )
            .build();
        let text = "$.items[?@.state == 'ACTIV']";
        let place = TextPlace {
            span: Span::new(0, text.len()),
            exact: true,
        };
        let path = Path::parse(text, place, &Source::new("test.yaml", text)).expect("a path");
        let problems = path.review(&state, Vec::new()).1;
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].code, Code::NeverTrue);
        assert_eq!(
            problems[0].suggestion.as_deref(),
            Some("did you mean `ACTIVE`?")
        );
    }

    #[test]
    fn looks_for_descendants_in_all_shapes() {
        let leaf = Record::new("Leaf")
            .optional("n", Type::integer())
            .optional("number", Type::integer())
            .build();
        let tree = Record::new("Tree")
            .optional("leaf", Type::list(leaf))
            .build();
        let labelled = Record::new("Labelled")
            .optional("labels", Type::map(Type::text()))
            .build();
        let infer_in = |text: &str, tree: &Type| {
            let place = TextPlace {
                span: Span::new(0, text.len()),
                exact: true,
            };
            let path = Path::parse(text, place, &Source::new("test.yaml", text)).expect("a path");
            path.infer(tree).map(|ty| ty.to_string())
        };
        let infer = |text: &str| infer_in(text, &tree);
        assert_eq!(infer_in("$..team", &labelled), Ok("any value".to_owned()));
        let slip = infer("$..numbre").expect_err("nothing is called so");
        let help = slip.first().and_then(|problem| problem.suggestion.clone());
        assert_eq!(help.as_deref(), Some("did you mean `number`?"));
        assert_eq!(infer("$..n"), Ok("integer".to_owned()));
        assert!(infer("$..m").is_err_and(|problems| {
            problems
                .iter()
                .any(|problem| problem.message == "there is no member `m` below Tree")
        }));
    }
}
