//! The proof that the least policy is enough, and not more than enough: every scenario runs with exactly it, and without any
//! one of its statements, and any one permission of those, a call of some scenario is refused.

use crate::commands::test::play::{Enforced, Nobody, forecast, mismatches, play_scenario};
use crate::commands::test::suite::{Suite, suite};
use crate::console::{Console, Stream};
use crate::environment::Environment;
use crate::locate::{Places, files_below, is_scenarios};
use crate::parallel::side_by_side;
use crate::shelf::Shelf;
use runbook_interpreter::plan::forecast::Forecast;
use runbook_interpreter::plan::policy::{
    LeastPolicy, MOST_CHARACTERS, Scope, least_policy, of_call,
};
use runbook_interpreter::plan::visit::{Purpose, calls};
use runbook_registry::Registry;
use runbook_registry::call::Call;
use runbook_registry::policy::{Condition, Grants, Policy, Requirement};
use runbook_registry::world::scenario::{ActionFacts, CallRecord, Scenario};
use runbook_report::policy::{document, parts};
use runbook_report::terminal::Look;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where permissions stand that no scenario misses, below their reasons.
const NOT_MISSED: &str = "tests/policies/not-missed.txt";
/// The reason that is judged by the steps' names, and not by who reads the list.
const UNDO: &str = "# Only an undo needs it, and no scenario takes that step back";

fn environment() -> Environment {
    let stream = Stream {
        open: || Box::new(std::io::sink()),
        terminal: false,
        look: Look {
            width: None,
            colour: false,
        },
    };
    Environment {
        places: Places {
            current: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
            path: Vec::new(),
        },
        state: None,
        user: "tests".to_owned(),
        variables: Vec::new(),
        console: Console {
            out: stream,
            err: stream,
            input: false,
        },
        line: Vec::new(),
    }
}

/// A permission: the playbook, and the action with its conditions.
type Permission = (String, String);

/// What is known of a permission.
#[derive(Debug, Default)]
struct Known {
    /// Some scenario makes a call that is refused without it.
    missed: bool,
    /// Only undoing needs it.
    undo: bool,
}

/// What was found in one file of scenarios.
#[derive(Debug, Default)]
struct Proof {
    scenarios: usize,
    statements: usize,
    runs: usize,
    /// What is wrong with the policy as it is.
    wrong: Vec<String>,
    permissions: BTreeMap<Permission, Known>,
}

/// A file of scenarios, and what runs them.
struct Subject<'a> {
    suite: Suite,
    shelf: Shelf<'a>,
    registry: &'a Arc<Registry>,
    environment: &'a Environment,
}

impl Subject<'_> {
    /// Runs a scenario with a policy: the calls that were made, and what was not as expected.
    fn run(
        &self,
        scenario: &Arc<Scenario>,
        grants: &Grants,
    ) -> Result<(Vec<CallRecord>, Vec<String>), Vec<String>> {
        let enforced = Enforced::Given(Arc::new(grants.clone()));
        let (world, ended) = play_scenario(
            scenario,
            &self.suite.checked,
            &self.shelf,
            &enforced,
            self.registry,
            self.environment,
            &Nobody,
        )?;
        Ok((world.calls(), mismatches(&world, &ended)))
    }

    /// Runs every scenario with exactly its policy, and looks which calls would be refused without each statement and each
    /// permission of it; where that is asked for, they really are taken away.
    fn prove(&self, really: bool) -> Proof {
        let mut proof = Proof::default();
        for (name, scenario) in &self.suite.scenarios {
            proof.scenarios += 1;
            if let Err(lines) = self.prove_one(&Arc::new(scenario.clone()), really, &mut proof) {
                let id = &self.suite.checked.id;
                proof
                    .wrong
                    .push(format!("{id} {name}: {}", lines.join("; ")));
            }
        }
        proof
    }

    fn prove_one(
        &self,
        scenario: &Arc<Scenario>,
        really: bool,
        proof: &mut Proof,
    ) -> Result<(), Vec<String>> {
        let (forecast, scope) =
            forecast(scenario, &self.suite.checked, &self.shelf, self.registry)?;
        let undoing = undoing(&forecast, &scope, self.registry);
        let grants = printed(&least_policy(&forecast, &**self.registry, &scope));
        proof.statements += grants.own.statements.len();
        proof.runs += 1;
        let (calls, lines) = self.run(scenario, &grants)?;
        if !lines.is_empty() {
            return Err(lines);
        }
        let needs = self.needs(scenario, &calls);
        for (at, statement) in grants.own.statements.iter().enumerate() {
            let mut open = Vec::new();
            for action in &statement.actions {
                let name = permission(&action.to_string(), &statement.conditions);
                let undo = undoing.contains(&name);
                let key = (self.suite.checked.id.clone(), name);
                let known = proof.permissions.entry(key.clone()).or_default();
                known.undo = undo;
                let mut less = grants.clone();
                less.own.statements[at].actions.remove(action);
                if !known.missed && refuses(&less, &needs) {
                    known.missed = true;
                    open.push((key, less));
                }
            }
            if !really || open.is_empty() {
                continue;
            }
            let mut without = grants.clone();
            without.own.statements.remove(at);
            open.push((
                (
                    self.suite.checked.id.clone(),
                    statement.sid.clone().unwrap_or_default(),
                ),
                without,
            ));
            for ((_, what), less) in open {
                proof.runs += 1;
                let (calls, _) = self.run(scenario, &less)?;
                if !refuses(&less, &self.needs(scenario, &calls)) {
                    return Err(vec![format!("nothing is refused without {what}")]);
                }
            }
        }
        Ok(())
    }

    /// What calls need, and as whom.
    fn needs(&self, scenario: &Scenario, calls: &[CallRecord]) -> Vec<Need> {
        let need = |made: &CallRecord| {
            let mut call = Call::new(&made.action, made.arguments.clone());
            call.target = made.target.clone();
            let requirements = ActionFacts::requirements(&**self.registry, &call, &scenario.place);
            (made.target.role.clone(), requirements)
        };
        calls.iter().map(need).collect()
    }
}

