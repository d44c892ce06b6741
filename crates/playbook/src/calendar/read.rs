//! Reading iCalendar files: lines, properties, events.

use super::recurrence::Rule;
use super::{Calendar, Entry, Length, Moment};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Unit};
use std::collections::{BTreeSet, HashMap};

/// The most events of a calendar.
const MOST_EVENTS: usize = 10_000;

/// A property: `DTSTART;TZID=Europe/Berlin:20260101T090000`
struct Property {
    /// Where it stands, from 1.
    line: usize,
    name: String,
    parameters: HashMap<String, String>,
    value: String,
}

impl Property {
    fn wrong(&self, why: impl std::fmt::Display) -> String {
        format!("line {}: {why}", self.line)
    }
}

/// Reads a calendar.
pub(super) fn calendar(text: &str) -> Result<Calendar, String> {
    let properties = properties(text)?;
    let first = properties.first();
    if !first.is_some_and(|first| first.name == "BEGIN" && first.value == "VCALENDAR") {
        return Err(
            "it does not begin with BEGIN:VCALENDAR, so it is no iCalendar file".to_owned(),
        );
    }
    let mut calendar = Calendar {
        name: None,
        closed_by_default: false,
        events: Vec::new(),
    };
    let mut zone = TimeZone::UTC;
    let mut inside: Vec<&str> = Vec::new();
    let mut event: Vec<&Property> = Vec::new();
    let mut events: Vec<Vec<&Property>> = Vec::new();
    for property in &properties {
        match (property.name.as_str(), inside.as_slice()) {
            ("BEGIN", _) => {
                inside.push(&property.value);
                if property.value == "VEVENT" {
                    event.clear();
                }
            }
            ("END", _) => {
                if inside.pop() != Some(&property.value) {
                    return Err(property.wrong(format!("END:{} ends nothing", property.value)));
                }
                if property.value == "VEVENT" {
                    events.push(std::mem::take(&mut event));
                }
            }
            (_, [_, "VEVENT"]) => event.push(property),
            ("X-WR-CALNAME", [_]) => calendar.name = Some(plain(&property.value)),
            ("X-WR-TIMEZONE", [_]) => zone = named_zone(property, &property.value)?,
            ("X-CALENDAR-TYPE", [_]) => {
                calendar.closed_by_default = match property.value.as_str() {
                    "DEFAULT_OPEN" => false,
                    "DEFAULT_CLOSED" => true,
                    other => {
                        return Err(property.wrong(format!(
                            "X-CALENDAR-TYPE is DEFAULT_OPEN or DEFAULT_CLOSED, not {other}"
                        )));
                    }
                };
            }
            _ => {}
        }
    }
    if let Some(open) = inside.last() {
        return Err(format!("BEGIN:{open} has no end; the file is cut"));
    }
    if events.len() > MOST_EVENTS {
        return Err(format!("it has more than {MOST_EVENTS} events"));
    }
    calendar.events = entries(&events, &zone)?;
    Ok(calendar)
}

/// The events; one that stands for a single repetition of another takes its place.
fn entries(events: &[Vec<&Property>], zone: &TimeZone) -> Result<Vec<Entry>, String> {
    let mut found: Vec<(Option<String>, bool, Entry)> = Vec::new();
    let mut replaced: Vec<(String, DateTime)> = Vec::new();
    for event in events {
        let one = |name: &str| event.iter().find(|property| property.name == name);
        let uid = one("UID").map(|property| property.value.clone());
        let instead = one("RECURRENCE-ID");
        if let (Some(property), Some(uid)) = (instead, &uid) {
            replaced.push((uid.clone(), moment(property, zone, &property.value)?.at));
        }
        if one("STATUS").is_some_and(|status| status.value == "CANCELLED") {
            continue;
        }
        found.push((uid, instead.is_some(), entry(event, zone)?));
    }
    for (uid, at) in replaced {
        for (known, is_replacement, entry) in &mut found {
            if known.as_ref() == Some(&uid) && !*is_replacement {
                entry.except.insert(at);
            }
        }
    }
    Ok(found.into_iter().map(|(_, _, entry)| entry).collect())
}

