//! Names that an author gives: of steps, inputs, captures, causes.

use super::reader::Reader;
use crate::diagnostic::Code;
use crate::span::Spanned;

/// Names that mean something already.
pub const RESERVED: &[&str] = &[
    "absent",
    "and",
    "before",
    "cause",
    "check",
    "diagnose",
    "else",
    "error",
    "escalate",
    "false",
    "finally",
    "gather",
    "holds",
    "if",
    "in",
    "inputs",
    "is",
    "none",
    "not",
    "notify",
    "now",
    "null",
    "or",
    "resolve",
    "result",
    "run",
    "since",
    "status",
    "symptom",
    "target",
    "true",
    "truncated",
    "undo",
    "unknown",
    "verify",
];

/// The longest name, in characters.
const LONGEST: usize = 64;

impl Reader<'_> {
    /// Checks a name; `what` says whose (`step`, `input`).
    pub(super) fn name(&mut self, what: &str, name: &Spanned<String>) {
        let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) {
            "an"
        } else {
            "a"
        };
        if name.contains("${{") {
            self.report(
                Code::TemplatePlace,
                name.span,
                format!("the name of {article} {what} takes no template"),
                "write the name itself; for one step over many things there is `each`",
            );
        } else if !is_snake_case(name) {
            let suggestion = snake_case(name);
            let help = if suggestion.is_empty() {
                "names are lower-case letters, digits and `_`, and begin with a letter".to_owned()
            } else {
                format!("write `{suggestion}`")
            };
            self.report(
                Code::InvalidName,
                name.span,
                format!("the {what} name `{}` is not snake_case", name.value),
                help,
            );
        } else if RESERVED.contains(&name.as_str()) {
            self.report(
                Code::InvalidName,
                name.span,
                format!(
                    "`{}` means something already and cannot name {article} {what}",
                    name.value
                ),
                format!("choose another, for example `{}_{what}`", name.value),
            );
        } else if name.len() > LONGEST {
            self.report(
                Code::InvalidName,
                name.span,
                format!("the {what} name is longer than {LONGEST} characters"),
                "shorten it; what it is in full goes into `title`",
            );
        }
    }
}

/// Whether text is lower-case letters, digits and `_`, beginning with a letter.
pub(super) fn is_snake_case(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '_')
}

/// What a name would be in `snake_case`; empty where nothing is left.
fn snake_case(text: &str) -> String {
    let mut name = String::new();
    let mut lower_before = false;
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            if character.is_ascii_uppercase() && lower_before {
                name.push('_');
            }
            name.push(character.to_ascii_lowercase());
            lower_before = character.is_ascii_lowercase() || character.is_ascii_digit();
        } else {
            if !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
            lower_before = false;
        }
    }
    let name = name.trim_end_matches('_');
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("n_{name}")
    } else {
        name.to_owned()
    }
}
