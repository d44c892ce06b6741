//! What is wrong with a file of targets.

use super::Made;
use super::expand::account_of;
use super::names::NameTypes;
use indexmap::IndexMap;
use jiff::Timestamp;
use runbook_playbook::catalog::{Catalog, Effect};
use runbook_playbook::diagnostic::{Code, Diagnostic};
use runbook_playbook::expression::{Problem, closest};
use runbook_playbook::inputs::{Given as GivenInput, bind};
use runbook_playbook::source::Source;
use runbook_playbook::span::{Span, Spanned};
use runbook_playbook::syntax::playbook::Playbook;
use runbook_playbook::syntax::targets::{Discover, Given, TargetsFile};
use runbook_playbook::template::{Data, check_data};
use runbook_playbook::types::Type;
use std::collections::HashSet;

/// Problems, each said once: a line of a matrix makes many targets.
#[derive(Default)]
pub(super) struct Found {
    said: HashSet<(Span, String)>,
    found: Vec<Diagnostic>,
}

impl Found {
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        let key = (diagnostic.primary.span, diagnostic.message.clone());
        if self.said.insert(key) {
            self.found.push(diagnostic);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|found| found.primary.span);
        self.found
    }
}

/// What is wrong with a file, as far as it is known without the playbook.
pub(super) fn file(file: &TargetsFile, source: &Source, catalog: &dyn Catalog) -> Vec<Diagnostic> {
    let mut check = Check {
        file,
        source,
        found: Found::default(),
    };
    check.accounts();
    let place = NameTypes(
        ["account", "region"]
            .map(|name| (name.to_owned(), Type::text()))
            .into(),
    );
    for account in &file.accounts {
        check.text(account.role.as_ref(), &place);
    }
    if file.list.is_empty() && file.matrix.is_none() && file.discover.is_empty() {
        check.found.push(
            Diagnostic::new(
                Code::MissingKey,
                source,
                file.span,
                "the file has no target",
            )
            .help("add `list:`, `matrix:` or `discover:`"),
        );
    }
    for listed in &file.list {
        check.account(listed.account.as_ref());
        check.region(listed.region.as_ref());
        check.given(&listed.given, &place);
        let named = listed.given.name.is_some() || file.shared.name.is_some();
        if !named && listed.account.is_none() && listed.region.is_none() {
            check.found.push(
                Diagnostic::new(
                    Code::MissingKey,
                    source,
                    listed.span,
                    "the target has no name",
                )
                .help("add `name:`; a target with an account or a region is called by these"),
            );
        }
    }
    if !file.list.is_empty() {
        check.given(&file.shared, &place);
    }
    if let Some(matrix) = &file.matrix {
        let mut types = place.clone();
        for (name, values) in &matrix.axes {
            for value in values {
                check.axis(name, value);
            }
            types.0.entry(name.value.clone()).or_insert(Type::Any);
        }
        check.given(&file.shared, &types);
    }
    for discover in &file.discover {
        check.discover(discover, &place, catalog);
    }
    for alarm in &file.rollout.alarms {
        if alarm.value.is_empty() {
            check.found.push(
                Diagnostic::new(
                    Code::InvalidValue,
                    source,
                    alarm.span,
                    "an alarm has a name",
                )
                .help("write its name or its ARN"),
            );
        }
    }
    check.found.sorted()
}

struct Check<'f> {
    file: &'f TargetsFile,
    source: &'f Source,
    found: Found,
}

