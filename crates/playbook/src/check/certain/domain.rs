//! The values that something can have.

use super::Certainty;
use crate::expression::CompareOp;
use crate::types::Type;
use crate::value::Value;
use regex::Regex;

/// A value that is known before a run. Durations count in seconds, timestamps in seconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) enum Constant {
    Number(f64),
    Text(String),
    Boolean(bool),
}

impl Constant {
    pub(super) fn of_value(value: &Value) -> Option<Self> {
        match value {
            Value::Boolean(value) => Some(Self::Boolean(*value)),
            #[expect(clippy::cast_precision_loss, reason = "bounds need no more digits")]
            Value::Integer(value) => Some(Self::Number(*value as f64)),
            Value::Number(value) => Some(Self::Number(*value)),
            Value::Text(text) => Some(Self::Text(text.as_ref().to_owned())),
            _ => None,
        }
    }

    /// A scalar that is compared with something of a type.
    pub(in crate::check) fn of_scalar(text: &str, ty: &Type) -> Option<Self> {
        match ty.present() {
            Type::Integer(_, None) | Type::Number(_) => text.parse().ok().map(Self::Number),
            Type::Text(_) => Some(Self::Text(text.to_owned())),
            Type::Boolean => text.parse().ok().map(Self::Boolean),
            Type::Duration => {
                let length = crate::duration::parse(text).ok()?;
                Some(Self::Number(length.as_secs_f64()))
            }
            Type::Timestamp(_) => {
                let at: jiff::Timestamp = text.parse().ok()?;
                Some(Self::Number(at.as_duration().as_secs_f64()))
            }
            _ => None,
        }
    }
}

/// What is said of a value.
#[derive(Debug, Clone)]
pub(in crate::check) enum Relation {
    Less(f64),
    AtMost(f64),
    Greater(f64),
    AtLeast(f64),
    OneOf(Vec<Constant>),
    NoneOf(Vec<Constant>),
    /// Text in which the expression is found.
    Matches(Regex),
}

impl Relation {
    pub(super) fn compared(op: CompareOp, value: Constant) -> Option<Self> {
        Some(match (op, value) {
            (CompareOp::Equal, value) => Self::OneOf(vec![value]),
            (CompareOp::NotEqual, value) => Self::NoneOf(vec![value]),
            (CompareOp::Less, Constant::Number(bound)) => Self::Less(bound),
            (CompareOp::LessOrEqual, Constant::Number(bound)) => Self::AtMost(bound),
            (CompareOp::Greater, Constant::Number(bound)) => Self::Greater(bound),
            (CompareOp::GreaterOrEqual, Constant::Number(bound)) => Self::AtLeast(bound),
            _ => return None,
        })
    }

    /// What is said where this is not so. The opposite of a search says nothing.
    pub(in crate::check) fn opposite(&self) -> Self {
        match self {
            Self::Less(bound) => Self::AtLeast(*bound),
            Self::AtMost(bound) => Self::Greater(*bound),
            Self::Greater(bound) => Self::AtMost(*bound),
            Self::AtLeast(bound) => Self::Less(*bound),
            Self::OneOf(values) => Self::NoneOf(values.clone()),
            Self::NoneOf(values) => Self::OneOf(values.clone()),
            Self::Matches(_) => Self::NoneOf(Vec::new()),
        }
    }

    /// Whether it is so for a constant.
    pub(super) fn of_constant(&self, value: &Constant) -> Certainty {
        let truth = match (self, value) {
            (Self::Less(bound), Constant::Number(number)) => number < bound,
            (Self::AtMost(bound), Constant::Number(number)) => number <= bound,
            (Self::Greater(bound), Constant::Number(number)) => number > bound,
            (Self::AtLeast(bound), Constant::Number(number)) => number >= bound,
            (Self::OneOf(values), value) => values.contains(value),
            (Self::NoneOf(values), value) => !values.contains(value),
            (Self::Matches(regex), Constant::Text(text)) => regex.is_match(text),
            _ => return Certainty::Open,
        };
        Certainty::of(truth)
    }
}

/// The values that something can have.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) enum Domain {
    /// Anything.
    Any,
    /// Numbers between two bounds.
    Numbers(Interval),
    /// Texts.
    Texts(Texts),
    /// `true`, `false`, or both.
    Truths { yes: bool, no: bool },
}

/// Numbers between two bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::check) struct Interval {
    low: f64,
    /// The lower bound itself is out.
    above: bool,
    high: f64,
    /// The upper bound itself is out.
    below: bool,
    /// Whole numbers only.
    whole: bool,
}

impl Interval {
    fn unbounded(whole: bool) -> Self {
        Self {
            low: f64::NEG_INFINITY,
            above: false,
            high: f64::INFINITY,
            below: false,
            whole,
        }
    }

    fn is_empty(self) -> bool {
        let (mut low, mut high) = (self.low, self.high);
        if self.whole {
            low = if self.above {
                (low + 1.0).floor()
            } else {
                low.ceil()
            };
            high = if self.below {
                (high - 1.0).ceil()
            } else {
                high.floor()
            };
            return low > high;
        }
        low > high || ((self.above || self.below) && low >= high)
    }

