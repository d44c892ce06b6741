//! Series of points drawn with characters: how they went, where a threshold lies, and where they go.

use crate::ending::lasting;
use crate::forecast::course;
use crate::line::{Line, Look, Tone};
use crate::value_text::number;
use crate::walk::steps_of;
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::checked::StepPath;
use runbook_playbook::expression::ExprKind;
use runbook_playbook::syntax::playbook::Playbook;
use runbook_playbook::syntax::step::{Show, Step, Work};
use runbook_playbook::template::Data;
use runbook_playbook::value::Value;
use std::collections::HashMap;
use unicode_width::UnicodeWidthStr;

/// What a step's `show: {chart: …}` draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The capture that has the points.
    pub capture: String,
    /// A line across.
    pub threshold: Option<f64>,
    /// The points are percentages of what there is, so that 100 is the end.
    pub percent: bool,
}

/// The charts of a playbook's steps, by the step's path. Series that are more than a capture's name are left to reports.
#[must_use]
pub fn charts_of(playbook: &Playbook) -> HashMap<StepPath, Chart> {
    let mut charts = HashMap::new();
    steps_of(playbook, &mut |path, step| {
        if let Some(Show::Chart { series, threshold }) = &step.show
            && let ExprKind::Name(capture) = &series.root.kind
        {
            let threshold = threshold.as_ref().and_then(|data| match &data.value {
                Data::Scalar(scalar) => scalar.text.parse().ok(),
                _ => None,
            });
            let chart = Chart {
                capture: capture.clone(),
                threshold,
                percent: is_utilization(step),
            };
            charts.insert(path.to_owned(), chart);
        }
    });
    charts
}

/// Whether a step reads a metric of the kind that AWS measures in percent, such as `AWS/ECS/MemoryUtilization`.
fn is_utilization(step: &Step) -> bool {
    let Work::Action(call) = &step.work else {
        return false;
    };
    call.with.iter().any(|(name, data)| {
        name.value == "metric"
            && matches!(&data.value, Data::Scalar(metric) if metric.text.ends_with("Utilization"))
    })
}

/// How much of a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// Several rows, where there is room and something to see.
    Whole,
    /// One row: of what is read again and again.
    Row,
}

/// The columns below which a chart is one row.
const WIDE: usize = 60;

/// The most columns of the points.
const COLUMNS: usize = 60;

/// The rows of a whole chart.
const ROWS: usize = 4;

/// The heights that one character can show, lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws points with what they say in words below; nothing of nothing.
///
/// The points are numbers or mappings with a `value` and a time, `at`; more points than columns are drawn by the greatest
/// of each group, since a peak matters more than a mean.
pub(crate) fn lines(
    points: &Value,
    chart: &Chart,
    size: Size,
    depth: usize,
    look: Look,
) -> Vec<String> {
    let Some(series) = Series::of(points) else {
        return Vec::new();
    };
    let room = look.width.unwrap_or(80).saturating_sub(depth * 2);
    let caption = series.caption(chart, size);
    let is_whole = size == Size::Whole
        && look.width.is_none_or(|width| width >= WIDE)
        && !series.is_flat()
        && series.values.len() >= 4;
    if is_whole {
        let mut lines: Vec<String> = series
            .whole(chart, room)
            .into_iter()
            .map(|row| row.below(depth).cut(look))
            .collect();
        lines.extend(Line::at(depth).with(Tone::Quiet, caption).wrapped(look));
        return lines;
    }
    if series.is_flat() {
        // A drawing of it would say nothing that its words do not.
        return Line::at(depth).with(Tone::Quiet, caption).wrapped(look);
    }
    let bars: String = series
        .heights(room.min(COLUMNS))
        .into_iter()
        .map(|value| series.character(value))
        .collect();
    let one = Line::at(depth)
        .plain(&bars)
        .with(Tone::Quiet, format!("  {caption}"));
    if look.width.is_none_or(|width| one.width() <= width) {
        return vec![one.cut(look)];
    }
    let mut lines = vec![Line::at(depth).plain(bars).cut(look)];
    lines.extend(Line::at(depth).with(Tone::Quiet, caption).wrapped(look));
    lines
}

/// Points, oldest first.
struct Series {
    values: Vec<f64>,
    /// Hours since the first, where the points know when they are of.
    places: Vec<(f64, f64)>,
    least: f64,
    greatest: f64,
    latest: f64,
}

impl Series {
    fn of(points: &Value) -> Option<Self> {
        let Value::List(items) = points else {
            return None;
        };
        let points: Vec<(Option<Timestamp>, f64)> = items
            .iter()
            .filter_map(|item| Some((time_of(item), value_of(item)?)))
            .collect();
        let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        let first = points.iter().find_map(|(at, _)| *at);
        let places = points
            .iter()
            .filter_map(|(at, value)| {
                let hours = (*at)?.duration_since(first?).as_secs_f64() / 3600.0;
                Some((hours, *value))
            })
            .collect();
        Some(Self {
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            greatest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            latest: *values.last()?,
            values,
            places,
        })
    }

