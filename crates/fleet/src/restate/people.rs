//! What a run asks people, and what they say.

use super::carried::{Came, Carried, Name, Next};
use super::shared::Reply;
use super::target::WAITING;
use super::wire::{Vote, Waiting};
use jiff::Timestamp;
use restate_sdk::context::{
    ContextAwakeables as _, ContextSideEffects as _, ContextWriteState as _, DurableFuture as _,
    RunFuture as _,
};
use restate_sdk::errors::HandlerError;
use restate_sdk::serde::Json;
use runbook_interpreter::approval::{Decision, Question};
use runbook_interpreter::voter::Voter;
use serde_json::Value;
use std::collections::BTreeSet;

impl Carried<'_, '_> {
    /// Opens what people can answer.
    pub(super) fn open_gates(&mut self) {
        let new: BTreeSet<u64> = {
            let gates = self.gates.iter();
            let new = gates.filter(|(_, gate)| gate.awakeable.is_none());
            new.map(|(number, _)| *number).collect()
        };
        if new.is_empty() {
            return;
        }
        for number in new {
            let (id, said) = self.context.awakeable::<Json<Vote>>();
            let said = said.map_ok(|vote| Came::Said(vote.into_inner()));
            self.waits.push(Name::Gate(number), Box::pin(said));
            if let Some(gate) = self.gates.get_mut(&number) {
                gate.awakeable = Some(id);
            }
        }
        self.show_gates();
        if !std::mem::replace(&mut self.told, true) {
            self.context.resolve_awakeable(&self.start.ear, true);
        }
    }

    /// Shows what is asked to whoever looks.
    pub(super) fn show_gates(&self) {
        let waiting: Vec<Waiting> = self
            .gates
            .values()
            .filter_map(|gate| {
                let step = gate.question.get("step").and_then(Value::as_str);
                Some(Waiting {
                    run: self.start.run.clone(),
                    step: step.unwrap_or_default().to_owned(),
                    key: gate.key.clone(),
                    question: gate.question.clone(),
                    agreed: self
                        .agreed(&gate.question)
                        .map(ToString::to_string)
                        .collect(),
                    awakeable: gate.awakeable.clone()?,
                    since: gate.since,
                    until: gate.until,
                })
            })
            .collect();
        if waiting.is_empty() {
            self.context.clear(WAITING);
        } else {
            self.context.set(WAITING, Json(waiting));
        }
    }

    fn agreed<'q>(&'q self, question: &'q Value) -> impl Iterator<Item = &'q Voter> {
        let same = self
            .agreed
            .iter()
            .filter(move |(asked, _)| asked == question);
        same.map(|(_, voter)| voter)
    }

    /// Takes note of what a person said; who may not say so, or has said so before, does not count.
    pub(super) async fn said(&mut self, number: u64, vote: Vote) -> Result<Next, HandlerError> {
        // In a world whose time only moves in waits, people take none of it.
        if self.timed {
            let run = self.context.run(|| async { Ok(Json(Timestamp::now())) });
            match run.name("answered").await {
                Ok(now) => self.now = self.now.max(now.into_inner()),
                // What was said counts: the run is asked to end when the next thing is awaited.
                Err(_cancelled) => self.stopping = true,
            }
        }
        let at = self.now;
        let Some(gate) = self.gates.get_mut(&number) else {
            return Ok(Next::Nothing);
        };
        let voter = Voter::of(&vote.by);
        let from = Question::of_json(&gate.question).map(|asked| asked.from);
        let from = from.unwrap_or_default();
        let may = from.is_empty() || from.iter().any(|name| voter.is_named(name));
        let asked = gate.question.clone();
        let again = self.agreed(&asked).any(|other| other.may_be(&voter));
        if vote.approves && (!may || again) {
            if let Some(gate) = self.gates.get_mut(&number) {
                gate.awakeable = None;
            }
            return Ok(Next::Nothing);
        }
        self.gates.remove(&number);
        self.waits.remove(Name::Late(number));
        self.show_gates();
        let by = vote.by;
        let decision = if vote.approves {
            self.agreed.push((asked, voter));
            Decision::Approved { by }
        } else {
            Decision::Declined { by }
        };
        Ok(Next::Hand(vec![(number, Reply::Answered(decision, at))]))
    }
}
