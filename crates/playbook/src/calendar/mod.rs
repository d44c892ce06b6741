//! Calendars of times in which nothing is changed: iCalendar files (RFC 5545), as calendars and SSM export them.

mod read;
mod recurrence;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use recurrence::Rule;
use std::collections::BTreeSet;

/// How far ahead the next opening of a calendar is looked for.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 400);

/// A calendar: its events close it, or, where it is closed by default, open it.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// What it is called, where it says so.
    pub name: Option<String>,
    /// Closed but for its events (`X-CALENDAR-TYPE:DEFAULT_CLOSED`, as SSM writes it).
    closed_by_default: bool,
    events: Vec<Entry>,
}

/// Why a calendar is closed at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// What it is closed for.
    pub what: String,
    /// Whose event it is.
    pub who: Option<String>,
    /// Until when, where that can be told.
    pub until: Option<Timestamp>,
}

/// An event, with its repetitions.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    summary: String,
    organizer: Option<String>,
    start: Moment,
    length: Length,
    rule: Option<Rule>,
    also: Vec<Moment>,
    except: BTreeSet<DateTime>,
}

/// A time as a calendar writes it.
#[derive(Debug, Clone, PartialEq)]
struct Moment {
    at: DateTime,
    zone: TimeZone,
    /// It is a day, without a time.
    whole_day: bool,
}

/// How long an event is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Length {
    /// So many days of the calendar, whatever their hours.
    Days(i32),
    Exact(SignedDuration),
}

/// One repetition of an event.
#[derive(Debug, Clone, Copy)]
struct Occurrence {
    start: Timestamp,
    end: Timestamp,
}

impl Calendar {
    /// Reads an iCalendar file.
    ///
    /// # Errors
    /// What is wrong or not understood, with its line: a rule that is not understood could leave a freeze out.
    pub fn read(text: &str) -> Result<Self, String> {
        read::calendar(text)
    }

    /// Why nothing is to be changed at a time; `None` where the calendar is open.
    #[must_use]
    pub fn closed_at(&self, at: Timestamp) -> Option<Closure> {
        let covering = self.events.iter().filter_map(|event| {
            let last = event.occurrences(at).filter(|one| one.end > at);
            last.map(|one| one.end).max().map(|end| (event, end))
        });
        let longest = covering.max_by_key(|(_, end)| *end);
        if self.closed_by_default {
            return match longest {
                Some(_) => None,
                None => Some(Closure {
                    what: "it is closed outside of its events".to_owned(),
                    who: None,
                    until: self.next_start(at),
                }),
            };
        }
        longest.map(|(event, end)| Closure {
            what: event.summary.clone(),
            who: event.organizer.clone(),
            until: Some(end),
        })
    }

    /// When the next event begins.
    fn next_start(&self, at: Timestamp) -> Option<Timestamp> {
        let horizon = at.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        self.events
            .iter()
            .filter_map(|event| {
                let starts = event.occurrences(horizon).map(|one| one.start);
                starts.filter(|start| *start > at).min()
            })
            .min()
    }
}

impl Entry {
    /// Its repetitions that begin until then.
    fn occurrences(&self, until: Timestamp) -> impl Iterator<Item = Occurrence> + '_ {
        let dates: Box<dyn Iterator<Item = Date> + '_> = match &self.rule {
            Some(rule) => Box::new(rule.dates(self.start.at.date())),
            None => Box::new(std::iter::once(self.start.at.date())),
        };
        let most = self.rule.as_ref().and_then(|rule| rule.count);
        let repeated = dates
            .map(|date| self.start.on(date))
            .take_while(|moment| self.rule.as_ref().is_none_or(|rule| !rule.is_over(moment)))
            .take(most.unwrap_or(usize::MAX));
        let also = self.also.iter().cloned();
        repeated
            .map_while(move |moment| {
                let start = moment.timestamp()?;
                (start <= until).then_some(moment)
            })
            .chain(also)
            .filter(|moment| !self.except.contains(&moment.at))
            .filter_map(move |moment| {
                let start = moment.timestamp()?;
                let end = match self.length {
                    Length::Days(days) => {
                        let end = moment.at.checked_add(days.days()).ok()?;
                        Moment { at: end, ..moment }.timestamp()?
                    }
                    Length::Exact(length) => start.checked_add(length).ok()?,
                };
                (start <= until).then_some(Occurrence { start, end })
            })
    }
}

impl Moment {
    /// The same time on another day.
    fn on(&self, date: Date) -> Self {
        Self {
            at: date.to_datetime(self.at.time()),
            ..self.clone()
        }
    }

    fn timestamp(&self) -> Option<Timestamp> {
        let zoned = self.at.to_zoned(self.zone.clone()).ok()?;
        Some(zoned.timestamp())
    }
}

#[cfg(test)]
mod tests;
