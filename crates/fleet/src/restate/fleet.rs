//! A fleet as a workflow: its key is its id.

use super::board::{Board, FleetStart, Head, Told};
use super::driven::Driven;
use super::target::{Going, Package, TARGETS};
use super::worker::Hosting;
use crate::outcome::{
    FORMAT_VERSION, FleetOutcome, NotRunCode, TargetOutcome, TargetStatus, WaveOutcome,
};
use crate::target::run_id;
use restate_sdk::context::{
    ContextClient as _, ContextPromises as _, ContextReadState as _, RequestTarget,
    SharedWorkflowContext, WorkflowContext,
};
use restate_sdk::errors::{HandlerError, TerminalError};
use restate_sdk::serde::Json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The name of the service, by which the server finds it.
pub const FLEETS: &str = "RunbookFleet";

/// How often a fleet can be paused, resumed, cancelled and answered in all.
const MOST_SAID: usize = 1000;

/// What a fleet keeps.
pub(super) const PACKAGE: &str = "package";
pub(super) const HEAD: &str = "head";
pub(super) const BOARD: &str = "board";
pub(super) const ENDED: &str = "ended/";

/// The fleet as a workflow: its key is its id.
pub(super) struct Fleets(pub Arc<Hosting>);

#[restate_sdk::workflow(name = "RunbookFleet")]
impl Fleets {
    /// Rolls it out.
    #[handler]
    async fn run(
        &self,
        context: WorkflowContext<'_>,
        start: Json<FleetStart>,
    ) -> Result<Json<Board>, HandlerError> {
        let start = start.into_inner();
        let whose = format!("fleet {}", context.key());
        self.0.is_own(&start.package.version, &whose)?;
        let fleet = context.key().to_owned();
        let names: Vec<String> = (0..MOST_SAID).map(said_name).collect();
        let board = Driven::new(&context, &self.0, fleet, start, &names)
            .drive()
            .await?;
        Ok(Json(board))
    }

    /// What its runs go by.
    #[handler]
    async fn package(
        &self,
        context: SharedWorkflowContext<'_>,
    ) -> Result<Json<Going>, HandlerError> {
        let board = context.get::<Json<Board>>(BOARD).await?;
        let stopped = board.and_then(|board| board.into_inner().stopped);
        match context.get::<Json<Package>>(PACKAGE).await? {
            Some(package) => Ok(Json(Going {
                package: package.into_inner(),
                stopped: stopped.map(|stop| stop.message),
            })),
            None => Err(unknown(context.key())),
        }
    }

    /// Where it stands, in short.
    #[handler]
    async fn board(&self, context: SharedWorkflowContext<'_>) -> Result<Json<Board>, HandlerError> {
        match context.get::<Json<Board>>(BOARD).await? {
            Some(board) => Ok(board),
            None => Err(unknown(context.key())),
        }
    }

    /// What it is.
    #[handler]
    async fn head(&self, context: SharedWorkflowContext<'_>) -> Result<Json<Head>, HandlerError> {
        match context.get::<Json<Head>>(HEAD).await? {
            Some(head) => Ok(head),
            None => Err(unknown(context.key())),
        }
    }

    /// The whole document.
    #[handler]
    async fn outcome(
        &self,
        context: SharedWorkflowContext<'_>,
    ) -> Result<Json<FleetOutcome>, HandlerError> {
        let (Some(head), Some(board)) = (
            context.get::<Json<Head>>(HEAD).await?,
            context.get::<Json<Board>>(BOARD).await?,
        ) else {
            return Err(unknown(context.key()));
        };
        let (head, board) = (head.into_inner(), board.into_inner());
        let ended = ended(&context).await?;
        Ok(Json(document(context.key(), &head, &board, ended)))
    }

    /// Has the reports of its runs forgotten, which lie with its targets.
    #[handler]
    async fn forget(&self, context: SharedWorkflowContext<'_>) -> Result<(), HandlerError> {
        let Some(Json(head)) = context.get::<Json<Head>>(HEAD).await? else {
            return Ok(());
        };
        for target in &head.targets {
            let place = RequestTarget::object(TARGETS, head.place(target), "forget");
            let fleet = context.key().to_owned();
            context.request::<String, ()>(place, fleet).send();
        }
        Ok(())
    }

