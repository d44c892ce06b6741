//! A run on the command line, from its beginning or from where it was interrupted.

use super::saved::{Bound, Only};
use super::test::play::compared;
use crate::approve::Answers;
use crate::args::{Consent, Format, TargetArguments};
use crate::calls::Calls;
use crate::environment::Environment;
use crate::escalation_file;
use crate::exit::{self, Failure};
use crate::identity;
use crate::kept::Kept;
use crate::locate::{Located, scenarios_of};
use crate::lock::{self, Claim, Lock, Taken};
use crate::record::Record;
use crate::recorder::{Approving, Ended, Performing, Recorder, Watching};
use crate::stage;
use crate::telemetry::{self, Told};
use crate::world;
use jiff::Timestamp;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::{Event, Observer};
use runbook_interpreter::guard::{Guards, Kind};
use runbook_interpreter::journal::{Durability, JournalError, RunJournal};
use runbook_interpreter::outcome::Outcome;
use runbook_interpreter::plan::Plan;
use runbook_interpreter::surroundings::Surroundings;
use runbook_interpreter::verdict::Verdict;
use runbook_playbook::syntax::input::InputKind;
use runbook_registry::Registry;
use runbook_registry::policy::SessionPolicies;
use runbook_registry::world::World;
use runbook_registry::world::recording::Recording;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use runbook_report::chart::charts_of;
use runbook_report::json::Collector;
use runbook_report::table::tables_of;
use runbook_report::terminal::{Commands, Detail, Motion, Settings, Terminal};
use runbook_telemetry::{Telemetry, Traced};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// How often what runs is drawn again.
const TURN: Duration = Duration::from_millis(120);

/// What is shown of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Show {
    pub format: Format,
    pub quiet: bool,
    pub verbose: u8,
}

/// A run and everything around it but its record.
pub(crate) struct Play<'a> {
    pub environment: &'a Environment,
    pub registry: &'a Arc<Registry>,
    pub located: &'a Located,
    pub library: &'a Kept<'a>,
    pub plan: &'a Plan,
    pub scenario: Option<Arc<Scenario>>,
    pub target: TargetArguments,
    /// The plan that bounds what it changes.
    pub bound: Option<&'a Bound>,
    pub consent: Consent,
    pub show: Show,
    /// The command that makes this run again.
    pub again: String,
    /// The command that goes on with it, as it is now and without `--yes`.
    pub onward: String,
    pub unanswered: String,
    /// The command that goes further than was asked.
    pub further: Option<String>,
    /// Where a scenario's world keeps what happened in it.
    pub memory: Option<PathBuf>,
    /// The files that its reports are written to; reports name the account.
    pub reports: Vec<String>,
    /// The id by which the run can be resumed.
    pub resumes: Option<String>,
    /// What holds its writes back.
    pub guards: Guards,
    /// Where it is on record.
    pub record: Option<&'a Record>,
    /// People are waited for although nobody is at this terminal.
    pub waits: bool,
    /// What sessions of the role are limited to.
    pub session_policies: Option<SessionPolicies>,
    /// It was stopped, and what it changed can be taken back.
    pub undoable: Cell<bool>,
    /// Takes notes of it, if a recording is made.
    pub recorder: Option<&'a Recorder<'a>>,
    /// What other systems are told of it.
    pub told: Told<'a>,
}

/// What is done.
pub(crate) enum Deed<'j> {
    /// The playbook.
    Run,
    /// What the run has done is taken back.
    Undo(&'j RunJournal<'j>),
}

