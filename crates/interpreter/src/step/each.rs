//! `each`: one step over a list. Leave is asked once, showing all calls.

use super::unit::{self, Element, Ready};
use super::{Context, Failure, Found, Halt, approval};
use crate::event::EventKind;
use crate::outcome::StepError;
use crate::run::state::Graph;
use crate::truth::Truth;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use indexmap::IndexMap;
use jiff::Timestamp;
use runbook_playbook::expression::{evaluate, evaluate_condition};
use runbook_playbook::syntax::each::{Each, MaxErrors};
use runbook_playbook::syntax::step::{Call, Work};
use runbook_playbook::value::Value;
use std::cell::RefCell;

/// The most elements where the step does not say.
const MAX: usize = 100;

/// How many reads run side by side where the step does not say.
const READS_AT_ONCE: usize = 8;

/// Runs the step once, or for each element.
///
/// # Errors
/// It failed, was declined or the run ends.
pub(super) async fn run(context: &Context<'_, '_>) -> Result<Found, Halt> {
    match &context.step.each {
        None => {
            let mut found = over(context, &[Element::default()], 1).await?;
            found.pop().unwrap_or_else(|| Ok(Found::default()))
        }
        Some(each) => {
            let elements = elements(context, each)?;
            let default =
                if context.reads_only() && !matches!(context.step.work, Work::Block { .. }) {
                    READS_AT_ONCE
                } else {
                    1
                };
            let at_once = each
                .concurrency
                .as_ref()
                .map_or(default, |number| usize::try_from(number.value).unwrap_or(1));
            let found = over(context, &elements, at_once.max(1)).await?;
            combine(context, each, elements.len(), found)
        }
    }
}

fn elements(context: &Context<'_, '_>, each: &Each) -> Result<Vec<Element>, Halt> {
    let scope = context.scope(IndexMap::new());
    let value = evaluate(&each.list, &scope).map_err(StepError::from)?;
    let Value::List(items) = value else {
        return Err(StepError::new(
            "each",
            format!(
                "`{}` is {}, and each needs a list",
                each.list.text,
                value.kind()
            ),
        )
        .into());
    };
    let mut elements = Vec::new();
    for item in items.iter() {
        let locals = IndexMap::from([(each.name.value.clone(), item.clone())]);
        if wanted(context, each, &locals)? {
            elements.push(Element {
                locals,
                number: Some(elements.len()),
                round: 0,
            });
        }
    }
    let most = each
        .max
        .as_ref()
        .map_or(MAX, |max| usize::try_from(max.value).unwrap_or(usize::MAX));
    if elements.len() > most {
        return Err(StepError::new(
            "max",
            format!(
                "`{}` has {} elements, and the step takes at most {most}",
                each.list.text,
                elements.len()
            ),
        )
        .into());
    }
    Ok(elements)
}

/// Whether the step is for this element.
fn wanted(
    context: &Context<'_, '_>,
    each: &Each,
    locals: &IndexMap<String, Value>,
) -> Result<bool, StepError> {
    let Some(condition) = &each.condition else {
        return Ok(true);
    };
    let scope = context.scope(locals.clone());
    evaluate_condition(condition, &scope)?.ok_or_else(|| {
        StepError::new(
            "each",
            format!("`{}` cannot be told for an element", condition.text),
        )
    })
}

fn allowed_errors(each: &Each, count: usize) -> usize {
    match each.max_errors.as_ref().map(|max| max.value) {
        None => 0,
        Some(MaxErrors::Number(number)) => usize::try_from(number).unwrap_or(usize::MAX),
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a list that `max` bounds"
        )]
        Some(MaxErrors::Percent(share)) => (count as f64 * share / 100.0).floor() as usize,
    }
}

/// What each element came to, in the list's order.
async fn over(
    context: &Context<'_, '_>,
    elements: &[Element],
    at_once: usize,
) -> Result<Vec<Result<Found, Halt>>, Halt> {
    let nothing = Element::default();
    match &context.step.work {
        Work::Action(call) => match &context.step.until {
            Some(until) => {
                side_by_side(context, elements, at_once, |number, context| {
                    let element = elements.get(number).unwrap_or(&nothing);
                    async move {
                        let found = unit::poll(&context, call, until, element).await;
                        (found, context.clock.now())
                    }
                })
                .await
            }
            None => with_leave(context, call, elements, at_once).await,
        },
        Work::Block { .. } => {
            side_by_side(context, elements, at_once, |number, context| {
                let element = elements.get(number).unwrap_or(&nothing);
                async move {
                    let found = unit::block(&context, element).await;
                    (found, context.clock.now())
                }
            })
            .await
        }
        Work::Reason => Ok(elements
            .iter()
            .map(|element| unit::reason(context, element))
            .collect()),
    }
}

/// Renders all calls, asks for leave once, sends them.
async fn with_leave(
    context: &Context<'_, '_>,
    call: &Call,
    elements: &[Element],
    at_once: usize,
) -> Result<Vec<Result<Found, Halt>>, Halt> {
    let mut ready: Vec<Ready> = Vec::with_capacity(elements.len());
    for element in elements {
        ready.push(unit::prepare(context, call, element).await?);
    }
    let Some(first) = ready.first() else {
        return Ok(Vec::new());
    };
    let scope = context.scope(first.locals.clone());
    let prepared: Vec<_> = ready.iter().map(|one| &one.prepared).collect();
    let undo = ready.iter().flat_map(|one| one.undo.clone()).collect();
    approval::ask(context, &prepared, undo, &scope).await?;
    // The time that people take to answer is not the step's.
    context.start_clock();
    let ready: Vec<RefCell<Option<Ready>>> = ready
        .into_iter()
        .map(|one| RefCell::new(Some(one)))
        .collect();
    let ready = &ready;
    let nothing = Element::default();
    side_by_side(context, elements, at_once, |number, context| {
        let element = elements.get(number).unwrap_or(&nothing);
        async move {
            let one = ready.get(number).and_then(|one| one.borrow_mut().take());
            let found = match one {
                Some(mut one) => match unit::refresh(&context, call, &mut one, element).await {
                    Ok(()) => unit::finish(&context, call, &one).await,
                    Err(halt) => Err(halt),
                },
                None => Err(Halt::Stopped),
            };
            (found, context.clock.now())
        }
    })
    .await
}