    fn with(mut self, relation: &Relation) -> Self {
        match relation {
            Relation::Less(bound) if *bound <= self.high => {
                (self.high, self.below) = (*bound, true);
            }
            Relation::AtMost(bound) if *bound < self.high => {
                (self.high, self.below) = (*bound, false);
            }
            Relation::Greater(bound) if *bound >= self.low => {
                (self.low, self.above) = (*bound, true);
            }
            Relation::AtLeast(bound) if *bound > self.low => {
                (self.low, self.above) = (*bound, false);
            }
            Relation::OneOf(values) => {
                let numbers = values.iter().filter_map(|value| match value {
                    Constant::Number(number) if self.contains(*number) => Some(*number),
                    _ => None,
                });
                let (low, high) = numbers
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| {
                        (low.min(number), high.max(number))
                    });
                (self.low, self.above, self.high, self.below) = (low, false, high, false);
            }
            Relation::NoneOf(values)
                if self.is_one() && values.contains(&Constant::Number(self.low)) =>
            {
                (self.above, self.below) = (true, true);
            }
            _ => {}
        }
        self
    }

    #[expect(clippy::float_cmp, reason = "both bounds were set to the same number")]
    fn is_one(self) -> bool {
        self.low == self.high
    }

    fn contains(self, number: f64) -> bool {
        let whole = !self.whole || number.fract() == 0.0;
        let low = number > self.low || (number >= self.low && !self.above);
        let high = number < self.high || (number <= self.high && !self.below);
        whole && low && high
    }
}

/// Texts.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::check) struct Texts {
    /// There are no others.
    only: Option<Vec<String>>,
    /// Those that the API lists. It may grow others, but what is compared with another one is a slip of the pen.
    listed: Vec<String>,
    /// Never these.
    not: Vec<String>,
}

impl Texts {
    fn with(mut self, relation: &Relation) -> Self {
        let texts = |values: &[Constant]| -> Vec<String> {
            values
                .iter()
                .filter_map(|value| match value {
                    Constant::Text(text) => Some(text.clone()),
                    _ => None,
                })
                .collect()
        };
        match relation {
            Relation::OneOf(values) => {
                let mut left = texts(values);
                left.retain(|text| self.may_be(text));
                self.only = Some(left);
            }
            Relation::NoneOf(values) => {
                let out = texts(values);
                if let Some(only) = &mut self.only {
                    only.retain(|text| !out.contains(text));
                }
                self.not.extend(out);
            }
            Relation::Matches(regex) => {
                let known = match &self.only {
                    Some(only) => Some(only.clone()),
                    None if self.listed.is_empty() => None,
                    None => Some(self.listed.clone()),
                };
                if let Some(mut known) = known {
                    known.retain(|text| regex.is_match(text) && !self.not.contains(text));
                    self.only = Some(known);
                }
            }
            _ => {}
        }
        self
    }

    fn may_be(&self, text: &String) -> bool {
        let known = match &self.only {
            Some(only) => only.contains(text),
            None => self.listed.is_empty() || self.listed.contains(text),
        };
        known && !self.not.contains(text)
    }
}

impl Domain {
    /// The values of a type. Inputs have no others than their declaration allows; what an API gives may be outside the
    /// bounds that it names.
    pub(in crate::check) fn of_type(ty: &Type, exact: bool) -> Self {
        match ty {
            Type::Integer(range, None) | Type::Number(range) => {
                let mut interval = Interval::unbounded(matches!(ty, Type::Integer(..)));
                if exact {
                    interval.low = range.min.unwrap_or(f64::NEG_INFINITY);
                    interval.high = range.max.unwrap_or(f64::INFINITY);
                }
                Self::Numbers(interval)
            }
            Type::Duration | Type::Timestamp(_) => Self::Numbers(Interval::unbounded(false)),
            Type::Text(rule) if exact && !rule.values.is_empty() => Self::Texts(Texts {
                only: Some(rule.values.clone()),
                ..Texts::default()
            }),
            Type::Text(rule) => Self::Texts(Texts {
                listed: rule.values.clone(),
                ..Texts::default()
            }),
            Type::Boolean => Self::Truths {
                yes: true,
                no: true,
            },
            _ => Self::Any,
        }
    }

    /// A number of things: at most so many where that is known.
    pub(in crate::check) fn count(most: Option<f64>) -> Self {
        Self::Numbers(Interval {
            low: 0.0,
            high: most.unwrap_or(f64::INFINITY),
            ..Interval::unbounded(true)
        })
    }

    /// The values that are left when something more is said.
    #[must_use]
    pub(in crate::check) fn with(&self, relation: &Relation) -> Self {
        match self {
            Self::Any => Self::Any,
            Self::Numbers(interval) => Self::Numbers(interval.with(relation)),
            Self::Texts(texts) => Self::Texts(texts.clone().with(relation)),
            Self::Truths { yes, no } => {
                let left = |truth: bool| match relation {
                    Relation::OneOf(values) => values.contains(&Constant::Boolean(truth)),
                    Relation::NoneOf(values) => !values.contains(&Constant::Boolean(truth)),
                    _ => true,
                };
                Self::Truths {
                    yes: *yes && left(true),
                    no: *no && left(false),
                }
            }
        }
    }

    /// Whether nothing is left.
    pub(in crate::check) fn is_empty(&self) -> bool {
        match self {
            Self::Any => false,
            Self::Numbers(interval) => interval.is_empty(),
            Self::Texts(texts) => texts.only.as_ref().is_some_and(Vec::is_empty),
            Self::Truths { yes, no } => !yes && !no,
        }
    }

    /// The one truth that is left.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Truths {
                yes: true,
                no: false,
            } => Some(true),
            Self::Truths {
                yes: false,
                no: true,
            } => Some(false),
            _ => None,
        }
    }

    /// The texts that are known, for suggestions.
    pub(in crate::check) fn known_texts(&self) -> &[String] {
        match self {
            Self::Texts(texts) => texts.only.as_deref().unwrap_or(&texts.listed),
            _ => &[],
        }
    }
}
