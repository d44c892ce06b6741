//! `cloudwatch:Series`: the values of one metric over time.

use super::{Composite, signature};
use crate::call::{Answer, Call, CallError, FailureKind};
use crate::local::Arguments;
use crate::world::{Pending, World};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::duration;
use runbook_playbook::types::{Record, TextRule, Type};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The statistics that CloudWatch computes (Amazon CloudWatch User Guide, "Statistics definitions").
const STATISTICS: &str = r"^(Average|Maximum|Minimum|Sum|SampleCount|IQM|(p|tm|wm|tc|ts)[0-9]{1,3}(\.[0-9]+)?|(PR|TM|WM|TC|TS)\([^()]*:[^()]*\))$";
/// The most points of one series: a year of one a minute is more than any assertion looks at.
const MOST_POINTS: i64 = 100_800;
const DEFAULT_PERIOD: SignedDuration = SignedDuration::from_mins(5);
const DAY: i64 = 86_400;

/// Reads one statistic of one metric as points sorted by time, in place of the several queries, pages and parallel
/// lists of `cloudwatch:GetMetricData`.
///
/// | input | meaning |
/// | --- | --- |
/// | `metric` | namespace and name: `AWS/ECS/MemoryUtilization`; the name is what follows the last `/` |
/// | `dimensions` | a mapping; CloudWatch treats each combination as a metric of its own |
/// | `from`, `to` | the window, now at its end by default; periods that begin in it count, and where none does there are no points |
/// | `every` | the period, 5m by default: 1s, 5s, 10s, 20s, 30s or whole minutes; points older than 15 days exist for multiples of 5m only, older than 63 days for multiples of 1h |
/// | `stat` | `Average` (default), `Maximum`, `Minimum`, `Sum`, `SampleCount`, `p99`, `tm90` … |
/// | `missing` | of periods without data: `unknown` (default) leaves them out, `zero` fills those that have ended |
///
/// Result: `points` (`at`, the period's start, and `value`), `label`.
///
/// Errors: those of `cloudwatch:GetMetricData`.
#[derive(Debug, Clone, Copy)]
pub struct Series;

impl Composite for Series {
    fn signature(&self) -> Action {
        let pattern = |pattern: &str| {
            Type::Text(Arc::new(TextRule {
                pattern: Some(pattern.to_owned()),
                ..TextRule::default()
            }))
        };
        let input = Record::new("cloudwatch:Series input")
            .required("metric", pattern("^[^/].*/[^/]+$"))
            .optional("dimensions", Type::map(Type::text()))
            .required("from", Type::timestamp())
            .optional("to", Type::timestamp())
            .optional("every", Type::Duration)
            .optional("stat", pattern(STATISTICS))
            .optional("missing", Type::one_of(&["zero", "unknown"]))
            .build();
        let point = Record::new("cloudwatch:Series point")
            .required("at", Type::timestamp())
            .required("value", Type::number())
            .build();
        let output = Record::new("cloudwatch:Series result")
            .required("points", Type::list(point))
            .optional("label", Type::text())
            .build();
        signature(
            "cloudwatch:Series",
            input,
            output,
            Effect::Read,
            &["InvalidNextToken", "InternalError", "Forbidden"],
            &["cloudwatch:GetMetricData"],
        )
    }

    fn run<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            let query = Query::read(&Arguments::of(call), world.now())?;
            // CloudWatch refuses an empty window; right after a change, `since` gives one.
            if query.start >= query.end {
                return Ok(Answer {
                    result: json!({"points": []}),
                    ..Answer::default()
                });
            }
            let mut data = Call::new("cloudwatch:GetMetricData", query.arguments());
            data.target = call.target.clone();
            data.timeout = call.timeout;
            data.step.clone_from(&call.step);
            let answer = world.send(&data).await?;
            let points = query.points(&answer.result)?;
            let mut result = json!({
                "points": points
                    .iter()
                    .map(|(at, value)| json!({"at": at, "value": value}))
                    .collect::<Json>(),
            });
            let label = answer
                .result
                .pointer("/MetricDataResults/0/Label")
                .filter(|label| label.is_string());
            if let (Some(label), Some(members)) = (label, result.as_object_mut()) {
                members.insert("label".to_owned(), label.clone());
            }
            Ok(Answer {
                result,
                truncated: answer.truncated,
                request_id: answer.request_id,
            })
        })
    }
}

/// What is asked for, checked.
#[derive(Debug)]
struct Query {
    namespace: String,
    name: String,
    dimensions: Vec<(String, String)>,
    statistic: String,
    /// Seconds.
    period: i64,
    /// The first period's start, in seconds.
    start: i64,
    /// The end of the last period, in seconds.
    end: i64,
    /// The time, in seconds.
    now: i64,
    missing: Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Unknown,
    Zero,
}

