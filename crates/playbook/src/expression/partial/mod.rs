//! Partial evaluation: what an expression comes to when some of what it reads is not known yet.
//!
//! Where everything is known, the answer is that of [`evaluate`](super::evaluate). Where something is not, the answer holds
//! for whatever it turns out to be, a read that failed included: a [`Partial::Known`] value is the only one that a later
//! evaluation can give, unless that evaluation fails.

mod data;
mod evaluate;
mod print;
#[cfg(test)]
mod tests;

pub use data::read;
pub use evaluate::{condition, evaluate};
pub use print::print;

use super::tree::Expr;
use crate::types::Type;
use crate::value::Value;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::fmt;

/// A value of which some parts may not be known yet.
#[derive(Debug, Clone)]
pub enum Partial {
    /// Known as a whole.
    Known(Value),
    /// Not known.
    Unknown(Box<Unknown>),
    /// Text of which some pieces are not known; there are at least two.
    Text(Vec<Partial>),
    /// A list of known length, of whose elements some are not known as a whole.
    List(Vec<Partial>),
    /// A mapping of which some values are not known as a whole. An entry whose type is optional may be missing.
    Map(IndexMap<String, Partial>),
}

/// A value that is not known yet.
#[derive(Debug, Clone)]
pub struct Unknown {
    /// What it will be; [`Type::Optional`] where it may be absent.
    pub ty: Type,
    /// What is left to be evaluated, with full names and with every value that is known put in.
    pub residual: Expr,
    /// What must come first.
    pub origins: BTreeSet<Origin>,
}

/// What makes a value known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The end of a step, by its full name, and what of it is named: `diagnose.stopped`, `arns`.
    Step {
        /// The step.
        step: String,
        /// The capture, or what else the step offers: `holds`, `status`, `error`, `truncated`, `result`, `before`.
        part: String,
    },
    /// All finders of a cause have answered.
    Cause(String),
    /// The element of a loop, by its name: there is one value for each.
    Element(String),
    /// The start of the run or of an attempt: `now`, `since(…)`, `run.id`.
    RunTime,
    /// The account, region and partition that the credentials belong to.
    Target,
    /// A secret input: known, and never shown.
    Secret(String),
    /// What the caller of a shared part gives, by its name.
    Caller(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { step, part } => write!(f, "known after {step}.{part}"),
            Self::Cause(name) => write!(f, "known after diagnose: cause.{name}"),
            Self::Element(name) => write!(f, "one for each {name}"),
            Self::RunTime => f.write_str("known at run time"),
            Self::Target => f.write_str("known with the credentials"),
            Self::Secret(name) => write!(f, "secret: inputs.{name}"),
            Self::Caller(name) => write!(f, "given by the caller: {name}"),
        }
    }
}

/// What an expression can see before a run.
pub trait PartialScope {
    /// The value of a top-level name; `None` where nothing defines it.
    fn lookup(&self, name: &str) -> Option<Partial>;

    /// The start of the attempt, where it is known.
    fn now(&self) -> Option<Timestamp>;

    /// `now - length`, but never before the run's last write, where it is known.
    fn since(&self, length: SignedDuration) -> Option<Timestamp>;

    /// The type of what is left of an expression.
    fn type_of(&self, residual: &Expr) -> Type;
}

impl Partial {
    /// A value that is not known, by the expression that will give it.
    #[must_use]
    pub fn unknown(ty: Type, residual: Expr, origins: impl IntoIterator<Item = Origin>) -> Self {
        Self::Unknown(Box::new(Unknown {
            ty,
            residual,
            origins: origins.into_iter().collect(),
        }))
    }

    /// The value, where it is known as a whole.
    #[must_use]
    pub fn known(&self) -> Option<&Value> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// Everything that must come first before it is known as a whole.
    #[must_use]
    pub fn origins(&self) -> BTreeSet<Origin> {
        let mut found = BTreeSet::new();
        self.gather(&mut found);
        found
    }

    fn gather(&self, found: &mut BTreeSet<Origin>) {
        match self {
            Self::Known(_) => {}
            Self::Unknown(unknown) => found.extend(unknown.origins.iter().cloned()),
            Self::Text(parts) | Self::List(parts) => {
                for part in parts {
                    part.gather(found);
                }
            }
            Self::Map(entries) => {
                for part in entries.values() {
                    part.gather(found);
                }
            }
        }
    }

    /// Whether the value may turn out to be absent.
    #[must_use]
    pub fn may_be_absent(&self) -> bool {
        match self {
            Self::Known(value) => *value == Value::Absent,
            Self::Unknown(unknown) => {
                matches!(unknown.ty, Type::Optional(_) | Type::Any | Type::Absent)
            }
            _ => false,
        }
    }

    /// A list; known where all its elements are.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        match items.iter().map(|item| item.known().cloned()).collect() {
            Some(values) => Self::Known(Value::list(values)),
            None => Self::List(items),
        }
    }

    /// A mapping; known where all its values are.
    #[must_use]
    pub fn map(entries: IndexMap<String, Self>) -> Self {
        let known: Option<IndexMap<String, Value>> = entries
            .iter()
            .map(|(name, value)| Some((name.clone(), value.known()?.clone())))
            .collect();
        match known {
            Some(values) => Self::Known(Value::map(values)),
            None => Self::Map(entries),
        }
    }
}
