//! Reading scenarios from a document: all problems in one pass.

use super::definition::{
    Answers, Approve, Entry, ErrorResponse, Expectation, ExpectedCall, Response, Scenario,
    ScenarioFile, ScenarioProblem, Segment, SeriesResponse,
};
use crate::call::FailureKind;
use crate::world::Place;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::diagnostic::Code;
use runbook_playbook::duration;
use runbook_playbook::schema::scenarios as keys;
use serde_json::{Map, Value as Json};
use std::fmt::Display;

/// When a scenario starts that does not say: a fixed time, so that its runs are the same.
const DEFAULT_CLOCK: Timestamp = Timestamp::constant(1_767_268_800, 0);

/// Whether a route of keys leads to a place of a file of scenarios where text is due, however a scalar is written there:
/// `message: no`. Lists are passed by [`runbook_playbook::yaml::POSITION`].
#[must_use]
pub fn text_is_due(route: &[&str]) -> bool {
    let Some(("scenarios", [_, place @ ..])) =
        route.split_first().map(|(first, rest)| (*first, rest))
    else {
        return matches!(route, ["playbook"]);
    };
    matches!(
        place,
        ["description"]
            | ["target", _]
            | ["actions", _, _, "error", "code" | "message" | "kind"]
            | ["actions", _, _, "if" | "unless" | "set", ..]
            | ["expect" | "undo", "verdict" | "reason"]
            | ["expect" | "undo", "causes", ..]
            | ["expect" | "undo", "steps", _]
    )
}

impl ScenarioFile {
    /// Reads a file of scenarios.
    ///
    /// # Errors
    /// All problems of the file.
    pub fn from_json(document: &Json) -> Result<Self, Vec<ScenarioProblem>> {
        let mut reader = Reader::default();
        let mut file = Self::default();
        if let Some(members) = reader.object(document, &keys::FILE) {
            file.playbook = reader.member(members, "playbook", Reader::text);
            match members.get("scenarios").and_then(Json::as_object) {
                Some(scenarios) => {
                    file.scenarios = reader.at("scenarios", |reader| {
                        scenarios
                            .iter()
                            .map(|(name, document)| {
                                let scenario =
                                    reader.at(name, |reader| reader.scenario(name, document));
                                (name.clone(), scenario)
                            })
                            .collect()
                    });
                }
                None => reader.problem("`scenarios` must name at least one scenario"),
            }
        }
        reader.end(file)
    }
}

impl Scenario {
    /// Reads one scenario.
    ///
    /// # Errors
    /// All its problems, their paths from the scenario on.
    pub fn from_json(name: &str, document: &Json) -> Result<Self, Vec<ScenarioProblem>> {
        let mut reader = Reader::default();
        let scenario = reader.scenario(name, document);
        reader.end(scenario)
    }
}

/// A place in the document and the problems found so far.
#[derive(Default)]
struct Reader {
    path: Vec<Segment>,
    problems: Vec<ScenarioProblem>,
}

impl Reader {
    fn end<T>(self, value: T) -> Result<T, Vec<ScenarioProblem>> {
        if self.problems.is_empty() {
            Ok(value)
        } else {
            Err(self.problems)
        }
    }

    fn problem(&mut self, message: impl Display) {
        self.problems.push(ScenarioProblem {
            code: Code::ScenarioResponse,
            path: self.path.clone(),
            message: message.to_string(),
        });
    }

    fn below<T>(&mut self, segment: Segment, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(segment);
        let value = read(self);
        self.path.pop();
        value
    }