impl Query {
    fn read(arguments: &Arguments<'_>, now: Timestamp) -> Result<Self, CallError> {
        let metric = arguments.text("metric")?;
        let (namespace, name) = metric
            .rsplit_once('/')
            .filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
            .ok_or_else(|| {
                arguments.wrong(
                    "metric",
                    "must be a namespace and a name, such as `AWS/ECS/MemoryUtilization`",
                )
            })?;
        let every = arguments.duration("every", DEFAULT_PERIOD)?;
        let period = every.as_secs();
        if every.subsec_nanos() != 0
            || !(matches!(period, 1 | 5 | 10 | 20 | 30) || period % 60 == 0)
        {
            return Err(arguments.wrong(
                "every",
                "must be 1s, 5s, 10s, 20s, 30s or whole minutes: CloudWatch has no other periods",
            ));
        }
        let from = arguments
            .timestamp("from")?
            .ok_or_else(|| arguments.wrong("from", "is missing"))?;
        let to = arguments.timestamp("to")?.unwrap_or(now);
        if from > to {
            return Err(arguments.wrong("from", format_args!("is {from}, which is after {to}")));
        }
        kept(arguments, period, now.as_second() - from.as_second())?;
        let query = Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: arguments.pairs("dimensions")?,
            statistic: arguments
                .optional_text("stat")?
                .unwrap_or("Average")
                .to_owned(),
            period,
            start: first_at_or_after(from, period),
            end: first_at_or_after(to, period),
            now: now.as_second(),
            missing: match arguments.optional_text("missing")? {
                None | Some("unknown") => Missing::Unknown,
                Some("zero") => Missing::Zero,
                Some(_) => return Err(arguments.wrong("missing", "must be zero or unknown")),
            },
        };
        let points = (query.end - query.start) / period;
        if points > MOST_POINTS {
            return Err(arguments.wrong(
                "every",
                format_args!(
                    "would give {points} points; at most {MOST_POINTS} are read, so choose a longer period or a shorter window"
                ),
            ));
        }
        Ok(query)
    }

    fn arguments(&self) -> Json {
        json!({
            "MetricDataQueries": [{
                "Id": "series",
                "ReturnData": true,
                "MetricStat": {
                    "Metric": {
                        "Namespace": self.namespace,
                        "MetricName": self.name,
                        "Dimensions": self
                            .dimensions
                            .iter()
                            .map(|(name, value)| json!({"Name": name, "Value": value}))
                            .collect::<Json>(),
                    },
                    "Period": self.period,
                    "Stat": self.statistic,
                },
            }],
            "StartTime": instant(self.start),
            "EndTime": instant(self.end),
            "ScanBy": "TimestampAscending",
        })
    }

    /// The points of an answer, sorted by time, with what `missing` says of periods without data.
    fn points(&self, result: &Json) -> Result<Vec<(Timestamp, f64)>, CallError> {
        let mut found = BTreeMap::new();
        let results = result.get("MetricDataResults").and_then(Json::as_array);
        // Pages bring one result each, all with the same id.
        for page in results.into_iter().flatten() {
            failed(page)?;
            let list = |name: &str| page.get(name).and_then(Json::as_array);
            let (Some(times), Some(values)) = (list("Timestamps"), list("Values")) else {
                continue;
            };
            if times.len() != values.len() {
                return Err(garbled("a different number of times and values"));
            }
            for (time, value) in times.iter().zip(values) {
                let at: Timestamp = time
                    .as_str()
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| garbled("a time that is none"))?;
                let value = value
                    .as_f64()
                    .ok_or_else(|| garbled("a value that is no number"))?;
                if (self.start..self.end).contains(&at.as_second()) {
                    found.insert(at.as_second(), value);
                }
            }
        }
        if self.missing == Missing::Zero {
            self.fill(&mut found);
        }
        Ok(found
            .into_iter()
            .map(|(second, value)| (instant(second), value))
            .collect())
    }

    fn fill(&self, found: &mut BTreeMap<i64, f64>) {
        let periods = (self.start..self.end).step_by(usize::try_from(self.period).unwrap_or(1));
        // The period that is still going on may have no data yet.
        for start in periods.filter(|start| start + self.period <= self.now) {
            found.entry(start).or_insert(0.0);
        }
    }
}

/// Refuses a period for which CloudWatch no longer keeps points as old as the window's start.
fn kept(arguments: &Arguments<'_>, period: i64, age: i64) -> Result<(), CallError> {
    let (least, text) = match age {
        age if age > 63 * DAY => (3600, "older than 63 days exist only for multiples of 1h"),
        age if age > 15 * DAY => (300, "older than 15 days exist only for multiples of 5m"),
        age if age > 3 * 3600 => (60, "older than 3 hours exist only for multiples of 1m"),
        _ => return Ok(()),
    };
    if period % least == 0 {
        return Ok(());
    }
    let every = duration::format(SignedDuration::from_secs(least));
    Err(arguments.wrong(
        "every",
        format_args!("is too short: points {text}; write `every: {every}`"),
    ))
}

/// The first multiple of the period at or after an instant, in seconds.
fn first_at_or_after(at: Timestamp, period: i64) -> i64 {
    let seconds = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    seconds + (period - seconds.rem_euclid(period)) % period
}

/// An instant that was read or computed from one, so it is in range.
fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// The failure that a result may carry although the call succeeded.
fn failed(page: &Json) -> Result<(), CallError> {
    let status = page.get("StatusCode").and_then(Json::as_str);
    let Some(code @ ("InternalError" | "Forbidden")) = status else {
        return Ok(());
    };
    let text =
        |place: &Map<String, Json>| place.get("Value").and_then(Json::as_str).map(str::to_owned);
    let message = page
        .pointer("/Messages/0")
        .and_then(Json::as_object)
        .and_then(text)
        .unwrap_or_else(|| "CloudWatch could not read the metric".to_owned());
    Err(CallError::new(FailureKind::Answered, code, message))
}

fn garbled(what: &str) -> CallError {
    CallError::new(
        FailureKind::Garbled,
        "response",
        format!("cloudwatch:GetMetricData answered with {what}"),
    )
}

#[cfg(test)]
#[path = "series_tests.rs"]
mod tests;