fn entry(event: &[&Property], zone: &TimeZone) -> Result<Entry, String> {
    let one = |name: &str| event.iter().find(|property| property.name == name);
    let Some(begins) = one("DTSTART") else {
        let place = event.first().map_or(0, |property| property.line);
        return Err(format!("line {place}: the event has no DTSTART"));
    };
    let start = moment(begins, zone, &begins.value)?;
    let length = match (one("DTEND"), one("DURATION")) {
        (Some(ends), _) => {
            let end = moment(ends, zone, &ends.value)?;
            if start.whole_day && end.whole_day {
                let days = start
                    .at
                    .until((Unit::Day, end.at))
                    .map_err(|error| ends.wrong(error))?;
                Length::Days(days.get_days())
            } else {
                let (Some(from), Some(to)) = (start.timestamp(), end.timestamp()) else {
                    return Err(ends.wrong("the time is out of range"));
                };
                Length::Exact(to.duration_since(from))
            }
        }
        (None, Some(length)) => duration(&length.value)
            .ok_or_else(|| length.wrong(format!("`{}` is no duration", length.value)))?,
        (None, None) if start.whole_day => Length::Days(1),
        (None, None) => Length::Exact(SignedDuration::ZERO),
    };
    let backwards = match length {
        Length::Days(days) => days < 0,
        Length::Exact(length) => length.is_negative(),
    };
    if backwards {
        return Err(begins.wrong("the event ends before it begins"));
    }
    if let Some(more) = event.iter().find(|property| property.name == "EXRULE") {
        return Err(more.wrong("EXRULE is not understood; write EXDATE"));
    }
    let rules: Vec<_> = event
        .iter()
        .filter(|property| property.name == "RRULE")
        .collect();
    let rule = match rules.as_slice() {
        [] => None,
        [rule] => Some(Rule::read(&rule.value).map_err(|why| rule.wrong(why))?),
        [_, second, ..] => return Err(second.wrong("an event has one RRULE")),
    };
    let mut also = Vec::new();
    let mut except = BTreeSet::new();
    for property in event {
        for value in property.value.split(',') {
            match property.name.as_str() {
                "RDATE" => also.push(moment(property, zone, value)?),
                "EXDATE" => {
                    let at = moment(property, zone, value)?;
                    except.insert(as_seen_in(&at, &start));
                }
                _ => {}
            }
        }
    }
    let text = |name: &str| one(name).map(|property| plain(&property.value));
    let organizer = one("ORGANIZER").map(|property| {
        property.parameters.get("CN").cloned().unwrap_or_else(|| {
            let value = property.value.as_str();
            value.strip_prefix("mailto:").unwrap_or(value).to_owned()
        })
    });
    Ok(Entry {
        summary: text("SUMMARY")
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "an event without a name".to_owned()),
        organizer,
        start,
        length,
        rule,
        also,
        except,
    })
}

/// A time as the clock shows it where an event takes place.
fn as_seen_in(at: &Moment, event: &Moment) -> DateTime {
    match at.timestamp() {
        Some(time) if !at.whole_day => time.to_zoned(event.zone.clone()).datetime(),
        _ => at.at,
    }
}

/// Content lines: folded ones are put together.
fn properties(text: &str) -> Result<Vec<Property>, String> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (at, line) in text.lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, last))) => last.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => lines.push((at + 1, line.to_owned())),
        }
    }
    lines.iter().map(|(at, line)| property(*at, line)).collect()
}

