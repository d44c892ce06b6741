//! Looking at the guards: before a write is asked about, before it is sent, and while a run waits.

use super::Kind;
use crate::event::EventKind;
use crate::journal::{CallRecord, Repeat, Step, Worked};
use crate::run::state::{Clock, Container, Graph, Run};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::catalog::{Effect, Effects};
use runbook_playbook::guard::{Alarm, Freeze};
use runbook_registry::call::{Call, Target};
use runbook_registry::world::Pending;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// How long what a guard said counts, while nothing is written.
const FRESH: SignedDuration = SignedDuration::from_secs(5);

/// How often alarms are looked at while a run waits.
const EVERY: SignedDuration = SignedDuration::from_secs(30);

/// The most alarms of one call (`CloudWatch` API, `DescribeAlarms`).
const ALARMS_AT_ONCE: usize = 100;

/// Why a run does not go on with a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    /// It waits: a calendar is closed, or a guard cannot be read.
    Back(Kind, String),
    /// It stops: an alarm is on.
    Off(String),
}

/// Whether guards keep a write of this container from being sent.
pub(crate) async fn before_a_write(
    run: &Run<'_>,
    container: &Container,
    clock: &Clock,
    step: &str,
) -> Option<Held> {
    // What takes back, cleans up or tells people is never kept from doing so.
    if container.shielded || container.undoing.is_some() || container.graph.escalates() {
        return None;
    }
    let guards = run.guards();
    let given = run.around.guards?;
    let now = run.around.world.now();
    let fresh = run.guards_seen.get();
    if fresh.is_some_and(|seen| now.duration_since(seen) < FRESH) {
        return None;
    }
    let look = Look { run, clock, step };
    let closed = look.closed(now).await;
    if let Some(why) = closed
        && !look.overridden(Kind::Freeze, &why)
    {
        return Some(Held::Back(Kind::Freeze, why));
    }
    let alarms: BTreeSet<&Alarm> = guards.iter().flat_map(|own| &own.alarms).collect();
    let unnamed = guards.iter().flat_map(|own| &own.unnamed).next().cloned();
    let off = match unnamed {
        Some(why) => Err(why),
        None => look.alarms(&alarms).await,
    };
    let held = match off {
        Ok(None) => None,
        Ok(Some(why)) => Some((why.clone(), Held::Off(why))),
        Err(why) => Some((why.clone(), Held::Back(Kind::Alarms, why))),
    };
    if let Some((why, held)) = held
        && !look.overridden(Kind::Alarms, &why)
    {
        return Some(held);
    }
    let _ = given;
    run.guards_seen.set(Some(now));
    None
}

/// Comes when an alarm goes off while a run waits that has changed something.
pub(crate) async fn until_an_alarm(
    run: &Run<'_>,
    container: &Container,
    clock: &Clock,
    step: &str,
) -> String {
    let guards = run.guards();
    let alarms: BTreeSet<&Alarm> = guards.iter().flat_map(|own| &own.alarms).collect();
    let acts = matches!(container.graph, Graph::Resolve | Graph::Verify);
    let changed = run.state.borrow().last_write.is_some();
    let given = run.around.guards;
    let overridden = given.is_some_and(|given| given.overridden.contains_key(&Kind::Alarms));
    if alarms.is_empty() || !acts || !changed || container.shielded || overridden {
        return std::future::pending().await;
    }
    let look = Look { run, clock, step };
    loop {
        run.around.world.sleep(EVERY).await;
        // What cannot be read in a wait is asked for again before the next write.
        if let Ok(Some(why)) = look.alarms(&alarms).await {
            return why;
        }
    }
}

struct Look<'r, 'a> {
    run: &'r Run<'a>,
    clock: &'r Clock,
    step: &'r str,
}

impl Look<'_, '_> {
    /// Whether a guard was overridden; says so once.
    fn overridden(&self, kind: Kind, why: &str) -> bool {
        let Some(given) = self.run.around.guards else {
            return true;
        };
        let Some(found) = given.overridden.get(&kind) else {
            return false;
        };
        if self.run.guards_told.borrow_mut().insert(kind) {
            let event = EventKind::Overridden {
                step: self.run.public(self.step),
                guard: kind.as_str(),
                what: why.to_owned(),
                by: found.by.clone(),
                reason: found.reason.clone(),
            };
            self.run.emit(self.clock, &self.key(kind.as_str()), event);
        }
        true
    }

    /// A name on record of this session: what a guard says is never taken from the record.
    fn key(&self, of: &str) -> String {
        let session = self.run.around.journal.session();
        format!("{}guard.{of}!{session}", self.run.key_prefix)
    }

    /// Which calendar is closed, for what, and until when.
    async fn closed(&self, now: Timestamp) -> Option<String> {
        let guards = self.run.guards();
        let given = self.run.around.guards?;
        if let Some(why) = guards.iter().flat_map(|own| &own.unread).next() {
            return Some(why.clone());
        }
        let calendars = guards.iter().flat_map(|own| &own.calendars);
        for (name, calendar) in given.calendars.iter().chain(calendars) {
            if let Some(closure) = calendar.closed_at(now) {
                let who = closure
                    .who
                    .map_or_else(String::new, |who| format!(" ({who})"));
                return Some(format!(
                    "{name} is closed: {}{who}{}",
                    closure.what,
                    until(closure.until)
                ));
            }
        }
        let changes = guards.iter().flat_map(|own| &own.changes);
        for change in given.changes.iter().chain(changes) {
            if let Freeze::Change { arn, region } = change
                && let Some(why) = self.change_closed(arn, region).await
            {
                return Some(why);
            }
        }
        None
    }

