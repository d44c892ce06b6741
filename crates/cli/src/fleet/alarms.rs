//! Alarms that stop a fleet.

use crate::calls::Calls;
use runbook_interpreter::surroundings::Performer as _;
use runbook_playbook::guard::Alarm;
use runbook_registry::Registry;
use runbook_registry::call::{Call, Target};
use runbook_registry::world::World;
use serde_json::{Value as Json, json};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often they are looked at.
const EVERY: Duration = Duration::from_secs(30);
/// The most alarms of one call (`CloudWatch` API, `DescribeAlarms`).
const AT_ONCE: usize = 100;

/// The alarms of a fleet.
pub struct Alarms<'a> {
    wanted: Vec<Alarm>,
    world: &'a dyn World,
    registry: &'a Registry,
    looked: Cell<Option<Instant>>,
}

impl<'a> Alarms<'a> {
    /// Alarms by their names or ARNs; names mean those where the world's calls go.
    ///
    /// # Errors
    /// What is neither.
    pub fn new(
        written: &[String],
        world: &'a dyn World,
        registry: &'a Registry,
    ) -> Result<Self, String> {
        let alarms = written.iter().map(|one| Alarm::read(one));
        Ok(Self {
            wanted: alarms.collect::<Result<_, _>>()?,
            world,
            registry,
            looked: Cell::new(None),
        })
    }

    /// Why the fleet stops; nothing where none is on, or where they were looked at just now.
    pub async fn look(&self) -> Option<String> {
        let fresh = self.looked.get().is_some_and(|at| at.elapsed() < EVERY);
        if self.wanted.is_empty() || fresh {
            return None;
        }
        self.looked.set(Some(Instant::now()));
        let mut by_region: BTreeMap<&Option<String>, Vec<&str>> = BTreeMap::new();
        for alarm in &self.wanted {
            by_region
                .entry(&alarm.region)
                .or_default()
                .push(&alarm.name);
        }
        for (region, names) in by_region {
            for names in names.chunks(AT_ONCE) {
                if let Some(why) = self.ask(region.as_deref(), names).await {
                    return Some(why);
                }
            }
        }
        None
    }

    async fn ask(&self, region: Option<&str>, names: &[&str]) -> Option<String> {
        let call = Call {
            target: Target {
                region: region.map(str::to_owned),
                role: None,
            },
            ..Call::new(
                "cloudwatch:DescribeAlarms",
                json!({"AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}),
            )
        };
        let answer = match Calls(self.registry).perform(self.world, &call).await {
            Ok(answer) => answer.result,
            Err(error) => {
                return Some(format!(
                    "the alarms {} cannot be read: {error}",
                    names.join(", ")
                ));
            }
        };
        let kinds = ["MetricAlarms", "CompositeAlarms"];
        let found: Vec<&Json> = kinds
            .iter()
            .filter_map(|kind| answer[*kind].as_array())
            .flatten()
            .collect();
        for name in names {
            let alarm = found.iter().find(|alarm| alarm["AlarmName"] == **name);
            match alarm.and_then(|alarm| alarm["StateValue"].as_str()) {
                None => {
                    return Some(format!(
                        "there is no alarm {name}, so it cannot stop anything"
                    ));
                }
                Some("ALARM") => {
                    let reason = alarm.and_then(|alarm| alarm["StateReason"].as_str());
                    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
                    return Some(format!("the alarm {name} is on{reason}"));
                }
                Some(_) => {}
            }
        }
        None
    }
}
