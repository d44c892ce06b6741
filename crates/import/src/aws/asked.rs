//! What `--query` asks for, as captures.

use super::{Aws, kebab, query, snake};
use crate::step::{Capture, Step};
use crate::text::Text;
use runbook_playbook::catalog::Action;
use runbook_playbook::diagnostic::Code;
use runbook_playbook::jsonpath::Path;
use runbook_playbook::span::TextPlace;

/// What is wrong with a path, as far as it can be mended.
enum Mended {
    /// It is meant to be this one.
    To(String),
    /// Nobody knows.
    Not,
}

impl Aws<'_> {
    /// The captures that a query asks for, as far as the answer can have them.
    pub(super) fn query(&mut self, step: &mut Step, action: &Action, query: &Text) {
        let Some(text) = query.literal() else {
            step.notes.push(format!(
                "TODO: `--query {}` is made when the command runs; write a capture for it",
                self.marks.shown(&query.marked)
            ));
            return;
        };
        let asked = match query::convert(text) {
            Ok(asked) => asked,
            Err(why) => {
                if why.starts_with("it is no JMESPath") {
                    self.findings.add(
                        Code::JsonpathSyntax,
                        query.span,
                        format!("`--query`: {why}"),
                        None,
                    );
                }
                step.notes
                    .push(format!("TODO: `--query {text}` is left out: {why}"));
                return;
            }
        };
        for mut asked in asked {
            if let Some(right) = self.query_problem(action, query, &asked.path) {
                if let Mended::To(path) = right {
                    asked.path = path;
                } else {
                    step.notes.push(format!(
                        "TODO: the answer has nothing at `{}`, which the page reads",
                        asked.path
                    ));
                    continue;
                }
            }
            let mut name = free(&snake(&kebab(&asked.name)));
            while step.captures.iter().any(|capture| capture.name == name) {
                name.push_str("_again");
            }
            let path = if asked.path == "$" {
                continue;
            } else {
                asked.path.clone()
            };
            step.captures.push(Capture {
                name,
                path,
                first: asked.first,
            });
            if asked.count {
                let Some(of) = step.captures.last_mut() else {
                    continue;
                };
                if !of.path.ends_with(']') {
                    of.path.push_str("[*]");
                }
                let (count, all) = (of.name.clone(), format!("{}_all", of.name));
                of.name.clone_from(&all);
                step.captures.push(Capture {
                    name: count,
                    path: format!("${{{{ {all} | length }}}}"),
                    first: false,
                });
            }
        }
    }

    /// Says what is wrong with a path into an answer; then what it should be, where that is known.
    fn query_problem(&mut self, action: &Action, query: &Text, path: &str) -> Option<Mended> {
        let place = TextPlace {
            span: query.span,
            exact: false,
        };
        let parsed = match Path::parse(path, place, self.findings.source()) {
            Ok(parsed) => parsed,
            Err(problem) => {
                self.findings.add(
                    Code::JsonpathSyntax,
                    query.span,
                    format!("`--query` as JSONPath `{path}`: {}", problem.message),
                    None,
                );
                return Some(Mended::Not);
            }
        };
        let problems = parsed.infer(&action.output).err()?;
        let first = problems.first()?;
        let name = path
            .trim_start_matches("$.")
            .split(['.', '['])
            .next()
            .unwrap_or_default();
        let right = query::elsewhere(&action.output, name);
        let help = match &right {
            Some(right) => Some(format!("did you mean `{right}`?")),
            None => first.suggestion.clone(),
        };
        self.findings.add(
            Code::UnknownMember,
            query.span,
            format!("`--query` only ever gives null: {}", first.message),
            help,
        );
        Some(match right {
            Some(right) => Mended::To(path.replacen(name, &right, 1)),
            None => Mended::Not,
        })
    }
}

/// A name that a capture can have.
fn free(name: &str) -> String {
    if crate::draft::is_reserved(name) {
        format!("{name}_found")
    } else {
        name.to_owned()
    }
}
