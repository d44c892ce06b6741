//! `runbook plan`: what a run would do, before it does it.

use super::review::{self, OnlyAs};
use super::saved;
use crate::args::{PlanArguments, PlanFormat};
use crate::calls::Calls;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::identity::Target;
use crate::load::{self, Asked, Ready};
use crate::locate::Located;
use crate::shelf::{Noted, Shelf};
use crate::world;
use jiff::Timestamp;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::plan::Plan;
use runbook_interpreter::plan::forecast::{Forecast, Readers};
use runbook_registry::Registry;
use runbook_registry::world::World;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use runbook_report::{plan_html, plan_json, plan_markdown, plan_text};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// Plans a playbook.
pub fn execute(arguments: &PlanArguments, environment: &Environment) -> Result<u8, Failure> {
    let made = make(arguments, environment)?;
    let forecast = &made.forecast;
    if let Some(file) = &arguments.out {
        saved::save(file, arguments, environment, &made)?;
    }
    let out = environment.console.out;
    match arguments.format {
        PlanFormat::Text => out.lines(&plan_text::lines(forecast, out.look)),
        PlanFormat::Json => out.line(plan_json::text(forecast)),
        PlanFormat::Markdown => out.line(plan_markdown::page(forecast)),
        PlanFormat::Html => out.line(plan_html::page(forecast)),
    }
    Ok(exit::WELL)
}

/// A plan that was made.
pub struct Made {
    /// Where the playbook is.
    pub located: Located,
    /// What was asked for.
    pub plan: Plan,
    /// What a run would do.
    pub forecast: Forecast,
    /// The names of the inputs that are no defaults.
    pub given: BTreeSet<String>,
    /// The files of the playbook and of those that it uses.
    pub files: Vec<PathBuf>,
    /// The account, region and principal; nothing where nothing was asked.
    pub target: Target,
}

/// Makes a plan.
pub fn make(arguments: &PlanArguments, environment: &Environment) -> Result<Made, Failure> {
    let located = load::locate(&arguments.playbook, environment)?;
    let registry = Arc::new(Registry::new());
    let library = Noted {
        shelf: Shelf::new(&environment.places, &located.root, &*registry),
        files: RefCell::new(vec![located.file.clone()]),
    };
    let asked = Asked {
        given: &arguments.given,
        scenario: arguments.scenario.as_deref(),
        options: arguments.part.options(),
        open: false,
        reads: arguments.live,
    };
    let shelf = &library.shelf;
    let Ready {
        scenario,
        given,
        plan,
        now,
        ..
    } = load::ready(asked, &located, shelf, &registry, environment)?;
    let (forecast, target) = if arguments.live {
        let readings = Readings {
            arguments,
            environment,
            registry: &registry,
            library: &library,
            located: &located,
        };
        readings.live(&plan, &given, scenario.map(|staged| staged.scenario), now)?
    } else {
        let forecast = Forecast::offline(&plan, &given, &*registry, &library);
        let target = Target {
            region: arguments.target.region.clone(),
            ..Target::default()
        };
        (forecast, target)
    };
    Ok(Made {
        files: library.files.into_inner(),
        located,
        plan,
        forecast,
        given,
        target,
    })
}

/// What reads are made with.
struct Readings<'a> {
    arguments: &'a PlanArguments,
    environment: &'a Environment,
    registry: &'a Arc<Registry>,
    library: &'a Noted<'a>,
    located: &'a Located,
}

impl Readings<'_> {
    /// Makes the reads, in the account or in a scenario's world.
    fn live(
        &self,
        plan: &Plan,
        given: &BTreeSet<String>,
        scenario: Option<Arc<Scenario>>,
        now: Timestamp,
    ) -> Result<(Forecast, Target), Failure> {
        let context = world::playbook_context(
            self.environment,
            &self.arguments.target,
            self.registry,
            self.located,
            plan,
            now,
        )
        .map_err(Failure::wrong)?;
        let base = match &self.arguments.live_only_as {
            Some(base) => Some(review::reads_of(base, self.environment, self.registry)?),
            None => None,
        };
        let cancel = Cancel::new();
        let in_scenario = scenario.is_some();
        let (scenario_world, live_world);
        let world: &dyn World = if let Some(scenario) = scenario {
            let facts: Arc<dyn ActionFacts> = Arc::clone(self.registry) as Arc<dyn ActionFacts>;
            scenario_world = ScenarioWorld::new(scenario, facts, context);
            &scenario_world
        } else {
            live_world = world::live(self.environment, &self.arguments.target, context);
            &live_world
        };
        let performer = OnlyAs {
            calls: Calls(self.registry),
            base,
        };
        let readers = Readers {
            world,
            performer: &performer,
            library: self.library,
            cancel: &cancel,
            scenario: self.arguments.scenario.as_deref(),
        };
        let runtime = super::runtime()?;
        runtime.block_on(async {
            let region = self.arguments.target.region.as_deref();
            let target = if in_scenario {
                Target::of_place(world.place())
            } else if self.arguments.out.is_some() || self.arguments.again {
                Target::ask(world, self.registry, region).await?
            } else {
                Target::default()
            };
            let forecast = Forecast::live(plan, given, &**self.registry, readers).await;
            Ok((forecast, target))
        })
    }
}
