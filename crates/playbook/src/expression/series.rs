//! Series of points: the line through them, and when it reaches a limit.

use super::number;
use crate::value::Value;
use indexmap::IndexMap;
use jiff::Timestamp;

/// The line through points: hours since the first point to values.
struct Line {
    slope: f64,
    intercept: f64,
    /// Hours from the first to the last point.
    length: f64,
    fit: f64,
}

/// `trend(points)`
pub(crate) fn trend(points: &Value) -> Result<Value, String> {
    let line = line(&read(points)?)?;
    let entries = [
        ("per_hour", line.slope),
        ("first", line.intercept),
        ("last", line.slope.mul_add(line.length, line.intercept)),
        ("r2", line.fit),
    ];
    Ok(Value::map(
        entries
            .into_iter()
            .map(|(name, number)| (name.to_owned(), Value::Number(number)))
            .collect::<IndexMap<_, _>>(),
    ))
}

/// `forecast(points, limit)`
pub(crate) fn forecast(points: &Value, limit: &Value) -> Result<Value, String> {
    let limit = as_number(limit).ok_or_else(|| format!("the limit is {}", limit.kind()))?;
    let line = line(&read(points)?)?;
    let last = line.slope.mul_add(line.length, line.intercept);
    let left = limit - last;
    if left == 0.0 {
        return Ok(Value::Duration(jiff::SignedDuration::ZERO));
    }
    if line.slope == 0.0 || (left > 0.0) != (line.slope > 0.0) {
        return Ok(Value::Absent);
    }
    // A line that is nearly flat reaches the limit after more time than a duration can say: never.
    Ok(number::to_duration(left / line.slope * 3600.0).map_or(Value::Absent, Value::Duration))
}

/// `quantile(values, q)`, with `q` from 0 to 1.
pub(crate) fn quantile(values: &Value, q: f64) -> Result<Value, String> {
    if !(0.0..=1.0).contains(&q) {
        return Err("the quantile lies outside the list".to_owned());
    }
    let Value::List(items) = values else {
        return Err(format!(
            "a list of numbers is needed, this is {}",
            values.kind()
        ));
    };
    let mut numbers = items
        .iter()
        .map(|item| as_number(item).ok_or_else(|| format!("the list has {} in it", item.kind())))
        .collect::<Result<Vec<_>, _>>()?;
    numbers.sort_by(f64::total_cmp);
    let place = q * number::from_count(numbers.len().saturating_sub(1));
    let below = number::to_integer(place.floor())
        .and_then(|below| usize::try_from(below).ok())
        .unwrap_or(0);
    let Some(low) = numbers.get(below) else {
        return Err("the list is empty".to_owned());
    };
    let high = numbers.get(below + 1).unwrap_or(low);
    Ok(Value::Number((high - low).mul_add(place.fract(), *low)))
}

pub(crate) fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(number::from_integer(*value)),
        Value::Number(value) => Some(*value),
        _ => None,
    }
}

fn read(points: &Value) -> Result<Vec<(Timestamp, f64)>, String> {
    let wrong = || "points are a list of `{at, value}`".to_owned();
    let Value::List(points) = points else {
        return Err(wrong());
    };
    points
        .iter()
        .map(|point| {
            let Value::Map(point) = point else {
                return Err(wrong());
            };
            let at = match point.get("at") {
                Some(Value::Timestamp(at)) => *at,
                Some(Value::Text(text)) => text.parse().map_err(|_| wrong())?,
                _ => return Err(wrong()),
            };
            let value = point.get("value").and_then(as_number).ok_or_else(wrong)?;
            Ok((at, value))
        })
        .collect()
}

fn line(points: &[(Timestamp, f64)]) -> Result<Line, String> {
    let Some(start) = points.iter().map(|(at, _)| *at).min() else {
        return Err("a trend needs at least two points".to_owned());
    };
    let points: Vec<(f64, f64)> = points
        .iter()
        .map(|(at, value)| (at.duration_since(start).as_secs_f64() / 3600.0, *value))
        .collect();
    let count = number::from_count(points.len());
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let (mut xx, mut xy, mut yy) = (0.0f64, 0.0f64, 0.0f64);
    for (x, y) in &points {
        xx = (x - mean_x).mul_add(x - mean_x, xx);
        xy = (x - mean_x).mul_add(y - mean_y, xy);
        yy = (y - mean_y).mul_add(y - mean_y, yy);
    }
    if xx == 0.0 {
        return Err("a trend needs at least two points at different times".to_owned());
    }
    let slope = xy / xx;
    Ok(Line {
        slope,
        intercept: mean_x.mul_add(-slope, mean_y),
        length: points.iter().map(|(x, _)| *x).fold(0.0, f64::max),
        fit: if yy == 0.0 { 1.0 } else { xy * xy / (xx * yy) },
    })
}