impl Check<'_> {
    fn say(&mut self, code: Code, span: Span, message: String, help: String) {
        let diagnostic = Diagnostic::new(code, self.source, span, message).help(help);
        self.found.push(diagnostic);
    }

    fn problems(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            let mut diagnostic =
                Diagnostic::new(problem.code, self.source, problem.span, problem.message);
            if let Some(help) = problem.help {
                diagnostic = diagnostic.help(help);
            }
            self.found.push(diagnostic);
        }
    }

    fn accounts(&mut self) {
        let mut names: HashSet<&str> = HashSet::new();
        for account in &self.file.accounts {
            if !is_account(&account.id.value) {
                self.say(
                    Code::UnknownAccount,
                    account.id.span,
                    format!("`{}` is no account", account.id.value),
                    "the keys of `accounts` are ids of twelve digits, in quotes; `name:` says what people call them".to_owned(),
                );
            }
            if let Some(name) = &account.name
                && !names.insert(&name.value)
            {
                self.say(
                    Code::InvalidValue,
                    name.span,
                    format!("there are two accounts `{}`", name.value),
                    "give each a name of its own".to_owned(),
                );
            }
        }
    }

    fn account(&mut self, account: Option<&Spanned<String>>) {
        let Some(account) = account else { return };
        let known = account_of(self.file, &account.value).is_some();
        if known || (self.file.accounts.is_empty() && is_account(&account.value)) {
            return;
        }
        let names = self.file.accounts.iter().flat_map(|known| {
            let name = known.name.as_ref().map(|name| name.value.as_str());
            name.into_iter().chain([known.id.value.as_str()])
        });
        let help = match closest(&account.value, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.file.accounts.is_empty() => {
                "write its twelve digits in quotes, or name accounts below `accounts`".to_owned()
            }
            None => "add it below `accounts`".to_owned(),
        };
        self.say(
            Code::UnknownAccount,
            account.span,
            format!("there is no account `{}`", account.value),
            help,
        );
    }

    fn region(&mut self, region: Option<&Spanned<String>>) {
        if let Some(region) = region
            && !is_region(&region.value)
        {
            self.say(
                Code::InvalidValue,
                region.span,
                format!("`{}` is no region", region.value),
                "write for example `eu-west-1`".to_owned(),
            );
        }
    }

    /// A value of a matrix; those of accounts and regions are what they say.
    fn axis(&mut self, name: &Spanned<String>, value: &Spanned<Data>) {
        let text = match &value.value {
            Data::Scalar(scalar) => Some(Spanned::new(scalar.text.clone(), value.span)),
            _ => None,
        };
        match name.value.as_str() {
            "account" | "region" if text.is_none() => self.say(
                Code::WrongKind,
                value.span,
                format!("`{}` cannot be this", name.value),
                "write text".to_owned(),
            ),
            "account" => self.account(text.as_ref()),
            "region" => self.region(text.as_ref()),
            _ => {
                let problems = check_data(value, &Type::Any, &NameTypes::default());
                self.problems(problems);
            }
        }
    }

    fn text(&mut self, data: Option<&Spanned<Data>>, names: &NameTypes) {
        if let Some(data) = data {
            let problems = check_data(data, &Type::text(), names);
            self.problems(problems);
        }
    }

    fn given(&mut self, given: &Given, names: &NameTypes) {
        self.text(given.name.as_ref(), names);
        self.text(given.role.as_ref(), names);
        for (_, label) in &given.labels {
            self.text(Some(label), names);
        }
        for (_, value) in &given.inputs {
            let problems = check_data(value, &Type::Any, names);
            self.problems(problems);
        }
    }

    fn discover(&mut self, discover: &Discover, place: &NameTypes, catalog: &dyn Catalog) {
        for account in &discover.accounts {
            self.account(Some(account));
        }
        for region in &discover.regions {
            self.region(Some(region));
        }
        let action = match catalog.action(&discover.action.value) {
            Ok(action) => action,
            Err(unknown) => {
                let help = match unknown.suggestions.first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`runbook actions search` finds actions".to_owned(),
                };
                let span = discover.action.span;
                self.say(Code::UnknownAction, span, unknown.message, help);
                return;
            }
        };
        if action.effects.iter().any(|effect| *effect != Effect::Read) {
            self.say(
                Code::WriteInReadingGraph,
                discover.action.span,
                format!("`{}` does more than read", action.name),
                "targets are found by actions that only read".to_owned(),
            );
        }
        let with = Spanned::new(Data::Map(discover.with.clone()), discover.with_span);
        let problems = check_data(&with, &action.input, place);
        self.problems(problems);
        let item = match discover.path.infer(&action.output) {
            Ok(item) => item,
            Err(problems) => {
                for problem in problems {
                    let help = problem
                        .suggestion
                        .unwrap_or_else(|| "`runbook actions show` lists what it has".to_owned());
                    self.say(problem.code, problem.span, problem.message, help);
                }
                return;
            }
        };
        let item = item.present().clone();
        let named = discover.given.name.is_some() || self.file.shared.name.is_some();
        if !named && !matches!(item, Type::Text(_) | Type::Any) {
            self.say(
                Code::MissingKey,
                discover.span,
                "what is found has no name".to_owned(),
                "add `name:`, for example `\"${{ item.Name }}\"`".to_owned(),
            );
        }
        let mut types = place.clone();
        types.0.insert("item".to_owned(), item);
        self.given(&discover.given, &types);
        self.given(&self.file.shared, &types);
    }
}

