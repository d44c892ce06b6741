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
    /// The coefficient of determination, r²: the part of the values' variance that the line explains, 0 to 1.
    fit: f64,
}

/// `trend(points)`
pub(crate) fn trend(points: &Value) -> Result<Value, String> {
    let line = line(&read(points)?)?;
    let entries = [
        ("per_hour", line.slope),
        ("first", line.intercept),
        ("last", line.slope.mul_add(line.length, line.intercept)),
        ("fit", line.fit),
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
    // Of equal values only rounding is left of the sums; the line goes through all of them.
    let level = points
        .iter()
        .zip(points.iter().skip(1))
        .all(|((_, one), (_, next))| one.total_cmp(next).is_eq());
    let slope = if level { 0.0 } else { xy / xx };
    Ok(Line {
        slope,
        intercept: mean_x.mul_add(-slope, mean_y),
        length: points.iter().map(|(x, _)| *x).fold(0.0, f64::max),
        fit: if level || yy == 0.0 {
            1.0
        } else {
            let fit = (xy / xx) * (xy / yy);
            // What rounding leaves of a perfect line is no misfit.
            if fit > 1.0 - 1e-12 { 1.0 } else { fit.max(0.0) }
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The trend of values an hour apart.
    fn trend_of(values: &[f64]) -> serde_json::Value {
        let points = values.iter().zip(0..).map(|(value, hour)| {
            let at = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(hour);
            json!({"at": at.to_string(), "value": value})
        });
        let points = Value::from_json(&points.collect());
        trend(&points).expect("a trend").to_json()
    }

    #[test]
    fn says_how_well_a_line_fits() {
        for (values, per_hour, fit) in [
            (&[1.0, 2.0, 3.0] as &[f64], 1.0, 1.0),
            (&[0.3, 0.2, 0.1], -0.1, 1.0),
            (&[0.1, 0.1, 0.1], 0.0, 1.0),
            (&[1.0, 2.0, 1.0], 0.0, 0.0),
            (&[1.0, 3.0, 2.0], 0.5, 0.25),
        ] {
            let found = trend_of(values);
            let near = |name: &str, due: f64| {
                let number = found.get(name).and_then(serde_json::Value::as_f64);
                number.is_some_and(|number| (number - due).abs() < 1e-9)
            };
            assert!(near("per_hour", per_hour), "{values:?}: {found}");
            assert!(near("fit", fit), "{values:?}: {found}");
        }
    }

    #[test]
    fn a_perfect_line_fits_without_rounding() {
        let values: Vec<f64> = (0..289).map(|step| 40.0 + f64::from(step) * 0.1).collect();
        assert_eq!(trend_of(&values).get("fit"), Some(&json!(1.0)));
    }

    #[test]
    fn a_line_needs_two_times() {
        let point = json!({"at": "2026-01-15T12:00:00Z", "value": 1});
        for points in [json!([]), json!([point]), json!([point, point])] {
            let found = trend(&Value::from_json(&points));
            assert!(found.is_err_and(|error| error.contains("at least two points")));
        }
    }

    #[test]
    fn forecasts_when_a_limit_is_reached() {
        let points = Value::from_json(&json!([
            {"at": "2026-01-15T12:00:00Z", "value": 50},
            {"at": "2026-01-15T14:00:00Z", "value": 60},
        ]));
        for (limit, expected) in [(80, json!("4h")), (60, json!("0s")), (50, json!(null))] {
            let found = forecast(&points, &Value::Integer(limit)).expect("a forecast");
            assert_eq!(found.to_json(), expected, "{limit}");
        }
    }
}