/// What one call needs, as this role.
type Need = (Option<String>, Vec<Requirement>);

/// Whether a policy refuses one of the calls.
fn refuses(grants: &Grants, needs: &[Need]) -> bool {
    let judge = |(role, requirements): &Need| grants.judge(role.as_deref(), requirements);
    needs.iter().any(|need| judge(need).is_err())
}

/// An action with its conditions.
fn permission(action: &str, conditions: &[Condition]) -> String {
    let mut name = action.to_owned();
    for condition in conditions {
        let values: Vec<String> = condition.values.iter().map(ToString::to_string).collect();
        name.push(' ');
        name.push_str(&condition.key);
        name.push('=');
        name.push_str(&values.join("|"));
    }
    name
}

/// The permissions that only undoing needs.
fn undoing(forecast: &Forecast, scope: &Scope, registry: &Registry) -> BTreeSet<String> {
    let (mut undo, mut other) = (BTreeSet::new(), BTreeSet::new());
    for visit in calls(forecast) {
        for requirement in of_call(visit.call, registry, &scope.place) {
            let name = permission(&requirement.action, &requirement.conditions);
            if visit.purpose == Purpose::Undo {
                undo.insert(name);
            } else {
                other.insert(name);
            }
        }
    }
    undo.difference(&other).cloned().collect()
}

/// The grants of a policy as they are printed: the documents are read back.
fn printed(whole: &LeastPolicy) -> Grants {
    let own: Vec<Policy> = whole.principals.iter().take(1).flat_map(parts).collect();
    let statements = own.iter().flat_map(|document| {
        Policy::from_json(&document.to_json())
            .expect("a printed policy reads")
            .statements
    });
    Grants {
        own: Policy {
            statements: statements.collect(),
        },
        ..whole.grants()
    }
}

/// Proves the policies of all playbooks whose files are named by a word, or of all.
fn proofs(words: &[&str], really: bool) -> Vec<Proof> {
    let environment = environment();
    let registry = Arc::new(Registry::new());
    let named = |file: &PathBuf| {
        let file = file.to_string_lossy();
        words.is_empty() || words.iter().any(|word| file.contains(word))
    };
    let files: Vec<PathBuf> = ["playbooks", "examples"]
        .iter()
        .flat_map(|folder| files_below(&environment.places.current.join(folder), is_scenarios))
        .filter(named)
        .collect();
    side_by_side(&files, |file| {
        let suite = match suite(file, &registry, &environment) {
            Ok(suite) => suite,
            Err(wrong) => {
                return Proof {
                    wrong,
                    ..Proof::default()
                };
            }
        };
        let root = suite.root.clone();
        let subject = Subject {
            suite,
            shelf: Shelf::new(&environment.places, &root, &*registry),
            registry: &registry,
            environment: &environment,
        };
        subject.prove(really)
    })
}

/// The list of permissions that no scenario misses: each with the heading that it stands below.
fn reviewed() -> BTreeMap<Permission, String> {
    let file = environment().places.current.join(NOT_MISSED);
    let text = std::fs::read_to_string(file).expect("the list");
    let mut heading = String::new();
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if line.starts_with('#') {
            line.clone_into(&mut heading);
            continue;
        }
        let (playbook, name) = line.split_once(' ').expect("PLAYBOOK ACTION");
        let permission = (playbook.to_owned(), name.to_owned());
        let before = found.insert(permission, heading.clone());
        assert!(before.is_none(), "{line} stands there twice");
    }
    found
}