    fn is_flat(&self) -> bool {
        self.greatest <= self.least
    }

    /// The height of each column.
    fn heights(&self, columns: usize) -> Vec<f64> {
        let group = self.values.len().div_ceil(columns.max(1)).max(1);
        let highest = |group: &[f64]| group.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        self.values.chunks(group).map(highest).collect()
    }

    /// A column of a chart of one row.
    fn character(&self, value: f64) -> char {
        let share = (value - self.least) / (self.greatest - self.least);
        let steps = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875];
        let height = steps.iter().filter(|step| share > **step).count();
        BARS.get(height).copied().unwrap_or('█')
    }

    /// What the points say, in words: where they are, how they went, which side of the threshold, and when they get there.
    ///
    /// Of what is read again and again only what may be different each time.
    fn caption(&self, chart: &Chart, size: Size) -> String {
        let unit = if chart.percent { " %" } else { "" };
        let said = |value: f64| format!("{}{unit}", number(value));
        let long = self.places.last().map(|(hours, _)| hours_of(*hours));
        let long = long.filter(|long| !long.is_zero()).map(lasting);
        let long = |word: &str| {
            let long = long.as_ref();
            long.map_or_else(String::new, |long| format!(" {word} {long}"))
        };
        let mut words = Vec::new();
        if self.is_flat() {
            words.push(format!("{} all along{}", said(self.latest), long("for")));
        } else {
            words.push(format!("last {}", said(self.latest)));
        }
        // Where it is read again, the first drawing has said what there was.
        if size == Size::Whole && !self.is_flat() {
            let (least, greatest) = (number(self.least), said(self.greatest));
            words.push(format!("from {least} to {greatest}{}", long("in")));
        }
        let trend = course(&self.places).filter(|course| {
            if self.is_flat() {
                return false;
            }
            let (first, last) = (self.places.first(), self.places.last());
            let hours = first
                .zip(last)
                .map_or(0.0, |(first, last)| last.0 - first.0);
            (course.per_hour * hours).abs() > (self.greatest - self.least) / 2.0
        });
        if let Some(course) = trend {
            let way = if course.per_hour > 0.0 {
                "rises"
            } else {
                "falls"
            };
            words.push(format!("{way} {} an hour", number(course.per_hour.abs())));
        }
        let mut ahead = Vec::new();
        if let Some(threshold) = chart.threshold {
            let side = match self.latest.total_cmp(&threshold) {
                std::cmp::Ordering::Greater => "above",
                std::cmp::Ordering::Equal => "at",
                std::cmp::Ordering::Less => "below",
            };
            words.push(format!("{side} {}", said(threshold)));
            ahead.extend(Some(threshold).filter(|threshold| self.latest < *threshold));
        }
        ahead.extend(Some(100.0).filter(|_| chart.percent && self.latest < 100.0));
        ahead.dedup();
        for limit in ahead {
            let rising = trend.filter(|course| course.per_hour > 0.0);
            if let Some(hours) = rising.and_then(|course| course.reaches(limit)) {
                words.push(format!("{} in {}", said(limit), ahead_of(hours)));
            }
        }
        words.join(", ")
    }

    /// The rows of a whole chart, the highest first.
    fn whole(&self, chart: &Chart, room: usize) -> Vec<Row> {
        // A threshold far from the points would press them flat.
        let reach = self.greatest - self.least;
        let near =
            |threshold: &f64| *threshold > self.least - reach && *threshold < self.greatest + reach;
        let threshold = chart.threshold.filter(near);
        let low = threshold.map_or(self.least, |threshold| self.least.min(threshold));
        let high = threshold.map_or(self.greatest, |threshold| self.greatest.max(threshold));
        let eighths = |value: f64| {
            let (mut height, top) = (1, ROWS * 8);
            while height < top && share_of(height, top) < (value - low) / (high - low) {
                height += 1;
            }
            height
        };
        let across = threshold.map(|threshold| (eighths(threshold) - 1) / 8);
        let label = |row: usize| match threshold {
            Some(threshold) if across == Some(row) => number(threshold),
            _ if row + 1 == ROWS => number(high),
            _ if row == 0 => number(low),
            _ => String::new(),
        };
        let labels = (0..ROWS).map(|row| label(row).width()).max().unwrap_or(0);
        let columns = COLUMNS.min(room.saturating_sub(labels + 2)).max(1);
        let heights = self.heights(columns);
        let wide = (columns / heights.len().max(1)).clamp(1, 4);
        (0..ROWS)
            .rev()
            .map(|row| {
                let is_threshold = across == Some(row);
                let cells = heights
                    .iter()
                    .flat_map(|value| {
                        let above = threshold.is_some_and(|threshold| *value > threshold);
                        let full = eighths(*value).saturating_sub(row * 8).min(8);
                        let cell = match full.checked_sub(1).and_then(|at| BARS.get(at)) {
                            Some(bar) => (if above { Tone::Attention } else { Tone::Plain }, *bar),
                            None if is_threshold => (Tone::Bad, '┄'),
                            None => (Tone::Plain, ' '),
                        };
                        std::iter::repeat_n(cell, wide)
                    })
                    .collect();
                Row {
                    label: format!("{:>labels$} ", label(row)),
                    axis: if is_threshold { '┄' } else { '│' },
                    cells,
                }
            })
            .collect()
    }
}

