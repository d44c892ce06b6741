//! Plants each kind of mistake into each shipped playbook, and asks that the checker finds it on the right line. The playbooks
//! as they are have nothing to complain about.
//!
//! One place of each kind and playbook is taken; with `MUTATIONS=all` every place where the mistake can be planted, with
//! `MUTATIONS=WORDS` every place of the kinds that have these words in their name.

#![expect(clippy::print_stdout, reason = "the counts are for people to read")]

mod calls;
mod expressions;
mod plant;
mod shape;

use plant::{Mutant, Planter};
use runbook_playbook::check::{Library, Signature, signature};
use runbook_playbook::diagnostic::{Diagnostic, Severity};
use runbook_playbook::review::review;
use runbook_playbook::source::Source;
use runbook_playbook::syntax;
use runbook_playbook::syntax::assertion::Assertion;
use runbook_playbook::syntax::playbook::Playbook;
use runbook_playbook::syntax::step::{Step, Work};
use runbook_playbook::yaml;
use runbook_registry::Registry;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A mistake that nobody can find before a run.
struct Exception {
    playbook: &'static str,
    kind: &'static str,
    change: &'static str,
    /// At so many places.
    places: usize,
}

/// What a file of the user's holds is known to be JSON, and nothing more: `configuration-drift` reads what was declared with
/// `file:Read`, and no word for a member of it is wrong. The keys of a map are as free: any attribute may be one that was
/// registered in Cloud Map. In both cases a value that is absent at run time fails the step, or is asked for with `default`.
const EXCEPTIONS: [Exception; 4] = [
    Exception {
        playbook: "configuration-drift",
        kind: "member misspelt",
        change: "`Name` → `Naem`",
        places: 8,
    },
    Exception {
        playbook: "configuration-drift",
        kind: "member misspelt",
        change: "`Type` → `Tyep`",
        places: 2,
    },
    Exception {
        playbook: "configuration-drift",
        kind: "member misspelt",
        change: "`Value` → `Valeu`",
        places: 2,
    },
    Exception {
        playbook: "cross-service-communication",
        kind: "member misspelt",
        change: "`AWS_INSTANCE_IPV4` → `AWS_INSTANCE_IP4V`",
        places: 1,
    },
];

/// The least number of kinds of mistakes that are planted somewhere.
const KINDS: usize = 40;

struct Shelf<'a> {
    folder: &'a Path,
    registry: &'a Registry,
}

impl Library for Shelf<'_> {
    fn signature(&self, _from: &str, path: &str) -> Option<Signature> {
        let text = fs::read_to_string(self.folder.join(path)).ok()?;
        let (playbook, _) = syntax::parse(&Source::new(path, text));
        playbook.map(|playbook| signature(&playbook, self.registry))
    }
}

fn problems(file: &Path, text: &str, registry: &Registry) -> Vec<Diagnostic> {
    let source = Source::new(file.to_string_lossy(), text);
    let folder = file.parent().expect("a folder");
    let shelf = Shelf { folder, registry };
    review(&source, "mutant", registry, &shelf).1
}

/// The playbooks of the project.
fn shipped() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![root.join("playbooks"), root.join("examples")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                // What deploys workers is Kubernetes' and others' own.
                if !path.ends_with("examples/deploy") {
                    folders.push(path);
                }
                continue;
            }
            let name = path.file_name().expect("a name").to_string_lossy();
            let other = [".scenarios.yaml", ".targets.yaml"];
            if name.ends_with(".yaml") && !other.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// All steps, those of blocks and `undo` included.
fn all_steps(playbook: &Playbook) -> Vec<&Step> {
    fn add<'p>(steps: &'p [Step], found: &mut Vec<&'p Step>) {
        for step in steps {
            found.push(step);
            if let Work::Block { steps, finally } = &step.work {
                add(steps, found);
                add(finally, found);
            }
            add(&step.undo, found);
        }
    }
    let mut found = Vec::new();
    let graphs = [
        &playbook.check,
        &playbook.symptom,
        &playbook.diagnose,
        &playbook.resolve,
    ];
    for graph in graphs.into_iter().flatten() {
        add(&graph.steps, &mut found);
    }
    found
}

/// All assertions of a step.
fn assertions(step: &Step) -> impl Iterator<Item = &Assertion> {
    let until = step.until.iter().flat_map(|until| &until.assertions);
    let causes = step.causes.iter().flat_map(|finder| &finder.assertions);
    let own = step.require.iter().chain(&step.assert);
    own.chain(until).chain(causes)
}

fn mutants(file: &Path, text: &str, registry: &Registry) -> Vec<Mutant> {
    let source = Source::new(file.to_string_lossy(), text);
    let (playbook, _) = syntax::parse(&source);
    let playbook = playbook.expect("a playbook");
    let mut planter = Planter {
        source: &source,
        mutants: Vec::new(),
    };
    let node = yaml::read(&source, &mut Vec::new()).expect("a document");
    shape::plant(&mut planter, &node);
    let steps = all_steps(&playbook);
    shape::declarations(&mut planter, &playbook, &steps);
    for step in &steps {
        calls::plant(&mut planter, &playbook, step, registry);
    }
    let reading = [&playbook.check, &playbook.symptom, &playbook.diagnose];
    for step in reading.into_iter().flatten().flat_map(|graph| &graph.steps) {
        calls::write(&mut planter, step, registry);
    }
    for (expression, place) in expressions::of_playbook(&playbook, &steps) {
        expressions::plant(&mut planter, &expression, place);
    }
    planter.mutants
}