/// Works on elements side by side, starting them in order; stops starting when too many have failed or the run ends.
async fn side_by_side<'r, 'a, F, Work>(
    context: &Context<'r, 'a>,
    elements: &[Element],
    at_once: usize,
    work: F,
) -> Result<Vec<Result<Found, Halt>>, Halt>
where
    F: Fn(usize, Context<'r, 'a>) -> Work,
    Work: Future<Output = (Result<Found, Halt>, Timestamp)>,
{
    let allowed = context
        .step
        .each
        .as_ref()
        .map_or(0, |each| allowed_errors(each, elements.len()));
    let mut results: Vec<Option<Result<Found, Halt>>> = Vec::new();
    results.resize_with(elements.len(), || None);
    let mut running = FuturesUnordered::new();
    let began = context.clock.now();
    let mut next = 0;
    let mut errors = 0;
    let mut done = 0;
    let mut failed = 0;
    tell(context, done, elements.len(), failed);
    loop {
        while next < elements.len()
            && running.len() < at_once
            && errors <= allowed
            && !(next > 0 && context.run.is_stopped(context.container))
        {
            let number = next;
            let strand = context.strand(began);
            // One that waits for its turn begins when another has ended, and which one that is depends on the world.
            if number >= at_once {
                let key = format!("{}#{number}", context.keyed);
                context.run.instant(&strand.clock, &key).await;
            }
            let future = work(number, strand);
            running.push(async move { (number, future.await) });
            next += 1;
        }
        let Some((number, (result, at))) = running.next().await else {
            break;
        };
        context.clock.advance(at);
        match &result {
            Ok(_) => {}
            Err(Halt::Failed(_)) => {
                errors += 1;
                failed += 1;
            }
            Err(_) => errors = allowed + 1,
        }
        done += 1;
        tell(context, done, elements.len(), failed);
        if let Some(slot) = results.get_mut(number) {
            *slot = Some(result);
        }
    }
    Ok(results
        .into_iter()
        .map(|result| result.unwrap_or(Err(Halt::Stopped)))
        .collect())
}

/// Says how far a step over a list is.
fn tell(context: &Context<'_, '_>, done: usize, of: usize, failed: usize) {
    if context.step.each.is_some() {
        let progress = EventKind::Progress {
            step: context.public(),
            done,
            of,
            failed,
        };
        context.run.show(&context.clock, progress);
    }
}

/// Puts the elements together: captures become lists in order, claims hold if any element's does.
fn combine(
    context: &Context<'_, '_>,
    each: &Each,
    count: usize,
    results: Vec<Result<Found, Halt>>,
) -> Result<Found, Halt> {
    let allowed = allowed_errors(each, count);
    let mut failures: Vec<Failure> = Vec::new();
    let mut founds = Vec::new();
    let mut stopped = false;
    for result in results {
        match result {
            Ok(found) => founds.push(found),
            Err(Halt::Failed(failure)) => failures.push(*failure),
            Err(Halt::Stopped) => stopped = true,
            Err(other) => return Err(other),
        }
    }
    let failed = failures.len();
    if failed > allowed
        && let Some(mut first) = failures.into_iter().next()
    {
        first.error.message = format!(
            "{failed} of {count} elements failed; first: {}",
            first.error.message
        );
        return Err(Halt::Failed(Box::new(first)));
    }
    if stopped {
        return Err(Halt::Stopped);
    }
    let step = context.step;
    let captures = step
        .capture
        .iter()
        .map(|capture| {
            let name = &capture.name.value;
            let values = founds
                .iter()
                .filter_map(|found| found.captures.get(name).cloned())
                .collect();
            (name.clone(), Value::list(values))
        })
        .collect();
    // An element that failed, although that is tolerated, leaves unknown what it would have said.
    let start = if failed > 0 {
        Truth::Unknown
    } else {
        Truth::False
    };
    let claims = super::claims(step, context.container.graph);
    let holds = claims.then(|| {
        let held = founds.iter().filter_map(|found| found.holds);
        if context.container.graph == Graph::Check {
            // What must be true must be so of every element.
            held.fold(!start, Truth::and)
        } else {
            held.fold(start, Truth::or)
        }
    });
    let finders = step
        .causes
        .iter()
        .map(|finder| {
            let name = &finder.name.value;
            let said: Vec<&(Truth, String)> = founds
                .iter()
                .filter_map(|found| found.finders.get(name))
                .collect();
            let truth = said.iter().map(|(truth, _)| *truth).fold(start, Truth::or);
            let holding = said.iter().find(|(one, _)| *one == truth);
            let text = holding.map(|(_, text)| text.clone()).unwrap_or_default();
            (name.clone(), (truth, text))
        })
        .collect();
    Ok(Found {
        captures,
        assertions: founds
            .iter()
            .flat_map(|found| found.assertions.clone())
            .collect(),
        holds,
        finders,
        truncated: founds.iter().any(|found| found.truncated),
        error: founds.into_iter().find_map(|found| found.error),
    })
}
