//! What the client says, by `tracing`, of the requests of a call, kept for the call's span.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The field of a `tracing` span by which a call is known again.
pub const CALL: &str = "runbook.call";

/// What the client says comes from here.
pub const CLIENT: &str = "runbook::aws";

/// One thing that was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// When.
    pub at: SystemTime,
    /// What, in a word or two: `answered`, `refused`, `throttled`, `tried again`.
    pub what: String,
    /// More of it.
    pub fields: Vec<(&'static str, Said)>,
}

impl Note {
    /// A number that was said.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.fields.iter().find_map(|(known, said)| match said {
            Said::Number(number) if *known == name => Some(*number),
            _ => None,
        })
    }
}

/// A value that was said.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// Text.
    Text(String),
    /// A number.
    Number(i64),
    /// Yes or no.
    Truth(bool),
}

/// What was said of calls, by their numbers.
#[derive(Debug, Clone, Default)]
pub struct Notes(Arc<Mutex<HashMap<u64, Vec<Note>>>>);

impl Notes {
    /// Takes what was said of a call.
    #[must_use]
    pub fn take(&self, call: u64) -> Vec<Note> {
        self.all().remove(&call).unwrap_or_default()
    }

    /// Keeps what is said of a call from now on.
    pub fn begin(&self, call: u64) {
        self.all().insert(call, Vec::new());
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Vec<Note>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of the call that a `tracing` span stands for.
struct Number(u64);

impl<S> tracing_subscriber::Layer<S> for Notes
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let number = fields.fields.iter().find_map(|(name, said)| match said {
            Said::Number(number) if *name == CALL => u64::try_from(*number).ok(),
            _ => None,
        });
        if let (Some(number), Some(span)) = (number, context.span(id)) {
            span.extensions_mut().insert(Number(number));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != CLIENT {
            return;
        }
        let Some(scope) = context.event_scope(event) else {
            return;
        };
        let mut numbers = scope.filter_map(|span| span.extensions().get::<Number>().map(|it| it.0));
        let Some(number) = numbers.next() else { return };
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some(notes) = self.all().get_mut(&number) {
            notes.push(Note {
                at: SystemTime::now(),
                what: fields.message,
                fields: fields.fields,
            });
        }
    }
}

/// The fields of an event.
#[derive(Default)]
struct Fields {
    message: String,
    fields: Vec<(&'static str, Said)>,
}

impl Fields {
    fn say(&mut self, field: &Field, said: Said) {
        self.fields.push((field.name(), said));
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.say(field, Said::Number(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.say(
            field,
            Said::Number(i64::try_from(value).unwrap_or(i64::MAX)),
        );
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.say(field, Said::Truth(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.say(field, Said::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.say(field, Said::Text(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Notes;
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn what_is_said_within_a_call_is_kept_for_it() {
        let notes = Notes::default();
        notes.begin(7);
        let subscriber = tracing_subscriber::registry().with(notes.clone());
        tracing::subscriber::with_default(subscriber, || {
            let call = tracing::info_span!(target: "runbook::run", "call", "runbook.call" = 7_u64);
            call.in_scope(|| {
                tracing::debug!(target: "runbook::aws", { "http.response.status_code" = 200_u64 }, "answered");
                tracing::debug!(target: "hyper", "not ours");
            });
            tracing::debug!(target: "runbook::aws", "outside");
        });
        let kept = notes.take(7);
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].what, "answered");
        assert_eq!(kept[0].number("http.response.status_code"), Some(200));
        assert!(notes.take(7).is_empty());
    }
}
