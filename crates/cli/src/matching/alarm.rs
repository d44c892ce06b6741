//! What is heard: plain text, or the JSON of an alarm or an event in the forms in which AWS sends them.

use serde_json::{Map, Value as Json};

/// A text and what was understood of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// Its pieces, and how much each weighs.
    pub pieces: Vec<(String, f64)>,
    /// Namespaces and names of metrics: `AWS/ECS/MemoryUtilization`.
    pub metrics: Vec<String>,
    /// Dimensions of metrics, by name.
    pub dimensions: Vec<(String, String)>,
    /// The names of alarms.
    pub alarms: Vec<String>,
    /// Where it happened.
    pub region: Option<String>,
}

/// How much the pieces of an alarm weigh.
const NAME: f64 = 1.5;
const DESCRIPTION: f64 = 1.5;
const METRIC: f64 = 1.5;
const NAMESPACE: f64 = 0.6;
const REASON: f64 = 1.0;
const DIMENSION: f64 = 0.4;

/// How deep JSON in JSON is looked into.
const DEEPEST: usize = 8;

impl Heard {
    /// Understands a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut heard = Self::default();
        heard.text(text, 1.0, 0);
        heard
    }

    fn text(&mut self, text: &str, weight: f64, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let whole = text.trim();
        if let Ok(json @ (Json::Object(_) | Json::Array(_))) = serde_json::from_str::<Json>(whole) {
            self.json(&json, depth + 1);
            return;
        }
        for line in whole.lines() {
            let inner = line.trim();
            match serde_json::from_str::<Json>(inner) {
                Ok(json @ Json::Object(_)) => self.json(&json, depth + 1),
                _ if inner.is_empty() => {}
                _ => self.pieces.push((inner.to_owned(), weight)),
            }
        }
    }

    fn json(&mut self, json: &Json, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match json {
            Json::Array(items) => {
                for item in items {
                    self.json(item, depth + 1);
                }
            }
            Json::Object(members) => self.object(members, depth),
            Json::String(text) => self.text(text, 1.0, depth),
            _ => {}
        }
    }

    fn object(&mut self, members: &Map<String, Json>, depth: usize) {
        let text = |name: &str| members.get(name).and_then(Json::as_str);
        if let Some(region) = text("region").or_else(|| text("awsRegion"))
            && region.contains('-')
        {
            self.region.get_or_insert_with(|| region.to_owned());
        }
        if let Some(region) = text("AlarmArn").and_then(|arn| arn.split(':').nth(3)) {
            self.region.get_or_insert_with(|| region.to_owned());
        }
        // An alarm, as DescribeAlarms and SNS have it, and as EventBridge has it.
        if let Some(name) = text("AlarmName").or_else(|| text("alarmName")) {
            self.alarm(name, members);
            return;
        }
        // An envelope: of SNS, of a queue, of a function's event, of EventBridge.
        for (name, value) in members {
            match (name.as_str(), value) {
                ("Message" | "message" | "body" | "log" | "Subject", Json::String(text)) => {
                    self.text(text, 1.0, depth + 1);
                }
                // What says when, where and by what id says nothing of what.
                (
                    "id"
                    | "time"
                    | "account"
                    | "version"
                    | "region"
                    | "Timestamp"
                    | "timestamp"
                    | "MessageId"
                    | "Signature"
                    | "SigningCertURL"
                    | "SigningCertUrl"
                    | "UnsubscribeURL"
                    | "UnsubscribeUrl"
                    | "SignatureVersion"
                    | "TopicArn"
                    | "EventSource"
                    | "EventVersion"
                    | "EventSubscriptionArn",
                    _,
                ) => {}
                (_, Json::String(text)) => self.pieces.push((text.clone(), 0.8)),
                (_, inner) => self.json(inner, depth + 1),
            }
        }
    }

    fn alarm(&mut self, name: &str, members: &Map<String, Json>) {
        self.alarms.push(name.to_owned());
        self.pieces.push((name.to_owned(), NAME));
        let inside = |outer: &str, inner: &str| {
            let outer = members.get(outer)?.as_object()?;
            outer.get(inner)?.as_str()
        };
        let text = |name: &str| members.get(name).and_then(Json::as_str);
        let description =
            text("AlarmDescription").or_else(|| inside("configuration", "description"));
        if let Some(description) = description {
            self.pieces.push((description.to_owned(), DESCRIPTION));
        }
        let reason = text("NewStateReason")
            .or_else(|| text("StateReason"))
            .or_else(|| inside("state", "reason"));
        // `Threshold Crossed: 1 out of …` says the same of every alarm.
        if let Some(reason) = reason
            && !reason.starts_with("Threshold Crossed")
        {
            self.pieces.push((reason.to_owned(), REASON));
        }
        let mut metrics = Vec::new();
        for value in members.values() {
            find_metrics(value, &mut metrics, 0);
        }
        find_metric(members, &mut metrics);
        for metric in metrics {
            let full = format!("{}/{}", metric.namespace, metric.name);
            if !self.metrics.contains(&full) {
                self.pieces.push((metric.name, METRIC));
                self.pieces.push((metric.namespace, NAMESPACE));
                self.metrics.push(full);
            }
            for (name, value) in metric.dimensions {
                if !self.dimensions.iter().any(|(known, _)| *known == name) {
                    self.pieces.push((value.clone(), DIMENSION));
                    self.dimensions.push((name, value));
                }
            }
        }
    }
}

