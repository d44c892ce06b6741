//! One playbook that is asked whether its problem shows.

use super::{OwnReads, Paced, SharedReads};
use crate::environment::Environment;
use crate::gathered::runnable;
use crate::load;
use crate::locate::Located;
use crate::parallel::side_by_side;
use crate::shelf::{Known, Shelf, text_of};
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::approval::{Approver, Decision, Question};
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::{Event, Observer};
use runbook_interpreter::journal::MemoryJournal;
use runbook_interpreter::outcome::{Outcome, StepOutcome, StepStatus};
use runbook_interpreter::plan::{Options, Plan, Until};
use runbook_interpreter::surroundings::Surroundings;
use runbook_interpreter::truth::Truth;
use runbook_interpreter::verdict::Verdict;
use runbook_playbook::checked::Checked;
use runbook_playbook::inputs::Given;
use runbook_playbook::span::{Span, Spanned};
use runbook_playbook::syntax::playbook::{Kind, Playbook};
use runbook_registry::Registry;
use runbook_report::triage::{ReadSymptom, Standing};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

/// What a file is to triage.
pub enum Candidate {
    /// None of ours, or a file of escalation.
    LeftAlone,
    /// It has errors, or cannot be read; says which.
    Wrong(String),
    /// A playbook that does not say how its problem shows.
    Without,
    /// A playbook that can be asked.
    Asks(Box<Asking>),
}

/// A playbook that can be asked.
pub struct Asking {
    /// Where it is.
    pub located: Located,
    /// What `runbook run` takes.
    pub name: String,
    /// The playbook.
    pub checked: Arc<Checked>,
}

/// Reads and checks files on several threads.
#[must_use]
pub fn candidates(
    files: &[PathBuf],
    registry: &Registry,
    environment: &Environment,
) -> Vec<Candidate> {
    let known = Arc::default();
    side_by_side(files, |file| candidate(file, registry, &known, environment))
}

fn candidate(
    file: &Path,
    registry: &Registry,
    known: &Arc<Known>,
    environment: &Environment,
) -> Candidate {
    let places = &environment.places;
    let located = places.place(file);
    let text = match text_of(file, &located.name) {
        Ok(text) => text,
        Err(why) => return Candidate::Wrong(why),
    };
    if !text.lines().any(|line| line.starts_with("playbook:")) {
        return Candidate::LeftAlone;
    }
    let shelf = Shelf::new(places, &located.root, registry).sharing(known);
    let Some(checked) = shelf.review(&located, text).checked else {
        let name = &located.name;
        return Candidate::Wrong(format!(
            "{name} is left out: it has errors; `runbook check {name}` shows them"
        ));
    };
    if checked.playbook.kind == Kind::Escalation {
        return Candidate::LeftAlone;
    }
    if checked.playbook.symptom.is_none() {
        return Candidate::Without;
    }
    Candidate::Asks(Box::new(Asking {
        name: runnable(&located, places),
        located,
        checked: Arc::new(checked),
    }))
}

impl Asking {
    /// The playbook.
    #[must_use]
    pub fn playbook(&self) -> &Playbook {
        &self.checked.playbook
    }

    /// Of what is given, what the playbook has.
    #[must_use]
    pub fn own(&self, given: &[(String, Given)]) -> Vec<(String, Given)> {
        let declared = |name: &str| {
            let mut inputs = self.playbook().inputs.iter();
            inputs.any(|input| input.name.value == name)
        };
        let given = given.iter().filter(|(name, _)| declared(name));
        given.cloned().collect()
    }

    /// The inputs that it needs and that are not given.
    #[must_use]
    pub fn lacks(&self, own: &[(String, Given)]) -> Vec<String> {
        let inputs = self.playbook().inputs.iter();
        inputs
            .filter(|input| input.default.is_none())
            .map(|input| input.name.value.clone())
            .filter(|name| own.iter().all(|(given, _)| given != name))
            .collect()
    }

    /// A plan of its symptom alone: it writes nothing, tells nobody, and ends in time.
    ///
    /// # Errors
    /// An input is wrong; says which.
    pub fn plan(
        &self,
        own: &[(String, Given)],
        within: SignedDuration,
        now: Timestamp,
    ) -> Result<Plan, String> {
        let mut checked = (*self.checked).clone();
        let playbook = &mut checked.playbook;
        playbook.diagnose = None;
        playbook.resolve = None;
        playbook.verify = None;
        playbook.escalate = None;
        playbook.outputs.clear();
        playbook.max_writes = Some(Spanned::new(0, Span::default()));
        let within = match &playbook.timeout {
            Some(own) => own.value.min(within),
            None => within,
        };
        playbook.timeout = Some(Spanned::new(within, Span::default()));
        let options = Options {
            until: Some(Until::Symptom),
            ..Options::default()
        };
        load::plan(&Arc::new(checked), own, options, now).map_err(|failure| failure.message)
    }

