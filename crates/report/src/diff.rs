//! What changed between two versions of playbooks: text, Markdown and JSON.

use crate::question::safe;
use runbook_interpreter::plan::diff::{Change, Weight};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// The version of the document; it rises when a field changes its meaning or goes away.
pub const FORMAT_VERSION: u32 = 1;

/// The most characters of a comment on a pull request (GitHub's bound on a comment's body).
pub const MOST_CHARACTERS: usize = 65_536;

/// One playbook in both versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaybookDiff {
    /// Its name in the base; `None` where it is new.
    pub base: Option<String>,
    /// Its name in the head; `None` where it is gone.
    pub head: Option<String>,
    /// What is different, the gravest first.
    pub changes: Vec<Change>,
}

impl PlaybookDiff {
    /// Whether a run does the same in both, under whatever name.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.changes.is_empty()
    }

    fn title(&self) -> String {
        match (&self.base, &self.head) {
            (Some(base), Some(head)) if base == head => head.clone(),
            (Some(base), Some(head)) => format!("{base} → {head}"),
            (None, Some(head)) => format!("{head} (new)"),
            (Some(base), None) => format!("{base} (gone)"),
            (None, None) => String::new(),
        }
    }

    fn of(&self, weight: Weight) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(move |change| change.weight == weight)
    }
}

fn heading(weight: Weight) -> &'static str {
    match weight {
        Weight::Weakened => "Safety weakened",
        Weight::Widened => "Can do more",
        Weight::Changed => "Does something else",
        Weight::Tightened => "Can do less, or is safer",
    }
}

fn sentence(change: &Change) -> String {
    let place = if change.place.is_empty() {
        String::new()
    } else {
        format!("{}: ", change.place)
    };
    match (&change.from, &change.to) {
        (Some(from), Some(to)) => {
            format!("{place}{}: {} → {}", change.text, quoted(from), quoted(to))
        }
        _ => format!("{place}{}", change.text),
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() {
        "nothing".to_owned()
    } else {
        format!("“{text}”")
    }
}

/// The differences as lines for a terminal, weakened safety of all playbooks first.
#[must_use]
pub fn lines(diffs: &[PlaybookDiff]) -> Vec<String> {
    let mut lines = Vec::new();
    for weight in Weight::ALL {
        let count: usize = diffs.iter().map(|diff| diff.of(weight).count()).sum();
        if count == 0 {
            continue;
        }
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!("{} ({count})", heading(weight)));
        for diff in diffs {
            if diff.of(weight).next().is_none() {
                continue;
            }
            lines.push(format!("  {}", safe(&diff.title())));
            for change in diff.of(weight) {
                lines.push(format!("    {}", safe(&sentence(change))));
            }
        }
    }
    if lines.is_empty() {
        lines.push("no difference in behaviour".to_owned());
    }
    lines
}

/// The differences as Markdown for a comment, within `most` characters.
#[must_use]
pub fn markdown(diffs: &[PlaybookDiff], most: usize) -> String {
    let count = |weight| -> usize { diffs.iter().map(|diff| diff.of(weight).count()).sum() };
    let mut page = String::from("## What changes when these playbooks run\n\n");
    if diffs.iter().all(PlaybookDiff::is_same) {
        page.push_str("No difference in behaviour.\n");
        return page;
    }
    for weight in Weight::ALL.into_iter().filter(|weight| count(*weight) > 0) {
        let mark = if weight == Weight::Weakened {
            "⚠️ "
        } else {
            ""
        };
        let _ = writeln!(page, "- {mark}{}: {}", heading(weight), count(weight));
    }
    let note = |left: usize| format!("\n… and {left} more; `runbook diff` shows them all.\n");
    let room = most.saturating_sub(note(usize::MAX).len() + "\n</details>\n".len());
    let mut left = 0;
    for weight in Weight::ALL {
        for diff in diffs {
            let changes: Vec<&Change> = diff.of(weight).collect();
            if changes.is_empty() {
                continue;
            }
            let open = if weight <= Weight::Widened {
                " open"
            } else {
                ""
            };
            let head = format!(
                "\n<details{open}><summary>{}: {} ({})</summary>\n\n",
                heading(weight),
                html(&diff.title()),
                changes.len()
            );
            let first = changes
                .first()
                .map_or(0, |change| item(change).chars().count());
            if left > 0 || page.chars().count() + head.chars().count() + first > room {
                left += changes.len();
                continue;
            }
            page.push_str(&head);
            for change in changes {
                let line = item(change);
                if left > 0 || page.chars().count() + line.chars().count() > room {
                    left += 1;
                } else {
                    page.push_str(&line);
                }
            }
            page.push_str("\n</details>\n");
        }
    }
    if left > 0 {
        page.push_str(&note(left));
    }
    page
}