/// Compares what was found with the list of what is known.
fn judge(proofs: &[Proof]) {
    let wrong: Vec<&String> = proofs.iter().flat_map(|proof| &proof.wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let known: BTreeMap<&Permission, &Known> =
        proofs.iter().flat_map(|proof| &proof.permissions).collect();
    print_counts(proofs, &known);
    let mut listed = reviewed();
    let playbooks: BTreeSet<&str> = known.keys().map(|(id, _)| id.as_str()).collect();
    listed.retain(|(id, _), _| playbooks.contains(id.as_str()));
    let mut problems = Vec::new();
    for (permission, known) in &known {
        let name = format!("{} {}", permission.0, permission.1);
        match (known.missed, listed.get(*permission)) {
            (false, None) if known.undo => {
                problems.push(format!(
                    "{name}: no scenario misses it; only an undo needs it"
                ));
            }
            (false, None) => problems.push(format!("{name}: no scenario misses it")),
            (true, Some(_)) => problems.push(format!("{name}: a scenario misses it now")),
            (false, Some(heading)) if known.undo != (heading == UNDO) => {
                problems.push(format!("{name}: it stands below the wrong heading"));
            }
            _ => {}
        }
    }
    let gone = listed.keys().filter(|one| !known.contains_key(one));
    problems.extend(gone.map(|(id, name)| format!("{id} {name}: no policy has it")));
    assert!(
        problems.is_empty(),
        "{NOT_MISSED}:\n{}",
        problems.join("\n")
    );
}

#[expect(
    clippy::print_stdout,
    reason = "the counts of a proof, for who reads the test's output"
)]
fn print_counts(proofs: &[Proof], known: &BTreeMap<&Permission, &Known>) {
    let sum = |count: fn(&Proof) -> usize| proofs.iter().map(count).sum::<usize>();
    let idle = known.values().filter(|known| !known.missed).count();
    println!(
        "{} scenarios, {} statements, {} permissions ({idle} not missed), {} runs",
        sum(|proof| proof.scenarios),
        sum(|proof| proof.statements),
        known.len(),
        sum(|proof| proof.runs),
    );
}

#[test]
fn every_scenario_runs_with_exactly_its_least_policy_and_misses_what_is_taken_away() {
    judge(&proofs(&[], false));
}

#[test]
fn a_call_is_really_refused_without_its_permission() {
    let examples = proofs(&["/examples/", "acso/memory-leak.scenarios.yaml"], true);
    judge(&examples);
}

#[test]
#[ignore = "takes minutes; `cargo xtask policy-proof` runs it"]
fn every_permission_of_every_playbook_is_really_taken_away() {
    let words = std::env::var("RUNBOOK_POLICY_PROOF").unwrap_or_default();
    let words: Vec<&str> = words.split_whitespace().collect();
    judge(&proofs(&words, true));
}

#[test]
fn every_shipped_playbook_has_a_policy_without_any_input() {
    let environment = environment();
    let registry = Arc::new(Registry::new());
    let schema =
        jsonschema::validator_for(&runbook_report::policy_schema::schema()).expect("a schema");
    let mut seen = 0;
    for file in ["playbooks", "examples"]
        .iter()
        .flat_map(|folder| files_below(&environment.places.current.join(folder), is_scenarios))
    {
        let suite = suite(&file, &registry, &environment).expect("a suite");
        let shelf = Shelf::new(&environment.places, &suite.root, &*registry);
        let now = jiff::Timestamp::UNIX_EPOCH;
        let options = runbook_interpreter::plan::Options::default();
        let plan = crate::load::open_plan(&suite.checked, &[], options, now)
            .map_err(|failure| failure.message)
            .expect("binds");
        let forecast = runbook_interpreter::plan::forecast::Forecast::offline(
            &plan,
            &BTreeSet::new(),
            &*registry,
            &shelf,
        );
        let scope = runbook_interpreter::plan::policy::Scope::default();
        let least = runbook_interpreter::plan::policy::least_policy(&forecast, &*registry, &scope);
        let document = document(&suite.checked.id, &least);
        let problems: Vec<String> = schema
            .iter_errors(&document)
            .map(|one| one.to_string())
            .collect();
        assert!(problems.is_empty(), "{}: {problems:?}", suite.checked.id);
        for policy in least.principals.iter().flat_map(parts) {
            assert!(runbook_interpreter::plan::policy::characters(&policy) <= MOST_CHARACTERS);
            for statement in &policy.statements {
                let sid = statement.sid.as_deref().unwrap_or_default();
                assert!(!sid.is_empty() && sid.chars().all(|one| one.is_ascii_alphanumeric()));
            }
        }
        seen += 1;
    }
    assert!(seen > 10);
}