    /// Reads the symptom.
    pub async fn read(
        &self,
        plan: &Plan,
        world: &Paced<'_>,
        shared: &SharedReads<'_>,
        surroundings: String,
        environment: &Environment,
        cancel: &Cancel,
    ) -> Outcome {
        let registry = shared.registry();
        let library = Shelf::new(&environment.places, &self.located.root, registry);
        let reads = OwnReads::new(shared, surroundings);
        let surroundings = Surroundings {
            world,
            performer: &reads,
            approver: &NobodyAnswers,
            observer: &NobodyWatches,
            journal: &MemoryJournal::forgetting(),
            library: &library,
            cancel,
            guards: None,
        };
        runbook_interpreter::run(plan, &surroundings).await
    }
}

/// What an outcome says of the problem.
#[must_use]
pub fn standing(outcome: &Outcome) -> Standing {
    match outcome.verdict {
        Verdict::Diagnosed => Standing::Holds,
        Verdict::Absent => Standing::Clear,
        _ => Standing::Unknown {
            why: outcome.explanation.clone(),
        },
    }
}

/// What the symptoms of an outcome say, in written order; what was skipped says nothing.
#[must_use]
pub fn symptoms(playbook: &Playbook, outcome: &Outcome) -> Vec<ReadSymptom> {
    let steps = playbook.symptom.iter().flat_map(|graph| &graph.steps);
    let claims = steps.filter_map(|written| {
        let id = &written.id.value;
        let path = format!("symptom.{id}");
        let step = outcome.steps.get(&path)?;
        if step.status == StepStatus::Skipped {
            return None;
        }
        let holds = step.holds?;
        Some(ReadSymptom {
            title: step.title.clone().unwrap_or_else(|| id.clone()),
            step: path,
            holds,
            found: match holds {
                Truth::Unknown => unread(step, outcome),
                _ => found(step),
            },
        })
    });
    claims.collect()
}

/// What a step's assertions say.
fn found(step: &StepOutcome) -> String {
    let mut said: Vec<&str> = Vec::new();
    for assertion in &step.assertions {
        if assertion.warn || assertion.require {
            continue;
        }
        let one = assertion.message.as_deref().unwrap_or(&assertion.found);
        if !one.is_empty() && !said.contains(&one) {
            said.push(one);
        }
    }
    said.join("; ").trim().replace('\n', " ")
}

/// Why a step could not tell: its own failure, or that of a step that it needs.
fn unread(step: &StepOutcome, outcome: &Outcome) -> String {
    let failed = || {
        let mut steps = outcome.steps.values();
        steps.find(|other| other.status == StepStatus::Failed)
    };
    let to_blame = if step.status == StepStatus::Blocked {
        failed().unwrap_or(step)
    } else {
        step
    };
    match &to_blame.error {
        Some(error) if error.code == "declined" => {
            "it asks for leave first, and triage asks nobody".to_owned()
        }
        // What a playbook that is run says of itself stands before what kept it.
        Some(error) if error.code == "verdict" => {
            let innermost = error.message.rsplit(" failed: ").next();
            innermost.unwrap_or(&error.message).to_owned()
        }
        Some(error) if error.code.starts_with(char::is_uppercase) => {
            format!("{} ({})", error.message, error.code)
        }
        Some(error) => error.message.clone(),
        None => found(step),
    }
}

/// Nobody is asked: what needs leave has none.
struct NobodyAnswers;

impl Approver for NobodyAnswers {
    fn overriding(&self, _: runbook_interpreter::guard::Kind) -> String {
        String::new()
    }

    fn allow_telling<'a>(
        &'a self,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        self.decide(question)
    }

    fn decide<'a>(&'a self, _: &'a Question) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        // What waits for an answer would end the reads beside it.
        let by = "triage".to_owned();
        Box::pin(std::future::ready(Decision::Declined { by }))
    }
}

/// Nobody watches.
struct NobodyWatches;

impl Observer for NobodyWatches {
    fn observe(&self, _: &Event) {}
}
