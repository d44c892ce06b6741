//! A list of playbooks as people and programs read it.

use crate::line::{Line, Look, Tone};
use crate::question::safe;
use serde_json::{Value as Json, json};

/// What a playbook is for, told by its graphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaybookKind {
    /// It knows how a problem shows, or how its cause is found.
    Troubleshooting,
    /// It says whether something is well.
    Check,
    /// It only does something.
    Procedure,
}

impl PlaybookKind {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Troubleshooting => "troubleshooting",
            Self::Check => "check",
            Self::Procedure => "procedure",
        }
    }
}

/// One playbook of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPlaybook {
    /// What `runbook run` takes.
    pub name: String,
    /// Its file.
    pub file: String,
    /// What it is called.
    pub title: String,
    /// One sentence about it.
    pub summary: Option<String>,
    /// How bad its problem is.
    pub severity: Option<String>,
    /// What it is for.
    pub kind: PlaybookKind,
    /// Words for finding it.
    pub tags: Vec<String>,
    /// Names and titles of the causes that it may find.
    pub causes: Vec<(String, String)>,
    /// The inputs without which it does not run.
    pub required: Vec<String>,
}

/// The playbooks: where there is a width a few lines each, else a table of one line each.
#[must_use]
pub fn lines(playbooks: &[ListedPlaybook], look: Look) -> Vec<String> {
    if look.width.is_none() {
        return table(playbooks);
    }
    let mut lines = Vec::new();
    for playbook in playbooks {
        let severity = playbook.severity.as_deref().unwrap_or("-");
        let head = Line::at(0)
            .with(tone(severity), format!("{severity:<3} "))
            .with(Tone::Strong, &playbook.name)
            .plain("  ")
            .plain(&playbook.title);
        lines.extend(head.wrapped(look));
        let mut about = Line::at(2).with(Tone::Quiet, playbook.kind.as_str());
        if !playbook.tags.is_empty() {
            about = about.with(Tone::Quiet, format!(": {}", playbook.tags.join(", ")));
        }
        lines.extend(about.wrapped(look));
        if !playbook.causes.is_empty() {
            let causes = Line::at(2).with(Tone::Quiet, format!("causes: {}", names(playbook)));
            lines.extend(causes.wrapped(look));
        }
        if !playbook.required.is_empty() {
            let needs = playbook.required.join(", ");
            let needs = Line::at(2).with(Tone::Quiet, format!("needs: {needs}"));
            lines.extend(needs.wrapped(look));
        }
    }
    lines
}

/// One document for programs.
#[must_use]
pub fn document(playbooks: &[ListedPlaybook]) -> Json {
    let playbooks = playbooks.iter().map(|playbook| {
        let causes = playbook.causes.iter();
        let causes: Vec<Json> = causes
            .map(|(name, title)| json!({"name": name, "title": title}))
            .collect();
        json!({
            "playbook": playbook.name,
            "file": playbook.file,
            "title": playbook.title,
            "summary": playbook.summary,
            "severity": playbook.severity,
            "kind": playbook.kind.as_str(),
            "tags": playbook.tags,
            "causes": causes,
            "required_inputs": playbook.required,
        })
    });
    json!({"playbooks": playbooks.collect::<Vec<_>>()})
}

/// How loud a severity is.
pub(crate) fn tone(severity: &str) -> Tone {
    match severity {
        "P0" | "P1" => Tone::Bad,
        "P2" => Tone::Attention,
        _ => Tone::Quiet,
    }
}

fn names(playbook: &ListedPlaybook) -> String {
    let names: Vec<&str> = playbook
        .causes
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.join(", ")
}

fn table(playbooks: &[ListedPlaybook]) -> Vec<String> {
    let none = |text: String| {
        if text.is_empty() {
            "-".to_owned()
        } else {
            text
        }
    };
    let mut rows =
        vec![["SEVERITY", "KIND", "PLAYBOOK", "TITLE", "TAGS", "CAUSES"].map(str::to_owned)];
    rows.extend(playbooks.iter().map(|playbook| {
        [
            none(playbook.severity.clone().unwrap_or_default()),
            playbook.kind.as_str().to_owned(),
            playbook.name.clone(),
            playbook.title.clone(),
            none(playbook.tags.join(",")),
            none(names(playbook).replace(", ", ",")),
        ]
    }));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            safe(cells.join("  ").trim_end())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{ListedPlaybook, PlaybookKind, lines};
    use crate::line::Look;
    use unicode_width::UnicodeWidthStr;

    fn leak() -> ListedPlaybook {
        ListedPlaybook {
            name: "acso/memory-leak".to_owned(),
            file: "playbooks/acso/memory-leak.yaml".to_owned(),
            title: "Memory leak".to_owned(),
            summary: None,
            severity: Some("P1".to_owned()),
            kind: PlaybookKind::Troubleshooting,
            tags: vec!["ecs".to_owned(), "memory".to_owned()],
            causes: vec![("out_of_memory".to_owned(), "Out of memory".to_owned())],
            required: vec!["cluster".to_owned()],
        }
    }

    #[test]
    fn a_terminal_gets_lines_that_fit_and_a_pipe_one_line_each() {
        let narrow = Look {
            width: Some(24),
            ..Look::default()
        };
        let shown = lines(&[leak()], narrow);
        assert!(shown.iter().all(|line| line.width() <= 24), "{shown:?}");
        assert_eq!(shown.last().map(String::as_str), Some("    needs: cluster"));
        assert_eq!(
            lines(&[leak()], Look::default()),
            [
                "SEVERITY  KIND             PLAYBOOK          TITLE        TAGS        CAUSES",
                "P1        troubleshooting  acso/memory-leak  Memory leak  ecs,memory  out_of_memory",
            ]
        );
    }
}
