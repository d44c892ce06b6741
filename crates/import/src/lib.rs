//! Troubleshooting pages, shell scripts and AWS CLI commands: playbooks come out, and what is wrong with the commands.

mod aws;
mod draft;
mod findings;
mod hidden;
mod other;
mod page;
mod shell;
mod step;
mod text;
mod yaml;

pub use draft::{Draft, Seen};

use draft::Reading;
use findings::Findings;
use page::{Block, Page, Section};
use runbook_playbook::diagnostic::Diagnostic;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use text::Marks;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A page of Markdown.
    Markdown,
    /// A shell script, or commands.
    Shell,
}

/// What came out of a text.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// Playbooks, one a section that has commands.
    pub drafts: Vec<Draft>,
    /// What is wrong with the commands, by place.
    pub diagnostics: Vec<Diagnostic>,
    /// Each command and what became of it, in order.
    pub commands: Vec<Seen>,
}

/// Reads a text.
#[must_use]
pub fn import(source: &Source, form: Form, registry: &Registry) -> Imported {
    let page = match form {
        Form::Markdown => page::read(source.text()),
        Form::Shell => script(source),
    };
    let mut reading = Reading {
        registry,
        findings: Findings::new(source),
        marks: Marks::default(),
        seen: Vec::new(),
        undefined: std::collections::BTreeSet::new(),
    };
    let drafts = draft::drafts(&page, &mut reading);
    Imported {
        drafts,
        diagnostics: reading.findings.sorted(),
        commands: reading.seen,
    }
}

/// A script as a page of one section.
fn script(source: &Source) -> Page {
    let name = source
        .name()
        .rsplit('/')
        .next()
        .and_then(|file| file.split('.').next())
        .filter(|stem| !stem.is_empty() && *stem != "-")
        .unwrap_or("commands");
    let title = name.replace(['-', '_'], " ");
    let mut characters = title.chars();
    let title: String = match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => "Commands".to_owned(),
    };
    Page {
        title: String::new(),
        sections: vec![Section {
            title,
            blocks: vec![Block::whole(source.text())],
            ..Section::default()
        }],
    }
}
