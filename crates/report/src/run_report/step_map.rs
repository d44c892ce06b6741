//! The steps of a run as a drawing: what came of each, also of those that it never came to.

use super::collect::Material;
use super::model::{Report, Step, Tone};
use super::said::{graph_name, step_mark, step_word};
use super::steps::Gathered;
use crate::plan_svg::{Band, Item};
use runbook_playbook::checked::Checked;
use runbook_playbook::syntax::playbook::Kind;
use runbook_playbook::syntax::step::{Step as Written, Work};
use std::collections::HashMap;

/// The bands of a run: its own graphs, those of playbooks that it ran, then what escalation did.
pub(super) fn bands(material: &Material<'_>, report: &Report, gathered: &Gathered) -> Vec<Band> {
    let mut latest: HashMap<&str, &Step> = HashMap::new();
    for step in &report.steps {
        latest.insert(&step.path, step);
    }
    let map = Map { report, latest };
    let mut bands = Vec::new();
    if let Some(checked) = material.playbooks.get(&report.playbook) {
        bands.extend(map.graphs(checked, "", ""));
    }
    let mut inner: Vec<&String> = gathered.playbooks.keys().collect();
    let first = |prefix: &str| {
        let below = prefix.trim_end_matches('/');
        report.steps.iter().position(|step| step.path == below)
    };
    inner.sort_by_key(|prefix| first(prefix));
    for prefix in inner {
        if prefix.is_empty() || prefix.starts_with("escalation/") || bands.len() > MOST {
            continue;
        }
        let id = gathered.playbooks.get(prefix);
        if let Some(checked) = id.and_then(|id| material.playbooks.get(id)) {
            let owner = prefix.trim_end_matches('/');
            bands.extend(map.graphs(checked, prefix, &format!("{owner} › ")));
        }
    }
    if report.escalation.is_some() {
        let shared = material
            .playbooks
            .values()
            .find(|checked| checked.playbook.kind == Kind::Escalation);
        let (checked, prefix) = match shared {
            Some(shared) => (Some(shared), "escalation/"),
            None => (material.playbooks.get(&report.playbook), ""),
        };
        if let Some((checked, escalate)) =
            checked.and_then(|checked| Some((checked, checked.playbook.escalate.as_ref()?)))
        {
            for (name, steps) in [("gather", &escalate.gather), ("notify", &escalate.notify)] {
                bands.extend(map.band(checked, name, steps, prefix, ""));
            }
        }
    }
    bands
}

/// The most bands that are drawn; more is told by the list of the steps.
const MOST: usize = 24;

struct Map<'r> {
    report: &'r Report,
    latest: HashMap<&'r str, &'r Step>,
}

impl Map<'_> {
    fn graphs(&self, checked: &Checked, prefix: &str, before: &str) -> Vec<Band> {
        let playbook = &checked.playbook;
        let graphs = [
            ("symptom", &playbook.symptom),
            ("diagnose", &playbook.diagnose),
            ("resolve", &playbook.resolve),
            ("check", &playbook.check),
        ];
        let mut bands: Vec<Band> = graphs
            .into_iter()
            .filter_map(|(name, graph)| {
                self.band(checked, name, &graph.as_ref()?.steps, prefix, before)
            })
            .collect();
        let own = playbook
            .verify
            .as_ref()
            .map(|verify| verify.steps.as_slice());
        let own = own.filter(|steps| !steps.is_empty());
        let symptom = playbook
            .symptom
            .as_ref()
            .map(|graph| graph.steps.as_slice());
        if let Some(steps) = own.or(symptom) {
            let band = self.band(checked, "verify", steps, prefix, before);
            // What is read again is drawn where it was.
            bands.extend(band.filter(|band| own.is_some() || !band.dashed));
        }
        bands
    }

    fn band(
        &self,
        checked: &Checked,
        name: &str,
        steps: &[Written],
        prefix: &str,
        before: &str,
    ) -> Option<Band> {
        if steps.is_empty() {
            return None;
        }
        let items: Vec<Item> = steps
            .iter()
            .map(|step| self.item(checked, step, &format!("{name}."), prefix))
            .collect();
        let title = match self.summary(name, prefix) {
            Some(summary) => format!("{before}{name}: {summary}"),
            None => format!("{before}{name}"),
        };
        let dashed = items.iter().all(is_idle);
        // A playbook that was only asked for its symptom is not drawn further.
        (!dashed || prefix.is_empty()).then_some(Band {
            title,
            dashed,
            in_turn: matches!(name, "resolve" | "notify"),
            items,
        })
    }

    fn summary(&self, name: &str, prefix: &str) -> Option<String> {
        let owner = prefix
            .strip_suffix('/')
            .filter(|owner| *owner != "escalation");
        let fits =
            |graph: &&super::model::Graph| graph.name == name && graph.within.as_deref() == owner;
        let graph = self.report.graphs.iter().rev().find(fits)?;
        graph.summary.clone()
    }

    fn item(&self, checked: &Checked, step: &Written, around: &str, prefix: &str) -> Item {
        let path = format!("{around}{}", step.id.value);
        let shown = format!("{prefix}{path}");
        let outcome = self.latest.get(shown.as_str()).copied();
        let (mark, word, class) = match outcome {
            None => ("·", "not reached", "idle"),
            Some(step) => (
                step_mark(graph_name(self.report, step), step),
                step_word(step),
                class(step),
            ),
        };
        let inner = match &step.work {
            Work::Block { steps, finally } => {
                let within = format!("{path}.");
                let last = format!("{path}.finally.");
                let steps = steps
                    .iter()
                    .map(|step| self.item(checked, step, &within, prefix));
                let finally = finally
                    .iter()
                    .map(|step| self.item(checked, step, &last, prefix));
                steps.chain(finally).collect()
            }
            _ => Vec::new(),
        };
        let below = match &step.work {
            Work::Action(call) => call.action.value.clone(),
            Work::Reason | Work::Block { .. } => word.to_owned(),
        };
        let name = if inner.is_empty() {
            format!("{mark} {}", step.id.value)
        } else {
            step.id.value.clone()
        };
        let after = checked.steps.get(&path).map(|known| known.after.clone());
        Item {
            path: shown,
            name,
            below: if outcome.is_some_and(|step| step.status != "done") {
                format!("{below} {word}")
            } else {
                below
            },
            class,
            dashed: outcome.is_none(),
            after: after
                .into_iter()
                .flatten()
                .map(|path| format!("{prefix}{path}"))
                .collect(),
            inner,
        }
    }
}

fn is_idle(item: &Item) -> bool {
    item.class == "idle" && item.inner.iter().all(is_idle)
}

fn class(step: &Step) -> &'static str {
    match (step.status.as_str(), step.tone) {
        ("skipped", _) => "skipped",
        (_, tone) => tone_class(tone),
    }
}

/// The class of a tone.
pub(super) fn tone_class(tone: Tone) -> &'static str {
    tone.as_str()
}
