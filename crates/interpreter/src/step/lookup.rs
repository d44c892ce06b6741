//! Operations that tell whether a write was made: reviewed by hand, for writes whose effect can be read back.

use jiff::Timestamp;
use runbook_registry::call::{Call, CallError};
use serde_json::{Map, Value as Json};

/// What became of a write.
pub(super) enum Found {
    /// It was made, and with this result, where that is known.
    Made(Option<Json>),
    /// It was made, and failed.
    Failed(CallError),
    /// It was not made.
    NotMade,
    /// That cannot be told.
    Unknown,
}

/// How one write is looked up.
struct Rule {
    write: &'static str,
    read: &'static str,
    /// Arguments of the read from those of the write; `[]` after a name makes a list of one.
    give: &'static [(&'static str, &'static str)],
    /// Where the thing is in the result: a JSON Pointer (RFC 6901).
    at: &'static str,
    /// The member of the write's result that is the thing; empty where the result says nothing.
    result: &'static str,
    /// Members of the write that are called otherwise in the thing.
    renamed: &'static [(&'static str, &'static str)],
    /// Error codes that say that the thing is not there.
    absent: &'static [&'static str],
    /// A new thing with these members exists only if the write was made.
    creates: bool,
}

/// The table. A row is right only where the thing, as it is read, has each member that the write can set, or lacks it so that
/// a person is asked.
const RULES: &[Rule] = &[
    Rule {
        give: &[("cluster", "cluster"), ("services[]", "service")],
        at: "/services/0",
        result: "service",
        renamed: &[("cluster", ""), ("service", "")],
        ..set("ecs:UpdateService", "ecs:DescribeServices")
    },
    Rule {
        give: &[("taskDefinition", "family")],
        at: "/taskDefinition",
        result: "taskDefinition",
        renamed: &[("tags", "")],
        absent: &["ClientException"],
        creates: true,
        ..set("ecs:RegisterTaskDefinition", "ecs:DescribeTaskDefinition")
    },
    Rule {
        renamed: &[("HonorCooldown", "")],
        ..group("autoscaling:SetDesiredCapacity")
    },
    group("autoscaling:UpdateAutoScalingGroup"),
    function(
        "lambda:UpdateFunctionConfiguration",
        "lambda:GetFunctionConfiguration",
    ),
    function(
        "lambda:PutFunctionConcurrency",
        "lambda:GetFunctionConcurrency",
    ),
    Rule {
        give: &[("TableName", "TableName")],
        at: "/TimeToLiveDescription",
        renamed: &[("TableName", "")],
        absent: &["ResourceNotFoundException"],
        ..set("dynamodb:UpdateTimeToLive", "dynamodb:DescribeTimeToLive")
    },
    Rule {
        give: &[("QueueUrl", "QueueUrl"), ("AttributeNames[]", "=All")],
        renamed: &[("QueueUrl", "")],
        ..set("sqs:SetQueueAttributes", "sqs:GetQueueAttributes")
    },
];

/// A write that sets values of what the read gives as a whole, and whose result says nothing.
const fn set(write: &'static str, read: &'static str) -> Rule {
    Rule {
        write,
        read,
        give: &[],
        at: "",
        result: "",
        renamed: &[],
        absent: &[],
        creates: false,
    }
}

/// A write to a Lambda function, of which the read gives what the write gives.
const fn function(write: &'static str, read: &'static str) -> Rule {
    Rule {
        give: &[("FunctionName", "FunctionName")],
        result: "*",
        renamed: &[("FunctionName", "")],
        absent: &["ResourceNotFoundException"],
        ..set(write, read)
    }
}

/// A write to an Auto Scaling group.
const fn group(write: &'static str) -> Rule {
    Rule {
        give: &[("AutoScalingGroupNames[]", "AutoScalingGroupName")],
        at: "/AutoScalingGroups/0",
        ..set(write, "autoscaling:DescribeAutoScalingGroups")
    }
}

/// A read that tells of a write.
pub(super) struct Pair {
    rule: &'static Rule,
    pub read: &'static str,
    pub arguments: Json,
    pub absent: &'static [&'static str],
}

/// The read that tells of a call, where there is one and the call names what it reads.
pub(super) fn pair(call: &Call) -> Option<Pair> {
    let rule = RULES.iter().find(|rule| rule.write == call.action)?;
    let mut arguments = Map::new();
    for (member, from) in rule.give {
        let value = match from.strip_prefix('=') {
            Some(literal) => Json::from(literal),
            None => match call.arguments.get(from) {
                Some(value) => value.clone(),
                // What the write does not say has the same default in the read; what it acts on it must say.
                None if *member == "cluster" => continue,
                None => return None,
            },
        };
        match member.strip_suffix("[]") {
            Some(member) => arguments.insert(member.to_owned(), Json::Array(vec![value])),
            None => arguments.insert((*member).to_owned(), value),
        };
    }
    Some(Pair {
        rule,
        read: rule.read,
        arguments: Json::Object(arguments),
        absent: rule.absent,
    })
}

