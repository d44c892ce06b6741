//! Sections of a page to playbooks.

mod build;
mod flow;
mod polls;
mod templates;
mod write;

use crate::page::{Page, Role, Section};
use build::Builder;
use indexmap::IndexMap;
use std::collections::BTreeSet;

pub(crate) use build::{Reading, is_reserved};

/// A playbook that a section became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What the section is called.
    pub title: String,
    /// The name of its file without the ending.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A command of the page, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The line in the page, from 1.
    pub line: usize,
    /// The command as it was written, in one line.
    pub command: String,
    /// It is one of the AWS CLI.
    pub aws: bool,
    /// The action that it became.
    pub action: Option<String>,
    /// Its arguments; what is known only when it runs is written as in a shell.
    pub with: serde_json::Value,
}

/// A graph of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Graph {
    Diagnose,
    Resolve,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub graph: Graph,
    /// The block, in `resolve`.
    pub block: Option<String>,
}

/// An input of a draft.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Input {
    pub kind: &'static str,
    pub default: Option<String>,
    /// The default is a list, whose elements blanks separate.
    pub list: bool,
}

/// A remedy of a draft, or a part of a procedure.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remedy {
    pub title: String,
    pub steps: Vec<(String, Finished)>,
}

/// A step with its texts as templates.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Finished {
    pub title: Option<String>,
    pub action: String,
    pub with: serde_json::Map<String, serde_json::Value>,
    /// The capture that the arguments begin from.
    pub base: Option<String>,
    pub captures: Vec<crate::step::Capture>,
    pub poll: Option<crate::step::Poll>,
    /// It goes on where this fails.
    pub goes_on: bool,
    pub states_read: bool,
    pub limit: Option<u64>,
    pub region: Option<String>,
    pub each: Option<(String, String)>,
    pub notes: Vec<String>,
}

/// What a section has become, before it is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sketch {
    pub inputs: IndexMap<String, Input>,
    pub diagnose: Vec<(String, Finished)>,
    pub resolve: IndexMap<String, Remedy>,
    pub runs: BTreeSet<String>,
    pub reaches: BTreeSet<String>,
    pub services: BTreeSet<String>,
    /// The page finds out what is wrong first: remedies are for causes.
    pub troubleshoots: bool,
    /// The page's words for what stands where nothing could be made of it.
    pub left: Vec<String>,
}

/// Makes drafts of a page, one a section that has commands.
pub(crate) fn drafts(page: &Page, reading: &mut Reading<'_>) -> Vec<Draft> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut drafts = Vec::new();
    for section in &page.sections {
        let sketch = sketch(section, reading);
        if sketch.diagnose.is_empty() && sketch.resolve.is_empty() {
            continue;
        }
        let stem = crate::aws::snake(&section.title).replace('_', "-");
        let mut name = stem.clone();
        let mut number = 1;
        while !taken.insert(name.clone()) {
            number += 1;
            name = format!("{stem}-{number}");
        }
        drafts.push(Draft {
            title: section.title.clone(),
            text: write::playbook(page, section, &sketch),
            name,
        });
    }
    drafts
}

fn sketch(section: &Section, reading: &mut Reading<'_>) -> Sketch {
    let troubleshoots = section
        .blocks
        .iter()
        .any(|block| matches!(block.role, Role::Diagnosis | Role::Remedy(_)));
    let mut builder = Builder::new(reading, troubleshoots);
    for block in &section.blocks {
        builder.block(block);
    }
    builder.finish()
}
