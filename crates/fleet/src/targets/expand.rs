//! From what a file says to targets.

use super::check::Found;
use super::names::Names;
use super::{MOST, Made, Places};
use crate::target::Target;
use indexmap::IndexMap;
use runbook_playbook::diagnostic::{Code, Diagnostic};
use runbook_playbook::expression::EvaluationError;
use runbook_playbook::source::Source;
use runbook_playbook::span::{Span, Spanned};
use runbook_playbook::syntax::targets::{Account, Exclusion, Given, Matrix, TargetsFile};
use runbook_playbook::template::{self, Data};
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use std::collections::HashMap;

/// The targets that are known without a read, and what is wrong with them.
pub(super) fn listed(file: &TargetsFile, source: &Source) -> (Vec<Made>, Vec<Diagnostic>) {
    let mut found = Found::default();
    let mut all: Vec<Made> = Vec::new();
    let mut add =
        |made: Result<(Target, Places), EvaluationError>, span, found: &mut Found| match made {
            Ok((target, inputs)) => all.push(Made {
                target,
                span,
                inputs,
            }),
            Err(error) => found.push(Diagnostic::new(
                Code::InvalidValue,
                source,
                error.span,
                error.message,
            )),
        };
    for listed in &file.list {
        let account = listed.account.as_ref().map(|one| one.value.as_str());
        let region = listed.region.as_ref().map(|one| one.value.as_str());
        let place = place(file, account, region);
        let made = one(file, &listed.given, place, &IndexMap::new(), None);
        add(made, listed.span, &mut found);
    }
    if let Some(matrix) = &file.matrix {
        let many = matrix.axes.iter().map(|(_, values)| values.len());
        let many = many.fold(1_usize, usize::saturating_mul);
        if many > MOST {
            found.push(
                Diagnostic::new(
                    Code::YamlLimit,
                    source,
                    matrix.span,
                    format!("the matrix has {many} targets"),
                )
                .help(format!("{MOST} are the most; make several fleets of it")),
            );
        } else {
            for values in combinations(matrix) {
                let made = combined(file, &values);
                add(made, matrix.span, &mut found);
            }
        }
    }
    let mut used = vec![false; file.exclude.len()];
    all.retain(|made| {
        let mut excluded = false;
        for (exclusion, used) in file.exclude.iter().zip(&mut used) {
            if fits(file, exclusion, &made.target) {
                *used = true;
                excluded = true;
            }
        }
        !excluded
    });
    if file.discover.is_empty() && found.is_empty() {
        for (exclusion, used) in file.exclude.iter().zip(used) {
            if !used {
                found.push(
                    Diagnostic::new(
                        Code::UnmatchedExclusion,
                        source,
                        exclusion.span,
                        "this leaves no target out",
                    )
                    .help("a target is left out that has all of these; `runbook fleet plan` shows the targets"),
                );
            }
        }
    }
    let mut names: HashMap<&str, Span> = HashMap::new();
    for made in &all {
        if let Some(other) = names.insert(&made.target.name, made.span) {
            let mut twice = Diagnostic::new(
                Code::DuplicateTarget,
                source,
                made.span,
                format!("there are two targets `{}`", made.target.name),
            )
            .help("give them names: `name: …`, here or for all, for example `name: \"${{ region }}-${{ service }}\"` with a matrix");
            if other != made.span {
                twice = twice.also(other, "the other one");
            }
            found.push(twice);
        }
    }
    (all, found.sorted())
}

/// The values of one target of a matrix, by the names of their axes.
type Values<'f> = Vec<(&'f Spanned<String>, &'f Spanned<Data>)>;

fn combinations(matrix: &Matrix) -> Vec<Values<'_>> {
    let mut all: Vec<Values<'_>> = vec![Vec::new()];
    for (name, values) in &matrix.axes {
        all = all
            .iter()
            .flat_map(|before| {
                values.iter().map(move |value| {
                    let mut combined = before.clone();
                    combined.push((name, value));
                    combined
                })
            })
            .collect();
    }
    all
}

fn combined(file: &TargetsFile, values: &Values<'_>) -> Result<(Target, Places), EvaluationError> {
    let nothing = Names::default();
    let text = |wanted: &str| {
        let found = values.iter().find(|(name, _)| name.value == wanted);
        found
            .map(|(_, value)| template::render_text(value, &nothing))
            .transpose()
    };
    let place = place(
        file,
        text("account")?.as_deref(),
        text("region")?.as_deref(),
    );
    let mut axes = IndexMap::new();
    for (name, value) in values {
        let read = template::read(value, &Type::Any, &nothing)?;
        axes.insert(name.value.clone(), (read, value.span));
    }
    one(file, &Given::default(), place, &axes, None)
}

/// The place of an account, by its id or its name, and a region.
pub(super) fn place(file: &TargetsFile, account: Option<&str>, region: Option<&str>) -> Target {
    let known = account.and_then(|account| account_of(file, account));
    let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    Target {
        account: match known {
            Some(known) => Some(known.id.value.clone()),
            None => account.map(str::to_owned),
        },
        region: region.map(str::to_owned),
        profile: known.and_then(|known| text(&known.profile)),
        external_id: known.and_then(|known| text(&known.external_id)),
        ..Target::default()
    }
}

/// The account of an id or a name.
pub(super) fn account_of<'f>(file: &'f TargetsFile, account: &str) -> Option<&'f Account> {
    let named = |known: &&Account| {
        known.id.value == account
            || known
                .name
                .as_ref()
                .is_some_and(|name| name.value == account)
    };
    file.accounts.iter().find(named)
}