/// What the result of the read says about the call.
pub(super) fn judge(
    pair: &Pair,
    call: &Call,
    result: &Json,
    since: Timestamp,
    known: &mut Vec<String>,
) -> Found {
    let rule = pair.rule;
    let Some(thing) = result.pointer(rule.at) else {
        known.push(format!("{} finds nothing", rule.read));
        return Found::Unknown;
    };
    let (mut same, mut different, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for (member, sent) in call.arguments.as_object().into_iter().flatten() {
        let name = rule
            .renamed
            .iter()
            .find(|(from, _)| from == member)
            .map_or(member.as_str(), |(_, to)| to);
        if name.is_empty() {
            continue;
        }
        match thing.get(name) {
            Some(found) if is_within(sent, found) => same.push(member.as_str()),
            Some(found) => {
                known.push(format!("{member} was to be {sent}, and is {found}"));
                different.push(member.as_str());
            }
            None => {
                known.push(format!("{} does not tell {member}", rule.read));
                unread.push(member.as_str());
            }
        }
    }
    if !same.is_empty() {
        known.push(format!(
            "{} is as it was to be: {}",
            rule.read,
            same.join(", ")
        ));
    }
    known.push(format!("it was recorded at {since}"));
    match (different.is_empty(), unread.is_empty(), same.is_empty()) {
        (true, true, false) => Found::Made(Some(wrapped(rule, thing))),
        // What sets values to what they are to be does no harm when it is made again; what creates something might.
        (false, true, _) if !rule.creates => Found::NotMade,
        _ => Found::Unknown,
    }
}

fn wrapped(rule: &Rule, thing: &Json) -> Json {
    match rule.result {
        "" => Json::Object(Map::new()),
        "*" => thing.clone(),
        member => Json::Object(Map::from_iter([(member.to_owned(), thing.clone())])),
    }
}

/// Whether what was sent is what is found: objects by the members that were sent, an ARN by its last part.
fn is_within(sent: &Json, found: &Json) -> bool {
    match (sent, found) {
        (Json::Object(sent), Json::Object(found)) => sent
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|other| is_within(value, other))),
        (Json::Array(sent), Json::Array(found)) => {
            sent.len() == found.len()
                && sent
                    .iter()
                    .zip(found)
                    .all(|(one, other)| is_within(one, other))
        }
        (Json::String(sent), Json::String(found)) => {
            sent == found || (found.starts_with("arn:") && found.ends_with(&format!("/{sent}")))
        }
        (Json::Number(number), Json::String(text)) | (Json::String(text), Json::Number(number)) => {
            number.to_string() == *text
        }
        (sent, found) => sent == found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(arguments: Json, described: &Json) -> (&'static str, Vec<String>) {
        let call = Call::new("ecs:UpdateService", arguments);
        let pair = pair(&call).expect("a pair");
        assert_eq!(pair.arguments, json!({"cluster": "c", "services": ["web"]}));
        let mut known = Vec::new();
        let result = json!({"services": [described]});
        let word = match judge(&pair, &call, &result, Timestamp::UNIX_EPOCH, &mut known) {
            Found::Made(Some(result)) => {
                assert_eq!(result, json!({"service": described}));
                "made"
            }
            Found::NotMade => "not made",
            _ => "unknown",
        };
        (word, known)
    }

    #[test]
    fn a_service_tells_whether_it_was_updated() {
        let sent =
            json!({"cluster": "c", "service": "web", "desiredCount": 4, "taskDefinition": "web:7"});
        let described = |count: u32| json!({"serviceName": "web", "desiredCount": count, "taskDefinition": "arn:aws:ecs:us-east-1:1:task-definition/web:7"});
        assert_eq!(found(sent.clone(), &described(4)).0, "made");
        assert_eq!(found(sent, &described(2)).0, "not made");
    }

    #[test]
    fn what_cannot_be_read_back_is_asked() {
        let sent = json!({"cluster": "c", "service": "web", "forceNewDeployment": true});
        let (word, known) = found(sent, &json!({"serviceName": "web"}));
        assert_eq!(word, "unknown");
        assert!(
            known.iter().any(|line| line.contains("forceNewDeployment")),
            "{known:?}"
        );
    }

    #[test]
    fn a_write_without_a_pair_is_not_looked_up() {
        assert!(pair(&Call::new("lambda:Invoke", json!({"FunctionName": "f"}))).is_none());
    }
}
