//! A playbook as it is before anything is asked of AWS: for what is said of it without running it.

use crate::args::GivenArguments;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::load::{self, Asked, Ready};
use crate::locate::Located;
use crate::shelf::Shelf;
use runbook_interpreter::plan::Options;
use runbook_interpreter::plan::forecast::Forecast;
use runbook_registry::Registry;
use std::sync::Arc;

/// A playbook with what it would do.
pub struct Offline {
    /// Where it is.
    pub located: Located,
    /// The actions.
    pub registry: Arc<Registry>,
    /// The playbook, bound to what is given; inputs may be open.
    pub ready: Ready,
    /// What it would do.
    pub forecast: Forecast,
}

impl Offline {
    /// Finds, reads and forecasts a playbook.
    ///
    /// # Errors
    /// The playbook, the scenario or an input is wrong or cannot be read.
    pub fn read(
        playbook: &str,
        given: &GivenArguments,
        scenario: Option<&str>,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let located = load::locate(playbook, environment)?;
        let registry = Arc::new(Registry::new());
        let shelf = Shelf::new(&environment.places, &located.root, &*registry);
        let asked = Asked {
            given,
            scenario,
            options: Options::default(),
            open: true,
            reads: false,
        };
        let ready = load::ready(asked, &located, &shelf, &registry, environment)?;
        let forecast = Forecast::offline(&ready.plan, &ready.given, &*registry, &shelf);
        Ok(Self {
            located,
            registry,
            ready,
            forecast,
        })
    }
}
