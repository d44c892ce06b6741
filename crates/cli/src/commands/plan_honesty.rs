//! A plan never lies: every call that a scenario's run makes is in the plan, with arguments that the plan allows; and every
//! write in a plan is made in some scenario, or listed as not covered.

use super::test::play::ByScenario;
use crate::args::TargetArguments;
use crate::calls::Calls;
use crate::console::{Console, Stream};
use crate::environment::Environment;
use crate::locate::{Places, files_below, is_scenarios};
use crate::parallel::side_by_side;
use crate::shelf::Shelf;
use crate::{document, load, world};
use runbook_interpreter::MASK;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::{Event, EventKind, Observer};
use runbook_interpreter::guard::Guards;
use runbook_interpreter::journal::MemoryJournal;
use runbook_interpreter::plan::Options;
use runbook_interpreter::plan::forecast::{
    Forecast, PlannedCall, PlannedStep, PlannedText, PlannedValue, PlannedWork, gravest,
};
use runbook_interpreter::surroundings::Surroundings;
use runbook_playbook::catalog::{Effect, Effects};
use runbook_playbook::source::Source;
use runbook_playbook::types::Type;
use runbook_registry::Registry;
use runbook_registry::world::World;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use runbook_report::terminal::Look;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

/// A call of a run.
struct Made {
    step: String,
    action: String,
    arguments: Json,
    effects: Effects,
    attempt: u32,
}

#[derive(Default)]
struct Recorder(Mutex<Vec<Made>>);

impl Observer for Recorder {
    fn observe(&self, event: &Event) {
        if let EventKind::CallStarted {
            step,
            action,
            arguments,
            effects,
            attempt,
        } = &event.kind
        {
            self.0.lock().expect("nobody panics here").push(Made {
                step: step.clone(),
                action: action.clone(),
                arguments: arguments.clone(),
                effects: effects.clone(),
                attempt: *attempt,
            });
        }
    }
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the project's folder")
}

fn environment(root: &Path) -> Environment {
    let quiet = Stream {
        open: || Box::new(std::io::sink()),
        terminal: false,
        look: Look::default(),
    };
    Environment {
        places: Places {
            current: root.to_path_buf(),
            path: Vec::new(),
        },
        state: None,
        user: "tester".to_owned(),
        variables: Vec::new(),
        console: Console {
            out: quiet,
            err: quiet,
            input: false,
        },
        line: Vec::new(),
    }
}

/// Every call of a plan, with the name of the step that makes it.
fn calls<'f>(
    steps: &'f [PlannedStep],
    found: &mut Vec<(&'f str, &'f PlannedCall, bool)>,
    undo: bool,
) {
    for step in steps {
        for turn in &step.turns {
            found.extend(
                turn.before
                    .as_ref()
                    .map(|call| (step.path.as_str(), call, undo)),
            );
            match &turn.work {
                PlannedWork::Call(call) => found.push((&step.path, call, undo)),
                PlannedWork::Block { steps, finally } => {
                    calls(steps, found, undo);
                    calls(finally, found, undo);
                }
                PlannedWork::Playbook { forecast, .. } => {
                    if let Ok(forecast) = forecast {
                        for graph in &forecast.graphs {
                            calls(&graph.steps, found, undo);
                        }
                    }
                }
                PlannedWork::Reason => {}
            }
            calls(&turn.undo, found, true);
        }
    }
}

