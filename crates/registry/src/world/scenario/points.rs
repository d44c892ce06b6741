//! The points of a `series` entry.

use super::definition::SeriesResponse;
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::duration;
use serde_json::{Value as Json, json};

/// What `cloudwatch:Series` answers for a straight line that ends at the call: the points in the window that the
/// arguments ask for (`from` included, `to` not), at multiples of the longer of the two periods. The first point of the
/// line has its `from`, the last one its `to`.
pub(super) fn answer(series: &SeriesResponse, arguments: &Json, now: Timestamp) -> Json {
    let time = |name: &str| -> Option<Timestamp> { arguments.get(name)?.as_str()?.parse().ok() };
    let asked: Option<SignedDuration> = arguments
        .get("every")
        .and_then(Json::as_str)
        .and_then(|text| duration::parse(text).ok());
    let every = series.every.max(asked.unwrap_or_default()).as_secs().max(1);
    let begin = ceiling(
        now.as_second().saturating_add(series.start.as_secs()),
        every,
    );
    let end = now.as_second();
    // Negative where the line is shorter than one period: then it has no points.
    let last = (end - 1 - begin).div_euclid(every);
    let from = time("from").map_or(begin, Timestamp::as_second);
    let to = time("to").map_or(end, |to| to.as_second().min(end));
    let first_asked = (ceiling(from, every) - begin).div_euclid(every).max(0);
    let last_asked = (to - 1 - begin).div_euclid(every).min(last);
    let points: Json = (first_asked..=last_asked)
        .filter_map(|position| {
            let at = Timestamp::from_second(begin + position * every).ok()?;
            Some(json!({"at": at, "value": value(series, position, last)}))
        })
        .collect();
    json!({"points": points})
}

/// The value of a point, rounded so that it reads well.
fn value(series: &SeriesResponse, position: i64, last: i64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of points are far below 2^52"
    )]
    let share = if last == 0 {
        1.0
    } else {
        position as f64 / last as f64
    };
    let value = series.from + (series.to - series.from) * share;
    (value * 1e6).round() / 1e6
}

/// The least multiple of `every` that is not below.
fn ceiling(seconds: i64, every: i64) -> i64 {
    seconds.saturating_add((every - seconds.rem_euclid(every)) % every)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(arguments: &Json) -> Vec<(String, f64)> {
        let series = SeriesResponse {
            start: SignedDuration::from_mins(-20),
            every: SignedDuration::from_mins(5),
            from: 40.0,
            to: 70.0,
        };
        let now = "2026-01-15T12:00:00Z".parse().expect("a timestamp");
        answer(&series, arguments, now)["points"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|point| {
                let at = point["at"].as_str().expect("text");
                (
                    at[11..16].to_owned(),
                    point["value"].as_f64().expect("a number"),
                )
            })
            .collect()
    }

    fn times(arguments: &Json) -> Vec<String> {
        points(arguments).into_iter().map(|(at, _)| at).collect()
    }

    #[test]
    fn a_line_ends_at_the_call() {
        let all = points(&json!({"from": "2026-01-14T12:00:00Z"}));
        let expected = [
            ("11:40", 40.0),
            ("11:45", 50.0),
            ("11:50", 60.0),
            ("11:55", 70.0),
        ];
        assert_eq!(all, expected.map(|(at, value)| (at.to_owned(), value)));
    }

    #[test]
    fn only_the_window_that_is_asked_for_is_answered() {
        let window = json!({"from": "2026-01-15T11:43:00Z", "to": "2026-01-15T11:50:00Z"});
        assert_eq!(points(&window), [("11:45".to_owned(), 50.0)]);
        assert!(points(&json!({"from": "2026-01-15T11:58:00Z"})).is_empty());
        assert!(
            points(&json!({"from": "2026-01-15T10:00:00Z", "to": "2026-01-15T11:00:00Z"}))
                .is_empty()
        );
        let ahead = json!({"from": "2026-01-15T11:50:00Z", "to": "2026-01-16T00:00:00Z"});
        assert_eq!(times(&ahead), ["11:50", "11:55"]);
    }

    #[test]
    fn a_longer_period_has_fewer_points() {
        let arguments = json!({"from": "2026-01-15T11:00:00Z", "every": "10m"});
        assert_eq!(times(&arguments), ["11:40", "11:50"]);
    }
}
