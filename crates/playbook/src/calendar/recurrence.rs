//! `RRULE` (RFC 5545, section 3.3.10): on which days an event comes again.

use super::Moment;
use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};

/// How many periods are looked at before a rule is taken to be at its end.
const MOST_PERIODS: i32 = 40_000;

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    frequency: Frequency,
    interval: i32,
    pub count: Option<usize>,
    until: Option<Until>,
    months: Vec<i8>,
    month_days: Vec<i8>,
    days: Vec<(Option<i8>, Weekday)>,
    positions: Vec<i32>,
    week_start: Weekday,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Day(Date),
    Local(jiff::civil::DateTime),
    Time(Timestamp),
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is not understood.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut frequency = None;
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            months: Vec::new(),
            month_days: Vec::new(),
            days: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Monday,
        };
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` of RRULE has no value"))?;
            let wrong = || format!("RRULE: `{value}` is no {name}");
            match name.to_ascii_uppercase().as_str() {
                "FREQ" => {
                    frequency = Some(match value {
                        "DAILY" => Frequency::Daily,
                        "WEEKLY" => Frequency::Weekly,
                        "MONTHLY" => Frequency::Monthly,
                        "YEARLY" => Frequency::Yearly,
                        _ => {
                            return Err(format!(
                                "RRULE: FREQ={value} is not understood; DAILY, WEEKLY, MONTHLY and YEARLY are"
                            ));
                        }
                    });
                }
                "INTERVAL" => {
                    rule.interval = value.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
                }
                "COUNT" => rule.count = Some(value.parse().map_err(|_| wrong())?),
                "UNTIL" => rule.until = Some(until(value).ok_or_else(wrong)?),
                "BYMONTH" => rule.months = numbers(value, 1, 12).ok_or_else(wrong)?,
                "BYMONTHDAY" => rule.month_days = numbers(value, -31, 31).ok_or_else(wrong)?,
                "BYDAY" => {
                    rule.days = value
                        .split(',')
                        .map(day)
                        .collect::<Option<_>>()
                        .ok_or_else(wrong)?;
                }
                "BYSETPOS" => {
                    let positions = numbers(value, -127, 127).ok_or_else(wrong)?;
                    rule.positions = positions.into_iter().map(i32::from).collect();
                }
                "WKST" => rule.week_start = weekday(value).ok_or_else(wrong)?,
                other => {
                    return Err(format!(
                        "RRULE: {other} is not understood; write the events one by one"
                    ));
                }
            }
        }
        rule.frequency = frequency.ok_or_else(|| "RRULE without FREQ".to_owned())?;
        let ordinal = rule.days.iter().any(|(nth, _)| nth.is_some());
        if ordinal && matches!(rule.frequency, Frequency::Daily | Frequency::Weekly) {
            return Err("RRULE: a numbered BYDAY needs FREQ=MONTHLY or YEARLY".to_owned());
        }
        if !rule.month_days.is_empty() && rule.frequency == Frequency::Weekly {
            return Err("RRULE: BYMONTHDAY has no meaning with FREQ=WEEKLY".to_owned());
        }
        Ok(rule)
    }

    /// Whether a repetition comes after the rule's end.
    pub fn is_over(&self, moment: &Moment) -> bool {
        match self.until {
            None => false,
            Some(Until::Day(day)) => moment.at.date() > day,
            Some(Until::Local(time)) => moment.at > time,
            Some(Until::Time(time)) => moment.timestamp().is_none_or(|at| at > time),
        }
    }

    /// The days on which it comes, from the first one on.
    pub fn dates(&self, start: Date) -> impl Iterator<Item = Date> + '_ {
        (0..MOST_PERIODS)
            .map_while(move |period| self.period(start, period.checked_mul(self.interval)?))
            .flat_map(|dates| self.chosen(dates))
            .filter(move |date| *date >= start)
    }

    /// The days of a period, sorted; `None` where the calendar ends.
    fn period(&self, start: Date, number: i32) -> Option<Vec<Date>> {
        let mut dates = match self.frequency {
            Frequency::Daily => vec![start.checked_add(number.days()).ok()?],
            Frequency::Weekly => {
                let since = i32::from(start.weekday().since(self.week_start));
                let first = start.checked_sub(since.days()).ok()?;
                let first = first.checked_add(number.checked_mul(7)?.days()).ok()?;
                let week = (0..7).filter_map(|day| first.checked_add(day.days()).ok());
                week.filter(|date| match self.days.as_slice() {
                    [] => date.weekday() == start.weekday(),
                    days => days.iter().any(|(_, day)| *day == date.weekday()),
                })
                .collect()
            }
            Frequency::Monthly => {
                let first = start.first_of_month().checked_add(number.months()).ok()?;
                self.of_month(
                    first,
                    start,
                    self.month_days.is_empty() && self.days.is_empty(),
                )
            }
            Frequency::Yearly => self.of_year(start, number)?,
        };
        dates.retain(|date| self.months.is_empty() || self.months.contains(&date.month()));
        if self.frequency == Frequency::Daily {
            dates.retain(|date| {
                self.days.is_empty() || self.days.iter().any(|(_, day)| *day == date.weekday())
            });
            dates.retain(|date| self.month_days.is_empty() || self.is_month_day(*date));
        }
        dates.sort_unstable();
        dates.dedup();
        Some(dates)
    }

    fn of_year(&self, start: Date, number: i32) -> Option<Vec<Date>> {
        let year = i32::from(start.year()).checked_add(number)?;
        let first = Date::new(i16::try_from(year).ok()?, 1, 1).ok()?;
        // Numbered days count in the year where no month is named.
        if self.months.is_empty() && self.month_days.is_empty() && !self.days.is_empty() {
            let length = i32::from(first.days_in_year());
            let year: Vec<Date> = (0..length)
                .filter_map(|day| first.checked_add(day.days()).ok())
                .collect();
            return Some(self.numbered(&year));
        }
        let months: Vec<i8> = match self.months.as_slice() {
            [] if self.month_days.is_empty() => vec![start.month()],
            [] => (1..=12).collect(),
            months => months.to_vec(),
        };
        let plain = self.month_days.is_empty() && self.days.is_empty();
        Some(
            months
                .into_iter()
                .filter_map(|month| Date::new(first.year(), month, 1).ok())
                .flat_map(|month| self.of_month(month, start, plain))
                .collect(),
        )
    }

    /// The days of a month that the rule means; with nothing said, the day of the first event.
    fn of_month(&self, first: Date, start: Date, plain: bool) -> Vec<Date> {
        if plain {
            let same = Date::new(first.year(), first.month(), start.day());
            return same.into_iter().collect();
        }
        let month: Vec<Date> = (0..i32::from(first.days_in_month()))
            .filter_map(|day| first.checked_add(day.days()).ok())
            .collect();
        let days = if self.days.is_empty() {
            month
        } else {
            self.numbered(&month)
        };
        days.into_iter()
            .filter(|date| self.month_days.is_empty() || self.is_month_day(*date))
            .collect()
    }

    /// The days of a span that `BYDAY` names: every Monday, the second one, the last one.
    fn numbered(&self, span: &[Date]) -> Vec<Date> {
        let mut found = Vec::new();
        for (nth, day) in &self.days {
            let on: Vec<Date> = span
                .iter()
                .copied()
                .filter(|date| date.weekday() == *day)
                .collect();
            match nth {
                None => found.extend(on),
                Some(nth) => found.extend(at(&on, i32::from(*nth))),
            }
        }
        found
    }

    fn is_month_day(&self, date: Date) -> bool {
        let from_end = date.day() - date.days_in_month() - 1;
        self.month_days.contains(&date.day()) || self.month_days.contains(&from_end)
    }

    fn chosen(&self, dates: Vec<Date>) -> Vec<Date> {
        if self.positions.is_empty() {
            return dates;
        }
        let mut chosen: Vec<Date> = self
            .positions
            .iter()
            .filter_map(|position| at(&dates, *position))
            .collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }
}

/// The nth of some days, from the end where the number is negative.
fn at(dates: &[Date], nth: i32) -> Option<Date> {
    let place = usize::try_from(nth.unsigned_abs()).ok()?.checked_sub(1)?;
    if nth > 0 {
        dates.get(place).copied()
    } else {
        dates.iter().rev().nth(place).copied()
    }
}

fn numbers(text: &str, least: i8, most: i8) -> Option<Vec<i8>> {
    text.split(',')
        .map(|number| {
            let number: i8 = number.trim_start_matches('+').parse().ok()?;
            (number != 0 && (least..=most).contains(&number)).then_some(number)
        })
        .collect()
}

/// `MO`, `2MO`, `-1FR`
fn day(text: &str) -> Option<(Option<i8>, Weekday)> {
    let split = text.len().checked_sub(2)?;
    let (number, name) = (text.get(..split)?, text.get(split..)?);
    let day = weekday(name)?;
    if number.is_empty() {
        return Some((None, day));
    }
    let number = numbers(number, -53, 53)?.first().copied()?;
    Some((Some(number), day))
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

fn until(text: &str) -> Option<Until> {
    if let Some(utc) = text.strip_suffix('Z') {
        let at = super::read::date_time(utc)?;
        let zoned = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        return Some(Until::Time(zoned.timestamp()));
    }
    match super::read::date(text) {
        Some(day) => Some(Until::Day(day)),
        None => super::read::date_time(text).map(Until::Local),
    }
}
