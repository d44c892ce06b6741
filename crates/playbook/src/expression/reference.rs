//! The page about functions, filters and tests.

use super::functions::{BUILTINS, BuiltinKind};

const INTRODUCTION: &str = "\
# Functions, filters and tests

What expressions can call. The list is closed: none of it reads or writes anything outside the expression.

`name?` may be left out, `name*` takes any number of values, `name=…` is given by its name; every other parameter is given
by its place or by its name. What is unknown makes the result unknown. What is absent is refused, but for `default`,
`tojson` and the tests; elements of a list that may be absent are given a value by `map('default', …)`.
";

/// The reference of all functions, filters and tests, as the Markdown of `docs/functions.md`.
#[must_use]
pub fn builtins_reference() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (kind, title, column) in [
        (BuiltinKind::Function, "Functions", "function"),
        (BuiltinKind::Filter, "Filters", "filter"),
        (BuiltinKind::Test, "Tests", "test"),
    ] {
        page.push_str("\n## ");
        page.push_str(title);
        page.push_str("\n\n");
        row(&mut page, column, "meaning");
        row(&mut page, "---", "---");
        for builtin in BUILTINS.iter().filter(|builtin| builtin.kind == kind) {
            row(
                &mut page,
                &format!("`{}`", builtin.signature()),
                builtin.doc,
            );
        }
    }
    page
}

/// A row of a table; a bar within a cell would end it.
fn row(page: &mut String, left: &str, right: &str) {
    for cell in [left, right] {
        page.push_str("| ");
        page.push_str(&cell.replace('|', "\\|"));
        page.push(' ');
    }
    page.push_str("|\n");
}