    async fn change_closed(&self, arn: &str, region: &str) -> Option<String> {
        let call = Call {
            target: Target {
                region: Some(region.to_owned()),
                role: None,
            },
            ..Call::new("ssm:GetCalendarState", json!({"CalendarNames": [arn]}))
        };
        let answer = match self.read(call).await {
            Ok(answer) => answer,
            Err(why) => return Some(format!("the change calendar {arn} cannot be asked: {why}")),
        };
        if answer["State"].as_str() == Some("OPEN") {
            return None;
        }
        let next = answer["NextTransitionTime"].as_str();
        let next = next.and_then(|text| text.parse().ok());
        Some(format!(
            "the change calendar {arn} is closed{}",
            until(next)
        ))
    }

    /// Which alarm is on.
    ///
    /// # Errors
    /// Why it cannot be told.
    async fn alarms(&self, alarms: &BTreeSet<&Alarm>) -> Result<Option<String>, String> {
        let mut by_region: BTreeMap<&Option<String>, Vec<&str>> = BTreeMap::new();
        for alarm in alarms {
            by_region
                .entry(&alarm.region)
                .or_default()
                .push(&alarm.name);
        }
        for (region, names) in by_region {
            for names in names.chunks(ALARMS_AT_ONCE) {
                let arguments = json!({
                    "AlarmNames": names,
                    "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
                });
                let call = Call {
                    target: Target {
                        region: region.clone(),
                        role: None,
                    },
                    ..Call::new("cloudwatch:DescribeAlarms", arguments)
                };
                let answer = self
                    .read(call)
                    .await
                    .map_err(|why| format!("the alarms cannot be read: {why}"))?;
                if let Some(why) = on(&answer, names)? {
                    return Ok(Some(why));
                }
            }
        }
        Ok(None)
    }

    /// Makes a read that is on record like any other.
    async fn read(&self, call: Call) -> Result<Json, String> {
        let run = self.run;
        let key = run.unique(self.key(&call.action));
        let shown = call.arguments.clone();
        let step = run.public(self.step);
        let effects = Effects::from([Effect::Read]);
        run.emit(
            self.clock,
            &key,
            EventKind::CallStarted {
                step: step.clone(),
                action: call.action.clone(),
                arguments: shown.clone(),
                effects,
                attempt: 1,
            },
        );
        let record = CallRecord {
            key: key.clone(),
            step: step.clone(),
            element: None,
            action: call.action.clone(),
            arguments: shown,
            target: call.target.clone(),
            effect: Effect::Read,
            before: None,
            token: None,
            attempt: 1,
            repeat: Repeat::Free,
        };
        let work: Pending<'_, Worked> = Box::pin(async {
            let performer = run.around.performer;
            let answer = performer.perform(run.around.world, &call).await;
            let shown = match &answer {
                Ok(answer) => Ok(run.redactor.borrow().json(&answer.result).into()),
                Err(error) => Err((error.code.clone(), error.message.clone())),
            };
            Worked {
                answer,
                shown,
                masked: false,
                keep: true,
            }
        });
        let made = run
            .around
            .journal
            .step(run.around.world, record, work)
            .await;
        let (answer, at) = match made {
            Ok(Step::Done { answer, at, .. }) => (answer, at),
            Ok(Step::InFlight { .. }) => return Err("its answer is not on record".to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        self.clock.advance(at);
        let ended = EventKind::CallEnded {
            step,
            action: call.action.clone(),
            request_id: answer.as_ref().map_or_else(
                |error| error.request_id.clone(),
                |answer| answer.request_id.clone(),
            ),
            answer: match &answer {
                Ok(answer) => Ok(run.redactor.borrow().json(&answer.result).into()),
                Err(error) => Err((error.code.clone(), error.message.clone())),
            },
            attempt: 1,
        };
        run.emit(self.clock, &key, ended);
        answer
            .map(|answer| answer.result)
            .map_err(|error| format!("{}: {} ({})", call.action, error.message, error.code))
    }
}

fn until(time: Option<Timestamp>) -> String {
    time.map_or_else(String::new, |time| {
        format!(", until {}", time.strftime("%Y-%m-%d %H:%M UTC"))
    })
}

/// Which of the alarms is on; one that is not there cannot be looked at.
fn on(answer: &Json, names: &[&str]) -> Result<Option<String>, String> {
    let described: Vec<&Json> = ["MetricAlarms", "CompositeAlarms"]
        .iter()
        .filter_map(|kind| answer[*kind].as_array())
        .flatten()
        .collect();
    for name in names {
        let alarm = described
            .iter()
            .find(|alarm| alarm["AlarmName"].as_str() == Some(*name));
        let Some(alarm) = alarm else {
            return Err(format!("there is no alarm `{name}`"));
        };
        if alarm["StateValue"].as_str() == Some("ALARM") {
            let why = alarm["StateReason"].as_str();
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            return Ok(Some(format!("the alarm `{name}` is on{why}")));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::on;
    use serde_json::json;

    #[test]
    fn an_alarm_that_is_not_there_cannot_be_told() {
        let answer = json!({
            "MetricAlarms": [{"AlarmName": "a", "StateValue": "OK"}],
            "CompositeAlarms": [{"AlarmName": "b", "StateValue": "ALARM", "StateReason": "errors"}],
        });
        assert_eq!(on(&answer, &["a"]), Ok(None));
        assert_eq!(
            on(&answer, &["a", "b"]),
            Ok(Some("the alarm `b` is on: errors".to_owned()))
        );
        assert_eq!(on(&answer, &["c"]), Err("there is no alarm `c`".to_owned()));
    }
}