fn property(at: usize, line: &str) -> Result<Property, String> {
    let mut quoted = false;
    let colon = line.char_indices().find(|(_, c)| {
        if *c == '"' {
            quoted = !quoted;
        }
        *c == ':' && !quoted
    });
    let Some((colon, _)) = colon else {
        return Err(format!("line {at}: `{line}` is no property: it has no `:`"));
    };
    let (head, value) = line.split_at(colon);
    let mut parts = head.split(';');
    let name = parts.next().unwrap_or_default().trim().to_ascii_uppercase();
    let parameters = parts
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| {
            (
                name.to_ascii_uppercase(),
                value.trim_matches('"').to_owned(),
            )
        })
        .collect();
    Ok(Property {
        line: at,
        name,
        parameters,
        value: value.get(1..).unwrap_or_default().trim_end().to_owned(),
    })
}

/// Text with its escapes resolved.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('n' | 'N') => plain.push(' '),
                Some(other) => plain.push(other),
                None => {}
            },
            c => plain.push(c),
        }
    }
    plain.trim().to_owned()
}

fn named_zone(property: &Property, name: &str) -> Result<TimeZone, String> {
    let name = name.trim_start_matches('/');
    TimeZone::get(name).map_err(|_| {
        property.wrong(format!(
            "the time zone `{name}` is not known; write one of the IANA database, such as Europe/Berlin, or times in UTC"
        ))
    })
}

/// `20260101`, `20260101T090000`, `20260101T090000Z`
fn moment(property: &Property, zone: &TimeZone, value: &str) -> Result<Moment, String> {
    let wrong = || property.wrong(format!("`{value}` is no date or time"));
    let zone = match property.parameters.get("TZID") {
        Some(name) => named_zone(property, name)?,
        None => zone.clone(),
    };
    if let Some(utc) = value.strip_suffix('Z') {
        return Ok(Moment {
            at: date_time(utc).ok_or_else(wrong)?,
            zone: TimeZone::UTC,
            whole_day: false,
        });
    }
    let (at, whole_day) = match date(value) {
        Some(date) => (date.to_datetime(jiff::civil::Time::midnight()), true),
        None => (date_time(value).ok_or_else(wrong)?, false),
    };
    Ok(Moment {
        at,
        zone,
        whole_day,
    })
}

/// `20260101`
pub(super) fn date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to);
    Date::new(
        number(0, 4)?.parse().ok()?,
        number(4, 6)?.parse().ok()?,
        number(6, 8)?.parse().ok()?,
    )
    .ok()
}

/// `20260101T090000`
pub(super) fn date_time(text: &str) -> Option<DateTime> {
    let (day, time) = text.split_once('T')?;
    if time.len() != 6 || !time.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<i8>().ok();
    // A leap second is the last one of its minute.
    let second = number(4, 6)?.min(59);
    let time = jiff::civil::Time::new(number(0, 2)?, number(2, 4)?, second, 0).ok()?;
    Some(date(day)?.to_datetime(time))
}

/// `P15DT5H0M20S`, `P7W` (RFC 5545, section 3.3.6)
fn duration(text: &str) -> Option<Length> {
    let text = text.trim_start_matches('+').strip_prefix('P')?;
    let (days, time) = text.split_once('T').unwrap_or((text, ""));
    let mut seconds: i64 = 0;
    let mut whole_days: i32 = 0;
    let mut number = String::new();
    for (part, is_time) in [(days, false), (time, true)] {
        for c in part.chars() {
            if c.is_ascii_digit() {
                number.push(c);
                continue;
            }
            let count: i32 = std::mem::take(&mut number).parse().ok()?;
            match (c, is_time) {
                ('W', false) => whole_days = whole_days.checked_add(count.checked_mul(7)?)?,
                ('D', false) => whole_days = whole_days.checked_add(count)?,
                ('H', true) => seconds += i64::from(count) * 3600,
                ('M', true) => seconds += i64::from(count) * 60,
                ('S', true) => seconds += i64::from(count),
                _ => return None,
            }
        }
    }
    if !number.is_empty() {
        return None;
    }
    Some(if seconds == 0 {
        Length::Days(whole_days)
    } else {
        Length::Exact(SignedDuration::from_secs(
            seconds + i64::from(whole_days) * 86_400,
        ))
    })
}