/// What people call a place.
pub(super) fn place_name(file: &TargetsFile, place: &Target) -> String {
    let account = place.account.as_deref().map(|account| {
        let known = account_of(file, account).and_then(|known| known.name.as_ref());
        known.map_or(account, |name| name.value.as_str())
    });
    let parts: Vec<&str> = account.into_iter().chain(place.region.as_deref()).collect();
    if parts.is_empty() {
        "here".to_owned()
    } else {
        parts.join("/")
    }
}

/// The names that a target's templates can use.
pub(super) fn names(
    place: &Target,
    axes: &IndexMap<String, (Value, Span)>,
    item: Option<Value>,
) -> Names {
    let mut names = IndexMap::new();
    for (name, (value, _)) in axes {
        names.insert(name.clone(), value.clone());
    }
    let text = |text: &Option<String>| text.as_ref().map_or(Value::Absent, Value::text);
    names.insert("account".to_owned(), text(&place.account));
    names.insert("region".to_owned(), text(&place.region));
    if let Some(item) = item {
        names.insert("item".to_owned(), item);
    }
    Names(names)
}

/// The role of a target: its own, that of its account, or that of all.
pub(super) fn role(
    file: &TargetsFile,
    given: &Given,
    place: &Target,
    names: &Names,
) -> Result<Option<String>, EvaluationError> {
    let account = place.account.as_deref();
    let account = account.and_then(|account| account_of(file, account));
    let role = given
        .role
        .as_ref()
        .or_else(|| account.and_then(|account| account.role.as_ref()))
        .or(file.shared.role.as_ref());
    let mut names = names.clone();
    let here = self::names(place, &IndexMap::new(), None);
    for (name, value) in here.0 {
        names.0.entry(name).or_insert(value);
    }
    role.map(|role| template::render_text(role, &names))
        .transpose()
}

/// Makes a target of what it is given, and says where the names and the values of its inputs stand.
pub(super) fn one(
    file: &TargetsFile,
    given: &Given,
    place: Target,
    axes: &IndexMap<String, (Value, Span)>,
    item: Option<Value>,
) -> Result<(Target, Places), EvaluationError> {
    let names = names(&place, axes, item);
    let (mut inputs, mut spans) = (IndexMap::new(), IndexMap::new());
    let mut give = |name: &str, value: &Value, named: Span, span: Span| {
        inputs.insert(name.to_owned(), value.to_json());
        spans.insert(name.to_owned(), (named, span));
    };
    let read = |value: &Spanned<Data>| template::read(value, &Type::Any, &names);
    for (name, value) in &file.shared.inputs {
        give(&name.value, &read(value)?, name.span, value.span);
    }
    for (name, (value, span)) in axes {
        if name != "account" && name != "region" {
            give(name, value, *span, *span);
        }
    }
    for (name, value) in &given.inputs {
        give(&name.value, &read(value)?, name.span, value.span);
    }
    let mut labels = IndexMap::new();
    for (name, value) in file.shared.labels.iter().chain(&given.labels) {
        labels.insert(name.value.clone(), template::render_text(value, &names)?);
    }
    let name = match given.name.as_ref().or(file.shared.name.as_ref()) {
        Some(name) => template::render_text(name, &names)?,
        None => default_name(file, &place, axes, names.0.get("item")),
    };
    let target = Target {
        role: role(file, given, &place, &names)?,
        name,
        inputs,
        labels,
        ..place
    };
    Ok((target, spans))
}

/// Account, region, and what tells targets of one place apart.
fn default_name(
    file: &TargetsFile,
    place: &Target,
    axes: &IndexMap<String, (Value, Span)>,
    item: Option<&Value>,
) -> String {
    let mut parts = vec![place_name(file, place)];
    for (name, (value, _)) in axes {
        if name != "account" && name != "region" {
            parts.push(match value.to_json() {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            });
        }
    }
    if let Some(Value::Text(item)) = item {
        // Of an ARN, what it names in its place.
        let own = item.splitn(6, ':').last().unwrap_or(item);
        parts.push(own.to_owned());
    }
    if parts.len() > 1 && place.account.is_none() && place.region.is_none() {
        parts.remove(0);
    }
    parts.join("/")
}

/// Whether a target is left out.
pub(super) fn is_excluded(file: &TargetsFile, target: &Target) -> bool {
    file.exclude
        .iter()
        .any(|exclusion| fits(file, exclusion, target))
}

/// Whether a target has all that an exclusion names.
fn fits(file: &TargetsFile, exclusion: &Exclusion, target: &Target) -> bool {
    let nothing = Names::default();
    exclusion.members.iter().all(|(name, values)| {
        let own = match name.value.as_str() {
            "name" => Some(target.name.clone()),
            "account" => target.account.clone(),
            "region" => target.region.clone(),
            name => match target.inputs.get(name) {
                Some(serde_json::Value::String(text)) => Some(text.clone()),
                Some(other) => Some(other.to_string()),
                None => target.labels.get(name).cloned(),
            },
        };
        let Some(own) = own else { return false };
        values.iter().any(|value| {
            let Ok(value) = template::render_text(value, &nothing) else {
                return false;
            };
            if name.value == "account" {
                let known = account_of(file, &value).map(|known| known.id.value.as_str());
                return known.unwrap_or(&value) == own;
            }
            value == own
        })
    })
}
