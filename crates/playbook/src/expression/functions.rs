//! The closed list of functions, filters and tests.

use super::tree::Argument;

/// What a name is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltinKind {
    /// `name(arguments)`
    Function,
    /// `value | name(arguments)`
    Filter,
    /// `value is name(arguments)`
    Test,
}

/// A function, filter or test of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// What it is used as.
    pub kind: BuiltinKind,
    /// Its name.
    pub name: &'static str,
    /// Its parameters after the filtered or tested value. `name?` may be left out, `name*` takes any number, `name=` is
    /// given by its name.
    pub parameters: &'static [&'static str],
    /// What it gives, in one line.
    pub doc: &'static str,
}

impl Builtin {
    /// How it is written: `value | round(digits?)`.
    #[must_use]
    pub fn signature(&self) -> String {
        let parameters = self.parameters.join(", ").replace('=', "=…");
        match self.kind {
            BuiltinKind::Function => format!("{}({parameters})", self.name),
            BuiltinKind::Filter if parameters.is_empty() => format!("value | {}", self.name),
            BuiltinKind::Filter => format!("value | {}({parameters})", self.name),
            BuiltinKind::Test if parameters.is_empty() => format!("value is {}", self.name),
            BuiltinKind::Test => format!("value is {}({parameters})", self.name),
        }
    }
}

/// Finds a function, filter or test.
#[must_use]
pub fn builtin(kind: BuiltinKind, name: &str) -> Option<&'static Builtin> {
    BUILTINS
        .iter()
        .find(|builtin| builtin.kind == kind && builtin.name == name)
}

/// The one that was probably meant.
#[must_use]
pub fn similar(kind: BuiltinKind, name: &str) -> Option<&'static str> {
    closest(
        name,
        BUILTINS
            .iter()
            .filter(|builtin| builtin.kind == kind)
            .map(|builtin| builtin.name),
    )
}

