//! The series of points that steps draw.

use super::collect::{Material, playbook_of};
use super::journal_text::{graph_of, own};
use super::model::{Chart, Point};
use super::steps::Gathered;
use crate::chart::{self, charts_of};
use crate::forecast;
use jiff::Timestamp;
use runbook_playbook::checked::StepPath;
use serde_json::Value as Json;
use std::collections::HashMap;

/// The charts of all steps that kept points.
pub(super) fn charts(gathered: &Gathered, material: &Material<'_>) -> Vec<Chart> {
    let mut known: HashMap<String, HashMap<StepPath, chart::Chart>> = HashMap::new();
    let mut charts = Vec::new();
    for step in &gathered.steps {
        let Some(checked) = playbook_of(material, gathered, step) else {
            continue;
        };
        let drawn = known
            .entry(checked.id.clone())
            .or_insert_with(|| charts_of(&checked.playbook));
        let path = own(&step.path);
        let read_again = format!("symptom.{}", path.strip_prefix("verify.").unwrap_or(path));
        let Some(chart) = drawn.get(path).or_else(|| drawn.get(&read_again)) else {
            continue;
        };
        let points = step.captures.get(&chart.capture).and_then(Json::as_array);
        let points: Vec<Point> = points.into_iter().flatten().filter_map(point).collect();
        if points.is_empty() {
            continue;
        }
        let reading = step
            .graph
            .and_then(|graph| gathered.graphs.get(graph)?.reading);
        let called = step.title.clone().unwrap_or_else(|| step.path.clone());
        charts.push(Chart {
            step: step.path.clone(),
            title: match reading {
                Some(reading) => format!("{called} ({} {reading})", graph_of(&step.path)),
                None => called,
            },
            capture: chart.capture.clone(),
            threshold: chart.threshold,
            reaches_in_hours: chart.threshold.and_then(|limit| reaches(&points, limit)),
            points,
        });
    }
    charts
}

fn point(json: &Json) -> Option<Point> {
    let value = json.get("value").unwrap_or(json).as_f64()?;
    let at = json.get("at").and_then(Json::as_str);
    Some(Point {
        at: at.and_then(|at| at.parse::<Timestamp>().ok()),
        value,
    })
}

/// In how many hours the line through the points is at the limit; nothing where it does not go there within a year.
fn reaches(points: &[Point], limit: f64) -> Option<f64> {
    let first = points.first()?.at?;
    let places: Vec<(f64, f64)> = points
        .iter()
        .filter_map(|point| {
            Some((
                point.at?.duration_since(first).as_secs_f64() / 3600.0,
                point.value,
            ))
        })
        .collect();
    forecast::course(&places)?.reaches(limit)
}

#[cfg(test)]
mod tests {
    use super::{Point, reaches};
    use jiff::{SignedDuration, Timestamp};

    fn hourly(values: &[f64]) -> Vec<Point> {
        let mut at = Timestamp::UNIX_EPOCH;
        let mut points = Vec::new();
        for value in values {
            points.push(Point {
                at: Some(at),
                value: *value,
            });
            at += SignedDuration::from_hours(1);
        }
        points
    }

    #[test]
    fn a_rise_reaches_its_limit_and_a_fall_does_not() {
        assert_eq!(reaches(&hourly(&[10.0, 20.0, 30.0]), 62.0), Some(3.2));
        assert_eq!(reaches(&hourly(&[30.0, 20.0, 10.0]), 62.0), None);
        assert_eq!(reaches(&hourly(&[5.0, 5.0]), 62.0), None);
        assert_eq!(reaches(&hourly(&[70.0, 80.0]), 62.0), None);
    }
}