/// Twelve digits.
fn is_account(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|digit| digit.is_ascii_digit())
}

/// `eu-west-1`, `us-gov-east-1`
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first @ .., last] = parts.as_slice() else {
        return false;
    };
    let word = |part: &&str| !part.is_empty() && part.chars().all(|one| one.is_ascii_lowercase());
    first.len() >= 2
        && first.iter().all(word)
        && !last.is_empty()
        && last.chars().all(|one| one.is_ascii_digit())
}

/// Says which inputs of a target do not fit the playbook.
pub(super) fn inputs(
    made: &Made,
    playbook: &Playbook,
    everywhere: &[String],
    now: Timestamp,
    source: &Source,
    found: &mut Found,
) {
    let given: Vec<(String, GivenInput)> = made
        .target
        .inputs
        .iter()
        .map(|(name, value)| (name.clone(), GivenInput::Json(value.clone())))
        .collect();
    let Err(problems) = bind(playbook, &given, now) else {
        return;
    };
    for problem in problems {
        if everywhere.contains(&problem.name) {
            continue;
        }
        let spans = made.inputs.get(&problem.name);
        let span = spans.map(|(name, value)| if problem.unknown { *name } else { *value });
        let (code, message) = if problem.unknown {
            (
                Code::UnknownInput,
                format!("the playbook has no input `{}`", problem.name),
            )
        } else if span.is_some() {
            (
                Code::InputType,
                format!("input `{}`: {}", problem.name, problem.message),
            )
        } else {
            (
                Code::InputType,
                format!(
                    "target `{}` lacks input `{}`",
                    made.target.name, problem.name
                ),
            )
        };
        let help = if problem.unknown {
            let names = playbook
                .inputs
                .iter()
                .map(|input| input.name.value.as_str());
            match closest(&problem.name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`runbook list` shows the inputs of playbooks".to_owned(),
            }
        } else {
            "give it below `inputs`, of the target or of all".to_owned()
        };
        let span = span.unwrap_or(made.span);
        found.push(Diagnostic::new(code, source, span, message).help(help));
    }
}

/// Says which inputs of targets that are yet to be found the playbook does not have, or needs.
pub(super) fn discovered_inputs(
    file: &TargetsFile,
    playbook: &Playbook,
    everywhere: &[String],
    source: &Source,
    found: &mut Found,
) {
    for discover in &file.discover {
        let mut given: IndexMap<&str, Span> = IndexMap::new();
        for (name, _) in file.shared.inputs.iter().chain(&discover.given.inputs) {
            given.insert(&name.value, name.span);
        }
        for (name, span) in &given {
            if playbook
                .inputs
                .iter()
                .all(|input| input.name.value != *name)
            {
                let names = playbook
                    .inputs
                    .iter()
                    .map(|input| input.name.value.as_str());
                let mut unknown = Diagnostic::new(
                    Code::UnknownInput,
                    source,
                    *span,
                    format!("the playbook has no input `{name}`"),
                );
                if let Some(near) = closest(name, names) {
                    unknown = unknown.help(format!("did you mean `{near}`?"));
                }
                found.push(unknown);
            }
        }
        for input in &playbook.inputs {
            let name = &input.name.value;
            let is_given = given.contains_key(name.as_str()) || everywhere.contains(name);
            if input.default.is_none() && !is_given {
                found.push(
                    Diagnostic::new(
                        Code::InputType,
                        source,
                        discover.span,
                        format!("what is found lacks input `{}`", input.name.value),
                    )
                    .help("give it below `inputs`, of the discovery or of all"),
                );
            }
        }
    }
}
