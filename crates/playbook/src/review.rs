//! From the text of a file to a checked playbook and everything that is to be said about it.

use crate::catalog::Catalog;
use crate::check::{Library, check};
use crate::checked::Checked;
use crate::diagnostic::{Diagnostic, has_errors, silence};
use crate::source::Source;
use crate::syntax;
use crate::syntax::playbook::Playbook;

/// Reads and checks a playbook. `id` is its path below the playbook root without the ending.
///
/// All problems come back, sorted by place, without those that comments of the file allow; the checked playbook only when
/// none of them is an error.
#[must_use]
pub fn review(
    source: &Source,
    id: &str,
    catalog: &dyn Catalog,
    library: &dyn Library,
) -> (Option<Checked>, Vec<Diagnostic>) {
    review_parsed(source, syntax::parse(source), id, catalog, library)
}

/// Checks a playbook that has been read: `parsed` is what [`syntax::parse`] gave for the same source. All else is as in
/// [`review`].
#[must_use]
pub fn review_parsed(
    source: &Source,
    parsed: (Option<Playbook>, Vec<Diagnostic>),
    id: &str,
    catalog: &dyn Catalog,
    library: &dyn Library,
) -> (Option<Checked>, Vec<Diagnostic>) {
    let (playbook, mut problems) = parsed;
    let checked = playbook.and_then(|playbook| {
        let (checked, found) = check(playbook, id, catalog, library);
        problems.extend(found);
        checked
    });
    let problems = silence(source, problems);
    (checked.filter(|_| !has_errors(&problems)), problems)
}