impl Play<'_> {
    /// Plays; the exit code.
    ///
    /// # Errors
    /// What keeps it from playing.
    #[expect(
        clippy::too_many_lines,
        reason = "everything around a run is put together here"
    )]
    pub fn play(
        &self,
        journal: &dyn Durability,
        is_answered: &dyn Fn(&str) -> bool,
        deed: &Deed<'_>,
    ) -> Result<u8, Failure> {
        let err = self.environment.console.err;
        let mut live = None;
        let mut written = None;
        self.world(&mut live, &mut written, is_answered)?;
        let world: &dyn World = match (&live, &written) {
            (Some(live), _) => live,
            (None, Some(written)) => written,
            (None, None) => return Err(Failure::wrong("there is no world to run in")),
        };
        let recording = self
            .recorder
            .map(|recorder| Recording::new(world, &recorder.log));
        let world = recording
            .as_ref()
            .map_or(world, |recording| recording as &dyn World);
        let undoes = matches!(deed, Deed::Undo(_));
        let telemetry = telemetry::of_run(self, world, undoes);
        let traced = telemetry
            .as_ref()
            .map(|telemetry| Traced::new(world, telemetry));
        let world = traced.as_ref().map_or(world, |traced| traced as &dyn World);
        let watchers = Watchers::new(self);
        stage::set(watchers.stage());
        let all = All {
            first: watchers.observer(),
            second: telemetry.as_ref(),
        };
        let cancel = Cancel::new();
        let approver = Answers {
            consent: self.consent.clone(),
            prompt: world::prompt(self.environment),
            cancel: cancel.clone(),
            again: self.onward.clone(),
            unanswered: self.unanswered.clone(),
            resumes: self.resumes.is_some(),
            elsewhere: self.elsewhere(),
            waits: self.waits,
            stream: err,
        };
        let muted = Muted {
            inner: &all,
            muted: Cell::new(undoes),
        };
        let recorder = self.recorder;
        let surroundings = Surroundings {
            world,
            performer: &Performing {
                inner: &Only {
                    calls: Calls(self.registry),
                    bound: self.bound,
                },
                recorder,
            },
            approver: &Approving {
                inner: &approver,
                recorder,
            },
            observer: &Watching {
                inner: &muted,
                recorder,
            },
            journal,
            library: self.library,
            cancel: &cancel,
            guards: Some(&self.guards),
        };
        let runtime = super::runtime()?;
        let outcome = runtime.block_on(async {
            let played = async {
                // The handler is in place before anything is sent.
                tokio::task::yield_now().await;
                if let Some(live) = &live
                && self.calls_aws()
            {
                live.ready(self.names_caller()).await;
            }
            let _lock = self.lock(world, deed)?;
            match deed {
                Deed::Run => Ok(runbook_interpreter::run(self.plan, &surroundings).await),
                Deed::Undo(journal) => {
                    let thaw = || {
                        muted.muted.set(false);
                        journal.thaw()
                    };
                    let undone = runbook_interpreter::undo(self.plan, &surroundings, thaw);
                    undone.await.map_err(|error| refused(&error))
                }
            }
            };
            tokio::select! {
                biased;
                outcome = async { self.interruptions(&cancel, &watchers).await; std::future::pending().await } => outcome,
                outcome = played => outcome,
            }
        });
        // A question that nobody answers any more must not hold the end up.
        runtime.shutdown_background();
        stage::set(None);
        if outcome.is_ok() {
            watchers.end(self.environment);
        }
        if let Some(telemetry) = &telemetry {
            telemetry::end(telemetry, self, world);
        }
        let outcome = outcome?;
        if let Some(recorder) = recorder {
            recorder.end(Ended {
                outcome: compared(&outcome),
                place: world.place(),
                started: outcome.started,
            });
        }
        self.note_what_stands(&outcome);
        match written.map(|world| missing(&world, self.located, self.environment)) {
            Some(missing) if !missing.is_empty() => Err(Failure {
                code: if outcome.environment {
                    exit::WRONG
                } else {
                    exit::NOT_WELL
                },
                message: missing.join("\n"),
            }),
            _ if undoes && outcome.verdict == Verdict::Undone => Ok(exit::WELL),
            _ => Ok(code(&outcome)),
        }
    }

    /// Whether the playbook calls AWS, so that its region must be known from the beginning on.
    fn calls_aws(&self) -> bool {
        use runbook_playbook::catalog::ActionKind;
        let mut steps = self.plan.checked.steps.values();
        steps.any(|step| {
            let action = step.action.as_ref();
            action.is_some_and(|action| {
                action.kind != ActionKind::Local || action.name == "playbook:Run"
            })
        })
    }

    /// Whether the run may change something.
    fn acts(&self) -> bool {
        identity::acts(&self.plan.checked, &self.plan.options)
    }

    /// Whether it must be known as whom calls are made.
    fn names_caller(&self) -> bool {
        let plan = self.plan;
        identity::names_caller(&plan.checked, &plan.options) || !self.reports.is_empty()
    }

    fn world(
        &self,
        live: &mut Option<runbook_registry::world::live::LiveWorld>,
        written: &mut Option<ScenarioWorld>,
        is_answered: &dyn Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        let now = self
            .scenario
            .as_ref()
            .map_or_else(Timestamp::now, |scenario| scenario.clock);
        let mut context = world::playbook_context(
            self.environment,
            &self.target,
            self.registry,
            self.located,
            self.plan,
            now,
        )
        .map_err(Failure::wrong)?;
        escalation_file::widen(&mut context, self.plan, self.library, self.environment, now);
        if let Some(scenario) = &self.scenario {
            let facts = Arc::clone(self.registry) as Arc<dyn ActionFacts>;
            let mut world = ScenarioWorld::new(Arc::clone(scenario), facts, context)
                .with_person(world::person(self.environment));
            if let Some(memory) = &self.memory {
                world = world.remembering(memory).map_err(|error| {
                    Failure::environment(format!(
                        "{} cannot be written: {error}; choose another folder with --state-dir",
                        memory.display()
                    ))
                })?;
                world.forget_reads(is_answered);
            }
            *written = Some(world);
        } else {
            let policies = self.session_policies.clone();
            *live = Some(world::limited(
                self.environment,
                &self.target,
                context,
                policies,
            ));
        }
        Ok(())
    }

    /// Says whether whoever plays is who the saved plan was made for.
    ///
    /// # Errors
    /// It is somebody else, or somewhere else.
    pub fn judge_target(&self) -> Result<(), Failure> {
        let (Some(bound), None) = (self.bound, &self.scenario) else {
            return Ok(());
        };
        let (mut live, mut written) = (None, None);
        self.world(&mut live, &mut written, &|_| true)?;
        live.map_or(Ok(()), |world| {
            bound.judge(&world, self.registry, self.target.region.as_deref())
        })
    }

    /// Goes through what is on record, without anything being done, and says whether it is what the playbook does.
    ///
    /// # Errors
    /// Why it is not.
    pub fn rehearse(&self, journal: &RunJournal<'_>) -> Result<(), Failure> {
        let mut live = None;
        let mut written = None;
        let unread = Play {
            memory: None,
            scenario: self.scenario.clone(),
            target: self.target.clone(),
            consent: self.consent.clone(),
            again: String::new(),
            onward: String::new(),
            unanswered: String::new(),
            further: None,
            reports: Vec::new(),
            resumes: None,
            guards: Guards::default(),
            session_policies: self.session_policies.clone(),
            undoable: Cell::default(),
            recorder: None,
            ..*self
        };
        unread.world(&mut live, &mut written, &|_| true)?;
        let world: &dyn World = match (&live, &written) {
            (Some(live), _) => live,
            (None, Some(written)) => written,
            (None, None) => return Ok(()),
        };
        let cancel = Cancel::new();
        let approver = Answers {
            consent: Consent::default(),
            prompt: None,
            cancel: cancel.clone(),
            again: String::new(),
            unanswered: String::new(),
            resumes: true,
            elsewhere: None,
            waits: false,
            stream: self.environment.console.err,
        };
        let surroundings = Surroundings {
            world,
            performer: &Calls(self.registry),
            approver: &approver,
            observer: &Nobody,
            journal,
            library: self.library,
            cancel: &cancel,
            guards: Some(&self.guards),
        };
        if let Some(live) = &live
            && self.calls_aws()
        {
            super::runtime()?.block_on(live.ready(self.names_caller()));
        }
        as_far_as_it_goes(runbook_interpreter::run(self.plan, &surroundings));
        match journal.difference() {
            None => Ok(()),
            Some(error) => Err(refused(&error)),
        }
    }

    /// The command by which people answer from another terminal.
    fn elsewhere(&self) -> Option<String> {
        let id = self.resumes.as_ref()?;
        Some(self.record?.approve(id))
    }

    /// Takes the playbook's target, where the run may change something.
    fn lock(&self, world: &dyn World, deed: &Deed<'_>) -> Result<Option<Lock>, Failure> {
        let (Some(record), Some(run)) = (self.record, &self.resumes) else {
            return Ok(None);
        };
        if matches!(deed, Deed::Run) && !self.acts() {
            return Ok(None);
        }
        let scenario = self.scenario.as_ref();
        let scenario = scenario.map(|scenario| scenario.name.as_str());
        let place = lock::place(scenario, &world.place(), &self.target, self.environment);
        let claim = Claim {
            playbook: &self.plan.checked.id,
            place: &place,
            target: None,
            run,
            user: &self.environment.user,
        };
        match Lock::take(record, &claim) {
            Ok(lock) => Ok(Some(lock)),
            Err(Taken::By(why)) if self.guards.overridden.contains_key(&Kind::Lock) => {
                let what = why.lines().next().unwrap_or_default().to_owned();
                *self.guards.lock.borrow_mut() = Some(what);
                Ok(None)
            }
            Err(Taken::By(why) | Taken::Unusable(why)) => Err(Failure::environment(why)),
        }
    }

    /// Notes whether what the run did can be taken back now.
    fn note_what_stands(&self, outcome: &Outcome) {
        let stands = outcome
            .changes
            .iter()
            .any(|change| change.confirmed && !change.undone);
        if self.resumes.is_some()
            && outcome.verdict == Verdict::Aborted
            && self.show.format != Format::Json
            && stands
        {
            self.undoable.set(true);
        }
    }

    /// What the end of the run says of what comes after it.
    fn commands(&self) -> Commands {
        let kept = self.resumes.as_ref();
        Commands {
            again: self.again.clone(),
            further: self.further.clone(),
            resume: kept.map(|_| self.onward.clone()),
            undo: kept.map(|_| self.onward.replacen("runbook resume", "runbook undo", 1)),
            report: kept.map(|_| self.onward.replacen("runbook resume", "runbook report", 1)),
            reports: self.reports.clone(),
        }
    }

    /// The first ctrl-C, or SIGTERM, ends the run in order, the second at once.
    async fn interruptions(&self, cancel: &Cancel, watchers: &Watchers) {
        let err = self.environment.console.err;
        if interrupted().await {
            cancel.cancel();
            let line = "stopping: what was sent is waited for; press ctrl-C again to end at once";
            err.line(line);
        }
        if interrupted().await {
            if let Watchers::Text(terminal) = watchers {
                terminal.clear();
            }
            err.line("ended at once: what was sent may have been carried out");
            let commands = self.commands();
            if let (Some(resume), Some(undo)) = (commands.resume, commands.undo) {
                err.line(format!("  to go on: {resume}"));
                err.line(format!("  to take back what it did: {undo}"));
            }
            crate::leave(exit::INTERRUPTED);
        }
        std::future::pending::<()>().await;
    }
}

