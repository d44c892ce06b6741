//! A series of points as a drawing: the line, a threshold across, and where it goes.

use super::model::Chart;
use super::said::{at, lasting};
use crate::plan_html::escaped;
use crate::value_text::number;
use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 24.0;
/// The most points of a line; more are drawn by the greatest of each group, since a peak matters more than a mean.
const MOST: usize = 320;

/// What a series says, in a sentence: for those who do not see the drawing, and below it.
pub(super) fn caption(chart: &Chart) -> String {
    let values = || chart.points.iter().map(|point| point.value);
    let least = values().fold(f64::INFINITY, f64::min);
    let greatest = values().fold(f64::NEG_INFINITY, f64::max);
    let latest = chart.points.last().map_or(f64::NAN, |point| point.value);
    let mut text = format!(
        "{} points from {} to {}, last {}",
        chart.points.len(),
        number(least),
        number(greatest),
        number(latest)
    );
    if let Some(threshold) = chart.threshold {
        let side = if latest > threshold {
            "above"
        } else {
            "not above"
        };
        let _ = write!(text, "; {side} the threshold of {}", number(threshold));
        #[expect(clippy::cast_possible_truncation, reason = "within a year")]
        if let Some(hours) = chart.reaches_in_hours.filter(|_| latest <= threshold) {
            let _ = write!(
                text,
                ", which it reaches in {} if it goes on like this",
                lasting((hours * 3600.0) as i64)
            );
        }
    }
    text
}

/// Draws a series.
pub(super) fn drawing(chart: &Chart) -> String {
    let group = chart.points.len().div_ceil(MOST).max(1);
    let heights: Vec<f64> = chart
        .points
        .chunks(group)
        .map(|group| {
            group
                .iter()
                .map(|point| point.value)
                .fold(f64::NEG_INFINITY, f64::max)
        })
        .collect();
    let all = || heights.iter().copied().chain(chart.threshold);
    let (mut low, mut high) = (
        all().fold(f64::INFINITY, f64::min),
        all().fold(f64::NEG_INFINITY, f64::max),
    );
    let room = if high > low {
        (high - low) * 0.08
    } else {
        high.abs().max(1.0) * 0.5
    };
    if low < 0.0 || low - room >= 0.0 {
        low -= room;
    } else {
        low = 0.0;
    }
    high += room;
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are at most some hundred points"
    )]
    let x = |place: usize| {
        let share = if heights.len() > 1 {
            place as f64 / (heights.len() - 1) as f64
        } else {
            0.5
        };
        LEFT + share * (WIDTH - LEFT - RIGHT)
    };
    let y = |value: f64| TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM);
    let mut line = String::new();
    for (place, value) in heights.iter().enumerate() {
        let _ = write!(
            line,
            "{}{:.1} {:.1}",
            if place == 0 { 'M' } else { 'L' },
            x(place),
            y(*value)
        );
    }
    let floor = HEIGHT - BOTTOM;
    let mut body = String::new();
    let _ = write!(
        body,
        "<path class=\"axis\" d=\"M{LEFT} {TOP}V{floor}H{:.0}\"/><path class=\"area\" d=\"{line}L{:.1} {floor}L{:.1} {floor}Z\"/><path class=\"series\" d=\"{line}\"/>",
        WIDTH - RIGHT,
        x(heights.len().saturating_sub(1)),
        x(0)
    );
    if let Some(last) = heights.last() {
        let _ = write!(
            body,
            "<circle class=\"last\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"/>",
            x(heights.len() - 1),
            y(*last)
        );
    }
    for value in [low + room, high - room] {
        let _ = write!(
            body,
            "<text class=\"tick\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y(value) + 4.0,
            short(value)
        );
    }
    body.push_str(&labels(chart, &y));
    format!(
        "<svg role=\"img\" aria-label=\"{0}: {1}\" viewBox=\"0 0 {WIDTH:.0} {HEIGHT:.0}\"><title>{0}</title><desc>{1}</desc>{body}</svg>",
        escaped(&chart.title),
        escaped(&caption(chart))
    )
}

/// The threshold, and when the series begins and ends.
fn labels(chart: &Chart, y: &dyn Fn(f64) -> f64) -> String {
    let mut body = String::new();
    if let Some(threshold) = chart.threshold {
        let _ = write!(
            body,
            "<path class=\"threshold\" d=\"M{LEFT} {0:.1}H{1:.0}\"/><text class=\"limit\" x=\"{2:.0}\" y=\"{3:.1}\">threshold {4}</text>",
            y(threshold),
            WIDTH - RIGHT,
            LEFT + 6.0,
            y(threshold) - 5.0,
            number(threshold)
        );
    }
    let times = [
        (chart.points.first(), "start", LEFT),
        (chart.points.last(), "end", WIDTH - RIGHT),
    ];
    for (point, anchor, place) in times {
        if let Some(time) = point.and_then(|point| point.at) {
            let shown = at(time);
            let shown = shown.get(5..16).unwrap_or(&shown);
            let _ = write!(
                body,
                "<text class=\"tick\" x=\"{place:.0}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{}</text>",
                HEIGHT - 6.0,
                escaped(shown)
            );
        }
    }
    body
}

fn short(value: f64) -> String {
    let magnitude = value.abs();
    for (unit, word) in [(1e9, "G"), (1e6, "M"), (1e4, "k")] {
        if magnitude >= unit {
            let unit = if word == "k" { 1e3 } else { unit };
            return format!("{:.1}{word}", value / unit);
        }
    }
    number(value)
}
