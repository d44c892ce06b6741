//! A run told after it, from its journal: as a page, as Markdown, as JSON, as the XML of `JUnit`, and as a bundle of evidence.

pub mod bundle;
mod collect;
pub(crate) mod document;
mod facts;
pub mod html;
mod html_record;
mod html_steps;
mod html_values;
mod journal_text;
pub mod junit;
mod left;
pub mod markdown;
pub mod model;
mod rows;
pub(crate) mod said;
mod series;
mod series_svg;
mod step_map;
mod steps;
mod timeline;

pub use collect::{Commands, Material};

use crate::plan_svg::Band;
use model::Report;

/// A report, and the drawing of its steps.
pub struct Told {
    /// What is said.
    pub report: Report,
    bands: Vec<Band>,
}

/// Tells a run from what its journal holds.
#[must_use]
pub fn tell(material: &Material<'_>) -> Told {
    let gathered = steps::Gathered::of(material.events, material.calls);
    let report = collect::report(material);
    let bands = step_map::bands(material, &report, &gathered);
    Told { report, bands }
}