/// One line of a list. What authors wrote stands as code: it cannot become a link, a mention or markup.
fn item(change: &Change) -> String {
    let place = if change.place.is_empty() {
        String::new()
    } else {
        format!("{} ", code(&change.place))
    };
    match (&change.from, &change.to) {
        (Some(from), Some(to)) => {
            format!(
                "- {place}{}: {} → {}\n",
                code(&change.text),
                code(from),
                code(to)
            )
        }
        _ => format!("- {place}{}\n", code(&change.text)),
    }
}

/// A code span whose fence is longer than any in the text (`CommonMark` 0.31, "Code spans").
fn code(text: &str) -> String {
    const LONGEST: usize = 400;
    let one_line = safe(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut shown: String = one_line.chars().take(LONGEST).collect();
    if one_line.chars().count() > LONGEST {
        shown.push('…');
    }
    if shown.is_empty() {
        return "nothing".to_owned();
    }
    let longest = shown
        .split(|one| one != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    format!("{fence} {shown} {fence}")
}

fn html(text: &str) -> String {
    safe(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('@', "&#64;")
}

/// The differences as a document for programs.
#[must_use]
pub fn document(diffs: &[PlaybookDiff]) -> Json {
    let count = |weight| -> usize { diffs.iter().map(|diff| diff.of(weight).count()).sum() };
    json!({
        "format_version": FORMAT_VERSION,
        "same": diffs.iter().all(PlaybookDiff::is_same),
        "counts": Weight::ALL.iter().map(|weight| (weight.as_str().to_owned(), json!(count(*weight))))
            .collect::<serde_json::Map<_, _>>(),
        "playbooks": diffs.iter().map(|diff| json!({
            "base": diff.base,
            "head": diff.head,
            "changes": diff.changes.iter().map(|change| json!({
                "weight": change.weight.as_str(),
                "kind": change.kind.as_str(),
                "step": Some(&change.place).filter(|place| !place.is_empty()),
                "text": change.text,
                "from": change.from,
                "to": change.to,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::{PlaybookDiff, lines, markdown};
    use runbook_interpreter::plan::diff::{Change, Kind, Weight};

    fn change(weight: Weight, text: &str) -> Change {
        Change {
            weight,
            kind: Kind::Call,
            place: "resolve.a".to_owned(),
            text: text.to_owned(),
            from: None,
            to: None,
        }
    }

    fn diff(changes: Vec<Change>) -> PlaybookDiff {
        PlaybookDiff {
            base: Some("a".to_owned()),
            head: Some("a".to_owned()),
            changes,
        }
    }

    #[test]
    fn weakened_safety_of_all_playbooks_stands_first() {
        let diffs = [
            diff(vec![change(Weight::Changed, "one")]),
            diff(vec![change(Weight::Weakened, "two")]),
        ];
        assert_eq!(
            lines(&diffs),
            [
                "Safety weakened (1)",
                "  a",
                "    resolve.a: two",
                "",
                "Does something else (1)",
                "  a",
                "    resolve.a: one",
            ]
        );
    }

    #[test]
    fn a_comment_stays_within_its_bound_and_says_what_it_leaves_out() {
        let many = (0..5000)
            .map(|at| change(Weight::Widened, &format!("change {at}")))
            .collect();
        let page = markdown(&[diff(many)], super::MOST_CHARACTERS);
        assert!(page.chars().count() <= super::MOST_CHARACTERS);
        assert!(page.contains("more; `runbook diff` shows them all"));
        assert_eq!(
            page.matches("<details").count(),
            page.matches("</details>").count()
        );
    }

    #[test]
    fn text_of_authors_is_code_and_nothing_else() {
        let page = markdown(
            &[diff(vec![change(
                Weight::Changed,
                "``` @team <img src=x> [a](b)\n# head",
            )])],
            super::MOST_CHARACTERS,
        );
        assert!(
            page.contains("```` ``` @team <img src=x> [a](b) # head ````"),
            "{page}"
        );
    }
}
