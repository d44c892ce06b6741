//! `runbook triage`: which problems show.

use super::triage_text;
use crate::args::{Format, TargetArguments, TriageArguments};
use crate::environment::{Environment, quoted};
use crate::exit::{self, Failure};
use crate::gathered::{files, rank};
use crate::load;
use crate::locate::{is_playbook, scenarios_of};
use crate::shelf::text_of;
use crate::staged::Staged;
use crate::triage::{Asking, Candidate, Pace, Paced, SharedReads, candidates, standing, symptoms};
use crate::{document, world};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::outcome::Outcome;
use runbook_interpreter::plan::Plan;
use runbook_playbook::duration;
use runbook_playbook::inputs::Given;
use runbook_playbook::source::Source;
use runbook_playbook::syntax::input::InputKind;
use runbook_playbook::syntax::playbook::Playbook;
use runbook_registry::Registry;
use runbook_registry::local::{LocalContext, NoPerson};
use runbook_registry::world::World;
use runbook_registry::world::scenario::{ActionFacts, ScenarioWorld};
use runbook_report::triage::{Standing, Triage, TriagedPlaybook, document as as_json, lines};
use std::cmp::Reverse;
use std::path::PathBuf;
use std::sync::Arc;

/// Reads the symptoms of all playbooks, or looks for a text in them.
pub fn execute(arguments: &TriageArguments, environment: &Environment) -> Result<u8, Failure> {
    let within = duration::parse(&arguments.within)
        .map_err(|error| Failure::wrong(format!("--within {}: {error}", arguments.within)))?;
    let files = files(arguments.folder.as_deref(), environment)?;
    let registry = Arc::new(Registry::new());
    if let Some(text) = &arguments.text {
        return triage_text::execute(text, &files, arguments, environment);
    }
    let mut asking = Vec::new();
    let (mut without, mut wrong) = (0, false);
    for candidate in candidates(&files, &registry, environment) {
        match candidate {
            Candidate::Asks(one) => asking.push(*one),
            Candidate::Without => without += 1,
            Candidate::LeftAlone => {}
            Candidate::Wrong(why) => {
                wrong = true;
                environment.console.err.line(why);
            }
        }
    }
    if asking.is_empty() {
        return Err(Failure::wrong(
            "no playbook here says how its problem shows; name a folder with playbooks that have `symptom`",
        ));
    }
    let staged = match &arguments.scenario {
        Some(name) => Some(stage(name, &files, &registry, environment)?),
        None => None,
    };
    let scenario = staged.as_ref().map(|(_, staged)| staged);
    let given = load::given(&arguments.given, scenario, environment)?;
    let typed = load::given(&arguments.given, None, environment)?;
    all_known(&typed, asking.iter().map(Asking::playbook))?;
    let now = scenario.map_or_else(Timestamp::now, |staged| staged.scenario.clock);
    let prepared: Vec<Prepared<'_>> = asking
        .iter()
        .map(|asking| Prepared::new(asking, &given, within, now))
        .collect();
    let reading = Reading {
        arguments,
        environment,
        registry: &registry,
        staged: scenario,
        now,
    };
    let (outcomes, counts) = reading.all(&prepared)?;
    let of = staged.as_ref().map(|(name, _)| name.as_str());
    let mut playbooks: Vec<TriagedPlaybook> = prepared
        .iter()
        .zip(&outcomes)
        .map(|(prepared, outcome)| {
            let on = of.filter(|name| *name == prepared.asking.name);
            let next = match (on, &arguments.scenario) {
                (Some(name), Some(scenario)) => {
                    let own = prepared.asking.own(&typed);
                    let scenario = scenario.rsplit(':').next().unwrap_or_default();
                    let next = command(name, prepared.asking.playbook(), &own, None);
                    format!("{next} --scenario {}", quoted(scenario))
                }
                _ => {
                    let own = prepared.asking.own(&given);
                    let target = Some(&arguments.target);
                    command(
                        &prepared.asking.name,
                        prepared.asking.playbook(),
                        &own,
                        target,
                    )
                }
            };
            prepared.triaged(outcome.as_ref(), next)
        })
        .collect();
    playbooks.sort_by_cached_key(|one| {
        let rank = rank(one.severity.as_deref());
        let worst = order(&one.standing);
        (worst, rank, Reverse(one.holding()), one.name.clone())
    });
    let triage = Triage {
        playbooks,
        without,
        reads: counts.0,
        shared: counts.1,
    };
    let out = environment.console.out;
    match arguments.format {
        Format::Json => out.line(format!("{:#}", as_json(&triage))),
        Format::Text => out.lines(&lines(&triage, out.look)),
    }
    if let Some(why) = no_environment(&outcomes) {
        return Err(Failure::environment(why));
    }
    Ok(if wrong {
        exit::WRONG
    } else if triage.is_well() {
        exit::WELL
    } else {
        exit::NOT_WELL
    })
}

