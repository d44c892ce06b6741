//! Commands of the AWS CLI to actions of the registry.

mod asked;
mod custom;
mod flat;
mod name;
mod options;
mod own;
mod placeholder;
mod query;
mod shorthand;
mod special;
mod value;

pub use name::{kebab, snake};
pub use placeholder::Placeholder;
pub(crate) use placeholder::placeholder;

use crate::findings::Findings;
use crate::shell::Command;
use crate::step::Step;
use crate::text::{Marks, Text};
use options::Given;
use runbook_playbook::catalog::{Action, Catalog};
use runbook_playbook::diagnostic::Code;
use runbook_playbook::span::Span;
use runbook_playbook::types::{Structure, Type};
use runbook_registry::Registry;
use runbook_registry::model::validate::{nearest, validate};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an input must be to stand where a variable stood: the word of the language.
pub type Wanted = BTreeMap<String, &'static str>;

/// Reads commands that begin with `aws`.
#[derive(Debug)]
pub struct Aws<'a> {
    /// The actions.
    pub registry: &'a Registry,
    /// The parts that are known only when commands run.
    pub marks: &'a mut Marks,
    /// What is wrong.
    pub findings: &'a mut Findings,
    /// What variables are used as.
    pub wanted: &'a mut Wanted,
}

impl Aws<'_> {
    /// The step that a command becomes; nothing where it has none.
    pub fn step(&mut self, command: &Command) -> Option<Step> {
        let words = command.words.get(1..)?;
        let mut given = options::split(words);
        let mut positional = given.positional.iter();
        let Some(service) = positional.next().cloned() else {
            let asks = words.iter().any(|word| word.literal() == Some("--version"));
            if !asks {
                self.findings.add(
                    Code::UnknownAction,
                    command.span,
                    "`aws` names no service",
                    None,
                );
            }
            return None;
        };
        let service_name = service.literal()?.to_owned();
        let Some(operation) = positional.next() else {
            if matches!(
                service_name.as_str(),
                "configure" | "help" | "login" | "logout"
            ) {
                return custom::step(self, command, &service_name, "", &given, &[]);
            }
            self.findings.add(
                Code::UnknownAction,
                service.span,
                format!("`aws {service_name}` names no operation"),
                None,
            );
            return None;
        };
        let operation_name = operation.literal()?.to_owned();
        let rest: Vec<Text> = positional.cloned().collect();
        let (service_name, operation) = (service_name, operation.clone());
        if let Some(step) =
            custom::step(self, command, &service_name, &operation_name, &given, &rest)
        {
            return Some(step);
        }
        let mut operation = operation;
        if let Some(name) = own::alias(&service_name, &operation_name, &mut given) {
            name.clone_into(&mut operation.marked);
        }
        let service_name = self.service(&service_name, service.span)?;
        let (action, waits) = if operation_name == "wait" {
            let which = rest.first()?;
            (self.waiter(&service_name, which)?, true)
        } else {
            (self.operation(&service_name, &operation)?, false)
        };
        let taken = usize::from(waits);
        Some(self.call(
            command,
            &action,
            &mut given,
            rest.get(taken..).unwrap_or_default(),
        ))
    }

    /// The registry's name of a service.
    fn service(&mut self, written: &str, span: Span) -> Option<String> {
        let renamed = match written {
            "s3api" => "s3",
            "deploy" => "codedeploy",
            "configservice" => "config",
            other => other,
        };
        let services = self.registry.services();
        if let Some(exact) = services.iter().find(|service| **service == renamed) {
            return Some((*exact).to_owned());
        }
        let meant = services
            .iter()
            .find(|service| name::alike(written, service))
            .copied();
        let near = || nearest(written, services.iter().copied()).first().copied();
        let suggestion = meant.or_else(near);
        self.findings.add(
            Code::UnknownAction,
            span,
            format!("the AWS CLI has no service `{written}`"),
            suggestion.map(|meant| format!("did you mean `{meant}`?")),
        );
        meant.map(str::to_owned)
    }

    fn operation(&mut self, service: &str, written: &Text) -> Option<Arc<Action>> {
        let operations = self.registry.operations(service);
        let plain = written.literal()?;
        let of = |action: &String| action.split_once(':').map(|(_, name)| name.to_owned());
        let named = |test: &dyn Fn(&str) -> bool| {
            operations
                .iter()
                .find(|action| of(action).is_some_and(|name| test(&name)))
        };
        let found = named(&|name| name::is_spelled(plain, name));
        let found = found.or_else(|| {
            let meant = named(&|name| name::alike(plain, name))?;
            let right = of(meant).map(|name| kebab(&name))?;
            self.findings.add(
                Code::UnknownAction,
                written.span,
                format!("`aws {service}` has no operation `{plain}`"),
                Some(format!("did you mean `{right}`?")),
            );
            Some(meant)
        });
        let Some(found) = found else {
            let spelled: Vec<String> = operations
                .iter()
                .filter_map(of)
                .filter(|name| !name.starts_with("WaitUntil"))
                .map(|name| kebab(&name))
                .collect();
            let near = nearest(plain, spelled.iter().map(String::as_str));
            let help = near.first().map(|near| format!("did you mean `{near}`?"));
            let message = format!("`aws {service}` has no operation `{plain}`");
            self.findings
                .add(Code::UnknownAction, written.span, message, help);
            return None;
        };
        match self.registry.action(found) {
            Ok(action) => Some(action),
            Err(unknown) => {
                self.findings
                    .add(Code::UnknownAction, written.span, unknown.message, None);
                None
            }
        }
    }

    fn waiter(&mut self, service: &str, which: &Text) -> Option<Arc<Action>> {
        let plain = which.literal()?;
        let waiters: Vec<String> = self
            .registry
            .operations(service)
            .into_iter()
            .filter(|action| action.contains(":WaitUntil"))
            .collect();
        let short = |action: &str| {
            let (_, name) = action.split_once(":WaitUntil")?;
            Some(kebab(name))
        };
        if let Some(found) = waiters
            .iter()
            .find(|action| short(action).as_deref() == Some(plain))
        {
            return self.registry.action(found).ok();
        }
        let known: Vec<String> = waiters.iter().filter_map(|action| short(action)).collect();
        let near = nearest(plain, known.iter().map(String::as_str));
        let help = near.first().map(|near| format!("did you mean `{near}`?"));
        self.findings.add(
            Code::UnknownAction,
            which.span,
            format!("`aws {service} wait` knows no `{plain}`"),
            help,
        );
        None
    }

    /// A call of an action with the arguments of a command.
    fn call(
        &mut self,
        command: &Command,
        action: &Action,
        given: &mut Given,
        rest: &[Text],
    ) -> Step {
        let mut step = Step {
            name: action
                .name
                .split_once(':')
                .map_or_else(|| action.name.clone(), |(_, name)| kebab(name)),
            action: action.name.clone(),
            span: command.span,
            region: region(command),
            ..Step::default()
        };
        let Type::Structure(input) = action.input.clone() else {
            return step;
        };
        let mut with: Map<String, Json> = Map::new();
        let mut spans: BTreeMap<String, Span> = BTreeMap::new();
        let members = input.member_names();
        let mut rest = rest.to_vec();
        for mut option in std::mem::take(&mut given.options) {
            if general(&mut step, &option, action) {
                continue;
            }
            if option.name == "version" {
                let meant = options::versions(&action.name);
                let meant: Vec<String> = meant.iter().map(|name| format!("`--{name}`")).collect();
                self.findings.add(
                    Code::UnknownArgument,
                    option.span,
                    "`--version` shows the version of the AWS CLI, and nothing is called",
                    (!meant.is_empty()).then(|| format!("did you mean {}?", meant.join(" or "))),
                );
                if meant.is_empty() {
                    continue;
                }
            }
            if flat::argument(self, action, &option, &mut with) {
                continue;
            }
            let Some((member, negated)) = options::member(action, &members, &option.name) else {
                self.unknown_option(action, &members, &option);
                continue;
            };
            let Some(found) = input.member(&member) else {
                continue;
            };
            // One value belongs to it; what follows is a word of its own.
            let takes = match found.ty.present() {
                Type::List(_) => usize::MAX,
                Type::Boolean => 0,
                _ => 1,
            };
            let says = option.words.first().and_then(Text::literal);
            if takes == 1 || (takes == 0 && !matches!(says, Some("true" | "false"))) {
                let more = option.words.split_off(takes.min(option.words.len()));
                rest.extend(more);
            }
            spans.insert(member.clone(), option.span);
            if let Some(value) = self.value(&found.ty, &option, negated) {
                with.insert(member, value);
            }
        }
        self.superfluous(action, &rest);
        for (member, value) in self.json_input(given.json_input.as_ref(), &input.member_names()) {
            with.entry(member).or_insert(value);
        }
        special::look(self, action, &mut with, &spans);
        self.fit(action, &with, &spans, command.span);
        if given.json_input.is_none() {
            self.missing(command, &*input, &mut with, &mut step);
        }
        let order: Vec<String> = members
            .iter()
            .filter(|member| with.contains_key(*member))
            .cloned()
            .collect();
        for member in order {
            if let Some(value) = with.remove(&member) {
                step.with.push((member, value));
            }
        }
        let plain: Map<String, Json> = step.with.iter().cloned().collect();
        let effects = self.registry.effects(action, &Json::Object(plain));
        step.reads = effects
            .iter()
            .all(|effect| *effect == runbook_playbook::catalog::Effect::Read);
        if let Some(query) = &given.query {
            self.query(&mut step, action, query);
        }
        if let Some(path) = given
            .json_input
            .as_ref()
            .and_then(|text| text.marked.strip_prefix("file://"))
        {
            step.base = Some(
                self.marks
                    .add(crate::text::Dynamic::File(path.to_owned(), true)),
            );
        }
        step
    }

    /// What is missing becomes an input: the draft is to check.
    fn missing(
        &mut self,
        command: &Command,
        input: &dyn Structure,
        with: &mut Map<String, Json>,
        step: &mut Step,
    ) {
        let head = head(command);
        for member in input.member_names() {
            let Some(found) = input.member(&member) else {
                continue;
            };
            if !found.required || found.idempotency_token || with.contains_key(&member) {
                continue;
            }
            let option = kebab(&member);
            self.findings.add(
                Code::MissingArgument,
                head,
                format!("`--{option}` is missing: the API refuses this call"),
                None,
            );
            step.notes.push(format!(
                "TODO: the command does not say `--{option}`; say what it must be"
            ));
            let value = self.asked_for(&member, &found.ty);
            with.insert(member, value);
        }
    }

    fn unknown_option(&mut self, action: &Action, members: &[String], option: &options::Option_) {
        let known: Vec<String> = members.iter().map(|member| kebab(member)).collect();
        let begins: Vec<&String> = known
            .iter()
            .filter(|known| known.starts_with(&option.name))
            .collect();
        let near = match begins.as_slice() {
            [only] => Some((*only).clone()),
            _ => nearest(&option.name, known.iter().map(String::as_str))
                .first()
                .map(|near| (*near).to_owned()),
        };
        self.findings.add(
            Code::UnknownArgument,
            option.span,
            format!("{} has no option `--{}`", cli_name(action), option.name),
            near.map(|near| format!("did you mean `--{near}`?")),
        );
    }

    fn superfluous(&mut self, action: &Action, rest: &[Text]) {
        // Bytes that come back go into a file, which is a word of its own: `lambda invoke`, `s3api get-object`.
        let bytes = match action.output.present() {
            Type::Structure(output) => output.member_names().into_iter().any(|name| {
                let member = output.member(&name);
                member.is_some_and(|member| matches!(member.ty.present(), Type::Blob))
            }),
            _ => false,
        };
        let allowed = usize::from(bytes || action.name.starts_with("lambda:Invoke"));
        if let Some(word) = rest.get(allowed) {
            self.findings.add(
                Code::UnknownArgument,
                word.span,
                format!(
                    "{} takes no word of its own: `{}`",
                    cli_name(action),
                    self.marks.shown(&word.marked)
                ),
                Some("arguments are given with their option's name".to_owned()),
            );
        }
    }

    /// Says which arguments the API would not take.
    fn fit(
        &mut self,
        action: &Action,
        with: &Map<String, Json>,
        spans: &BTreeMap<String, Span>,
        whole: Span,
    ) {
        let arguments = Json::Object(with.clone());
        for problem in validate(&action.input, &arguments) {
            let member = problem
                .path
                .split(['.', '['])
                .next()
                .unwrap_or_default()
                .to_owned();
            let Some(value) = with.get(&member) else {
                continue;
            };
            let at = value::at(&arguments, &problem.path);
            if at
                .unwrap_or(value)
                .to_string()
                .contains(|character| ('\u{F0010}'..='\u{F0011}').contains(&character))
            {
                continue;
            }
            self.findings.add(
                Code::ArgumentType,
                spans.get(&member).copied().unwrap_or(whole),
                format!("`--{}`: {}", kebab(&member), problem.message),
                problem.suggestion,
            );
        }
    }

    /// A mark for an input that has to be asked for.
    fn asked_for(&mut self, member: &str, ty: &Type) -> Json {
        let name = snake(&kebab(member));
        self.wanted.insert(name.clone(), value::input_type(ty));
        let mark = self.marks.add(crate::text::Dynamic::Variable(name, None));
        match ty.present() {
            Type::List(list) if !matches!(list.element.present(), Type::Structure(_)) => {
                Json::Array(vec![Json::String(mark)])
            }
            _ => Json::String(mark),
        }
    }

    fn json_input(&mut self, text: Option<&Text>, members: &[String]) -> Vec<(String, Json)> {
        let Some(text) = text else {
            return Vec::new();
        };
        if let Ok(Json::Object(found)) = serde_json::from_str::<Json>(&text.marked) {
            found
                .into_iter()
                .filter(|(member, _)| {
                    let known = members.contains(member);
                    if !known {
                        let near = nearest(member, members.iter().map(String::as_str));
                        let help = near.first().map(|near| format!("did you mean `{near}`?"));
                        self.findings.add(
                            Code::UnknownArgument,
                            text.span,
                            format!("`--cli-input-json` has no member `{member}`"),
                            help,
                        );
                    }
                    known
                })
                .collect()
        } else {
            if !text.marked.starts_with("file://") {
                self.findings.add(
                    Code::ArgumentType,
                    text.span,
                    "`--cli-input-json` is no JSON object",
                    None,
                );
            }
            Vec::new()
        }
    }
}

