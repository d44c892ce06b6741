//! The proof that the least policy is enough, and not more than enough: every scenario runs with exactly it, and without any
//! one of its permissions some scenario fails.

use crate::commands::test::{Enforced, least, run_scenario, suite};
use crate::console::{Console, Stream};
use crate::environment::Environment;
use crate::locate::{Places, files_below, is_scenarios};
use crate::parallel::side_by_side;
use crate::shelf::Shelf;
use runbook_interpreter::plan::policy::MOST_CHARACTERS;
use runbook_registry::Registry;
use runbook_registry::policy::{Grants, Policy};
use runbook_registry::world::scenario::Scenario;
use runbook_report::policy::parts;
use runbook_report::terminal::Look;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Permissions that no scenario misses, with the reason.
const NOT_MISSED: [(&str, &str, &str); 5] = [
    (
        "acso/memory-leak",
        "cloudtrail:LookupEvents",
        "it is evidence for whom an escalation tells, and changes no verdict",
    ),
    (
        "acso/memory-leak",
        "cloudwatch:DescribeAlarms",
        "it is evidence for whom an escalation tells, and changes no verdict",
    ),
    (
        "acso/memory-leak",
        "sns:Publish",
        "telling people changes no verdict, and a call that was refused was made",
    ),
    (
        "each",
        "logs:DeleteRetentionPolicy",
        "it is the undo of a step, and no scenario takes that back",
    ),
    (
        "escalate",
        "sns:Publish",
        "telling people changes no verdict, and a call that was refused was made",
    ),
];

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

/// What was found in one file of scenarios.
#[derive(Debug, Default)]
struct Proof {
    scenarios: usize,
    statements: usize,
    runs: usize,
    /// What is wrong with the policy as it is.
    wrong: Vec<String>,
    /// Permissions by playbook and name, and whether a scenario fails without.
    missed: BTreeMap<(String, String), bool>,
}

fn prove(file: &Path, registry: &Arc<Registry>, environment: &Environment) -> Proof {
    let mut proof = Proof::default();
    let suite = match suite(file, registry, environment) {
        Ok(suite) => suite,
        Err(lines) => {
            proof.wrong = lines;
            return proof;
        }
    };
    let shelf = Shelf::new(&environment.places, &suite.root, &**registry);
    let id = suite.checked.id.clone();
    let runs = |scenario: &Arc<Scenario>, enforced: &Enforced| {
        run_scenario(
            scenario,
            &suite.checked,
            &shelf,
            enforced,
            registry,
            environment,
        )
    };
    for (name, scenario) in suite.scenarios {
        let scenario = Arc::new(scenario);
        proof.scenarios += 1;
        let whole = match least(&scenario, &suite.checked, &shelf, registry) {
            Ok(whole) => whole,
            Err(lines) => {
                proof.wrong.extend(lines);
                continue;
            }
        };
        // What is printed is what is enforced: the documents are read back.
        let own: Vec<Policy> = whole.principals.iter().take(1).flat_map(parts).collect();
        let statements = own.iter().flat_map(|document| {
            Policy::from_json(&document.to_json())
                .expect("a printed policy reads")
                .statements
        });
        let grants = Grants {
            own: Policy {
                statements: statements.collect(),
            },
            ..whole.grants()
        };
        proof.statements += grants.own.statements.len();
        proof.runs += 1;
        let enforced = Enforced::Given(Arc::new(grants.clone()));
        if let Err(lines) = runs(&scenario, &enforced) {
            proof
                .wrong
                .push(format!("{id} {name}: {}", lines.join("; ")));
            continue;
        }
        for (at, statement) in grants.own.statements.iter().enumerate() {
            for action in &statement.actions {
                let key = (id.clone(), action.to_string());
                if proof.missed.get(&key) == Some(&true) {
                    continue;
                }
                let mut less = grants.clone();
                if let Some(statement) = less.own.statements.get_mut(at) {
                    statement.actions.remove(action);
                }
                proof.runs += 1;
                let fails = runs(&scenario, &Enforced::Given(Arc::new(less))).is_err();
                proof.missed.insert(key, fails);
            }
        }
    }
    proof
}

#[test]
fn every_scenario_runs_with_its_least_policy_and_every_permission_of_it_is_missed() {
    let environment = environment();
    let registry = Arc::new(Registry::new());
    let files: Vec<PathBuf> = ["playbooks", "examples"]
        .iter()
        .flat_map(|folder| files_below(&environment.places.current.join(folder), is_scenarios))
        .collect();
    // Taking each permission away runs every scenario many times, which the larger playbooks have too many of.
    let files: Vec<PathBuf> = files
        .into_iter()
        .filter(|file| {
            let name = file.to_string_lossy();
            name.contains("/examples/") || name.ends_with("memory-leak.scenarios.yaml")
        })
        .collect();
    let proofs = side_by_side(&files, |file| prove(file, &registry, &environment));
    let wrong: Vec<&String> = proofs.iter().flat_map(|proof| &proof.wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut idle: BTreeSet<(&str, &str)> = BTreeSet::new();
    let (mut scenarios, mut statements, mut runs, mut permissions) = (0, 0, 0, 0);
    for proof in &proofs {
        scenarios += proof.scenarios;
        statements += proof.statements;
        runs += proof.runs;
        permissions += proof.missed.len();
        let not_missed = proof.missed.iter().filter(|(_, missed)| !**missed);
        idle.extend(not_missed.map(|((id, action), _)| (id.as_str(), action.as_str())));
    }
    println_counts(scenarios, statements, permissions, runs);
    let known: BTreeSet<(&str, &str)> = NOT_MISSED
        .iter()
        .map(|(id, action, _)| (*id, *action))
        .collect();
    assert_eq!(
        idle, known,
        "permissions that no scenario misses, and the list of those that are known"
    );
}

#[expect(
    clippy::print_stdout,
    reason = "the counts of a proof, for who reads the test's output"
)]
fn println_counts(scenarios: usize, statements: usize, permissions: usize, runs: usize) {
    println!(
        "{scenarios} scenarios, {statements} statements, {permissions} permissions, {runs} runs"
    );
}

#[test]
fn every_shipped_playbook_has_a_policy_without_any_input() {
    let environment = environment();
    let registry = Arc::new(Registry::new());
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