/// A metric that an alarm watches.
struct Metric {
    namespace: String,
    name: String,
    dimensions: Vec<(String, String)>,
}

fn find_metrics(json: &Json, found: &mut Vec<Metric>, depth: usize) {
    match json {
        Json::Array(items) if depth < DEEPEST => {
            for item in items {
                find_metrics(item, found, depth + 1);
            }
        }
        Json::Object(members) if depth < DEEPEST => {
            find_metric(members, found);
            for value in members.values() {
                find_metrics(value, found, depth + 1);
            }
        }
        _ => {}
    }
}

/// `{Namespace, MetricName, Dimensions: [{Name, Value}]}`, or `{namespace, name, dimensions: {…}}`.
fn find_metric(members: &Map<String, Json>, found: &mut Vec<Metric>) {
    let text = |names: [&str; 2]| {
        names
            .iter()
            .find_map(|name| members.get(*name).and_then(Json::as_str))
    };
    let (Some(namespace), Some(name)) = (
        text(["Namespace", "namespace"]),
        text(["MetricName", "name"]),
    ) else {
        return;
    };
    let given = members
        .get("Dimensions")
        .or_else(|| members.get("dimensions"));
    let mut dimensions = Vec::new();
    match given {
        Some(Json::Object(given)) => {
            for (name, value) in given {
                if let Some(value) = value.as_str() {
                    dimensions.push((name.clone(), value.to_owned()));
                }
            }
        }
        Some(Json::Array(given)) => {
            for one in given {
                let part = |names: [&str; 2]| {
                    let found = names.iter().find_map(|name| one.get(name));
                    found.and_then(Json::as_str).map(str::to_owned)
                };
                if let (Some(name), Some(value)) =
                    (part(["Name", "name"]), part(["Value", "value"]))
                {
                    dimensions.push((name, value));
                }
            }
        }
        _ => {}
    }
    found.push(Metric {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions,
    });
}

#[cfg(test)]
mod tests {
    use super::Heard;
    use serde_json::{Value as Json, json};

    fn due(heard: &Heard) {
        assert_eq!(heard.alarms, ["ACSO-HighMemory"], "{heard:?}");
        assert_eq!(heard.metrics, ["AWS/ECS/MemoryUtilization"], "{heard:?}");
        let mut dimensions = heard.dimensions.clone();
        dimensions.sort();
        let expected = [("ClusterName", "prod"), ("ServiceName", "api")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(dimensions, expected);
        assert_eq!(heard.region.as_deref(), Some("eu-west-1"));
        assert!(!format!("{:?}", heard.pieces).contains("Threshold"));
    }

    fn described() -> Json {
        json!({
            "AlarmName": "ACSO-HighMemory",
            "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:ACSO-HighMemory",
            "StateReason": "Threshold Crossed: 1 datapoint [93.0] was greater than the threshold (80.0).",
            "Namespace": "AWS/ECS",
            "MetricName": "MemoryUtilization",
            "Dimensions": [{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "api"}],
        })
    }

    #[test]
    fn an_alarm_is_understood_in_every_form_in_which_aws_sends_it() {
        due(&Heard::of(&described().to_string()));
        due(&Heard::of(
            &json!({"MetricAlarms": [described()]}).to_string(),
        ));
        let message = json!({
            "AlarmName": "ACSO-HighMemory",
            "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:ACSO-HighMemory",
            "NewStateReason": "Threshold Crossed: 1 datapoint [93.0] was greater than the threshold (80.0).",
            "Region": "EU (Ireland)",
            "Trigger": {
                "MetricName": "MemoryUtilization",
                "Namespace": "AWS/ECS",
                "Dimensions": [{"value": "prod", "name": "ClusterName"}, {"value": "api", "name": "ServiceName"}],
            },
        });
        due(&Heard::of(&message.to_string()));
        let text = message.to_string();
        due(&Heard::of(
            &json!({"Type": "Notification", "MessageId": "1", "Message": text}).to_string(),
        ));
        due(&Heard::of(
            &json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": text}}]}).to_string(),
        ));
        due(&Heard::of(
            &json!({"Records": [{"body": json!({"Message": text}).to_string()}]}).to_string(),
        ));
        let event = json!({
            "detail-type": "CloudWatch Alarm State Change",
            "region": "eu-west-1",
            "detail": {
                "alarmName": "ACSO-HighMemory",
                "state": {"value": "ALARM", "reason": "Threshold Crossed: 1 datapoint"},
                "configuration": {"metrics": [{"id": "m", "metricStat": {"metric": {
                    "namespace": "AWS/ECS",
                    "name": "MemoryUtilization",
                    "dimensions": {"ClusterName": "prod", "ServiceName": "api"},
                }}}]},
            },
        });
        due(&Heard::of(&event.to_string()));
    }

    #[test]
    fn lines_of_a_log_are_text_or_json() {
        let heard = Heard::of("ERROR one\n{\"level\": \"error\", \"message\": \"two\"}\n");
        let texts: Vec<&str> = heard.pieces.iter().map(|(text, _)| text.as_str()).collect();
        assert!(
            texts.contains(&"ERROR one") && texts.contains(&"two"),
            "{texts:?}"
        );
    }
}
