//! Many playbooks, read side by side.

use super::{Asking, Pace, Paced, SharedReads, standing, symptoms};
use crate::args::TriageArguments;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::staged::Staged;
use crate::world;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::outcome::Outcome;
use runbook_interpreter::plan::Plan;
use runbook_playbook::inputs::Given;
use runbook_registry::Registry;
use runbook_registry::local::{LocalContext, NoPerson};
use runbook_registry::world::World;
use runbook_registry::world::live::LiveWorld;
use runbook_registry::world::scenario::{ActionFacts, ScenarioWorld};
use runbook_report::triage::{Standing, TriagedPlaybook};
use std::sync::Arc;

/// A playbook with its inputs, or why it is not asked.
pub struct Prepared<'a> {
    /// The playbook.
    pub asking: &'a Asking,
    /// Its plan, or why there is none.
    pub plan: Result<Plan, Standing>,
}

impl<'a> Prepared<'a> {
    /// Gives a playbook what it has of what is given.
    #[must_use]
    pub fn new(
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

    /// What came of it.
    #[must_use]
    pub fn triaged(&self, outcome: Option<&Outcome>, next: String) -> TriagedPlaybook {
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

/// What came of all.
pub struct Outcomes {
    /// Of each playbook; nothing where it was not asked.
    pub of_each: Vec<Option<Outcome>>,
    /// How many reads were made.
    pub reads: usize,
    /// How many more there would have been if none were shared.
    pub shared: usize,
}

/// How symptoms are read.
pub struct Reading<'a> {
    /// What was asked for.
    pub arguments: &'a TriageArguments,
    /// What the program was started in.
    pub environment: &'a Environment,
    /// What can be called.
    pub registry: &'a Arc<Registry>,
    /// The scenario, if there is one.
    pub staged: Option<&'a Staged>,
    /// The time when reading begins.
    pub now: Timestamp,
}

impl Reading<'_> {
    /// Reads the symptoms of all that can be asked, side by side.
    ///
    /// # Errors
    /// The program cannot start what reads.
    pub fn all(&self, prepared: &[Prepared<'_>]) -> Result<Outcomes, Failure> {
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
        let runtime = crate::commands::runtime()?;
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
        let (reads, shared) = shared.counts();
        Ok(Outcomes {
            of_each: outcomes,
            reads,
            shared,
        })
    }

    /// Reads the symptom of one; nothing where it is not asked.
    async fn one(
        &self,
        prepared: &Prepared<'_>,
        live: &LiveWorld,
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
        let sees = format!("{} {:?}", context.folder.display(), context.reaches);
        let (own_live, written);
        let inner: &dyn World = if let Some(staged) = self.staged {
            let facts = Arc::clone(self.registry) as Arc<dyn ActionFacts>;
            written = ScenarioWorld::new(Arc::clone(&staged.scenario), facts, context);
            &written
        } else {
            own_live = live.with_context(context);
            &own_live
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