/// One mistake of each kind, each time at another place.
fn one_of_each(planted: Vec<Mutant>, turn: usize) -> Vec<Mutant> {
    let mut kinds: BTreeMap<&str, Vec<Mutant>> = BTreeMap::new();
    for mutant in planted {
        kinds.entry(mutant.kind).or_default().push(mutant);
    }
    kinds
        .into_values()
        .map(|mut places| places.swap_remove(turn % places.len()))
        .collect()
}

/// Whether one of the expected codes is said on one of the expected lines.
fn is_found(mutant: &Mutant, problems: &[Diagnostic]) -> bool {
    problems.iter().any(|problem| {
        let first = problem.source.position(problem.primary.span.start).line;
        let (low, high) = mutant.lines;
        mutant.codes.contains(&problem.code) && low <= first && first <= high
    })
}

fn described(problems: &[Diagnostic]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| {
            let line = problem.source.position(problem.primary.span.start).line;
            format!("    {line} {}: {}", problem.code.slug(), problem.message)
        })
        .collect();
    lines.join("\n")
}

#[test]
fn nothing_is_wrong_with_what_is_shipped() {
    let registry = Registry::new();
    let files = shipped();
    let mut positives = 0;
    let mut said = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).expect("a playbook");
        let mut found = problems(file, &text, &registry);
        found.retain(|problem| problem.severity >= Severity::Warning);
        if !found.is_empty() {
            positives += found.len();
            said.push(format!("{}:\n{}", file.display(), described(&found)));
        }
    }
    println!(
        "{positives} errors and warnings about {} playbooks as they are",
        files.len()
    );
    assert_eq!(positives, 0, "false positives:\n{}", said.join("\n"));
}

#[test]
fn every_planted_mistake_is_found_on_its_line() {
    let registry = Registry::new();
    let asked = std::env::var("MUTATIONS").ok();
    let everywhere = asked.as_deref() == Some("all");
    let words = asked
        .as_deref()
        .filter(|words| !everywhere && !words.is_empty());
    let mut all: Vec<(PathBuf, Mutant)> = Vec::new();
    for file in shipped() {
        let text = fs::read_to_string(&file).expect("a playbook");
        let mut planted = mutants(&file, &text, &registry);
        match words {
            Some(words) => planted.retain(|mutant| mutant.kind.contains(words)),
            None if everywhere => {}
            None => planted = one_of_each(planted, all.len()),
        }
        all.extend(planted.into_iter().map(|mutant| (file.clone(), mutant)));
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut missed = Vec::new();
        while let Some((at, (file, mutant))) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            all.get(at).map(|one| (at, one))
        } {
            let found = problems(file, &mutant.text, &registry);
            if !is_found(mutant, &found) {
                missed.push((at, described(&found)));
            }
        }
        missed
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut missed: Vec<(usize, String)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("no panic"))
            .collect()
    });
    missed.sort();
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (_, mutant) in &all {
        kinds.entry(mutant.kind).or_default().0 += 1;
    }
    let mut unexpected = Vec::new();
    let mut excepted = [0; EXCEPTIONS.len()];
    for (at, found) in &missed {
        let (file, mutant) = &all[*at];
        kinds.entry(mutant.kind).or_default().1 += 1;
        let name = file.file_stem().expect("a name").to_string_lossy();
        let exception = EXCEPTIONS.iter().position(|known| {
            known.playbook == name && known.kind == mutant.kind && known.change == mutant.change
        });
        if let Some(exception) = exception {
            excepted[exception] += 1;
        } else {
            unexpected.push(format!(
                "{name}: {} at {:?}: {}, expected {:?}, found\n{found}",
                mutant.kind, mutant.lines, mutant.change, mutant.codes
            ));
        }
    }
    for (kind, (planted, missed)) in &kinds {
        println!("{:5} of {planted:5}  {kind}", planted - missed);
    }
    println!(
        "{} of {} mistakes of {} kinds found on their line, {} known not to be findable",
        all.len() - missed.len(),
        all.len(),
        kinds.len(),
        excepted.iter().sum::<usize>(),
    );
    for (known, excepted) in EXCEPTIONS.iter().zip(excepted) {
        let looked = everywhere || words.is_some_and(|words| known.kind.contains(words));
        assert!(
            !looked || excepted == known.places,
            "{} in {}: not found at {excepted} places, {} are known",
            known.change,
            known.playbook,
            known.places
        );
    }
    assert!(
        words.is_some() || kinds.len() >= KINDS,
        "only {} kinds",
        kinds.len()
    );
    assert!(
        unexpected.is_empty(),
        "{} missed:\n{}",
        unexpected.len(),
        unexpected.join("\n")
    );
}