/// What comes first.
fn order(standing: &Standing) -> u8 {
    match standing {
        Standing::Holds => 0,
        Standing::Unknown { .. } => 1,
        Standing::NotAsked { .. } => 2,
        Standing::Clear => 3,
    }
}

/// Why nothing could be read at all; nothing where something could.
fn no_environment(outcomes: &[Option<Outcome>]) -> Option<String> {
    let mut asked = outcomes.iter().flatten().peekable();
    let first = asked.peek()?.explanation.clone();
    asked.all(|outcome| outcome.environment).then_some(first)
}

/// A playbook with its inputs, or why it is not asked.
struct Prepared<'a> {
    asking: &'a Asking,
    plan: Result<Plan, Standing>,
}

impl<'a> Prepared<'a> {
    fn new(
        asking: &'a Asking,
        given: &[(String, Given)],
        within: SignedDuration,
        now: Timestamp,
    ) -> Self {
        let own = asking.own(given);
        let lacks = asking.lacks(&own);
        let plan = if lacks.is_empty() {
            asking.plan(&own, within, now).map_err(|why| {
                let why = why.lines().next().unwrap_or_default().to_owned();
                Standing::NotAsked {
                    why,
                    lacks: Vec::new(),
                }
            })
        } else {
            let why = format!("it needs {}", lacks.join(", "));
            Err(Standing::NotAsked { why, lacks })
        };
        Self { asking, plan }
    }

    fn triaged(&self, outcome: Option<&Outcome>, next: String) -> TriagedPlaybook {
        let playbook = self.asking.playbook();
        let standing = match (&self.plan, outcome) {
            (Err(standing), _) => standing.clone(),
            (Ok(_), Some(outcome)) => standing(outcome),
            (Ok(_), None) => Standing::Unknown {
                why: "it was not read".to_owned(),
            },
        };
        TriagedPlaybook {
            name: self.asking.name.clone(),
            title: playbook.title.value.clone(),
            severity: playbook.severity.as_ref().map(|text| text.value.clone()),
            standing,
            symptoms: outcome
                .map(|outcome| symptoms(playbook, outcome))
                .unwrap_or_default(),
            next,
        }
    }
}

/// How symptoms are read.
struct Reading<'a> {
    arguments: &'a TriageArguments,
    environment: &'a Environment,
    registry: &'a Arc<Registry>,
    staged: Option<&'a Staged>,
    now: Timestamp,
}

impl Reading<'_> {
    /// Reads the symptoms of all that can be asked, side by side; how many reads were made, and how many shared.
    fn all(
        &self,
        prepared: &[Prepared<'_>],
    ) -> Result<(Vec<Option<Outcome>>, (usize, usize)), Failure> {
        let shared = SharedReads::new(self.registry);
        let pace = Pace::new(self.arguments.concurrency, self.arguments.per_second);
        let cancel = Cancel::new();
        let target = &self.arguments.target;
        let folder = &self.environment.places.current;
        let context = world::context(self.environment, target, self.registry, folder, folder);
        let live = world::live(self.environment, target, context);
        let one = |prepared| self.one(prepared, &live, &pace, &shared, &cancel);
        let work = async {
            if self.staged.is_some() {
                // One after the other: a written world answers in the order in which it is asked.
                let mut outcomes = Vec::new();
                for prepared in prepared {
                    outcomes.push(one(prepared).await);
                }
                return outcomes;
            }
            let mut texts = prepared
                .iter()
                .map(|one| one.asking.playbook().source.text());
            let account = texts.any(|text| text.contains("target.account"));
            live.ready(account).await;
            join_all(prepared.iter().map(one)).await
        };
        let runtime = super::runtime()?;
        let err = self.environment.console.err;
        let outcomes = runtime.block_on(async {
            tokio::select! {
                biased;
                outcomes = async {
                    if tokio::signal::ctrl_c().await.is_ok() {
                        cancel.cancel();
                        err.line("stopping: what was read until now is shown");
                    }
                    if tokio::signal::ctrl_c().await.is_ok() {
                        crate::leave(exit::INTERRUPTED);
                    }
                    std::future::pending().await
                } => outcomes,
                outcomes = work => outcomes,
            }
        });
        runtime.shutdown_background();
        Ok((outcomes, shared.counts()))
    }

    /// Reads the symptom of one; nothing where it is not asked.
    async fn one(
        &self,
        prepared: &Prepared<'_>,
        live: &runbook_registry::world::live::LiveWorld,
        pace: &Pace,
        shared: &SharedReads<'_>,
        cancel: &Cancel,
    ) -> Option<Outcome> {
        let plan = prepared.plan.as_ref().ok()?;
        let context = world::playbook_context(
            self.environment,
            &self.arguments.target,
            self.registry,
            &prepared.asking.located,
            plan,
            self.now,
        )
        .ok()?;
        let context = LocalContext {
            person: Arc::new(NoPerson),
            ..context
        };
        let sees = format!("{:?} {:?}", context.folder, context.reaches);
        let (own_live, written);
        let inner: &dyn World = match self.staged {
            Some(staged) => {
                let facts = Arc::clone(self.registry) as Arc<dyn ActionFacts>;
                written = ScenarioWorld::new(Arc::clone(&staged.scenario), facts, context);
                &written
            }
            None => {
                own_live = live.with_context(context);
                &own_live
            }
        };
        let world = Paced {
            inner,
            pace: self.staged.is_none().then_some(pace),
            began: self.now,
        };
        let read = prepared
            .asking
            .read(plan, &world, shared, sees, self.environment, cancel);
        Some(read.await)
    }
}