fn refused(error: &JournalError) -> Failure {
    let message = match error {
        JournalError::Diverged { .. } => format!(
            "the run cannot go on with this playbook: {error}\n  what was done must be the same; go on without --playbook, or begin a new run"
        ),
        error => error.to_string(),
    };
    Failure::wrong(message)
}

/// Polls a future as long as it gets anywhere by itself.
pub(crate) fn as_far_as_it_goes<T>(future: impl Future<Output = T>) -> Option<T> {
    struct Flag(AtomicBool);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let flag = Arc::new(Flag(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&flag));
    let mut future = pin!(future);
    while flag.0.swap(false, Ordering::SeqCst) {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(value);
        }
    }
    None
}

/// Passes nothing on until it is told to.
struct Muted<'o> {
    inner: &'o dyn Observer,
    muted: Cell<bool>,
}

impl Observer for Muted<'_> {
    fn observe(&self, event: &Event) {
        if !self.muted.get() {
            self.inner.observe(event);
        }
    }
}

/// Passes on to the one who shows the run, and to telemetry.
struct All<'o> {
    first: &'o dyn Observer,
    second: Option<&'o Telemetry>,
}

impl Observer for All<'_> {
    fn observe(&self, event: &Event) {
        self.first.observe(event);
        if let Some(second) = self.second {
            second.observe(event);
        }
    }
}

