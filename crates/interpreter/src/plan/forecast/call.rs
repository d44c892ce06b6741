//! One call: its arguments, its effects, where it goes and how long it takes.

use super::build::{Build, Place};
use super::names::{KnownNames, Local, Names};
use super::value::{hidden, planned};
use super::{
    Longest, OpenEnd, PlannedBase, PlannedCall, PlannedTarget, PlannedUnknown, PlannedValue,
};
use crate::step::prune;
use indexmap::IndexMap;
use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, ActionKind, Effect, Effects};
use runbook_playbook::duration;
use runbook_playbook::expression::partial::{self, Origin, Partial, PartialScope};
use runbook_playbook::jsonpath::Path;
use runbook_playbook::span::{Spanned, TextPlace};
use runbook_playbook::syntax::step::{Call, Sensitive, Step};
use runbook_playbook::template::Data;
use runbook_playbook::types::{Member, Type};
use runbook_playbook::value::Value;
use serde_json::Value as Json;

/// The client's own bounds on one request: 5 s to connect and 60 s for an answer, three times, and two waits of at most 20 s
/// between (`docs/aws.md`, "Bounds").
pub(super) const REQUEST: SignedDuration = SignedDuration::from_secs(3 * 65 + 2 * 20);

/// What a call is planned for.
pub(super) struct Site<'s> {
    pub step: &'s Step,
    pub place: &'s Place,
    pub path: &'s str,
    pub locals: &'s IndexMap<String, Local>,
}

/// Plans a call.
pub(super) fn plan(
    build: &Build<'_>,
    site: &Site<'_>,
    call: &Call,
    action: &Action,
    is_before: bool,
) -> PlannedCall {
    let names = build.names(site.place).with(site.locals);
    let (arguments, base) = arguments(build, call, action, &names);
    let stated = site.step.effect.as_ref().filter(|_| !is_before);
    let stated_read = stated.is_some_and(|stated| stated.value == Effect::Read)
        && action.effects.iter().any(|effect| *effect != Effect::Read);
    let effects = if is_before {
        Effects::from([Effect::Read])
    } else {
        effects(site.step, call, action, &arguments)
    };
    let operations = match &action.kind {
        ActionKind::Operation => vec![action.name.clone()],
        ActionKind::Waiter { polls, .. } => vec![polls.clone()],
        ActionKind::Composite => action.permissions.clone(),
        ActionKind::Local => Vec::new(),
    };
    let longest = longest(site, action, &arguments, &build.public(site.path));
    PlannedCall {
        action: action.name.clone(),
        effects,
        stated_read,
        stated_plain: site.step.sensitive == Some(Sensitive::Nothing),
        arguments,
        base,
        target: target(site.step, &names),
        operations,
        longest,
        paginated: action.paginated,
        changes: None,
    }
}

/// What a call does, as a run counts it.
fn effects(step: &Step, call: &Call, action: &Action, arguments: &PlannedValue) -> Effects {
    let only = arguments.member("only");
    if action.name == "playbook:Run" && only.is_some_and(|only| !only.is_optional()) {
        return Effects::from([Effect::Read]);
    }
    let mut effects = action.effects.clone();
    for (member, effect) in &action.effects_by_member {
        if call.raises_effect(member) {
            effects.insert(*effect);
        }
    }
    if let Some(stated) = &step.effect
        && stated.value != Effect::Read
    {
        effects.insert(stated.value);
    }
    if effects.len() > 1 {
        effects.remove(&Effect::Read);
    }
    effects
}

fn member(action: &Action, name: &str) -> Option<Member> {
    match action.input.present() {
        Type::Structure(structure) => structure.member(name),
        _ => None,
    }
}