/// The scenario of a name, and what its playbook is called. A name alone must be that of one scenario only.
fn stage(
    name: &str,
    files: &[PathBuf],
    registry: &Registry,
    environment: &Environment,
) -> Result<(String, Staged), Failure> {
    let places = &environment.places;
    if let Some((playbook, name)) = name.rsplit_once(':') {
        let here = files.iter().map(|file| places.place(file)).find(|located| {
            let id = located.id.strip_suffix(playbook);
            id.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        });
        let located = match here {
            Some(located) => located,
            None => load::locate(playbook, environment)?,
        };
        let staged = Staged::find(name, &located, registry, environment)?;
        return Ok((crate::gathered::runnable(&located, places), staged));
    }
    let has = |file: &&PathBuf| {
        let scenarios = scenarios_of(file);
        let Ok(text) = text_of(&scenarios, &places.shown(&scenarios)) else {
            return false;
        };
        document::scenarios(&Source::new(places.shown(&scenarios), text))
            .is_ok_and(|(scenarios, _)| scenarios.scenarios.contains_key(name))
    };
    let having: Vec<&PathBuf> = files
        .iter()
        .filter(|file| is_playbook(file))
        .filter(has)
        .collect();
    match having.as_slice() {
        [one] => {
            let located = places.place(one);
            let staged = Staged::find(name, &located, registry, environment)?;
            Ok((crate::gathered::runnable(&located, places), staged))
        }
        [] => Err(Failure::wrong(format!(
            "no playbook here has a scenario `{name}`"
        ))),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|file| format!("{}:{name}", places.place(file).id))
                .collect();
            Err(Failure::wrong(format!(
                "several playbooks have a scenario `{name}`; write one of {}",
                names.join(", ")
            )))
        }
    }
}

/// Every input that is given is one that a playbook has.
pub(super) fn all_known<'p>(
    given: &[(String, Given)],
    playbooks: impl Iterator<Item = &'p Playbook>,
) -> Result<(), Failure> {
    let declared: Vec<&str> = playbooks
        .flat_map(|playbook| &playbook.inputs)
        .map(|input| input.name.value.as_str())
        .collect();
    for (name, _) in given {
        if declared.contains(&name.as_str()) {
            continue;
        }
        let near = declared
            .iter()
            .map(|known| (strsim::damerau_levenshtein(known, name), known))
            .filter(|(distance, _)| *distance <= 1 + name.len() / 4)
            .min();
        let meant = near.map_or_else(String::new, |(_, known)| {
            format!("; did you mean `{known}`?")
        });
        return Err(Failure::wrong(format!(
            "no playbook here has an input `{name}`{meant}"
        )));
    }
    Ok(())
}

/// The command that runs a playbook with what it was given. Values of secrets are left for the person to fill in.
pub(super) fn command(
    name: &str,
    playbook: &Playbook,
    own: &[(String, Given)],
    target: Option<&TargetArguments>,
) -> String {
    let mut words = vec!["runbook".to_owned(), "run".to_owned(), quoted(name)];
    for input in &playbook.inputs {
        let name = &input.name.value;
        let last = own.iter().rev().find(|(given, _)| given == name);
        let Some((_, given)) = last else { continue };
        let value = match given {
            _ if input.kind == InputKind::Secret => "…".to_owned(),
            Given::Text(text) | Given::Json(serde_json::Value::String(text)) => text.clone(),
            Given::Json(json) => json.to_string(),
        };
        words.push("-i".to_owned());
        words.push(quoted(&format!("{name}={value}")));
    }
    let Some(target) = target else {
        return words.join(" ");
    };
    for (option, value) in [
        ("--region", &target.region),
        ("--profile", &target.profile),
        ("--endpoint-url", &target.endpoint_url),
        ("--role", &target.role),
        ("--external-id", &target.external_id),
        ("--role-session-name", &target.role_session_name),
        ("--mfa-serial", &target.mfa_serial),
    ] {
        if let Some(value) = value {
            words.push(option.to_owned());
            words.push(quoted(value));
        }
    }
    words.join(" ")
}
