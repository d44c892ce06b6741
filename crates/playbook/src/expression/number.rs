//! Numbers: conversions that say when they do not fit, and how numbers are written.

use jiff::SignedDuration;

/// An integer as a number; beyond 2^53 the nearest one.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "the nearest number is what is meant"
)]
pub(crate) fn from_integer(integer: i64) -> f64 {
    integer as f64
}

/// A count as a number.
#[must_use]
pub(crate) fn from_count(count: usize) -> f64 {
    from_integer(i64::try_from(count).unwrap_or(i64::MAX))
}

/// A number without fraction as an integer.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked before"
)]
pub(crate) fn to_integer(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= LIMIT).then_some(number as i64)
}

/// Seconds as a duration, to the millisecond.
#[must_use]
pub(crate) fn to_duration(seconds: f64) -> Option<SignedDuration> {
    SignedDuration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|length| i64::try_from(length.as_millis()).ok())
        .map(SignedDuration::from_millis)
}

/// Writes a number in short form: at most ten significant digits, no trailing zeros.
#[must_use]
pub(crate) fn format(number: f64) -> String {
    if let Some(integer) = to_integer(number) {
        return integer.to_string();
    }
    let magnitude = number.abs();
    if !(1e-6..1e15).contains(&magnitude) {
        return number.to_string();
    }
    let mut digits = 10usize;
    let mut bound = 1.0;
    while magnitude >= bound && digits > 0 {
        bound *= 10.0;
        digits -= 1;
    }
    if magnitude < 1.0 {
        digits = 10;
    }
    let text = format!("{number:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_short_numbers() {
        for (number, text) in [
            (0.1 + 0.2, "0.3"),
            (2.0, "2"),
            (-1.5, "-1.5"),
            (1_234.567_8, "1234.5678"),
            (1.0 / 3.0, "0.3333333333"),
            (66.666_666_666_666, "66.66666667"),
        ] {
            assert_eq!(format(number), text);
        }
    }
}
