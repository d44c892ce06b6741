//! What shells do with commands: functions, loops over words, what is done where something fails, `$(…)`.

use super::build::{Builder, Home, free_name};
use super::{Graph, Place};
use crate::aws::snake;
use crate::other;
use crate::page::Role;
use crate::shell::{Command, Item, Script};
use crate::step::Capture;
use crate::text::{Dynamic, Piece, Text};
use runbook_playbook::span::Span;
use serde_json::Value as Json;

impl Builder<'_, '_> {
    /// Does what a function does; its arguments are what stands behind its name.
    pub(super) fn call(
        &mut self,
        command: &Command,
        role: &Role,
        titled: &mut Option<String>,
    ) -> bool {
        let Some((name, arguments)) = command.words.split_first() else {
            return false;
        };
        let Some(name) = name.literal() else {
            return false;
        };
        // While it runs it is not there: a function that calls itself has no end here.
        let Some((body, _)) = self.functions.remove(name) else {
            return false;
        };
        let outer = self.variables.clone();
        for (at, argument) in arguments.iter().enumerate() {
            let home = Home::Alias(argument.marked.clone());
            self.variables.insert(format!("argument_{}", at + 1), home);
        }
        self.script(&body, role, titled);
        self.variables = outer;
        self.functions.insert(name.to_owned(), (body, true));
        true
    }

    /// What is done where the step before fails.
    pub(super) fn otherwise(&mut self, body: &Script, role: &Role, titled: &mut Option<String>) {
        let nothing = body.items.iter().all(|item| match item {
            Item::Command(command) => {
                let first = command.words.first().and_then(Text::literal);
                matches!(
                    first,
                    Some("true" | ":" | "echo" | "printf" | "exit" | "return")
                )
            }
            _ => false,
        });
        let stays = body.items.iter().any(|item| match item {
            Item::Command(command) => {
                let first = command.words.first().and_then(Text::literal);
                matches!(first, Some("exit" | "return"))
            }
            _ => false,
        });
        if nothing {
            // In `diagnose` a step that fails holds nothing up that does not read it.
            if let Some((place, id)) = self.last.clone().filter(|_| !stays)
                && place.graph == Graph::Resolve
                && let Some((_, step)) = self
                    .steps(&place)
                    .iter_mut()
                    .find(|(known, _)| *known == id)
            {
                step.goes_on = true;
            }
            return;
        }
        self.noted(
            "TODO: the page does this only where the command before it fails; write it as `when`",
            |builder| builder.script(body, role, titled),
        );
    }

    pub(super) fn each(
        &mut self,
        name: &str,
        values: &[Text],
        body: &Script,
        role: &Role,
        titled: &mut Option<String>,
    ) {
        let element = free_name(&snake(name), |_| false);
        let place = Place {
            graph: Graph::Diagnose,
            block: None,
        };
        let list = match values {
            [only] if only.is_dynamic() => {
                self.loops_over(only);
                self.whole_expression(&only.marked, &place)
                    .unwrap_or_else(|| "[]".to_owned())
            }
            values => {
                let quoted: Vec<String> = values
                    .iter()
                    .map(|value| {
                        let text = self.reading.marks.shown(&value.marked);
                        format!("'{}'", text.replace('\'', ""))
                    })
                    .collect();
                format!("[{}]", quoted.join(", "))
            }
        };
        let before = self
            .variables
            .insert(name.to_owned(), Home::Element(element.clone()));
        let outer = self.each.replace((element, list));
        self.script(body, role, titled);
        self.each = outer;
        match before {
            Some(before) => {
                self.variables.insert(name.to_owned(), before);
            }
            None => {
                self.variables.remove(name);
            }
        }
    }

    /// What is looped over is a list, whatever it looked like.
    fn loops_over(&mut self, value: &Text) {
        let home = match self.reading.marks.pieces(&value.marked).as_slice() {
            [Piece::Dynamic(Dynamic::Variable(name, _))] => self.variables.get(name).cloned(),
            _ => None,
        };
        if let Some(capture) = home.and_then(|home| self.capture_at(&home)) {
            capture.first = false;
        }
    }

    /// A step for what a command prints; where that is.
    pub(super) fn captured(
        &mut self,
        script: &Script,
        name: Option<&str>,
        span: Span,
        role: &Role,
        titled: &mut Option<String>,
    ) -> Option<Home> {
        let command = other::only(script)?;
        let mut step = self.step(command)?;
        let own = name.unwrap_or("answer");
        if let Some(path) = other::jq_path(&command.pipe) {
            step.captures.push(Capture::path(own, &path));
        }
        if step.captures.is_empty() {
            let path = if step.action == "local:Exec" {
                "$.stdout"
            } else {
                "$"
            };
            step.captures.push(Capture::path(own, path));
        }
        step.span = span;
        if let ([only], Some(name)) = (step.captures.as_mut_slice(), name) {
            only.name = free_name(name, |_| false);
        }
        let (place, id) = self.place(step, role, titled);
        let (_, step) = self.steps(&place).iter().find(|(known, _)| *known == id)?;
        let capture = step.captures.last().map(|capture| capture.name.clone());
        Some(Home::Capture(place, id, capture?))
    }

    /// Takes out the inputs that nothing names: a counter of a loop is none.
    pub(super) fn used(&mut self) {
        let used = {
            let blocks = self.sketch.resolve.values();
            let steps = blocks.flat_map(|remedy| &remedy.steps);
            let steps = self.sketch.diagnose.iter().chain(steps);
            let texts = steps.map(|(_, step)| {
                let with = Json::Object(step.with.clone());
                let each = step.each.as_ref().map(|(_, list)| list.as_str());
                let others = [step.base.as_deref(), step.region.as_deref(), each];
                let captures = step.captures.iter().map(|capture| capture.path.as_str());
                let others: Vec<&str> = others.into_iter().flatten().chain(captures).collect();
                format!("{with} {} ", others.join(" "))
            });
            texts.collect::<String>()
        };
        self.sketch.inputs.retain(|name, _| {
            used.match_indices(&format!("inputs.{name}"))
                .any(|(at, found)| {
                    let after = used.get(at + found.len()..).unwrap_or_default();
                    !after.starts_with(|next: char| next.is_alphanumeric() || next == '_')
                })
        });
    }
}