    fn at<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.below(Segment::Key(key.to_owned()), read)
    }

    /// A mapping with known keys; others are problems.
    fn object<'a>(&mut self, document: &'a Json, known: &[&str]) -> Option<&'a Map<String, Json>> {
        let Some(members) = document.as_object() else {
            self.problem(format_args!("must be a mapping with {}", known.join(", ")));
            return None;
        };
        for key in members.keys().filter(|key| !known.contains(&key.as_str())) {
            let message = match nearest(key, known) {
                Some(meant) => format!("unknown key; did you mean `{meant}`?"),
                None => format!("unknown key; there are {}", known.join(", ")),
            };
            self.at(key, |reader| reader.problem(message));
        }
        Some(members)
    }

    /// A member, where it is there and can be read.
    fn member<T>(
        &mut self,
        members: &Map<String, Json>,
        name: &str,
        read: fn(&mut Self, &Json) -> Option<T>,
    ) -> Option<T> {
        let value = members.get(name).filter(|value| !value.is_null())?;
        self.at(name, |reader| read(reader, value))
    }

    /// A value by a conversion, or the problem that it is not what is due.
    fn convert<T>(&mut self, value: Option<T>, due: &str) -> Option<T> {
        if value.is_none() {
            self.problem(format_args!("must be {due}"));
        }
        value
    }

    fn text(&mut self, value: &Json) -> Option<String> {
        self.convert(value.as_str().map(str::to_owned), "text")
    }

    fn number(&mut self, value: &Json) -> Option<f64> {
        self.convert(value.as_f64(), "a number")
    }

    fn times(&mut self, value: &Json) -> Option<u32> {
        let times = value
            .as_u64()
            .and_then(|times| u32::try_from(times).ok())
            .filter(|times| *times > 0);
        self.convert(times, "a whole number from 1 on")
    }

    fn duration(&mut self, value: &Json) -> Option<SignedDuration> {
        let length = value.as_str().and_then(|text| duration::parse(text).ok());
        self.convert(length, "a duration such as `2m`")
    }

    fn timestamp(&mut self, value: &Json) -> Option<Timestamp> {
        let at = value.as_str().and_then(|text| text.parse().ok());
        self.convert(at, "a timestamp such as `2026-01-15T12:00:00Z`")
    }

    fn mapping(&mut self, value: &Json) -> Option<Map<String, Json>> {
        self.convert(value.as_object().cloned(), "a mapping")
    }

    /// A list of texts; one text stands for a list of it.
    fn texts(&mut self, value: &Json) -> Option<Vec<String>> {
        let texts = match value {
            Json::String(text) => Some(vec![text.clone()]),
            Json::Array(items) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect(),
            _ => None,
        };
        self.convert(texts, "a name or a list of names")
    }

    fn any_mapping(&mut self, value: &Json) -> Option<Json> {
        self.mapping(value).map(Json::Object)
    }

    fn scenario(&mut self, name: &str, document: &Json) -> Scenario {
        let empty = Map::new();
        let members = self.object(document, &keys::SCENARIO).unwrap_or(&empty);
        Scenario {
            name: name.to_owned(),
            description: self.member(members, "description", Self::text),
            clock: self
                .member(members, "clock", Self::timestamp)
                .unwrap_or(DEFAULT_CLOCK),
            place: self
                .member(members, "target", Self::place)
                .unwrap_or_else(default_place),
            inputs: self
                .member(members, "inputs", Self::mapping)
                .unwrap_or_default(),
            actions: self
                .member(members, "actions", Self::actions)
                .unwrap_or_default(),
            answers: self
                .member(members, "answers", Self::answers)
                .unwrap_or_default(),
            expect: self
                .member(members, "expect", Self::expectation)
                .unwrap_or_default(),
            undo: self.member(members, "undo", Self::expectation),
        }
    }

    fn place(&mut self, document: &Json) -> Option<Place> {
        let members = self.object(document, &keys::TARGET)?;
        let usual = default_place();
        Some(Place {
            account: self
                .member(members, "account", Self::text)
                .or(usual.account),
            region: self.member(members, "region", Self::text).or(usual.region),
            partition: self
                .member(members, "partition", Self::text)
                .or(usual.partition),
            principal: None,
        })
    }

    fn actions(&mut self, document: &Json) -> Option<IndexMap<String, Vec<Entry>>> {
        let actions = self.mapping(document)?;
        let mut read = IndexMap::new();
        for (action, entries) in &actions {
            let entries = self.at(action, |reader| reader.entries(action, entries));
            read.insert(action.clone(), entries);
        }
        Some(read)
    }

    fn entries(&mut self, action: &str, document: &Json) -> Vec<Entry> {
        let Some(entries) = document.as_array() else {
            self.problem("must be a list of entries, each with `return`, `error` or `series`");
            return Vec::new();
        };
        let mut read: Vec<Entry> = Vec::new();
        for (position, entry) in entries.iter().enumerate() {
            self.below(Segment::Index(position), |reader| {
                if read.iter().any(Entry::is_catch_all) {
                    reader.problem(
                        "no call gets here: an entry before it answers all; give that one `with`, `if`, `unless` or `times`",
                    );
                }
                read.extend(reader.entry(action, entry));
            });
        }
        read
    }

    fn entry(&mut self, action: &str, document: &Json) -> Option<Entry> {
        let members = self.object(document, &keys::ENTRY)?;
        if members.contains_key("after") && !members.contains_key("set") {
            self.problem("`after` says when a flag is set; add `set`");
        }
        Some(Entry {
            with: self.member(members, "with", Self::any_mapping),
            when: self.member(members, "if", Self::texts).unwrap_or_default(),
            unless: self
                .member(members, "unless", Self::texts)
                .unwrap_or_default(),
            set: self.settings(members),
            times: self.member(members, "times", Self::times),
            response: self.response(action, members)?,
        })
    }

    /// The flags of `set`, which are set together after `after`, or each after its own time.
    fn settings(&mut self, members: &Map<String, Json>) -> Vec<(String, SignedDuration)> {
        let after = self.member(members, "after", Self::duration);
        let Some(Json::Object(each)) = members.get("set") else {
            let flags = self.member(members, "set", Self::texts);
            let flags = flags.unwrap_or_default().into_iter();
            return flags
                .map(|flag| (flag, after.unwrap_or_default()))
                .collect();
        };
        if after.is_some() {
            self.problem("each flag of `set` has its own time; leave `after` out");
        }
        self.at("set", |reader| {
            let flags = each.iter();
            flags
                .filter_map(|(flag, after)| {
                    let after = reader.at(flag, |reader| reader.duration(after));
                    Some((flag.clone(), after?))
                })
                .collect()
        })
    }

    fn response(&mut self, action: &str, members: &Map<String, Json>) -> Option<Response> {
        let given: Vec<_> = ["return", "error", "series"]
            .into_iter()
            .filter(|key| members.contains_key(*key))
            .collect();
        match given.as_slice() {
            ["return"] => {
                let result = members.get("return").filter(|result| !result.is_null());
                Some(Response::Return(
                    result.cloned().unwrap_or_else(|| Json::Object(Map::new())),
                ))
            }
            ["error"] => self
                .member(members, "error", Self::error)
                .map(Response::Error),
            ["series"] if action == "cloudwatch:Series" => self
                .member(members, "series", Self::series)
                .map(Response::Series),
            ["series"] => {
                self.problem(format_args!(
                    "`series` answers cloudwatch:Series, not {action}; write `return`"
                ));
                None
            }
            [] => {
                self.problem("answers nothing; add `return: {}`, `error` or `series`");
                None
            }
            several => {
                self.problem(format_args!("has {}; one is enough", several.join(" and ")));
                None
            }
        }
    }

    fn error(&mut self, document: &Json) -> Option<ErrorResponse> {
        let members = self.object(document, &keys::ERROR)?;
        let Some(code) = self.member(members, "code", Self::text) else {
            if !members.contains_key("code") {
                self.problem("`code` is missing");
            }
            return None;
        };
        let kind = self.member(members, "kind", Self::kind);
        Some(ErrorResponse {
            message: self
                .member(members, "message", Self::text)
                .unwrap_or_else(|| "the scenario answers with this error".to_owned()),
            kind: kind.unwrap_or_else(|| usual_kind(&code)),
            code,
        })
    }

    fn kind(&mut self, value: &Json) -> Option<FailureKind> {
        let kind = match value.as_str() {
            Some("answered") => Some(FailureKind::Answered),
            Some("garbled") => Some(FailureKind::Garbled),
            Some("not_sent") => Some(FailureKind::NotSent),
            Some("unanswered") => Some(FailureKind::Unanswered),
            Some("environment") => Some(FailureKind::Environment),
            _ => None,
        };
        self.convert(
            kind,
            "one of answered, garbled, not_sent, unanswered, environment",
        )
    }

    fn series(&mut self, document: &Json) -> Option<SeriesResponse> {
        let members = self.object(document, &keys::SERIES)?;
        for key in keys::SERIES
            .into_iter()
            .filter(|key| !members.contains_key(*key))
        {
            self.problem(format_args!("`{key}` is missing"));
        }
        let start = self.member(members, "start", Self::duration);
        let every = self.member(members, "every", Self::duration);
        let from = self.member(members, "from", Self::number);
        let to = self.member(members, "to", Self::number);
        let series = SeriesResponse {
            start: start?,
            every: every?,
            from: from?,
            to: to?,
        };
        if series.start >= SignedDuration::ZERO {
            self.at("start", |reader| {
                reader.problem("must lie before the call: write it negative, such as `-24h`");
            });
        }
        if series.every < SignedDuration::from_secs(1) {
            self.at("every", |reader| reader.problem("must be at least 1s"));
            return None;
        }
        Some(series)
    }

    fn answers(&mut self, document: &Json) -> Option<Answers> {
        let mut people: IndexMap<String, Json> = self.mapping(document)?.into_iter().collect();
        let approve = people.shift_remove("approve");
        Some(Answers {
            approve: approve
                .and_then(|value| self.at("approve", |reader| reader.approve(&value)))
                .unwrap_or_default(),
            people,
        })
    }

    fn approve(&mut self, value: &Json) -> Option<Approve> {
        let approve = match value {
            Json::String(word) if word == "all" => Some(Approve::All),
            Json::String(word) if word == "none" => Some(Approve::None),
            Json::Array(steps) => steps
                .iter()
                .map(|step| step.as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .map(Approve::Steps),
            _ => None,
        };
        self.convert(approve, "`all`, `none` or a list of steps")
    }

    fn expectation(&mut self, document: &Json) -> Option<Expectation> {
        let members = self.object(document, &keys::EXPECT)?;
        Some(Expectation {
            verdict: self.member(members, "verdict", Self::text),
            reason: self.member(members, "reason", Self::text),
            causes: self.member(members, "causes", Self::texts),
            writes: self.member(members, "writes", Self::expected_calls),
            calls: self.member(members, "calls", Self::expected_calls),
            steps: self
                .member(members, "steps", Self::statuses)
                .unwrap_or_default(),
            holds: self
                .member(members, "holds", Self::truths)
                .unwrap_or_default(),
            outputs: self.member(members, "outputs", Self::any_mapping),
            escalated: self.member(members, "escalated", Self::levels),
        })
    }

    fn levels(&mut self, document: &Json) -> Option<Vec<u32>> {
        let level = |level: &Json| level.as_u64().and_then(|level| u32::try_from(level).ok());
        let levels = document
            .as_array()
            .map(|levels| levels.iter().map(level).collect());
        self.convert(levels.flatten(), "a list of levels, such as `[2]`")
    }

    fn truths(&mut self, document: &Json) -> Option<IndexMap<String, String>> {
        let steps = self.mapping(document)?;
        let mut read = IndexMap::new();
        for (step, truth) in &steps {
            let word = match truth {
                Json::Bool(truth) => Some(truth.to_string()),
                Json::String(word) if word == "unknown" => Some(word.clone()),
                _ => None,
            };
            if let Some(word) = self.at(step, |reader| {
                reader.convert(word, "`true`, `false` or `unknown`")
            }) {
                read.insert(step.clone(), word);
            }
        }
        Some(read)
    }

    fn statuses(&mut self, document: &Json) -> Option<IndexMap<String, String>> {
        let steps = self.mapping(document)?;
        let mut read = IndexMap::new();
        for (step, status) in &steps {
            if let Some(status) = self.at(step, |reader| reader.text(status)) {
                read.insert(step.clone(), status);
            }
        }
        Some(read)
    }

    fn expected_calls(&mut self, document: &Json) -> Option<Vec<ExpectedCall>> {
        let items = self.convert(document.as_array(), "a list of calls")?;
        let mut calls = Vec::new();
        for (position, item) in items.iter().enumerate() {
            calls.extend(self.below(Segment::Index(position), |reader| {
                reader.expected_call(item)
            }));
        }
        Some(calls)
    }

    /// An action, alone or with a subset of its arguments.
    fn expected_call(&mut self, item: &Json) -> Option<ExpectedCall> {
        let call = match item {
            Json::String(action) => Some((action.clone(), Json::Object(Map::new()))),
            Json::Object(members) if members.len() == 1 => members
                .iter()
                .next()
                .filter(|(_, arguments)| arguments.is_object())
                .map(|(action, arguments)| (action.clone(), arguments.clone())),
            _ => None,
        };
        let due = "an action or an action with arguments, such as `ecs:UpdateService: {forceNewDeployment: true}`";
        self.convert(call, due)
            .map(|(action, arguments)| ExpectedCall { action, arguments })
    }
}

fn default_place() -> Place {
    Place {
        account: Some("123456789012".to_owned()),
        region: Some("us-east-1".to_owned()),
        partition: Some("aws".to_owned()),
        principal: None,
    }
}

/// What a code of ours means for a run; those of services are answers.
pub(in crate::world) fn usual_kind(code: &str) -> FailureKind {
    match code {
        "timeout" => FailureKind::Unanswered,
        "connect" | "dns" | "tls" | "not_allowed" | "arguments" => FailureKind::NotSent,
        "credentials" | "region" => FailureKind::Environment,
        "response" => FailureKind::Garbled,
        _ => FailureKind::Answered,
    }
}

/// The known key that may have been meant.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(key, name), *name))
        .filter(|(distance, name)| *distance <= 2 && *distance < name.len())
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
