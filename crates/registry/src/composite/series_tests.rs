use super::*;
use crate::world::Place;
use std::cell::RefCell;

/// A world that gives one answer to everything and remembers what it was asked.
struct Stub {
    answer: Result<Json, CallError>,
    asked: RefCell<Vec<Call>>,
}

impl World for Stub {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        self.asked.borrow_mut().push(call.clone());
        let result = self.answer.clone().map(|result| Answer {
            result,
            ..Answer::default()
        });
        Box::pin(async move { result })
    }

    fn answers(&self, _: &str) -> bool {
        false
    }

    fn now(&self) -> Timestamp {
        "2026-01-15T12:02:00Z".parse().expect("a timestamp")
    }

    fn sleep(&self, _: SignedDuration) -> Pending<'_, ()> {
        Box::pin(async {})
    }

    fn is_timed(&self) -> bool {
        true
    }

    fn fresh_id(&self) -> String {
        String::new()
    }

    fn place(&self) -> Place {
        Place::default()
    }
}

async fn series(answer: Json, with: Json) -> (Result<Json, CallError>, Vec<Call>) {
    let stub = Stub {
        answer: Ok(answer),
        asked: RefCell::default(),
    };
    let mut arguments =
        json!({"metric": "AWS/ECS/MemoryUtilization", "from": "2026-01-15T11:42:00Z"});
    for (name, value) in with.as_object().expect("a mapping") {
        arguments[name] = value.clone();
    }
    let call = Call::new("cloudwatch:Series", arguments);
    let result = Series.run(&stub, &call).await.map(|answer| answer.result);
    if let Ok(result) = &result {
        let output = Series.signature().output;
        assert_eq!(crate::local::conforms::problems(&output, result), [""; 0]);
    }
    (result, stub.asked.into_inner())
}

fn page(times: &[&str], values: &[f64]) -> Json {
    json!({"Id": "series", "Label": "MemoryUtilization", "Timestamps": times, "Values": values, "StatusCode": "Complete"})
}

#[tokio::test]
async fn one_query_asks_for_whole_periods() {
    let with = json!({"dimensions": {"ClusterName": "a"}, "stat": "p99"});
    let (_, asked) = series(json!({"MetricDataResults": []}), with).await;
    assert_eq!(
        asked.first().expect("one call").arguments,
        json!({
            "MetricDataQueries": [{
                "Id": "series",
                "ReturnData": true,
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/ECS",
                        "MetricName": "MemoryUtilization",
                        "Dimensions": [{"Name": "ClusterName", "Value": "a"}],
                    },
                    "Period": 300,
                    "Stat": "p99",
                },
            }],
            "StartTime": "2026-01-15T11:45:00Z",
            "EndTime": "2026-01-15T12:05:00Z",
            "ScanBy": "TimestampAscending",
        })
    );
}

#[tokio::test]
async fn a_window_in_which_no_period_begins_has_no_points() {
    for from in ["2026-01-15T12:02:00Z", "2026-01-15T12:01:00Z"] {
        let with = json!({"from": from, "to": "2026-01-15T12:02:00Z"});
        let (result, asked) = series(json!({}), with).await;
        assert_eq!(result.expect("no points"), json!({"points": []}));
        assert_eq!(asked, []);
    }
}

#[tokio::test]
async fn pages_become_one_sorted_series() {
    let answer = json!({"MetricDataResults": [
        page(&["2026-01-15T11:55:00+00:00", "2026-01-15T12:00:00+00:00"], &[3.0, 4.0]),
        page(&["2026-01-15T11:40:00+00:00", "2026-01-15T11:45:00+00:00"], &[1.0, 2.0]),
    ]});
    let (result, _) = series(answer, json!({})).await;
    assert_eq!(
        result.expect("points"),
        json!({
            "points": [
                {"at": "2026-01-15T11:45:00Z", "value": 2.0},
                {"at": "2026-01-15T11:55:00Z", "value": 3.0},
                {"at": "2026-01-15T12:00:00Z", "value": 4.0},
            ],
            "label": "MemoryUtilization",
        })
    );
}

#[tokio::test]
async fn missing_periods_are_left_out_or_zero() {
    let answer = json!({"MetricDataResults": [page(&["2026-01-15T11:45:00Z", "2026-01-15T11:55:00Z"], &[2.0, 3.0])]});
    for (with, expected) in [
        (json!({}), &[2.0, 3.0][..]),
        (json!({"missing": "unknown"}), &[2.0, 3.0]),
        // The period that goes on is not missing.
        (json!({"missing": "zero"}), &[2.0, 0.0, 3.0]),
    ] {
        let (result, _) = series(answer.clone(), with.clone()).await;
        let values: Vec<f64> = result.expect("points")["points"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|point| point["value"].as_f64().expect("a number"))
            .collect();
        assert_eq!(values, expected, "{with}");
    }
}

#[tokio::test]
async fn a_result_that_carries_a_failure_fails() {
    let mut page = page(&[], &[]);
    page["StatusCode"] = "Forbidden".into();
    page["Messages"] = json!([{"Code": "Forbidden", "Value": "not that account"}]);
    let (result, _) = series(json!({"MetricDataResults": [page]}), json!({})).await;
    assert_eq!(
        result.expect_err("forbidden").to_string(),
        "Forbidden: not that account"
    );
}

#[tokio::test]
async fn windows_that_cloudwatch_cannot_answer_are_refused_before_anything_is_sent() {
    for (with, says) in [
        (json!({"metric": "MemoryUtilization"}), "namespace"),
        (json!({"every": "90s"}), "whole minutes"),
        (json!({"from": "2026-01-15T12:02:01Z"}), "after"),
        (
            json!({"from": "2025-12-01T00:00:00Z", "every": "1m"}),
            "write `every: 5m`",
        ),
        (json!({"from": "2025-06-01T00:00:00Z"}), "write `every: 1h`"),
        (
            json!({"from": "2026-01-15T12:01:00Z", "to": "2026-12-31T00:00:00Z", "every": "1m"}),
            "points",
        ),
    ] {
        let (result, asked) = series(json!({}), with.clone()).await;
        let error = result.expect_err("refused");
        assert_eq!(error.code, "arguments");
        assert!(error.message.contains(says), "{with}: {error}");
        assert_eq!(asked, [], "{with}");
    }
}

#[test]
fn statistics_are_those_of_cloudwatch() {
    let pattern = regex_of_statistics();
    for stat in [
        "Average",
        "p99",
        "p99.9",
        "p100",
        "tm90",
        "IQM",
        "PR(:300)",
        "TM(2%:98%)",
    ] {
        assert!(pattern.is_match(stat).expect("matches"), "{stat}");
    }
    for stat in ["average", "p", "99", "Max", "PR(300)"] {
        assert!(!pattern.is_match(stat).expect("matches"), "{stat}");
    }
}

fn regex_of_statistics() -> fancy_regex::Regex {
    fancy_regex::Regex::new(STATISTICS).expect("a pattern")
}
