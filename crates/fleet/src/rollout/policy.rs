//! How fast a fleet goes, in which steps, and when it stops.

use jiff::SignedDuration;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// How many targets: a number, or a share of all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// So many.
    Number(u32),
    /// So much of a hundred, from 0 to 100.
    Percent(f64),
}

impl Amount {
    /// How many of `total` that is, rounded down.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a count is a count, from 0 to that"
    )]
    pub fn of(self, total: usize) -> usize {
        match self {
            Self::Number(number) => usize::try_from(number).unwrap_or(usize::MAX),
            Self::Percent(percent) => {
                ((total as f64 * percent.clamp(0.0, 100.0) / 100.0) as usize).min(total)
            }
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// Text that is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a whole number, or a percentage from 0% to 100%")]
pub struct NoAmount;

impl FromStr for Amount {
    type Err = NoAmount;

    fn from_str(text: &str) -> Result<Self, NoAmount> {
        let text = text.trim();
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(Self::Number).map_err(|_| NoAmount);
        };
        match percent.trim_end().parse::<f64>() {
            Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Self::Percent(percent)),
            _ => Err(NoAmount),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u32(*number),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u32),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(Self::Number(number)),
            Written::Text(text) => text.parse().map_err(D::Error::custom),
        }
    }
}

/// How a fleet is rolled out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RolloutPolicy {
    /// How many targets run at a time, at least 1.
    pub concurrency: usize,
    /// How many of one account run at a time.
    pub per_account: Option<usize>,
    /// How many of one region of one account run at a time: what throttles is counted by account and region.
    pub per_region: Option<usize>,
    /// How many targets may end badly; one more, and nothing more is started.
    pub max_errors: Amount,
    /// How many targets each wave has, in the order in which targets are listed; the last size is repeated until all have had
    /// their turn. A share is rounded down, and is at least one target. None: all targets are one wave.
    pub waves: Vec<Amount>,
    /// How long is waited after a wave has ended, before the next one.
    #[serde(with = "length")]
    pub pause: Option<SignedDuration>,
    /// A person says yes before each wave but the first.
    pub approve: bool,
    /// `CloudWatch` alarms, by name or ARN, that stop the fleet.
    pub alarms: Vec<String>,
}

/// How many targets run at a time, unless it is said.
pub const CONCURRENCY: usize = 10;

impl Default for RolloutPolicy {
    fn default() -> Self {
        Self {
            concurrency: CONCURRENCY,
            per_account: None,
            per_region: None,
            max_errors: Amount::Number(0),
            waves: Vec::new(),
            pause: None,
            approve: false,
            alarms: Vec::new(),
        }
    }
}

impl RolloutPolicy {
    /// The waves of so many targets, as ranges of their numbers.
    #[must_use]
    pub fn waves_of(&self, total: usize) -> Vec<Range<usize>> {
        let mut waves = Vec::new();
        let mut sizes = self.waves.iter();
        let mut size = Amount::Percent(100.0);
        let mut from = 0;
        while from < total {
            size = sizes.next().copied().unwrap_or(size);
            let to = total.min(from.saturating_add(size.of(total).max(1)));
            waves.push(from..to);
            from = to;
        }
        waves
    }
}

/// A length of time as playbooks write it: `1h30m`.
mod length {
    use jiff::SignedDuration;
    use runbook_playbook::duration;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "what serde calls")]
    pub(super) fn serialize<S: Serializer>(
        length: &Option<SignedDuration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match length {
            Some(length) => serializer.serialize_some(&duration::format(*length)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SignedDuration>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let read = text.map(|text| duration::parse(&text).map_err(D::Error::custom));
        read.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, RolloutPolicy};

    fn waves(sizes: &[&str], total: usize) -> Vec<usize> {
        let policy = RolloutPolicy {
            waves: sizes
                .iter()
                .map(|size| size.parse().expect("an amount"))
                .collect(),
            ..RolloutPolicy::default()
        };
        policy
            .waves_of(total)
            .iter()
            .map(ExactSizeIterator::len)
            .collect()
    }

    #[test]
    fn one_canary_then_a_tenth_then_the_rest() {
        assert_eq!(waves(&["1", "10%", "100%"], 50), [1, 5, 44]);
        assert_eq!(waves(&["1", "10%", "100%"], 3), [1, 1, 1]);
        assert_eq!(waves(&["1", "10%", "100%"], 1), [1]);
    }

    #[test]
    fn the_last_size_is_repeated() {
        assert_eq!(waves(&["30%"], 10), [3, 3, 3, 1]);
        assert_eq!(waves(&["2", "3"], 9), [2, 3, 3, 1]);
        assert_eq!(waves(&[], 9), [9]);
        assert_eq!(waves(&["0"], 2), [1, 1]);
        assert!(waves(&["1"], 0).is_empty());
    }

    #[test]
    fn amounts_are_numbers_or_shares() {
        assert_eq!("3".parse(), Ok(Amount::Number(3)));
        assert_eq!("2.5 %".parse(), Ok(Amount::Percent(2.5)));
        for wrong in ["", "-1", "101%", "x", "%", "nan%"] {
            assert!(wrong.parse::<Amount>().is_err(), "{wrong}");
        }
        assert_eq!(Amount::Percent(10.0).of(9), 0);
        let json = serde_json::to_value([Amount::Number(3), Amount::Percent(2.5)]).expect("JSON");
        assert_eq!(json, serde_json::json!([3, "2.5%"]));
        assert_eq!(
            serde_json::from_value::<Vec<Amount>>(json).expect("amounts"),
            [Amount::Number(3), Amount::Percent(2.5)]
        );
    }
}
