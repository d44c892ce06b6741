//! Only reads stand where only reads may stand, and a stated effect does not weaken the registry's.

use super::index::Index;
use super::problems::Problems;
use crate::catalog::{Action, Effect, Effects};
use crate::diagnostic::Code;
use crate::span::Spanned;
use crate::syntax::step::{Call, Work};
use crate::template::Data;

/// Checks the effect of every call.
pub(super) fn check(index: &Index<'_>, problems: &mut Problems) {
    for (id, entry) in index.steps.iter().enumerate() {
        if let (Some(action), Some(before)) = (&entry.before, &entry.step.before) {
            let effects = of_call(action, &before.call);
            if let Some(effect) = strongest(&effects).filter(|effect| *effect != Effect::Read) {
                let name = &before.call.action;
                problems.push(
                    problems
                        .error(
                            Code::WriteInReadingGraph,
                            name.span,
                            format!(
                                "`before` only reads, and the effect of `{}` is `{effect}`",
                                name.value
                            ),
                        )
                        .help("read the state that the step is about to change"),
                );
            }
        }
        let (Work::Action(call), Some(action)) = (&entry.step.work, &entry.action) else {
            continue;
        };
        let stated = entry.step.effect.as_ref();
        let effects = of_call(action, call);
        if let Some(stated) = stated {
            lowered(problems, action, stated, &effects);
        }
        let group = index.group_of(id);
        if !group.reads_only() || states_read(stated, &effects) {
            continue;
        }
        let Some(effect) = strongest(&effects)
            .max(stated.map(|effect| effect.value))
            .filter(|effect| *effect != Effect::Read)
        else {
            continue;
        };
        let stage = group.stage.as_str();
        let problem = problems.error(
            Code::WriteInReadingGraph,
            call.action.span,
            format!(
                "`{stage}` only reads, and the effect of `{}` is `{effect}`",
                call.action.value
            ),
        );
        let help = if effects
            .iter()
            .all(|effect| matches!(effect, Effect::Read | Effect::Execute))
        {
            "where it is known to change nothing, say so with `effect: read`; else move the step to `resolve`"
        } else {
            "move the step to `resolve`"
        };
        problems.push(problem.help(help));
    }
}

/// What a call does, by its action and by the members that it sets.
pub(super) fn of_call(action: &Action, call: &Call) -> Effects {
    if action.name == "playbook:Run" && reads_only(call) {
        return Effects::from([Effect::Read]);
    }
    let mut effects = action.effects.clone();
    for (member, effect) in &action.effects_by_member {
        if call.raises_effect(member) {
            effects.insert(*effect);
        }
    }
    effects
}

/// `only: symptom` and `only: diagnose` run nothing but reads.
fn reads_only(call: &Call) -> bool {
    call.with
        .iter()
        .any(|(name, value)| name.value == "only" && matches!(&value.value, Data::Scalar(_)))
}

fn strongest(effects: &Effects) -> Option<Effect> {
    effects.iter().max().copied()
}

/// The one exception: `effect: read` on an action of which nothing else is known than that it runs code.
fn states_read(stated: Option<&Spanned<Effect>>, effects: &Effects) -> bool {
    stated.is_some_and(|stated| stated.value == Effect::Read)
        && effects
            .iter()
            .all(|effect| matches!(effect, Effect::Read | Effect::Execute))
}

fn lowered(problems: &mut Problems, action: &Action, stated: &Spanned<Effect>, effects: &Effects) {
    let Some(known) = strongest(effects) else {
        return;
    };
    if stated.value >= known || states_read(Some(stated), effects) {
        return;
    }
    problems.push(
        problems
            .error(
                Code::InvalidValue,
                stated.span,
                format!(
                    "the effect of `{}` is `{known}`; `{}` would weaken it",
                    action.name, stated.value
                ),
            )
            .help("an effect can only be raised, except for `read` on an action whose effect is `execute`; leave `effect` out"),
    );
}