/// Watches nothing.
struct Nobody;

impl Observer for Nobody {
    fn observe(&self, _: &Event) {}
}

/// The calls that a scenario does not answer.
fn missing(world: &ScenarioWorld, located: &Located, environment: &Environment) -> Vec<String> {
    let file = environment.places.shown(&scenarios_of(&located.file));
    let name = &world.scenario().name;
    let mut lines: Vec<String> = Vec::new();
    for call in world.calls().iter().filter(|call| call.unanswered) {
        let line = format!(
            "scenario {name} of {file} has no answer to {} {}; add an entry for it below `actions`",
            call.action, call.arguments
        );
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// The names of the inputs that are neither shown nor on record, nor is where they lie.
pub(super) fn secrets(plan: &Plan, sources: &BTreeMap<String, String>) -> Vec<String> {
    plan.checked
        .playbook
        .inputs
        .iter()
        .filter(|input| {
            input.kind == InputKind::Secret
                && plan.secret_source(input).is_none()
                && !sources.contains_key(&input.name.value)
        })
        .map(|input| input.name.value.clone())
        .collect()
}

/// The exit code of an outcome.
fn code(outcome: &Outcome) -> u8 {
    match outcome.verdict {
        Verdict::Paused => exit::PAUSED,
        verdict if verdict.is_well() => exit::WELL,
        _ if outcome.environment => exit::ENVIRONMENT,
        _ => exit::NOT_WELL,
    }
}

/// Waits for ctrl-C or SIGTERM.
#[cfg(unix)]
pub(crate) async fn interrupted() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut ended) = signal(SignalKind::terminate()) else {
        return tokio::signal::ctrl_c().await.is_ok();
    };
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.is_ok(),
        _ = ended.recv() => true,
    }
}

