//! Conditions, lists, messages and what else a step writes have the types that their keys ask for.

use super::index::Index;
use super::names::Viewpoint;
use super::problems::Problems;
use super::types::Types;
use super::typing;
use super::uses::Moment;
use crate::diagnostic::Code;
use crate::expression::{Expression, TypeScope};
use crate::syntax::approve::Approve;
use crate::syntax::step::{Show, Step};
use crate::types::Type;

/// Checks what stands in steps beside calls, captures and assertions, and the expressions outside steps.
pub(super) fn check(index: &Index<'_>, types: &Types<'_>, problems: &mut Problems) {
    for (id, entry) in index.steps.iter().enumerate() {
        let at = |moment| types.from(Viewpoint::Step(id, moment));
        let step = entry.step;
        if let Some(when) = &step.when {
            typing::condition(problems, when, &at(Moment::Start));
        }
        if let Some(each) = &step.each {
            list(
                problems,
                &each.list,
                &at(Moment::Start),
                "`each` goes through a list",
            );
            if let Some(condition) = &each.condition {
                typing::condition(problems, condition, &at(Moment::Element));
            }
        }
        if let Some(target) = &step.target {
            for part in [&target.region, &target.account, &target.role]
                .into_iter()
                .flatten()
            {
                typing::data(problems, part, &Type::text(), &at(Moment::Element));
            }
        }
        if let Approve::People(people) = &step.approve
            && let Some(prompt) = &people.prompt
        {
            typing::data(problems, prompt, &Type::text(), &at(Moment::Call));
        }
        shown(problems, step, &at(Moment::End));
    }
    let ended = types.from(Viewpoint::Ended);
    for (_, output) in &index.playbook.outputs {
        typing::expression(problems, output, &ended);
    }
    if let Some(escalate) = &index.playbook.escalate {
        for when in escalate
            .levels
            .iter()
            .filter_map(|level| level.when.as_ref())
        {
            typing::condition(problems, when, &types.from(Viewpoint::Escalate));
        }
    }
}

fn shown(problems: &mut Problems, step: &Step, scope: &dyn TypeScope) {
    match &step.show {
        Some(Show::Chart { series, threshold }) => {
            list(
                problems,
                series,
                scope,
                "a chart is drawn of a list of points",
            );
            if let Some(threshold) = threshold {
                typing::data(problems, threshold, &Type::number(), scope);
            }
        }
        Some(Show::Table { rows, .. }) => {
            list(problems, rows, scope, "a table is drawn of a list of rows");
        }
        None => {}
    }
}

fn list(problems: &mut Problems, expression: &Expression, scope: &dyn TypeScope, what: &str) {
    let ty = typing::expression(problems, expression, scope);
    if problems.has_error_at(expression.span) {
        return;
    }
    match &ty {
        Type::Any | Type::List(_) => {}
        Type::Optional(inner) if matches!(inner.present(), Type::List(_)) => problems.push(
            problems
                .error(
                    Code::MaybeAbsent,
                    expression.span,
                    format!("{what}, and this may be absent"),
                )
                .help("give it a value for that: `… | default([])`"),
        ),
        other => problems.push(problems.error(
            Code::ExpressionType,
            expression.span,
            format!("{what}, and this is {other}"),
        )),
    }
}
