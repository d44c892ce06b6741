//! What holds writes back, as it travels: the calendars' texts, for workers have none of the files.

use runbook_interpreter::guard::{Guards, Kind, Override};
use runbook_playbook::calendar::Calendar;
use runbook_playbook::guard::Freeze;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Guards beside those of the playbook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CarriedGuards {
    /// Calendars with their names, as texts.
    pub calendars: Vec<(String, String)>,
    /// SSM change calendars, by ARN.
    pub changes: Vec<String>,
    /// Guards that do not count, by kind: the reason, and whose it is.
    pub overridden: BTreeMap<String, (String, String)>,
}

impl CarriedGuards {
    /// The guards of a run.
    ///
    /// # Errors
    /// A calendar that cannot be read: a freeze that is not known could be in force.
    pub fn read(&self) -> Result<Guards, String> {
        let mut guards = Guards::default();
        for (name, text) in &self.calendars {
            let calendar = Calendar::read(text).map_err(|why| format!("{name}: {why}"))?;
            guards.calendars.push((name.clone(), calendar));
        }
        for named in &self.changes {
            guards.changes.push(Freeze::read(named)?);
        }
        for kind in Kind::ALL {
            if let Some((reason, by)) = self.overridden.get(kind.as_str()) {
                let given = Override {
                    reason: reason.clone(),
                    by: by.clone(),
                };
                guards.overridden.insert(kind, given);
            }
        }
        Ok(guards)
    }
}