    /// The interpreter that serves.
    #[expect(clippy::unused_async, reason = "what a handler is")]
    #[handler]
    async fn version(&self, _context: SharedWorkflowContext<'_>) -> Result<String, HandlerError> {
        Ok(self.0.version().to_owned())
    }

    /// Takes note of what a person says.
    #[handler]
    async fn tell(
        &self,
        context: SharedWorkflowContext<'_>,
        told: Json<Told>,
    ) -> Result<(), HandlerError> {
        let told = told.into_inner();
        // Each thing that is said has a promise of its own, in the order in which they came.
        for number in 0..MOST_SAID {
            let name = said_name(number);
            if peek(&context, &name).await?.is_none() {
                context.resolve_promise(&name, Json(told.clone()));
            }
            // Two people may have spoken at once: whoever comes second takes the next.
            let kept = peek(&context, &name).await?;
            if kept.is_some_and(|kept| kept.id == told.id) {
                return Ok(());
            }
        }
        let why = format!(
            "fleet {} has been told {MOST_SAID} things, and takes no more",
            context.key()
        );
        Err(TerminalError::new_with_code(429, why).into())
    }
}

fn said_name(number: usize) -> String {
    format!("said/{number}")
}

fn unknown(fleet: &str) -> HandlerError {
    TerminalError::new_with_code(
        404,
        format!("the server knows no fleet {fleet}: it was never started here, its time is over, or the server has lost its disk"),
    )
    .into()
}

async fn peek<'s>(
    context: &'s SharedWorkflowContext<'s>,
    name: &'s str,
) -> Result<Option<Told>, TerminalError> {
    let told = context.peek_promise::<Json<Told>>(name).await?;
    Ok(told.map(Json::into_inner))
}

async fn ended(
    context: &SharedWorkflowContext<'_>,
) -> Result<BTreeMap<usize, TargetOutcome>, TerminalError> {
    let mut ended = BTreeMap::new();
    for key in context.get_keys().await? {
        let Some(index) = key.strip_prefix(ENDED).and_then(|text| text.parse().ok()) else {
            continue;
        };
        if let Some(outcome) = outcome_at(context, &key).await? {
            ended.insert(index, outcome.into_inner());
        }
    }
    Ok(ended)
}

async fn outcome_at<'s>(
    context: &'s SharedWorkflowContext<'s>,
    key: &'s str,
) -> Result<Option<Json<TargetOutcome>>, TerminalError> {
    context.get(key).await
}

/// Puts the document together.
fn document(
    fleet: &str,
    head: &Head,
    board: &Board,
    mut ended: BTreeMap<usize, TargetOutcome>,
) -> FleetOutcome {
    let waves = head.policy.waves_of(head.targets.len());
    let wave_of = |index: usize| waves.partition_point(|wave| wave.end <= index) + 1;
    let targets = head.targets.iter().enumerate().map(|(index, target)| {
        if let Some(outcome) = ended.remove(&index) {
            return outcome;
        }
        let wave = wave_of(index);
        let begun = |status| TargetOutcome {
            status,
            run: Some(run_id(fleet, &target.name)),
            ..TargetOutcome::waiting(target, wave)
        };
        if board.waits.contains(&index) {
            begun(TargetStatus::Paused)
        } else if board.running.contains(&index) {
            begun(TargetStatus::Running)
        } else if let Some(stop) = &board.stopped {
            let why = stop.message.clone();
            TargetOutcome::not_run(target, wave, NotRunCode::Stopped, why)
        } else {
            TargetOutcome::waiting(target, wave)
        }
    });
    FleetOutcome {
        format_version: FORMAT_VERSION,
        fleet: fleet.to_owned(),
        playbook: head.playbook.clone(),
        title: head.title.clone(),
        severity: head.severity.clone(),
        status: board.status,
        stopped: board.stopped.clone(),
        policy: head.policy.clone(),
        waves: waves
            .iter()
            .enumerate()
            .map(|(number, wave)| WaveOutcome {
                wave: number + 1,
                targets: wave.len(),
                answer: board.answers.get(&(number + 1)).cloned(),
            })
            .collect(),
        targets: targets.collect(),
        scenario: head.scenario.clone(),
        started: board.started,
        ended: board.over,
    }
}
