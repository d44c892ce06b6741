//! What `guards` names can be looked at: alarms are named as `CloudWatch` names them, calendars are there and can be read.

use super::library::Library;
use super::problems::Problems;
use crate::calendar::Calendar;
use crate::diagnostic::Code;
use crate::guard::{Alarm, Freeze};
use crate::span::Spanned;
use crate::syntax::playbook::Playbook;
use crate::template::Data;

/// Checks `guards`; `id` is the playbook's own.
pub(super) fn check(playbook: &Playbook, problems: &mut Problems, id: &str, library: &dyn Library) {
    for alarm in &playbook.guards.alarms {
        if let Some(text) = literal(alarm)
            && let Err(why) = Alarm::read(text)
        {
            problems.push(problems.error(Code::InvalidValue, alarm.span, why).help(
                "name the alarm, `api-errors`, or write its ARN where it is in another region",
            ));
        }
    }
    for calendar in &playbook.guards.freeze {
        let Some(text) = literal(calendar) else {
            continue;
        };
        let help = match Freeze::read(text) {
            Err(why) => Some((
                why,
                "write the path of an iCalendar file beside the playbook, or the ARN of an SSM change calendar",
            )),
            Ok(Freeze::Change { .. }) => None,
            Ok(Freeze::File(path)) => match library.text(id, &path) {
                Some(Err(why)) => Some((
                    format!("the calendar `{path}` cannot be read: {why}"),
                    "write its path relative to this file; it stays inside the playbook root",
                )),
                Some(Ok(text)) => Calendar::read(&text).err().map(|why| {
                    (
                        format!("the calendar `{path}` is wrong: {why}"),
                        "what is not understood could leave a freeze out; correct the calendar",
                    )
                }),
                None => None,
            },
        };
        if let Some((why, help)) = help {
            problems.push(
                problems
                    .error(Code::InvalidValue, calendar.span, why)
                    .help(help),
            );
        }
    }
}

fn literal(data: &Spanned<Data>) -> Option<&str> {
    match &data.value {
        Data::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}
