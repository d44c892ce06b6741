//! A recorded run as the members of a scenario.

use super::effects::Effects;
use super::entries::{Sequence, entries, sequences, told_apart};
use super::{Accounts, Made, Telling};
use crate::call::Call;
use crate::local::{self, LocalAction};
use crate::world::Place;
use crate::world::scenario::{ActionFacts, Outcome, is_human};
use jiff::Timestamp;
use runbook_playbook::catalog::{Effect, Effects as Deeds};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeSet, HashMap, HashSet};

/// All that a scenario says of a run.
#[derive(Debug)]
pub struct Recorded<'a> {
    /// What it is for people.
    pub description: String,
    /// When the run began.
    pub clock: Timestamp,
    /// Where its calls went.
    pub place: Place,
    /// The inputs that were given.
    pub inputs: Map<String, Json>,
    /// Its calls.
    pub calls: &'a [Made],
    /// Steps that asked, and whether they were approved.
    pub approvals: Vec<(String, bool)>,
    /// What came out.
    pub outcome: Outcome,
    /// The texts of its playbooks: ids of accounts that they name stay.
    pub texts: Vec<String>,
}

impl Recorded<'_> {
    /// The scenario's members in the order in which people write them. `masked` takes secrets out of a document.
    #[must_use]
    pub fn members(
        &self,
        facts: &dyn ActionFacts,
        telling: Telling,
        masked: &dyn Fn(&Json) -> Json,
    ) -> Json {
        let mut members = Map::new();
        let mut add = |name: &str, value: Json| {
            let empty = value.as_object().is_some_and(Map::is_empty);
            if !empty {
                members.insert(name.to_owned(), masked(&value));
            }
        };
        add("inputs", Json::Object(self.inputs.clone()));
        add("actions", self.actions(facts, telling));
        add("answers", self.answers());
        add("expect", self.expect(facts, masked));
        let mut accounts = Accounts::of(self.place.account.as_deref(), &self.texts);
        let document = Json::Object(members);
        accounts.find(&document);
        let mut scenario = Map::new();
        scenario.insert("description".to_owned(), self.description.clone().into());
        scenario.insert("clock".to_owned(), self.clock.to_string().into());
        let mut target = Map::new();
        let account = self.place.account.as_deref();
        let members = [
            (
                "account",
                "123456789012",
                account.map(|id| accounts.text(id)),
            ),
            ("region", "us-east-1", self.place.region.clone()),
            ("partition", "aws", self.place.partition.clone()),
        ];
        for (name, usual, value) in members {
            if let Some(value) = value.filter(|value| value != usual) {
                target.insert(name.to_owned(), value.into());
            }
        }
        if !target.is_empty() {
            scenario.insert("target".to_owned(), Json::Object(target));
        }
        if let Json::Object(members) = accounts.json(&document) {
            scenario.extend(members);
        }
        Json::Object(scenario)
    }

    fn actions(&self, facts: &dyn ActionFacts, telling: Telling) -> Json {
        let locals = locals();
        let mut all: Vec<(&str, Vec<Sequence>)> = Vec::new();
        for made in self.calls {
            let action = made.call.action.as_str();
            let known = all.iter().any(|(known, _)| *known == action);
            if is_human(action) || made.result.is_none() || known {
                continue;
            }
            let same: Vec<(usize, &Made)> = self
                .calls
                .iter()
                .enumerate()
                .filter(|(_, other)| other.call.action == action)
                .collect();
            all.push((action, sequences(&same, facts, locals.contains_key(action))));
        }
        let effects = match telling {
            Telling::InTurn => Effects::default(),
            Telling::ByWrites => {
                let calls = self.calls.iter().enumerate();
                let writes: HashSet<usize> = calls
                    .filter(|(_, made)| writes(&made.call, facts, &locals))
                    .map(|(position, _)| position)
                    .collect();
                let reads = all.iter().flat_map(|(_, sequences)| sequences);
                let reads = reads.filter(|sequence| {
                    let mut firsts = sequence.runs.iter().map(|run| run.first);
                    firsts.all(|first| !writes.contains(&first))
                });
                Effects::find(self.calls, reads, &writes)
            }
        };
        let actions = all.into_iter().map(|(action, sequences)| {
            let entries = entries(&sequences, &effects);
            (action.to_owned(), Json::Array(entries))
        });
        Json::Object(actions.collect())
    }

    fn answers(&self) -> Json {
        let mut answers = Map::new();
        let steps: BTreeSet<&String> = self.approvals.iter().map(|(step, _)| step).collect();
        if !steps.is_empty() {
            let approved: Vec<Json> = steps
                .iter()
                .filter(|step| {
                    let mut of = self.approvals.iter().filter(|(one, _)| one == **step);
                    of.all(|(_, yes)| *yes)
                })
                .map(|step| step.as_str().into())
                .collect();
            let said = if approved.len() == steps.len() {
                "all".into()
            } else if approved.is_empty() {
                "none".into()
            } else {
                Json::Array(approved)
            };
            answers.insert("approve".to_owned(), said);
        }
        for made in self.calls.iter().filter(|made| is_human(&made.call.action)) {
            let (Some(step), Some(result)) = (&made.call.step, &made.result) else {
                continue;
            };
            let said = match result {
                Ok(answer) if made.call.action == "human:Ask" => {
                    answer.result.get("answer").cloned()
                }
                Ok(answer) => answer
                    .result
                    .get("note")
                    .cloned()
                    .or_else(|| Some("done".into())),
                Err(error) if error.code == "declined" => Some(false.into()),
                Err(error) if error.code == "failed" => Some("failed".into()),
                Err(_) => None,
            };
            answers.extend(said.map(|said| (step.clone(), said)));
        }
        Json::Object(answers)
    }

    fn expect(&self, facts: &dyn ActionFacts, masked: &dyn Fn(&Json) -> Json) -> Json {
        let locals = locals();
        let mut expected = Vec::new();
        for made in self.calls {
            let Some(_) = &made.result else { continue };
            let call = &made.call;
            if !writes(call, facts, &locals) {
                continue;
            }
            let token = facts.idempotency_token(&call.action);
            let mut arguments = told_apart(&call.arguments, token.as_deref());
            // What has a secret in it may be made of something else than what is masked.
            arguments.retain(|_, value| masked(value) == *value);
            expected.push(if arguments.is_empty() {
                Json::String(call.action.clone())
            } else {
                json!({call.action.as_str(): arguments})
            });
        }
        let mut expect = Map::new();
        expect.insert("verdict".to_owned(), self.outcome.verdict.clone().into());
        if let Some(reason) = &self.outcome.reason {
            expect.insert("reason".to_owned(), reason.clone().into());
        }
        expect.insert("causes".to_owned(), json!(self.outcome.causes));
        expect.insert("writes".to_owned(), Json::Array(expected));
        if !self.outcome.escalated.is_empty() {
            expect.insert("escalated".to_owned(), json!(self.outcome.escalated));
        }
        Json::Object(expect)
    }
}

/// The actions that are not AWS operations, by name.
fn locals() -> HashMap<String, Box<dyn LocalAction>> {
    let all = local::all().into_iter();
    all.map(|action| (action.signature().name, action))
        .collect()
}

/// Whether a call changes something.
fn writes(
    call: &Call,
    facts: &dyn ActionFacts,
    locals: &HashMap<String, Box<dyn LocalAction>>,
) -> bool {
    let effects: Deeds = match locals.get(&call.action) {
        Some(action) => action.effects(&call.arguments),
        None => facts.effects(&call.action, &call.arguments),
    };
    effects.iter().any(|effect| *effect != Effect::Read)
}
