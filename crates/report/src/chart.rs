//! Series of points as one line of text.

use crate::value_text::number;
use runbook_playbook::checked::StepPath;
use runbook_playbook::expression::ExprKind;
use runbook_playbook::syntax::playbook::{Graph, Playbook};
use runbook_playbook::syntax::step::{Show, Step, Work};
use runbook_playbook::template::Data;
use runbook_playbook::value::Value;
use std::collections::HashMap;
use std::fmt::Write;

/// What a step's `show: {chart: …}` draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The capture that has the points.
    pub capture: String,
    /// A line across.
    pub threshold: Option<f64>,
}

/// The charts of a playbook's steps, by the step's path. Series that are more than a capture's name are left to reports.
#[must_use]
pub fn charts_of(playbook: &Playbook) -> HashMap<StepPath, Chart> {
    let mut charts = HashMap::new();
    each_step(playbook, &mut |path, step| {
        if let Some(Show::Chart { series, threshold }) = &step.show
            && let ExprKind::Name(capture) = &series.root.kind
        {
            let threshold = threshold.as_ref().and_then(|data| match &data.value {
                Data::Scalar(scalar) => scalar.text.parse().ok(),
                _ => None,
            });
            let capture = capture.clone();
            charts.insert(path, Chart { capture, threshold });
        }
    });
    charts
}

/// Gives every step of a playbook, with its path.
pub(crate) fn each_step(playbook: &Playbook, take: &mut dyn FnMut(StepPath, &Step)) {
    let graphs: [(&str, Option<&Graph>); 4] = [
        ("symptom", playbook.symptom.as_ref()),
        ("diagnose", playbook.diagnose.as_ref()),
        ("resolve", playbook.resolve.as_ref()),
        ("check", playbook.check.as_ref()),
    ];
    for (name, graph) in graphs {
        if let Some(graph) = graph {
            below(name, &graph.steps, take);
        }
    }
    if let Some(verify) = &playbook.verify {
        below("verify", &verify.steps, take);
    }
    if let Some(escalate) = &playbook.escalate {
        below("gather", &escalate.gather, take);
        below("notify", &escalate.notify, take);
    }
}

fn below(prefix: &str, steps: &[Step], take: &mut dyn FnMut(StepPath, &Step)) {
    for step in steps {
        let path = format!("{prefix}.{}", step.id.value);
        if let Work::Block { steps, finally } = &step.work {
            below(&path, steps, take);
            below(&format!("{path}.finally"), finally, take);
        }
        take(path, step);
    }
}

/// The heights that one character can show, lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws points as bars with the least, the greatest and the last value, and where the threshold lies.
///
/// The points are numbers or mappings with a `value`; more points than columns are drawn by the greatest of each group,
/// since a peak matters more than a mean. Nothing is drawn of nothing.
pub(crate) fn sparkline(points: &Value, threshold: Option<f64>, columns: usize) -> Option<String> {
    let heights: Vec<f64> = match points {
        Value::List(items) => items.iter().filter_map(value_of).collect(),
        _ => return None,
    };
    let latest = *heights.last()?;
    let least = heights.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let columns = columns.clamp(1, 60);
    let group = heights.len().div_ceil(columns).max(1);
    let bars: String = heights
        .chunks(group)
        .map(|group| {
            bar(
                group.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                least,
                greatest,
            )
        })
        .collect();
    let mut text = format!(
        "{bars} {} … {}, last {}",
        number(least),
        number(greatest),
        number(latest)
    );
    if let Some(threshold) = threshold {
        let side = if latest > threshold { "above" } else { "below" };
        let _ = write!(text, ", {side} {}", number(threshold));
    }
    Some(text)
}

fn value_of(point: &Value) -> Option<f64> {
    let value = match point {
        #[expect(clippy::cast_precision_loss, reason = "a bar has eight heights")]
        Value::Integer(value) => *value as f64,
        Value::Number(value) => *value,
        Value::Map(members) => return members.get("value").and_then(value_of),
        _ => return None,
    };
    value.is_finite().then_some(value)
}

fn bar(value: f64, least: f64, greatest: f64) -> char {
    let share = if greatest > least {
        (value - least) / (greatest - least)
    } else {
        0.5
    };
    let steps = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875];
    let height = steps.iter().filter(|step| share > **step).count();
    BARS.get(height).copied().unwrap_or('█')
}

#[cfg(test)]
mod tests {
    use super::sparkline;
    use indexmap::IndexMap;
    use runbook_playbook::value::Value;

    fn point(value: f64) -> Value {
        let mut members = IndexMap::new();
        members.insert("value".to_owned(), Value::Number(value));
        Value::map(members)
    }

    #[test]
    fn rising_points_rise() {
        let points = Value::list((0..8).map(|n| point(f64::from(n) * 10.0)).collect());
        assert_eq!(
            sparkline(&points, Some(60.0), 40).as_deref(),
            Some("▁▂▃▄▅▆▇█ 0 … 70, last 70, above 60")
        );
    }

    #[test]
    fn many_points_keep_their_peak() {
        let mut values = vec![Value::Integer(1); 99];
        values.insert(50, Value::Integer(9));
        let drawn = sparkline(&Value::list(values), None, 10).expect("a line");
        assert_eq!(drawn, "▁▁▁▁▁█▁▁▁▁ 1 … 9, last 1");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(sparkline(&Value::list(vec![]), None, 10), None);
        assert_eq!(sparkline(&Value::text("x"), None, 10), None);
    }

    #[test]
    fn a_flat_series_is_a_flat_line() {
        let points = Value::list(vec![Value::Integer(5); 3]);
        assert_eq!(
            sparkline(&points, None, 10).as_deref(),
            Some("▄▄▄ 5 … 5, last 5")
        );
    }
}
