//! `date` and arithmetic with it: instants.

use crate::text::{Time, TimeForm};
use regex::Regex;
use std::sync::OnceLock;

/// The instant that a `date` command prints.
pub(super) fn of_command(words: &[String]) -> Option<Time> {
    let (name, arguments) = words.split_first()?;
    if !matches!(name.as_str(), "date" | "gdate") {
        return None;
    }
    let mut ago = 0;
    let mut form = None;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if let Some(format) = argument.strip_prefix('+') {
            form = Some(form_of(format)?);
        } else if let Some(text) = argument
            .strip_prefix("--date=")
            .or_else(|| argument.strip_prefix("-d").filter(|rest| !rest.is_empty()))
        {
            ago = relative(text)?;
        } else if matches!(argument.as_str(), "-d" | "--date") {
            ago = relative(arguments.next()?)?;
        } else if argument == "-v" {
            ago = adjusted(arguments.next()?)?;
        } else if let Some(text) = argument.strip_prefix("-v") {
            ago = adjusted(text)?;
        } else if argument.starts_with("-I") || argument.starts_with("--iso-8601") {
            form = Some(TimeForm::Iso);
        } else if !matches!(argument.as_str(), "-u" | "--utc" | "--universal") {
            return None;
        }
    }
    Some(Time {
        ago,
        form: form.unwrap_or(TimeForm::Iso),
    })
}

/// The instant that arithmetic with `$(date +%s)` gives.
pub(super) fn of_arithmetic(text: &str) -> Option<Time> {
    static SHAPE: OnceLock<Option<Regex>> = OnceLock::new();
    let shape = SHAPE.get_or_init(|| {
        Regex::new(
            r"^\s*\(?\s*(?:\$\(|`)\s*date\s+(?:-u\s+)?\+(%s(?:%3N|000)?)\s*(?:\)|`)\s*(?:([-+])\s*([\d\s*]+?))?\s*\)?\s*(?:\*\s*(1000))?\s*$",
        )
        .ok()
    });
    let found = shape.as_ref()?.captures(text)?;
    let unit = found.get(1)?.as_str();
    let thousand = found.get(4).is_some();
    let mut amount: i64 = match found.get(3) {
        Some(amount) => amount
            .as_str()
            .split('*')
            .map(|factor| factor.trim().parse::<i64>().ok())
            .try_fold(1_i64, |product, factor| product.checked_mul(factor?))?,
        None => 0,
    };
    if found.get(2).is_some_and(|sign| sign.as_str() == "+") {
        amount = -amount;
    }
    let milliseconds = unit != "%s";
    Some(Time {
        ago: if milliseconds { amount / 1000 } else { amount },
        form: if milliseconds || thousand {
            TimeForm::Milliseconds
        } else {
            TimeForm::Seconds
        },
    })
}

fn form_of(format: &str) -> Option<TimeForm> {
    match format {
        "%s" => Some(TimeForm::Seconds),
        "%s%3N" | "%s000" => Some(TimeForm::Milliseconds),
        _ if format.contains("%s") => None,
        _ => (format.contains("%Y") || format.contains("%F")).then_some(TimeForm::Iso),
    }
}

/// GNU's relative dates: `1 hour ago`, `-30 minutes`, `yesterday`.
fn relative(text: &str) -> Option<i64> {
    static SHAPE: OnceLock<Option<Regex>> = OnceLock::new();
    let text = text.trim().to_lowercase();
    match text.as_str() {
        "now" | "today" => return Some(0),
        "yesterday" => return Some(86_400),
        "tomorrow" => return Some(-86_400),
        _ => {}
    }
    let shape = SHAPE.get_or_init(|| {
        Regex::new(r"^(?:now\s*)?([-+]?)\s*(\d+)\s*(second|sec|minute|min|hour|day|week|month|year)s?\s*(ago)?$")
            .ok()
    });
    let found = shape.as_ref()?.captures(&text)?;
    let amount: i64 = found.get(2)?.as_str().parse().ok()?;
    let seconds = amount.checked_mul(match found.get(3)?.as_str() {
        "second" | "sec" => 1,
        "minute" | "min" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 604_800,
        "month" => 2_592_000,
        _ => 31_536_000,
    })?;
    let minus = found.get(1).is_some_and(|sign| sign.as_str() == "-");
    let past = minus != found.get(4).is_some();
    Some(if past { seconds } else { -seconds })
}

/// BSD's: `-1H`.
fn adjusted(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = number.checked_mul(match unit {
        'S' => 1,
        'M' => 60,
        'H' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        'm' => 2_592_000,
        'y' => 31_536_000,
        _ => return None,
    })?;
    seconds.checked_neg()
}

#[cfg(test)]
mod tests {
    use super::{of_arithmetic, of_command};
    use crate::text::{Time, TimeForm};

    fn time(ago: i64, form: TimeForm) -> Time {
        Time { ago, form }
    }

    fn command(text: &[&str]) -> Option<Time> {
        let words: Vec<String> = text.iter().map(|word| (*word).to_owned()).collect();
        of_command(&words)
    }

    #[test]
    fn dates_are_instants() {
        for (words, ago, form) in [
            (vec!["date", "+%s"], 0, TimeForm::Seconds),
            (
                vec!["date", "-d", "1 hour ago", "+%s"],
                3600,
                TimeForm::Seconds,
            ),
            (
                vec!["date", "-u", "-d", "24 hours ago", "+%Y-%m-%dT%H:%M:%S"],
                86_400,
                TimeForm::Iso,
            ),
            (
                vec!["date", "--date=-30 minutes", "+%s%3N"],
                1800,
                TimeForm::Milliseconds,
            ),
            (
                vec!["date", "-d", "yesterday", "+%F"],
                86_400,
                TimeForm::Iso,
            ),
            (vec!["date", "-v-1H", "+%s"], 3600, TimeForm::Seconds),
            (vec!["date", "-u", "-Iseconds"], 0, TimeForm::Iso),
            (
                vec!["date", "-d", "+2 days", "+%s"],
                -172_800,
                TimeForm::Seconds,
            ),
        ] {
            assert_eq!(command(&words), Some(time(ago, form)), "{words:?}");
        }
        assert_eq!(command(&["date", "-d", "last friday"]), None);
        assert_eq!(command(&["cat", "+%s"]), None);
    }

    #[test]
    fn arithmetic_with_them_too() {
        for (text, ago, form) in [
            ("$(date +%s) - 3600", 3600, TimeForm::Seconds),
            ("$(date +%s%3N) - 3600000", 3600, TimeForm::Milliseconds),
            (
                "($(date +%s) - 24 * 3600) * 1000",
                86_400,
                TimeForm::Milliseconds,
            ),
            ("`date +%s` - 60", 60, TimeForm::Seconds),
            ("$(date +%s) * 1000", 0, TimeForm::Milliseconds),
        ] {
            assert_eq!(of_arithmetic(text), Some(time(ago, form)), "{text}");
        }
        assert_eq!(of_arithmetic("a + 1"), None);
    }
}