/// Why a planned value does not allow what was sent.
fn refuses(planned: &PlannedValue, sent: &Json, open: bool) -> Option<String> {
    let no = |why: &str| Some(format!("{why}: planned {planned:?}, sent {sent}"));
    match (planned, sent) {
        (PlannedValue::Secret, _) => None,
        (_, Json::String(text)) if text.contains(MASK) => None,
        (PlannedValue::Known(Json::Object(known)), Json::Object(members)) => {
            let missing = known.keys().find(|name| !members.contains_key(*name));
            if let Some(name) = missing {
                return no(&format!("`{name}` was not sent"));
            }
            members
                .iter()
                .find_map(|(name, value)| match known.get(name) {
                    Some(known) => refuses(&PlannedValue::Known(known.clone()), value, false),
                    None if open => None,
                    None => no(&format!("`{name}` is not planned")),
                })
        }
        (PlannedValue::Known(known), sent) => (known != sent).then(|| no("it differs")).flatten(),
        (PlannedValue::Unknown(unknown), sent) => (!fits(&unknown.ty, sent))
            .then(|| no("its type differs"))
            .flatten(),
        (PlannedValue::Text(parts), Json::String(text)) => (!reads(parts, text))
            .then(|| no("its known pieces differ"))
            .flatten(),
        (PlannedValue::Map(entries), Json::Object(members)) => {
            for (name, planned) in entries {
                match members.get(name) {
                    Some(value) => {
                        if let Some(why) = refuses(planned, value, false) {
                            return Some(format!("{name}: {why}"));
                        }
                    }
                    None if planned.is_optional() => {}
                    None => return no(&format!("`{name}` was not sent")),
                }
            }
            members
                .keys()
                .find(|name| !open && !entries.contains_key(*name))
                .and_then(|name| no(&format!("`{name}` is not planned")))
        }
        (PlannedValue::List(parts), Json::Array(items)) => (!lists(parts, items))
            .then(|| no("its elements differ"))
            .flatten(),
        (PlannedValue::Map(_) | PlannedValue::List(_), Json::String(text)) => {
            let inner = serde_json::from_str(text).ok();
            match inner {
                Some(inner) => refuses(planned, &inner, open),
                None => no("it is no document"),
            }
        }
        _ => no("its kind differs"),
    }
}

/// A list of parts, of which some may be left out.
fn lists(parts: &[PlannedValue], items: &[Json]) -> bool {
    match (parts.split_first(), items.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some((part, rest)), item) => {
            let taken = item.is_some_and(|(item, items)| {
                refuses(part, item, false).is_none() && lists(rest, items)
            });
            taken || (part.is_optional() && lists(rest, items))
        }
    }
}

/// Known pieces stand in order, the first at the start and the last at the end.
fn reads(parts: &[PlannedText], text: &str) -> bool {
    match parts.split_first() {
        None => text.is_empty(),
        Some((PlannedText::Known(known), rest)) => text
            .strip_prefix(known.as_str())
            .is_some_and(|after| reads(rest, after)),
        Some((_, rest)) => text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .any(|at| text.get(at..).is_some_and(|after| reads(rest, after))),
    }
}

fn fits(ty: &Type, sent: &Json) -> bool {
    match (ty.present(), sent) {
        (Type::Boolean, sent) => sent.is_boolean(),
        (Type::Integer(..) | Type::Number(_), sent) => sent.is_number(),
        (Type::Text(_) | Type::Timestamp(_) | Type::Duration | Type::Blob, sent) => {
            sent.is_string()
        }
        (Type::List(list), Json::Array(items)) => {
            items.iter().all(|item| fits(&list.element, item))
        }
        (Type::Map(inner), Json::Object(members)) => {
            members.values().all(|value| fits(inner, value))
        }
        (Type::Structure(structure), Json::Object(members)) => {
            members.iter().all(|(name, value)| {
                structure
                    .member(name)
                    .is_some_and(|member| fits(&member.ty, value))
            })
        }
        (Type::List(_) | Type::Map(_) | Type::Structure(_), _) => false,
        _ => true,
    }
}

/// What one scenario shows of a plan.
struct Shown {
    lies: Vec<String>,
    planned: BTreeSet<String>,
    made: BTreeSet<String>,
}