/// Data for a place of a type; what certainly fails is shown as written.
fn read(
    build: &Build<'_>,
    data: &Spanned<Data>,
    ty: &Type,
    names: &Names<'_, '_>,
) -> Option<PlannedValue> {
    match partial::read(data, ty, names) {
        Ok(value) => planned(&value, ty),
        Err(error) => {
            build.note(format!(
                "line {}: {}",
                build.line(data.span.start),
                error.message
            ));
            let source = &build.plan.checked.playbook.source;
            Some(PlannedValue::Unknown(Box::new(PlannedUnknown {
                ty: ty.present().clone(),
                optional: false,
                origins: Vec::new(),
                expression: source.slice(data.span).trim().to_owned(),
            })))
        }
    }
}

fn arguments(
    build: &Build<'_>,
    call: &Call,
    action: &Action,
    names: &Names<'_, '_>,
) -> (PlannedValue, Option<PlannedBase>) {
    let mut entries: IndexMap<String, PlannedValue> = IndexMap::new();
    let mut begun: Option<Json> = None;
    let mut base = None;
    if let Some(expression) = &call.base {
        let value = partial::evaluate(expression, names);
        let text = match &value {
            Ok(Partial::Unknown(unknown)) => partial::print(&unknown.residual),
            _ => expression.text.clone(),
        };
        let shown = match &value {
            Ok(Partial::Known(value @ Value::Map(_))) => {
                let pruned = prune(&value.to_json(), &action.input);
                begun = Some(pruned.clone());
                PlannedValue::Known(pruned)
            }
            Ok(other) => planned(other, &Type::Any).unwrap_or(PlannedValue::Known(Json::Null)),
            Err(_) => PlannedValue::Known(Json::Null),
        };
        let dropped = match &value {
            Ok(Partial::Known(Value::Map(members))) => members
                .keys()
                .filter(|name| member(action, name).is_none())
                .cloned()
                .collect(),
            Ok(Partial::Unknown(unknown)) => match unknown.ty.present() {
                Type::Structure(structure) => structure
                    .member_names()
                    .into_iter()
                    .filter(|name| member(action, name).is_none())
                    .collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        base = Some(PlannedBase {
            from: text,
            value: shown,
            paths: Vec::new(),
            dropped,
        });
    }
    if let Some(Json::Object(members)) = &begun {
        for (name, value) in members {
            let ty = member(action, name).map_or(Type::Any, |member| member.ty);
            let value = Partial::Known(Value::typed(value, &ty));
            if let Some(value) = planned(&value, &ty) {
                entries.insert(name.clone(), value);
            }
        }
    }
    for (key, data) in call.with.iter().filter(|(key, _)| !key.starts_with('$')) {
        let found = member(action, &key.value);
        let sensitive = found.as_ref().is_some_and(|member| member.sensitive);
        let ty = found.map_or(Type::Any, |member| member.ty);
        match read(build, data, &ty, names) {
            Some(value) if sensitive => {
                entries.insert(key.value.clone(), hidden(value));
            }
            Some(value) => {
                entries.insert(key.value.clone(), value);
            }
            None => {
                entries.shift_remove(&key.value);
            }
        }
    }
    for (key, data) in call.with.iter().filter(|(key, _)| key.starts_with('$')) {
        let Some(base) = &mut base else { continue };
        assign(build, &mut entries, base, key, data, action, names);
    }
    defaults(build, call, action, names, &mut entries);
    if let Some(token) = &action.idempotency_token
        && !entries.contains_key(token)
    {
        entries.insert(
            token.clone(),
            PlannedValue::Unknown(Box::new(PlannedUnknown {
                ty: Type::text(),
                optional: false,
                origins: vec![Origin::RunTime],
                expression: String::new(),
            })),
        );
    }
    let all_known: Option<serde_json::Map<String, Json>> = entries
        .iter()
        .map(|(name, value)| Some((name.clone(), value.known()?.clone())))
        .collect();
    // What an unknown structure begins from may have more members than are named here.
    let whole = base.as_ref().is_none_or(|base| base.value.is_known());
    let arguments = match all_known {
        Some(known) if whole => PlannedValue::Known(Json::Object(known)),
        _ => PlannedValue::Map(entries),
    };
    (arguments, base)
}

/// Sets the last name of a `$` key in what is known of `base`.
fn assign(
    build: &Build<'_>,
    entries: &mut IndexMap<String, PlannedValue>,
    base: &mut PlannedBase,
    key: &Spanned<String>,
    data: &Spanned<Data>,
    action: &Action,
    names: &Names<'_, '_>,
) {
    let place = TextPlace {
        span: key.span,
        exact: false,
    };
    let source = &build.plan.checked.playbook.source;
    let Ok(path) = Path::parse(&key.value, place, source) else {
        return;
    };
    let ty = path.infer(&action.input).unwrap_or(Type::Any);
    let Some(value) = read(build, data, &ty, names) else {
        return;
    };
    let known = base.value.known().is_some();
    if let (true, Some(json)) = (known, value.known()) {
        let members: Option<serde_json::Map<String, Json>> = entries
            .iter()
            .map(|(name, value)| Some((name.clone(), value.known()?.clone())))
            .collect();
        if let Some(members) = members {
            let mut whole = Json::Object(members);
            if path.assign(&mut whole, json, &KnownNames(names)).is_ok()
                && let Json::Object(members) = whole
            {
                *entries = members
                    .into_iter()
                    .map(|(name, value)| (name, PlannedValue::Known(value)))
                    .collect();
            }
        } else {
            forget(entries, &path, &value, action);
        }
    } else if known {
        forget(entries, &path, &value, action);
    }
    base.paths.push((shown_path(&path, names), value));
}

/// The member that a path leads into is not what `base` says any more, and not known as a whole.
fn forget(
    entries: &mut IndexMap<String, PlannedValue>,
    path: &Path,
    value: &PlannedValue,
    action: &Action,
) {
    let first = path
        .text
        .trim_start_matches(['$', '.'])
        .split(['.', '['])
        .next()
        .unwrap_or_default();
    let origins = match value {
        PlannedValue::Unknown(unknown) => unknown.origins.clone(),
        _ => Vec::new(),
    };
    let ty = member(action, first).map_or(Type::Any, |member| member.ty);
    entries.insert(
        first.to_owned(),
        PlannedValue::Unknown(Box::new(PlannedUnknown {
            ty,
            optional: true,
            origins,
            expression: String::new(),
        })),
    );
}

/// A path with the values of the names in its filters, where they are known.
fn shown_path(path: &Path, names: &Names<'_, '_>) -> String {
    let mut text = path.text.clone();
    let mut places = path.names.clone();
    places.sort_by_key(|name| std::cmp::Reverse(name.range.start));
    for name in places {
        let mut parts = name.path.iter();
        let mut value = parts.next().and_then(|first| names.lookup(first));
        for part in parts {
            value = match value {
                Some(Partial::Known(Value::Map(entries))) => {
                    entries.get(part).cloned().map(Partial::Known)
                }
                Some(Partial::Map(entries)) => entries.get(part).cloned(),
                _ => None,
            };
        }
        let literal = match value {
            Some(Partial::Known(Value::Text(text))) => format!("'{}'", text.replace('\'', "\\'")),
            Some(Partial::Known(value @ (Value::Integer(_) | Value::Boolean(_)))) => {
                value.to_json().to_string()
            }
            _ => continue,
        };
        if text.get(name.range.start..name.range.end).is_some() {
            text.replace_range(name.range.start..name.range.end, &literal);
        }
    }
    text
}

/// Fills in what `with` and `base` leave out, wherever the action's input has the member.
fn defaults(
    build: &Build<'_>,
    call: &Call,
    action: &Action,
    names: &Names<'_, '_>,
    entries: &mut IndexMap<String, PlannedValue>,
) {
    let service = call.action.value.split(':').next().unwrap_or_default();
    let of_service = build
        .plan
        .checked
        .playbook
        .defaults
        .iter()
        .filter(|defaults| defaults.service.value == service);
    for (key, data) in of_service.flat_map(|defaults| &defaults.members) {
        let given = entries.contains_key(&key.value)
            || call.with.iter().any(|(name, _)| name.value == key.value);
        let Some(member) = member(action, &key.value).filter(|_| !given) else {
            continue;
        };
        if let Some(value) = read(build, data, &member.ty, names) {
            let value = if member.sensitive {
                hidden(value)
            } else {
                value
            };
            entries.insert(key.value.clone(), value);
        }
    }
}

fn target(step: &Step, names: &Names<'_, '_>) -> PlannedTarget {
    let Some(target) = &step.target else {
        return PlannedTarget::default();
    };
    let value = |data: &Option<Spanned<Data>>| {
        let value = partial::read(data.as_ref()?, &Type::text(), names).ok()?;
        planned(&value, &Type::text())
    };
    PlannedTarget {
        region: value(&target.region),
        account: value(&target.account),
        role: value(&target.role),
    }
}

/// How long the action itself can take.
fn longest(site: &Site<'_>, action: &Action, arguments: &PlannedValue, path: &str) -> Longest {
    let open = |bounded: SignedDuration, why: &str| Longest {
        bounded,
        open: vec![OpenEnd {
            step: path.to_owned(),
            why: why.to_owned(),
        }],
    };
    let bounded = |bounded: SignedDuration| Longest {
        bounded,
        open: Vec::new(),
    };
    let length = |name: &str| {
        let value = arguments.member(name)?;
        duration::parse(value.known()?.as_str()?).ok()
    };
    let stated = site.step.timeout.is_some();
    match &action.kind {
        ActionKind::Operation if action.paginated && !stated && site.step.limit.is_none() => open(
            REQUEST,
            "the result may have more pages; `timeout` bounds them",
        ),
        ActionKind::Operation if action.paginated && !stated => open(
            REQUEST,
            "the result may have more pages up to its `limit`; `timeout` bounds them",
        ),
        ActionKind::Operation => bounded(REQUEST),
        ActionKind::Waiter { bound, .. } => bounded(
            site.step
                .timeout
                .as_ref()
                .map_or(*bound, |timeout| timeout.value),
        ),
        ActionKind::Composite => match (length("timeout"), length("for")) {
            (Some(timeout), _) => bounded(timeout),
            (None, Some(wait)) => bounded(wait.saturating_add(REQUEST)),
            _ if stated => bounded(REQUEST),
            _ => open(
                REQUEST,
                "it makes as many requests as its result needs; `timeout` bounds them",
            ),
        },
        ActionKind::Local => local(action, arguments, &length, &open, &bounded),
    }
}

fn local(
    action: &Action,
    arguments: &PlannedValue,
    length: &dyn Fn(&str) -> Option<SignedDuration>,
    open: &dyn Fn(SignedDuration, &str) -> Longest,
    bounded: &dyn Fn(SignedDuration) -> Longest,
) -> Longest {
    let default = match action.name.as_str() {
        "http:Request" => SignedDuration::from_secs(30),
        "net:Connect" | "dns:Resolve" | "tls:Inspect" => SignedDuration::from_secs(10),
        "local:Exec" => SignedDuration::from_mins(5),
        "time:Sleep" => {
            return match length("for") {
                Some(length) => bounded(length),
                None => open(SignedDuration::ZERO, "how long it sleeps is not known yet"),
            };
        }
        name if name.starts_with("human:") => {
            return open(SignedDuration::ZERO, "a person must answer");
        }
        _ => return bounded(SignedDuration::ZERO),
    };
    match (arguments.member("timeout"), length("timeout")) {
        (_, Some(timeout)) => bounded(timeout),
        (None, None) => bounded(default),
        (Some(_), None) => open(default, "its `timeout` is not known yet"),
    }
}
