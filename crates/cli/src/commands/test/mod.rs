//! `runbook test`: the scenarios of playbooks.

pub(super) mod play;
mod reach;
pub(super) mod suite;
mod update;
mod watch;

use crate::args::{Format, TestArguments};
use crate::coverage::{self, Coverage, Ledger, Observed};
use crate::document;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::parallel::side_by_side;
use crate::problems::counted;
use crate::shelf::Shelf;
use play::{Enforced, Nobody, Setting, enforced};
use runbook_playbook::diagnostic::{Diagnostic, Severity};
use runbook_registry::Registry;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use suite::{Suite, drawn, files, suite};

/// What came of one file.
#[derive(Debug, Default)]
struct Tally {
    /// Lines for standard output.
    lines: Vec<String>,
    /// What is wrong with the file or its playbook.
    wrong: Vec<String>,
    passed: usize,
    failed: usize,
    /// The same for programs.
    scenarios: Vec<Json>,
    /// What was reached, where that is wanted.
    coverage: Coverage,
}

/// Runs the scenarios of files and folders.
pub fn execute(arguments: &TestArguments, environment: &Environment) -> Result<u8, Failure> {
    let files = files(&arguments.paths, environment)?;
    let registry = Arc::new(Registry::new());
    let enforced = enforced(arguments, environment)?;
    if arguments.update {
        update::update(&files, arguments, &enforced, &registry, environment)?;
    }
    if arguments.watch {
        return watch::watch(arguments, environment);
    }
    run_files(&files, arguments, &enforced, &registry, environment)
}

/// Runs the scenarios of files, and says what came out.
pub(super) fn run_files(
    files: &[PathBuf],
    arguments: &TestArguments,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Result<u8, Failure> {
    let tallies = side_by_side(files, |file| {
        test_file(file, arguments, enforced, registry, environment)
    });
    let (mut passed, mut failed, mut wrong) = (0, 0, 0);
    let mut covered = Coverage::default();
    let mut scenarios = Vec::new();
    let json = arguments.format == Format::Json;
    for tally in tallies {
        if !json {
            environment.console.out.lines(&tally.lines);
        }
        environment.console.err.lines(&tally.wrong);
        passed += tally.passed;
        failed += tally.failed;
        wrong += usize::from(!tally.wrong.is_empty());
        scenarios.extend(tally.scenarios);
        covered.merge(tally.coverage);
    }
    if wrong > 0 {
        let files = counted(wrong, "file");
        return Err(Failure::wrong(format!(
            "{passed} passed, {failed} failed, {files} could not be run"
        )));
    }
    if passed + failed == 0 {
        return Err(Failure::wrong(
            "no scenario was run; name files or folders with *.scenarios.yaml, or widen --filter",
        ));
    }
    let coverage = arguments
        .covers()
        .then(|| reach::within(covered, arguments, registry, environment));
    let missed = match (&arguments.coverage_min, &coverage) {
        (Some(least), Some(coverage)) => least.missed(coverage),
        _ => Vec::new(),
    };
    let out = environment.console.out;
    if json {
        let mut document = json!({"passed": passed, "failed": failed, "scenarios": scenarios});
        if let Some(coverage) = &coverage {
            document["coverage"] = coverage::document(coverage);
        }
        out.line(format!("{document:#}"));
    } else {
        out.line(format!("{passed} passed, {failed} failed"));
        if let Some(coverage) = &coverage {
            out.line("");
            out.lines(&coverage::lines(coverage, out.look));
        }
    }
    if !missed.is_empty() {
        return Err(Failure::not_well(missed.join("\nerror: ")));
    }
    Ok(if failed == 0 {
        exit::WELL
    } else {
        exit::NOT_WELL
    })
}

fn test_file(
    file: &Path,
    arguments: &TestArguments,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Tally {
    let mut tally = Tally::default();
    match run_file(file, arguments, enforced, registry, environment, &mut tally) {
        Ok(()) => {}
        Err(lines) => tally.wrong = lines,
    }
    tally
}

fn run_file(
    file: &Path,
    arguments: &TestArguments,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
    tally: &mut Tally,
) -> Result<(), Vec<String>> {
    let Suite {
        source,
        node,
        checked,
        root,
        scenarios,
    } = suite(file, registry, environment)?;
    let shelf = Shelf::new(&environment.places, &root, &**registry);
    let mut ledger = Ledger::new(&shelf);
    let mut wrong = Vec::new();
    for (name, scenario) in scenarios {
        let title = format!("{} {name}", checked.id);
        if !title.contains(arguments.filter.as_deref().unwrap_or_default()) {
            continue;
        }
        let mut problems = scenario.check(&**registry);
        problems.extend(scenario.check_against(&checked, &**registry));
        problems.retain(|problem| problem.code.severity() == Severity::Error);
        if problems.is_empty() {
            let description = scenario.description.clone().unwrap_or_default();
            let scenario = Arc::new(scenario);
            let setting = Setting {
                shelf: &shelf,
                enforced,
                registry,
                environment,
            };
            let found = if arguments.covers() {
                let observed = Observed::default();
                let found = setting.run(&scenario, &checked, &observed);
                ledger.add(&checked, observed);
                found
            } else {
                setting.run(&scenario, &checked, &Nobody)
            };
            let description = Some(description).filter(|_| arguments.verbose || found.is_err());
            tally.add(&title, description.as_deref().unwrap_or_default(), found);
        } else {
            let route = ["scenarios", name.as_str()];
            let placed: Vec<Diagnostic> = problems
                .iter()
                .map(|problem| document::placed(&source, &node, &route, problem))
                .collect();
            wrong.extend(drawn(environment, &placed));
        }
    }
    tally.coverage = ledger.close();
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

impl Tally {
    fn add(&mut self, title: &str, description: &str, found: Result<(), Vec<String>>) {
        let (word, differences) = match found {
            Ok(()) => {
                self.passed += 1;
                ("ok  ", Vec::new())
            }
            Err(differences) => {
                self.failed += 1;
                ("FAIL", differences)
            }
        };
        self.scenarios.push(json!({
            "scenario": title,
            "passed": differences.is_empty(),
            "differences": differences,
        }));
        self.lines.push(format!("{word}  {title}"));
        let about = runbook_report::question::safe(description.trim());
        let about = about.lines().map(str::to_owned);
        for line in about.chain(differences) {
            self.lines.push(format!("      {line}"));
        }
    }
}