#[expect(clippy::too_many_lines, reason = "a run and its plan, side by side")]
fn compare(
    name: &str,
    scenario: Scenario,
    checked: &Arc<runbook_playbook::checked::Checked>,
    shelf: &Shelf<'_>,
    registry: &Arc<Registry>,
    environment: &Environment,
    formats: bool,
) -> Shown {
    let scenario = Arc::new(scenario);
    let given = load::members(&scenario.inputs);
    let names: BTreeSet<String> = given.iter().map(|(name, _)| name.clone()).collect();
    let plan = load::plan(checked, &given, Options::default(), scenario.clock)
        .unwrap_or_else(|failure| panic!("{name}: {}", failure.message));
    let forecast = Forecast::offline(&plan, &names, &**registry, shelf);
    let located = shelf
        .places
        .place(&shelf.root.join(format!("{}.yaml", checked.id)));
    let target = TargetArguments::default();
    let context = world::playbook_context(
        environment,
        &target,
        registry,
        &located,
        &plan,
        scenario.clock,
    )
    .expect("a context");
    let facts: Arc<dyn ActionFacts> = Arc::clone(registry) as Arc<dyn ActionFacts>;
    let world = ScenarioWorld::new(Arc::clone(&scenario), facts, context);
    let recorder = Recorder::default();
    let surroundings = Surroundings {
        world: &world,
        performer: &Calls(registry),
        approver: &ByScenario(&scenario.answers),
        observer: &recorder,
        journal: &MemoryJournal::new(),
        library: shelf,
        cancel: &Cancel::new(),
        guards: Some(&Guards::default()),
    };
    let runtime = super::runtime().unwrap_or_else(|failure| panic!("{}", failure.message));
    runtime.block_on(runbook_interpreter::run(&plan, &surroundings));
    let mut made = recorder.0.into_inner().expect("nobody panics here");
    // What guards read is said in a note of the plan, and counted nowhere.
    made.retain(|call| {
        !forecast
            .guards
            .iter()
            .any(|(guard, _)| *guard == call.action)
    });
    let mut all = Vec::new();
    for graph in &forecast.graphs {
        calls(&graph.steps, &mut all, false);
    }
    let mut lies = Vec::new();
    for call in &made {
        let candidates: Vec<&PlannedCall> = all
            .iter()
            .filter(|(step, planned, _)| *step == call.step && planned.action == call.action)
            .map(|(_, planned, _)| *planned)
            .collect();
        let refusals: Vec<Option<String>> = candidates
            .iter()
            .map(|planned| {
                let open = planned
                    .base
                    .as_ref()
                    .is_some_and(|base| !base.value.is_known());
                if planned.effects != call.effects {
                    return Some(format!(
                        "the plan says {:?}, the run {:?}",
                        planned.effects, call.effects
                    ));
                }
                refuses(&planned.arguments, &call.arguments, open)
            })
            .collect();
        if !refusals.iter().any(Option::is_none) {
            let mut lie = format!("{name}: {} {} {}", call.step, call.action, call.arguments);
            for why in refusals.into_iter().flatten() {
                let _ = write!(lie, "\n    {why}");
            }
            if candidates.is_empty() {
                lie.push_str("\n    it is not in the plan");
            }
            lies.push(lie);
        }
    }
    for record in world.calls() {
        let Some(step) = &record.step else { continue };
        let is_planned = all.iter().any(|(path, planned, _)| {
            let path = path.rsplit('/').next().unwrap_or(path);
            path == step.rsplit('/').next().unwrap_or(step)
                && (planned.action == record.action || planned.operations.contains(&record.action))
        });
        if !is_planned {
            lies.push(format!(
                "{name}: {step} reaches {}, which is not planned",
                record.action
            ));
        }
    }
    lies.extend(beyond_totals(name, &forecast, &made));
    if formats {
        lies.extend(malformed(name, &forecast));
    }
    let took = world.now().duration_since(scenario.clock);
    let most = forecast.totals.longest.bounded;
    if forecast.totals.longest.open.is_empty() && took > most {
        lies.push(format!(
            "{name}: it took {took:?}, and the plan says at most {most:?}"
        ));
    }
    let write = |step: &str, action: &str| format!("{step} {action}");
    Shown {
        lies,
        planned: all
            .iter()
            .filter(|(_, call, _)| gravest(&call.effects) != Effect::Read)
            .map(|(step, call, _)| write(step, &call.action))
            .collect(),
        made: made
            .iter()
            .map(|call| write(&call.step, &call.action))
            .collect(),
    }
}

/// More calls than the totals allow; those that take something back are counted apart.
fn beyond_totals(name: &str, forecast: &Forecast, made: &[Made]) -> Vec<String> {
    let mut numbers: BTreeMap<Effect, u64> = BTreeMap::new();
    let mut undo = 0;
    for call in made.iter().filter(|call| call.attempt == 1) {
        if call.step.contains(".undo.") {
            undo += 1;
        } else {
            *numbers.entry(gravest(&call.effects)).or_default() += 1;
        }
    }
    let polls: BTreeSet<&str> = made
        .iter()
        .filter(|call| call.attempt == 1 && gravest(&call.effects) == Effect::Read)
        .map(|call| call.step.as_str())
        .collect();
    let mut lies = Vec::new();
    for (effect, number) in numbers {
        // Polls of `until` count once.
        let number = if effect == Effect::Read {
            number.min(u64::try_from(polls.len()).unwrap_or(u64::MAX))
        } else {
            number
        };
        let most = forecast
            .totals
            .calls
            .get(&effect)
            .and_then(|count| count.at_most);
        if most.is_some_and(|most| number > most) {
            lies.push(format!(
                "{name}: {number} calls that {effect}, planned {most:?}"
            ));
        }
    }
    if forecast.totals.undo.at_most.is_some_and(|most| undo > most) {
        lies.push(format!(
            "{name}: {undo} calls take back, planned {:?}",
            forecast.totals.undo
        ));
    }
    lies
}

