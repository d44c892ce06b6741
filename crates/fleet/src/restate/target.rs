//! One target as a virtual object: its run, what that asks, and its reports.

use super::carried::Carried;
use super::wire::{Holder, Waiting};
use super::worker::Hosting;
use crate::outcome::TargetOutcome;
use crate::target::Target;
use jiff::Timestamp;
use restate_sdk::context::{
    ContextClient as _, ContextReadState as _, ContextWriteState as _, ObjectContext,
    RequestTarget, SharedObjectContext,
};
use restate_sdk::errors::{HandlerError, TerminalError};
use restate_sdk::serde::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The name of the service, by which the server finds it.
pub const TARGETS: &str = "RunbookTarget";

/// Where a target keeps the questions that its run waits for.
pub(super) const WAITING: &str = "waiting";

/// Where a target keeps which run it has, once that waits.
pub(super) const AT: &str = "at";

/// Where a target keeps the reports of its runs, below this and the fleet's id.
const REPORT: &str = "report/";

/// A run that is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Start {
    pub fleet: String,
    pub index: usize,
    pub wave: usize,
    pub run: String,
    pub target: Target,
    /// Who is told when the run waits for people.
    pub ear: String,
    /// When it was asked for.
    pub sent: Timestamp,
    /// What it goes by; where it is too large to be sent with every target, the fleet is asked for it.
    pub package: Option<Package>,
}

/// The target as a virtual object: one run of a playbook at a time.
pub(super) struct Targets(pub Arc<Hosting>);

#[restate_sdk::object(name = "RunbookTarget")]
impl Targets {
    /// Runs.
    #[handler]
    async fn run(
        &self,
        context: ObjectContext<'_>,
        start: Json<Start>,
    ) -> Result<Json<TargetOutcome>, HandlerError> {
        let mut start = start.into_inner();
        let whose = format!("target {} of fleet {}", start.target.name, start.fleet);
        let package = match start.package.take() {
            Some(package) => package,
            None => going(&context, &start.fleet).await?.package,
        };
        self.0.is_own(&package.version, &whose)?;
        let report = format!("{REPORT}{}", start.fleet);
        let carried = Carried::new(&context, &self.0, start, &whose);
        let finished = carried.carry(Arc::new(package.body)).await?;
        context.set(&report, Json(finished.report));
        Ok(Json(finished.outcome))
    }

    /// What its run waits for.
    #[handler]
    async fn waiting(
        &self,
        context: SharedObjectContext<'_>,
    ) -> Result<Json<Vec<Waiting>>, HandlerError> {
        let waiting = context.get::<Json<Vec<Waiting>>>(WAITING).await?;
        Ok(waiting.unwrap_or_else(|| Json(Vec::new())))
    }

    /// The run that has it and waits; null where none does.
    #[handler]
    async fn holder(
        &self,
        context: SharedObjectContext<'_>,
    ) -> Result<Json<Option<Holder>>, HandlerError> {
        let holder = context.get::<Json<Holder>>(AT).await?;
        Ok(Json(holder.map(Json::into_inner)))
    }

    /// Ends a run in order.
    #[handler]
    async fn stop(
        &self,
        context: SharedObjectContext<'_>,
        run: String,
    ) -> Result<(), HandlerError> {
        if let Some(Json(at)) = context.get::<Json<Holder>>(AT).await?
            && at.run == run
        {
            context.invocation_handle(at.invocation).cancel();
        }
        Ok(())
    }

    /// Forgets the report of its run in a fleet.
    #[expect(clippy::unused_async, reason = "what a handler is")]
    #[handler]
    async fn forget(&self, context: ObjectContext<'_>, fleet: String) -> Result<(), HandlerError> {
        context.clear(&format!("{REPORT}{fleet}"));
        Ok(())
    }

    /// The report of its run in a fleet; null where there is none.
    #[handler]
    async fn report(
        &self,
        context: SharedObjectContext<'_>,
        fleet: String,
    ) -> Result<Json<Value>, HandlerError> {
        let key = format!("{REPORT}{fleet}");
        let keys = context.get_keys().await?;
        if !keys.contains(&key) {
            return Ok(Json(Value::Null));
        }
        let report = read_report(&context, &key).await?;
        Ok(report)
    }
}

/// What a fleet gives its targets, as it stands.
pub(super) async fn going(
    context: &ObjectContext<'_>,
    fleet: &str,
) -> Result<Going, TerminalError> {
    let package = RequestTarget::workflow(super::fleet::FLEETS, fleet, "package");
    let going = context.request::<(), Json<Going>>(package, ()).call().await;
    going.map(Json::into_inner)
}

async fn read_report<'s>(
    context: &'s SharedObjectContext<'s>,
    key: &'s str,
) -> Result<Json<Value>, TerminalError> {
    let found = context.get::<Json<Value>>(key).await?;
    Ok(found.unwrap_or(Json(Value::Null)))
}

/// What all runs of a fleet go by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// The interpreter that checked it.
    pub version: String,
    /// Playbooks, scenario, options: what [`Runs`](super::Runs) makes runs of.
    pub body: Value,
}

/// What a fleet gives its targets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Going {
    /// What they go by.
    pub package: Package,
    /// Why nothing begins any more.
    pub stopped: Option<String>,
}