/// Where `aws service operation` stands.
fn head(command: &Command) -> Span {
    let start = command.words.first().map_or(command.span, |word| word.span);
    let end = command
        .words
        .iter()
        .skip(1)
        .filter(|word| !word.marked.starts_with('-'))
        .nth(1)
        .map_or(start, |word| word.span);
    Span::new(start.start, end.end.max(start.end))
}

/// An option that belongs to the CLI and not to the operation.
fn general(step: &mut Step, option: &options::Option_, action: &Action) -> bool {
    match option.name.as_str() {
        "max-items" if action.paginated => {
            step.limit = option
                .words
                .first()
                .and_then(Text::literal)
                .and_then(|number| number.parse().ok())
                .filter(|limit| *limit > 0);
            true
        }
        "page-size" | "starting-token" => action.paginated,
        "generate-cli-skeleton" => {
            step.notes
                .push("TODO: the command only prints a skeleton".to_owned());
            true
        }
        "region" => {
            step.region = option.words.first().map(|word| word.marked.clone());
            true
        }
        name => options::is_general(name),
    }
}

/// An action as the CLI calls it.
fn cli_name(action: &Action) -> String {
    let parts = action.name.split_once(':').map(|(service, name)| {
        let service = match service {
            "s3" => "s3api",
            "codedeploy" => "deploy",
            "config" => "configservice",
            other => other,
        };
        (service, name)
    });
    match parts {
        Some((service, name)) => match name.strip_prefix("WaitUntil") {
            Some(waiter) => format!("`aws {service} wait {}`", kebab(waiter)),
            None => format!("`aws {service} {}`", kebab(name)),
        },
        None => format!("`{}`", action.name),
    }
}

/// The region that is set for a command alone: `AWS_REGION=eu-west-1 aws …`.
fn region(command: &Command) -> Option<String> {
    let mut set = command.environment.iter();
    let known = ["AWS_REGION", "AWS_DEFAULT_REGION"];
    let (_, region) = set.find(|(name, _)| known.contains(&name.as_str()))?;
    Some(region.marked.clone())
}