/// Waits for ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn interrupted() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}

/// Who watches a run: the terminal or the collector of the JSON document.
enum Watchers {
    Text(Box<Terminal>),
    Json(Box<Collector>),
}

impl Watchers {
    fn new(play: &Play<'_>) -> Self {
        if play.show.format == Format::Json {
            return Self::Json(Box::default());
        }
        let out = play.environment.console.out;
        let detail = match (play.show.quiet, play.show.verbose) {
            (true, _) => Detail::Quiet,
            (false, 0) => Detail::Steps,
            (false, 1) => Detail::Calls,
            (false, _) => Detail::Payloads,
        };
        let moves = out.terminal && play.environment.variable("TERM") != Some("dumb");
        let playbook = &play.plan.checked.playbook;
        let settings = Settings {
            look: out.look,
            motion: moves.then_some(Motion {
                size: stage::size,
                every: Some(TURN),
                timed: play.scenario.is_none(),
            }),
            detail,
            charts: charts_of(playbook),
            tables: tables_of(playbook),
            commands: play.commands(),
        };
        Self::Text(Box::new(Terminal::new((out.open)(), settings)))
    }

    /// What moves on the terminal.
    fn stage(&self) -> Option<runbook_report::terminal::Stage> {
        match self {
            Self::Text(terminal) => terminal.stage(),
            Self::Json(_) => None,
        }
    }

    fn observer(&self) -> &dyn Observer {
        match self {
            Self::Text(terminal) => terminal.as_ref(),
            Self::Json(collector) => collector.as_ref(),
        }
    }

    fn end(&self, environment: &Environment) {
        if let Self::Json(collector) = self
            && let Some(document) = collector.document()
        {
            environment.console.out.line(format!("{document:#}"));
        }
    }
}
