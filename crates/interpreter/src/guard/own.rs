//! The guards of one playbook, with its inputs.

use crate::run::scope::StepScope;
use crate::run::state::{Container, Graph, Run};
use indexmap::IndexMap;
use runbook_playbook::calendar::Calendar;
use runbook_playbook::guard::{Alarm, Freeze};
use runbook_playbook::template;
use std::rc::Rc;

/// The guards of a playbook.
#[derive(Debug, Default)]
pub(crate) struct Own {
    pub calendars: Vec<(String, Calendar)>,
    pub changes: Vec<Freeze>,
    pub alarms: Vec<Alarm>,
    /// Calendars that cannot be read, and why.
    pub unread: Vec<String>,
    /// Alarms that cannot be told.
    pub unnamed: Vec<String>,
}

impl Run<'_> {
    /// The guards of this run's playbook and of those around it; none where the run makes no writes of its own.
    pub(crate) fn guards(&self) -> Vec<Rc<Own>> {
        if self.around.guards.is_none() {
            return Vec::new();
        }
        let own = self.own_guards.get_or_init(|| Rc::new(self.read_guards()));
        self.outer_guards.iter().chain([own]).cloned().collect()
    }

    fn read_guards(&self) -> Own {
        let written = &self.plan.checked.playbook.guards;
        let container = Container::of(Graph::Resolve, &self.clock);
        let scope = StepScope::new(self, &container, IndexMap::new(), self.clock.now());
        let mut own = Own::default();
        for data in &written.freeze {
            let read = template::render_text(data, &scope)
                .map_err(|error| error.to_string())
                .and_then(|text| Freeze::read(&text));
            match read {
                Ok(Freeze::File(path)) => {
                    let text = self.around.library.text(&self.plan.checked, &path);
                    match text.and_then(|text| Calendar::read(&text)) {
                        Ok(calendar) => own.calendars.push((path, calendar)),
                        Err(why) => own
                            .unread
                            .push(format!("the calendar `{path}` cannot be read: {why}")),
                    }
                }
                Ok(change) => own.changes.push(change),
                Err(why) => own.unread.push(why),
            }
        }
        for data in &written.alarms {
            let read = template::render_text(data, &scope)
                .map_err(|error| error.to_string())
                .and_then(|text| Alarm::read(&text));
            match read {
                Ok(alarm) => own.alarms.push(alarm),
                Err(why) => own.unnamed.push(why),
            }
        }
        own
    }
}