/// A row of a whole chart.
struct Row {
    label: String,
    axis: char,
    cells: Vec<(Tone, char)>,
}

impl Row {
    fn below(&self, depth: usize) -> Line {
        let mut line = Line::at(depth)
            .with(Tone::Quiet, &self.label)
            .with(Tone::Quiet, self.axis.to_string());
        for run in self.cells.chunk_by(|one, next| one.0 == next.0) {
            let tone = run.first().map_or(Tone::Plain, |(tone, _)| *tone);
            line = line.with(tone, run.iter().map(|(_, cell)| cell).collect::<String>());
        }
        line
    }
}

#[expect(clippy::cast_precision_loss, reason = "a chart has few rows")]
fn share_of(height: usize, top: usize) -> f64 {
    height as f64 / top as f64
}

#[expect(clippy::cast_possible_truncation, reason = "to the minute")]
fn hours_of(hours: f64) -> SignedDuration {
    SignedDuration::from_mins((hours * 60.0).round() as i64)
}

/// A time ahead: `40m`, `3.2 h`, `12 days`.
fn ahead_of(hours: f64) -> String {
    if hours < 1.0 {
        lasting(hours_of(hours).max(SignedDuration::from_mins(1)))
    } else if hours < 48.0 {
        format!("{} h", number(hours))
    } else {
        format!("{} days", number((hours / 24.0).round()))
    }
}

fn time_of(point: &Value) -> Option<Timestamp> {
    let Value::Map(members) = point else {
        return None;
    };
    match members.get("at")? {
        Value::Timestamp(at) => Some(*at),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::{Chart, Size, lines};
    use crate::line::Look;
    use indexmap::IndexMap;
    use jiff::{SignedDuration, Timestamp};
    use runbook_playbook::value::Value;

    const CHART: Chart = Chart {
        capture: String::new(),
        threshold: None,
        percent: false,
    };

    /// Points an hour apart.
    fn hourly(values: &[f64]) -> Value {
        let mut at = Timestamp::UNIX_EPOCH;
        let mut points = Vec::new();
        for value in values {
            let mut members = IndexMap::new();
            members.insert("at".to_owned(), Value::Timestamp(at));
            members.insert("value".to_owned(), Value::Number(*value));
            points.push(Value::map(members));
            at += SignedDuration::from_hours(1);
        }
        Value::list(points)
    }

    fn drawn(points: &Value, chart: &Chart, size: Size, width: usize) -> String {
        let look = Look {
            width: Some(width),
            colour: false,
        };
        lines(points, chart, size, 1, look).join("\n")
    }

    #[test]
    fn a_rise_says_when_it_is_at_the_threshold_and_when_nothing_is_left() {
        let chart = Chart {
            threshold: Some(80.0),
            percent: true,
            ..CHART
        };
        let points = hourly(&[10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 68.0]);
        insta::assert_snapshot!(drawn(&points, &chart, Size::Whole, 80));
    }

    #[test]
    fn above_the_threshold_only_the_end_is_ahead() {
        let chart = Chart {
            threshold: Some(60.0),
            percent: true,
            ..CHART
        };
        let points = hourly(&[10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0]);
        insta::assert_snapshot!(drawn(&points, &chart, Size::Whole, 80));
        insta::assert_snapshot!(drawn(&points, &chart, Size::Whole, 40));
    }

    #[test]
    fn what_is_read_again_is_one_row() {
        assert_eq!(
            drawn(&hourly(&[30.0, 20.0, 10.0]), &CHART, Size::Row, 80),
            "  █▄▁  last 10, falls 10 an hour"
        );
    }

    #[test]
    fn many_points_keep_their_peak() {
        let mut values = vec![Value::Integer(1); 99];
        values.insert(50, Value::Integer(9));
        assert_eq!(
            drawn(&Value::list(values), &CHART, Size::Row, 20),
            "  ▁▁▁▁▁▁▁▁█▁▁▁▁▁▁▁▁\n  last 1"
        );
    }

    #[test]
    fn a_flat_series_is_said_in_words_and_nothing_is_drawn_of_nothing() {
        let points = Value::list(vec![Value::Integer(5); 3]);
        assert_eq!(drawn(&points, &CHART, Size::Whole, 80), "  5 all along");
        assert_eq!(drawn(&Value::list(vec![]), &CHART, Size::Whole, 80), "");
        assert_eq!(drawn(&Value::text("x"), &CHART, Size::Whole, 80), "");
    }
}
