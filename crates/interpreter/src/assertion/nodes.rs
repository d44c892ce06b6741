//! `any`, `all`, `none`, `count`, `empty`, `exists`: predicates over several nodes, or over the elements of a list.

use super::{Evidence, Looked, all_of_value};
use crate::outcome::StepError;
use crate::truth::Truth;
use runbook_playbook::span::Spanned;
use runbook_playbook::syntax::assertion::Predicate;
use runbook_playbook::value::Value;

/// The nodes, or the elements of a singular list; nothing is no element.
fn elements(looked: &Looked) -> Result<&[Value], StepError> {
    match looked {
        Looked::Nodes(nodes) => Ok(nodes),
        Looked::One(Value::List(items)) => Ok(items),
        Looked::One(Value::Absent) => Ok(&[]),
        Looked::One(other) => Err(StepError::new(
            "assertion",
            format!("several nodes or a list are needed, not {}", other.kind()),
        )),
    }
}

/// More items can only make it true.
pub(super) fn any(
    inner: &[Spanned<Predicate>],
    looked: &Looked,
    cut: bool,
    evidence: Evidence<'_>,
) -> Result<Truth, StepError> {
    let mut truth = if cut { Truth::Unknown } else { Truth::False };
    for value in elements(looked)? {
        truth = truth.or(all_of_value(inner, value, evidence)?);
    }
    Ok(truth)
}

/// Over nothing it is false; more items can only make it false.
pub(super) fn all(
    inner: &[Spanned<Predicate>],
    looked: &Looked,
    cut: bool,
    evidence: Evidence<'_>,
) -> Result<Truth, StepError> {
    let values = elements(looked)?;
    if values.is_empty() && !cut {
        return Ok(Truth::False);
    }
    let mut truth = if cut { Truth::Unknown } else { Truth::True };
    for value in values {
        truth = truth.and(all_of_value(inner, value, evidence)?);
    }
    Ok(truth)
}

/// How many; of a cut list only what more items cannot overturn is known.
pub(super) fn count(
    inner: &[Spanned<Predicate>],
    looked: &Looked,
    cut: bool,
    evidence: Evidence<'_>,
) -> Result<Truth, StepError> {
    let number = i64::try_from(elements(looked)?.len()).unwrap_or(i64::MAX);
    let mut truth = Truth::True;
    for predicate in inner {
        let one = std::slice::from_ref(predicate);
        let now = all_of_value(one, &Value::Integer(number), evidence)?;
        let stays = match &predicate.value {
            Predicate::Gt(_) | Predicate::Gte(_) => now == Truth::True,
            Predicate::Lt(_) | Predicate::Lte(_) => now == Truth::False,
            // Equality is beyond reach once the count has passed the operand.
            Predicate::Equals(operand) | Predicate::NotEquals(operand) => {
                let beyond = Spanned::new(Predicate::Lt(operand.clone()), predicate.span);
                let reached = Spanned::new(Predicate::Equals(operand.clone()), predicate.span);
                let value = Value::Integer(number);
                all_of_value(&[beyond], &value, evidence)? == Truth::False
                    && all_of_value(&[reached], &value, evidence)? == Truth::False
            }
            _ => false,
        };
        truth = truth.and(if cut && !stays { Truth::Unknown } else { now });
    }
    Ok(truth)
}

pub(super) fn empty(looked: &Looked, cut: bool) -> Result<Truth, StepError> {
    let none = match looked {
        Looked::One(Value::Text(text)) => return Ok(text.is_empty().into()),
        Looked::One(Value::Map(entries)) => return Ok(entries.is_empty().into()),
        looked => elements(looked)?.is_empty(),
    };
    Ok(if none && cut {
        Truth::Unknown
    } else {
        none.into()
    })
}

pub(super) fn exists(looked: &Looked, cut: bool) -> Truth {
    match looked {
        Looked::One(value) => (*value != Value::Absent).into(),
        Looked::Nodes(nodes) if nodes.is_empty() && cut => Truth::Unknown,
        Looked::Nodes(nodes) => (!nodes.is_empty()).into(),
    }
}
