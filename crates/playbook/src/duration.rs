//! Lengths of time as playbooks write them: `90s`, `15m`, `1h30m`, `24h`, `7d`, `500ms`.

use jiff::SignedDuration;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration; write for example `30s`, `15m`, `1h30m`, `24h` or `7d`")]
pub struct NotADuration(pub String);

/// The units, largest first, with their milliseconds.
const UNITS: [(&str, i64); 6] = [
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads a duration: a sum of whole numbers with a unit each (`w`, `d`, `h`, `m`, `s`, `ms`), with an optional sign.
///
/// # Errors
/// [`NotADuration`] for anything else, a bare number and an overflow included.
pub fn parse(text: &str) -> Result<SignedDuration, NotADuration> {
    let wrong = || NotADuration(text.to_owned());
    let (negative, mut rest) = match text.trim().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.trim()),
    };
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut millis: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: i64 = rest
            .get(..digits)
            .and_then(|number| number.parse().ok())
            .ok_or_else(wrong)?;
        rest = rest.get(digits..).ok_or_else(wrong)?;
        let end = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit = rest.get(..end).ok_or_else(wrong)?;
        let (_, factor) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wrong)?;
        millis = number
            .checked_mul(*factor)
            .and_then(|part| millis.checked_add(part))
            .ok_or_else(wrong)?;
        rest = rest.get(end..).ok_or_else(wrong)?;
    }
    Ok(SignedDuration::from_millis(if negative {
        -millis
    } else {
        millis
    }))
}

/// Writes a duration in the form that [`parse`] reads, largest units first; parts below a millisecond are dropped.
#[must_use]
pub fn format(length: SignedDuration) -> String {
    let millis = length.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut text = String::from(if millis < 0 { "-" } else { "" });
    let mut left = millis.unsigned_abs();
    for (unit, factor) in UNITS.iter().skip(1) {
        let factor = u128::from(factor.unsigned_abs());
        if left >= factor {
            text.push_str(&(left / factor).to_string());
            text.push_str(unit);
            left %= factor;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in [
            "90s",
            "15m",
            "1h30m",
            "1d",
            "7d",
            "500ms",
            "-5m",
            "1d2h3m4s5ms",
        ] {
            let length = parse(text).expect(text);
            assert_eq!(
                parse(&format(length)).expect("round trip"),
                length,
                "{text}"
            );
        }
        assert_eq!(format(parse("24h").expect("24h")), "1d");
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in [
            "",
            "5",
            "m",
            "5 m",
            "5x",
            "99999999999999999999h",
            "1.5h",
            "-",
            "9223372036854775807w",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
