//! `require`, `assert`, `causes`: what a step's result says.

use super::{Context, Failure, Found, Halt};
use crate::assertion::{Evidence, judge};
use crate::outcome::{AssertionOutcome, StepError};
use crate::run::scope::StepScope;
use crate::truth::Truth;
use indexmap::IndexMap;
use runbook_playbook::syntax::assertion::Assertion;
use runbook_playbook::types::Type;

/// The evidence that a scope gives.
fn evidence<'e>(
    context: &'e Context<'_, '_>,
    scope: &'e StepScope<'_, '_>,
    truncated: bool,
) -> Evidence<'e> {
    Evidence {
        result: scope.result.as_ref().map(|(json, _)| json.as_ref()),
        output: scope.result.as_ref().map_or(&Type::Any, |(_, ty)| ty),
        truncated,
        scope,
        source: &context.run.plan.checked.playbook.source,
    }
}

/// Judges a list; its truth is that of all that count.
fn all(
    assertions: &[Assertion],
    evidence: Evidence<'_>,
    require: bool,
    outcomes: &mut Vec<AssertionOutcome>,
) -> Result<Truth, StepError> {
    let mut truth = Truth::True;
    for assertion in assertions {
        let outcome = judge(assertion, evidence, require)?;
        if !outcome.warn {
            truth = truth.and(outcome.truth);
        }
        outcomes.push(outcome);
    }
    Ok(truth)
}

/// Whether the assertions of `until` are true.
///
/// # Errors
/// One of them cannot be evaluated.
pub(super) fn until(
    context: &Context<'_, '_>,
    assertions: &[Assertion],
    scope: &StepScope<'_, '_>,
    truncated: bool,
) -> Result<(Truth, Vec<AssertionOutcome>), StepError> {
    let mut outcomes = Vec::new();
    let truth = all(
        assertions,
        evidence(context, scope, truncated),
        false,
        &mut outcomes,
    )?;
    Ok((truth, outcomes))
}

/// Judges everything that the step says about its result.
///
/// # Errors
/// A `require` is not true, in an acting graph an `assert` is not true, or one cannot be evaluated.
pub(super) fn result(
    context: &Context<'_, '_>,
    scope: &StepScope<'_, '_>,
    truncated: bool,
    error: Option<StepError>,
    mut assertions: Vec<AssertionOutcome>,
) -> Result<Found, Halt> {
    let step = context.step;
    let evidence = evidence(context, scope, truncated);
    let fail = |assertions: Vec<AssertionOutcome>, error: StepError| {
        Halt::Failed(Box::new(Failure {
            error,
            assertions,
            truncated,
        }))
    };
    let required = match all(&step.require, evidence, true, &mut assertions) {
        Ok(truth) => truth,
        Err(error) => return Err(fail(assertions, error)),
    };
    if required != Truth::True {
        let why = sentence(&assertions, "cannot tell");
        return Err(fail(assertions, StepError::new("require", why)));
    }
    let before = assertions.len();
    let asserted = match all(&step.assert, evidence, false, &mut assertions) {
        Ok(truth) => truth,
        Err(error) => return Err(fail(assertions, error)),
    };
    let counts = step.assert.iter().any(|assertion| !assertion.warn);
    let acts = context.container.graph.acts();
    if acts && counts && asserted != Truth::True {
        let why = sentence(
            assertions.get(before..).unwrap_or_default(),
            "what must be true is not",
        );
        return Err(fail(assertions, StepError::new("assert", why)));
    }
    let mut finders = IndexMap::new();
    for finder in &step.causes {
        let from = assertions.len();
        let truth = match all(&finder.assertions, evidence, false, &mut assertions) {
            Ok(truth) => truth,
            Err(error) => return Err(fail(assertions, error)),
        };
        let found = assertions
            .get(from..)
            .unwrap_or_default()
            .iter()
            .map(|one| {
                one.message
                    .clone()
                    .unwrap_or_else(|| format!("{}: {}", one.asked, one.found))
            })
            .collect::<Vec<_>>()
            .join("; ");
        scope.add_found(&context.checked_path(), &finder.name.value, truth);
        finders.insert(finder.name.value.clone(), (truth, found));
    }
    let holds = if acts {
        None
    } else if counts {
        Some(asserted)
    } else if finders.is_empty() {
        None
    } else {
        Some(
            finders
                .values()
                .map(|(truth, _)| *truth)
                .fold(Truth::False, Truth::or),
        )
    };
    Ok(Found {
        captures: step
            .capture
            .iter()
            .filter_map(|capture| {
                let name = &capture.name.value;
                Some((name.clone(), scope.locals.get(name)?.clone()))
            })
            .collect(),
        assertions,
        holds,
        finders,
        truncated,
        error,
    })
}

/// The first assertion that is not true, in words.
fn sentence(assertions: &[AssertionOutcome], otherwise: &str) -> String {
    assertions
        .iter()
        .find(|one| one.truth != Truth::True && !one.warn)
        .map_or_else(
            || otherwise.to_owned(),
            |one| match &one.message {
                Some(message) => format!("{otherwise}: {message}"),
                None => format!("{otherwise}: `{}`, found {}", one.asked, one.found),
            },
        )
}
