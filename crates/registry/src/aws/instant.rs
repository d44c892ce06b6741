//! Instants: as arguments have them, as wires have them, and as the AWS CLI shows them.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use jiff::Timestamp;
use serde_json::Value as Json;

/// An instant from an argument: ISO-8601 text, a date alone (midnight UTC), or seconds since 1970.
pub(super) fn from_json(value: &Json) -> Option<DateTime> {
    match value {
        Json::Number(number) => match number.as_i64() {
            Some(seconds) => Some(DateTime::from_secs(seconds)),
            None => from_fractional(number.as_f64()?),
        },
        Json::String(text) => from_text(text),
        _ => None,
    }
}

/// An instant from text in any of the forms that services use.
pub(super) fn from_text(text: &str) -> Option<DateTime> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(DateTime::from_secs_and_nanos(
            at.as_second(),
            u32::try_from(at.subsec_nanosecond()).unwrap_or(0),
        ));
    }
    let smithy = [Format::DateTimeWithOffset, Format::HttpDate];
    if let Some(at) = smithy
        .iter()
        .find_map(|format| DateTime::from_str(text, *format).ok())
    {
        return Some(at);
    }
    if let Ok(at) = text.parse::<jiff::civil::DateTime>() {
        return Some(DateTime::from_secs(
            at.to_zoned(jiff::tz::TimeZone::UTC)
                .ok()?
                .timestamp()
                .as_second(),
        ));
    }
    from_fractional(text.parse().ok()?)
}

/// An instant from seconds since 1970 with a fraction.
pub(super) fn from_fractional(seconds: f64) -> Option<DateTime> {
    // Written so that NaN is refused too.
    (seconds.abs() < 1e11).then(|| {
        #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
        let micros = (seconds * 1e6).round() as i64;
        let nanos = u32::try_from(micros.rem_euclid(1_000_000) * 1000).unwrap_or(0);
        DateTime::from_secs_and_nanos(micros.div_euclid(1_000_000), nanos)
    })
}

/// The instant as the AWS CLI prints it, in UTC: `2026-01-15T12:00:00+00:00`, with microseconds when it has any.
pub(super) fn to_text(at: &DateTime) -> String {
    let micros = at.subsec_nanos() / 1000;
    let format = if micros == 0 {
        "%Y-%m-%dT%H:%M:%S+00:00"
    } else {
        "%Y-%m-%dT%H:%M:%S.%6f+00:00"
    };
    Timestamp::from_second(at.secs())
        .and_then(|whole| whole.checked_add(jiff::SignedDuration::from_micros(micros.into())))
        .map_or_else(
            |_| at.secs().to_string(),
            |timestamp| timestamp.strftime(format).to_string(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_alike_in_every_form() {
        for text in [
            "2026-01-15T12:00:00Z",
            "2026-01-15T13:00:00+01:00",
            "2026-01-15T12:00:00",
            "Thu, 15 Jan 2026 12:00:00 GMT",
            "1768478400",
        ] {
            let at = from_text(text).expect(text);
            assert_eq!(to_text(&at), "2026-01-15T12:00:00+00:00", "{text}");
        }
        let date = from_text("2026-01-15").expect("a date");
        assert_eq!(to_text(&date), "2026-01-15T00:00:00+00:00");
    }

    #[test]
    fn fractions_show_as_microseconds() {
        let at = from_fractional(1_768_478_400.123).expect("an instant");
        assert_eq!(to_text(&at), "2026-01-15T12:00:00.123000+00:00");
        assert!(from_fractional(f64::NAN).is_none());
        assert!(from_text("soon").is_none());
    }
}