static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    jsonschema::validator_for(&runbook_report::plan_schema::schema()).expect("a schema")
});

/// What a format owes whoever reads it.
fn malformed(name: &str, forecast: &Forecast) -> Vec<String> {
    let mut wrong = Vec::new();
    for width in [40, 80] {
        let look = Look {
            width: Some(width),
            colour: false,
        };
        // A word that is longer than the line is the only reason for a longer one.
        let wide = runbook_report::plan_text::lines(forecast, look)
            .into_iter()
            .find(|line| line.chars().count() > width);
        wrong.extend(wide.map(|line| format!("{name}: wider than {width} columns: {line}")));
    }
    let document = runbook_report::plan_json::document(forecast);
    for error in VALIDATOR.iter_errors(&document) {
        wrong.push(format!("{name}: {error} at {}", error.instance_path()));
    }
    let page = runbook_report::plan_html::page(forecast);
    for forbidden in ["<script", "src=", "href=", "url(", "http://", "@import"] {
        if page.contains(forbidden) && !document.to_string().contains(forbidden) {
            wrong.push(format!("{name}: the page has {forbidden}"));
        }
    }
    let comment = runbook_report::plan_markdown::page(forecast);
    if comment.chars().count() > runbook_report::plan_markdown::LONGEST {
        wrong.push(format!("{name}: the comment is too long"));
    }
    if comment.matches("<details").count() != comment.matches("</details>").count() {
        wrong.push(format!("{name}: the comment leaves something open"));
    }
    wrong
}

/// The lies of one file's scenarios, the writes that none of them makes, and how many scenarios it has.
fn try_file(
    file: &Path,
    root: &Path,
    registry: &Arc<Registry>,
) -> (Vec<String>, Vec<String>, usize) {
    let environment = environment(root);
    let shown = environment.places.shown(file);
    let text = std::fs::read_to_string(file).expect("a file");
    let source = Source::new(&shown, text);
    let (scenarios, _) = document::scenarios(&source)
        .unwrap_or_else(|problems| panic!("{shown}: {} problems", problems.len()));
    let beside = file.parent().unwrap_or(root);
    let playbook = match &scenarios.playbook {
        Some(playbook) => beside.join(playbook),
        None => PathBuf::from(file.to_string_lossy().replace(".scenarios.yaml", ".yaml")),
    };
    let located = environment.places.place(&playbook);
    let shelf = Shelf::new(&environment.places, &located.root, &**registry);
    let read = shelf
        .read(&located)
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let checked = Arc::new(read.checked.unwrap_or_else(|| panic!("{shown} checks")));
    let mut lies = Vec::new();
    let (mut planned, mut made) = (BTreeSet::new(), BTreeSet::new());
    let mut count = 0;
    for (name, scenario) in scenarios.scenarios {
        let name = format!("{} {name}", checked.id);
        // One plan of a playbook shows what the formats do with it.
        let formats = count == 0;
        let found = compare(
            &name,
            scenario,
            &checked,
            &shelf,
            registry,
            &environment,
            formats,
        );
        lies.extend(found.lies);
        planned.extend(found.planned);
        made.extend(found.made);
        count += 1;
    }
    let untried = planned
        .difference(&made)
        .map(|write| format!("{} {write}\n", environment.places.shown(&playbook)))
        .collect();
    (lies, untried, count)
}

#[test]
fn plans_never_lie_and_every_write_is_tried() {
    let root = project();
    let registry = Arc::new(Registry::new());
    let mut files = files_below(&root.join("playbooks"), is_scenarios);
    files.extend(files_below(&root.join("examples"), is_scenarios));
    let results = side_by_side(&files, |file| try_file(file, &root, &registry));
    let lies: Vec<String> = results.iter().flat_map(|one| one.0.clone()).collect();
    let mut untried: Vec<String> = results.iter().flat_map(|one| one.1.clone()).collect();
    untried.sort();
    let untried = untried.concat();
    let scenarios_run: usize = results.iter().map(|one| one.2).sum();
    assert!(
        scenarios_run > 20,
        "only {scenarios_run} scenarios were found"
    );
    assert!(lies.is_empty(), "{}", lies.join("\n"));
    let list = root.join("tests/plans/not-covered.txt");
    let known = std::fs::read_to_string(&list).unwrap_or_default();
    assert_eq!(
        untried, known,
        "writes that no scenario makes, against tests/plans/not-covered.txt"
    );
}