/// The candidate that is most like the name, if one is like it at all.
#[must_use]
pub fn closest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .map(|candidate| {
            (
                strsim::jaro_winkler(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

const fn function(
    name: &'static str,
    parameters: &'static [&'static str],
    doc: &'static str,
) -> Builtin {
    Builtin {
        kind: BuiltinKind::Function,
        name,
        parameters,
        doc,
    }
}

const fn filter(
    name: &'static str,
    parameters: &'static [&'static str],
    doc: &'static str,
) -> Builtin {
    Builtin {
        kind: BuiltinKind::Filter,
        name,
        parameters,
        doc,
    }
}

const fn test(
    name: &'static str,
    parameters: &'static [&'static str],
    doc: &'static str,
) -> Builtin {
    Builtin {
        kind: BuiltinKind::Test,
        name,
        parameters,
        doc,
    }
}

/// All functions, filters and tests, in the order in which they are documented.
pub const BUILTINS: &[Builtin] = &[
    function(
        "since",
        &["length"],
        "The start of the attempt less a duration, but never before the run's last write.",
    ),
    function(
        "duration",
        &["text"],
        "A duration from text: `duration('1h30m')`.",
    ),
    function(
        "timestamp",
        &["value"],
        "A timestamp from ISO-8601 text, or from seconds since 1970 (milliseconds from 10^11 on).",
    ),
    function(
        "trend",
        &["points"],
        "The line through `{at, value}` points: `per_hour` (its slope), `first`, `last` (its ends), `fit` (r², how well it fits: 0 to 1, and 1 where all points lie on it, as those of a level series do). Needs two points at different times.",
    ),
    function(
        "forecast",
        &["points", "limit"],
        "The duration from the last point until the line through the points reaches a value; absent where it never does.",
    ),
    function(
        "min",
        &["values*"],
        "The least of its arguments, or of one list.",
    ),
    function(
        "max",
        &["values*"],
        "The greatest of its arguments, or of one list.",
    ),
    function("abs", &["value"], "A number or duration without its sign."),
    function(
        "quantile",
        &["values", "q"],
        "The value below which a part of a list of numbers lies; `q` is 0 to 1, between two values it interpolates.",
    ),
    function(
        "percentile",
        &["values", "p"],
        "As `quantile`, with `p` from 0 to 100.",
    ),
    filter(
        "default",
        &["other", "empty?"],
        "The value, or the other where it is absent; with `empty=true` also where it is an empty text, list or mapping.",
    ),
    filter(
        "required",
        &[],
        "The value; where it is absent the step fails and says so.",
    ),
    filter(
        "length",
        &[],
        "The number of elements, entries or characters.",
    ),
    filter(
        "first",
        &[],
        "The first element; absent where there is none.",
    ),
    filter("last", &[], "The last element; absent where there is none."),
    filter("join", &["separator?"], "The elements as one text."),
    filter("lower", &[], "Text in lower case."),
    filter("upper", &[], "Text in upper case."),
    filter("trim", &[], "Text without white space at its ends."),
    filter(
        "replace",
        &["old", "new"],
        "Text with every `old` replaced.",
    ),
    filter("split", &["separator"], "The parts of a text."),
    filter(
        "basename",
        &[],
        "What follows the last `/` of a path or an ARN.",
    ),
    filter(
        "arn",
        &["part"],
        "A part of an ARN: `partition`, `service`, `region`, `account` or `resource`.",
    ),
    filter(
        "round",
        &["digits?"],
        "A number rounded half away from zero; an integer where no digits are asked for.",
    ),
    filter(
        "int",
        &[],
        "An integer, from a number without fraction or from text.",
    ),
    filter("float", &[], "A number, from an integer or from text."),
    filter("text", &[], "A number, timestamp or duration as text."),
    filter("abs", &[], "A number or duration without its sign."),
    filter(
        "min",
        &[],
        "The least element; an empty list has none and fails.",
    ),
    filter(
        "max",
        &[],
        "The greatest element; an empty list has none and fails.",
    ),
    filter("sum", &[], "The elements added up; 0 for an empty list."),
    filter(
        "average",
        &[],
        "The mean of the elements; an empty list has none and fails.",
    ),
    filter(
        "sort",
        &["attribute?", "reverse?"],
        "The elements in ascending order, by an attribute of theirs if one is given.",
    ),
    filter(
        "unique",
        &[],
        "The elements without repetitions, in their first order.",
    ),
    filter(
        "intersect",
        &["other"],
        "The elements that the other list has too.",
    ),
    filter(
        "difference",
        &["other"],
        "The elements that the other list does not have.",
    ),
    filter(
        "reverse",
        &[],
        "The elements or characters from last to first.",
    ),
    filter(
        "map",
        &["attribute="],
        "An attribute of each element: `tasks | map(attribute='cpu')`; or each element filtered, by the filter's name and its arguments: `arns | map('basename')`, `numbers | map('round', 2)`.",
    ),
    filter(
        "select",
        &["attribute", "value?"],
        "The elements whose attribute equals the value, or is true where no value is given.",
    ),
    filter(
        "reject",
        &["attribute", "value?"],
        "The elements that `select` leaves out.",
    ),
    filter(
        "wrap",
        &["key"],
        "A mapping with the value under a key: `names | map('wrap', 'IndexName')` is a list of mappings.",
    ),
    filter(
        "merge",
        &["other"],
        "A mapping with the entries of both; those of the other one win.",
    ),
    filter("keys", &[], "The keys of a mapping."),
    filter("values", &[], "The values of a mapping."),
    filter("tojson", &[], "The value as compact JSON text."),
    filter("fromjson", &[], "The value that a JSON text holds."),
    test("defined", &[], "It is there."),
    test("undefined", &[], "It is absent."),
    test("unknown", &[], "It could not be read."),
    test(
        "empty",
        &[],
        "A text, list or mapping has nothing in it, or it is absent.",
    ),
    test("done", &[], "The step was carried out."),
    test("skipped", &[], "The step was skipped."),
    test("blocked", &[], "The step could not start."),
    test("failed", &[], "The step failed."),
    test("undone", &[], "The step was taken back."),
    test(
        "in",
        &["values"],
        "It is an element, a part or a key: as the operator `in`.",
    ),
    test(
        "matches",
        &["pattern"],
        "The regular expression is found in the text.",
    ),
    test("starting_with", &["prefix"], "The text begins so."),
    test("ending_with", &["suffix"], "The text ends so."),
];

/// How `map` is written.
pub(super) const MAP_HELP: &str =
    "write `map('basename')` to filter each element, `map(attribute='name')` for a member of each";

/// The filter that `map` applies to each element, and that filter's arguments; `None` where an attribute is asked for,
/// and for anything but `map`.
pub(super) fn mapped<'e>(
    name: &str,
    arguments: &'e [Argument],
) -> Option<(&'e Argument, &'e [Argument])> {
    arguments
        .split_first()
        .filter(|(filter, _)| name == "map" && filter.name.is_none())
}

/// Puts arguments in the order of the parameters. Variadic ones follow the last parameter.
pub(crate) fn bind<T>(
    builtin: &Builtin,
    given: Vec<(Option<&str>, T)>,
) -> Result<Vec<Option<T>>, String> {
    let variadic = builtin.parameters.iter().any(|name| name.ends_with('*'));
    let mut bound: Vec<Option<T>> = Vec::new();
    if !variadic {
        bound.resize_with(builtin.parameters.len(), || None);
    }
    for (place, (name, value)) in given.into_iter().enumerate() {
        if variadic {
            if name.is_some() {
                return Err(format!("`{}` takes no named arguments", builtin.name));
            }
            bound.push(Some(value));
            continue;
        }
        let slot = match name {
            None => Some(place),
            Some(name) => builtin
                .parameters
                .iter()
                .position(|parameter| parameter.trim_end_matches(['?', '=']) == name),
        };
        match slot.and_then(|slot| bound.get_mut(slot)) {
            Some(slot) if slot.is_none() => *slot = Some(value),
            Some(_) => return Err(format!("an argument of `{}` is given twice", builtin.name)),
            None => {
                return Err(match name {
                    Some(name) => format!("`{}` has no argument `{name}`", builtin.name),
                    None => format!("too many arguments: write `{}`", builtin.signature()),
                });
            }
        }
    }
    let missing = builtin
        .parameters
        .iter()
        .zip(&bound)
        .find(|(name, value)| value.is_none() && !name.ends_with('?'));
    match missing {
        Some((name, _)) => Err(format!(
            "`{}` needs `{}`: write `{}`",
            builtin.name,
            name.trim_end_matches('='),
            builtin.signature()
        )),
        None if variadic && bound.is_empty() => {
            Err(format!("`{}` needs an argument", builtin.name))
        }
        None => Ok(bound),
    }
}
