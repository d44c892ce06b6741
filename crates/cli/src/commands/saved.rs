//! Saved plans: `runbook plan --out FILE`, and the run that does that and only that.

use super::plan;
use crate::args::{GivenArguments, PartArguments, PlanArguments, PlanFormat, RunArguments};
use crate::calls::Calls;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::identity::Target;
use crate::shelf::text_of;
use runbook_interpreter::plan::Options;
use runbook_interpreter::plan::saved::{allows, writes};
use runbook_interpreter::surroundings::Performer;
use runbook_playbook::catalog::{Catalog, Effect};
use runbook_playbook::syntax::input::InputKind;
use runbook_registry::Registry;
use runbook_registry::call::{Answer, Call, CallError, FailureKind};
use runbook_registry::model::catalogue::digest as catalogue_digest;
use runbook_registry::world::{Pending, World};
use runbook_report::plan_json;
use runbook_report::saved_schema::{FORMAT_VERSION, KIND};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Saves a plan.
pub fn save(
    file: &Path,
    arguments: &PlanArguments,
    environment: &Environment,
    made: &plan::Made,
) -> Result<(), Failure> {
    let mut document = json!({
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "made": jiff::Timestamp::now().to_string(),
        "playbook": environment.places.shown(&made.located.file),
        "files": hashes(made, environment)?,
        "catalogue": catalogue_digest(),
        "inputs": inputs(made),
        "secrets": secret_names(made),
        "options": made.plan.options.to_json(),
        "live": arguments.live,
        "scenario": arguments.scenario,
        "target": made.target.to_json(),
        "writes": writes(&made.forecast),
        "plan": plan_json::document(&made.forecast),
    });
    let digest = digest(&document);
    if let Some(members) = document.as_object_mut() {
        members.insert("digest".to_owned(), json!(digest));
    }
    let path = environment.places.current.join(file);
    std::fs::write(&path, format!("{document:#}\n")).map_err(|error| {
        Failure::environment(format!(
            "{} cannot be written: {error}; name another file with --out",
            file.display()
        ))
    })
}

/// The digest of a document without the digest itself.
fn digest(document: &Json) -> String {
    let mut document = document.clone();
    if let Some(members) = document.as_object_mut() {
        members.remove("digest");
    }
    hash(document.to_string().as_bytes())
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// The playbook's file, those of playbooks that it runs and of its escalation, each with its hash.
fn hashes(made: &plan::Made, environment: &Environment) -> Result<Map<String, Json>, Failure> {
    let mut found = Map::new();
    for file in &made.files {
        let name = environment.places.shown(file);
        let text = text_of(file, &name).map_err(Failure::wrong)?;
        found.insert(name, json!(hash(text.as_bytes())));
    }
    Ok(found)
}

/// The inputs but for secrets, as a run binds them again.
fn inputs(made: &plan::Made) -> Map<String, Json> {
    let declared = &made.plan.checked.playbook.inputs;
    made.plan
        .inputs
        .iter()
        .filter(|(name, _)| {
            made.given.contains(*name)
                && declared
                    .iter()
                    .any(|input| input.name.value == **name && input.kind != InputKind::Secret)
        })
        .map(|(name, value)| (name.clone(), value.to_json()))
        .collect()
}

fn secret_names(made: &plan::Made) -> Vec<&str> {
    let declared = made.plan.checked.playbook.inputs.iter();
    declared
        .filter(|input| input.kind == InputKind::Secret && made.given.contains(&input.name.value))
        .map(|input| input.name.value.as_str())
        .collect()
}

/// What a saved plan holds a run to. It is on record with the run, so that the run stays within it however often it is resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    digest: String,
    /// Where the plan was made.
    target: Target,
    writes: Vec<Json>,
}

impl Bound {
    /// As the journal keeps it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({"digest": self.digest, "target": self.target.to_json(), "writes": self.writes})
    }

    /// As the journal kept it with a run; nothing for a run without a plan.
    #[must_use]
    pub fn of_context(context: &Json) -> Option<Self> {
        let kept = context.get("plan").filter(|plan| !plan.is_null())?;
        Some(Self {
            digest: text(kept, "digest"),
            target: Target::from_json(&kept["target"]),
            // A record without them allows nothing.
            writes: kept["writes"].as_array().cloned().unwrap_or_default(),
        })
    }

    /// Says whether the one who goes on with a run is where its plan was made, and who it was made for.
    ///
    /// # Errors
    /// It is another account, region or principal, or that cannot be told.
    pub fn judge(
        &self,
        world: &dyn World,
        registry: &Registry,
        region: Option<&str>,
    ) -> Result<(), Failure> {
        // A plan that was made offline, or in a scenario's world, is for nobody in particular.
        if self.target.principal.is_none() {
            return Ok(());
        }
        let now = super::runtime()?.block_on(Target::ask(world, registry, region))?;
        match self.target.differs(&now) {
            None => Ok(()),
            Some(why) => Err(Failure::wrong(format!(
                "the run does what a saved plan says, and {why}; go on with the credentials that the plan was made with"
            ))),
        }
    }
}

/// A saved plan that still holds.
#[derive(Debug)]
pub struct Saved {
    /// What the run is to do.
    pub arguments: RunArguments,
    /// What the run may change.
    pub bound: Bound,
    /// The inputs, until the run has read them.
    _inputs: tempfile::NamedTempFile,
}

/// Opens the plan that `--plan` names, and refuses it where anything that it rests on has changed; nothing without `--plan`.
pub fn open(arguments: &RunArguments, environment: &Environment) -> Result<Option<Saved>, Failure> {
    let Some(file) = &arguments.plan else {
        return Ok(None);
    };
    let name = file.display().to_string();
    let refuse = |why: &str| {
        Failure::wrong(format!(
            "{name} is refused: {why}; make a new plan with `runbook plan --out`"
        ))
    };
    let path = environment.places.current.join(file);
    let document = document_of(&path, &name, &refuse)?;
    let given = tempfile::NamedTempFile::with_suffix(".json").map_err(|error| {
        Failure::environment(format!(
            "no temporary file can be made: {error}; let TMPDIR name a folder that can be written"
        ))
    })?;
    let inputs = document.get("inputs").cloned().unwrap_or_else(|| json!({}));
    std::fs::write(given.path(), inputs.to_string()).map_err(|error| {
        Failure::environment(format!(
            "a temporary file cannot be written: {error}; make room where TMPDIR is"
        ))
    })?;
    let secrets = texts(document.get("secrets"));
    for (input, _) in &arguments.given.input {
        if !secrets.contains(input) {
            return Err(refuse(&format!(
                "its inputs are fixed, and `-i {input}=…` would change one"
            )));
        }
    }
    for secret in &secrets {
        if arguments.given.input.iter().all(|(name, _)| name != secret) {
            return Err(Failure::wrong(format!(
                "the secret input `{secret}` is not in {name}; give it again with `-i {secret}=…`"
            )));
        }
    }
    let scenario = document
        .get("scenario")
        .and_then(Json::as_str)
        .map(str::to_owned);
    if arguments.scenario.is_some() && arguments.scenario != scenario {
        return Err(refuse("it was made for another scenario"));
    }
    let planned = of_document(&document, given.path(), arguments, scenario);
    let files = document
        .get("files")
        .and_then(Json::as_object)
        .cloned()
        .unwrap_or_default();
    for (shown, due) in &files {
        let now = text_of(&environment.places.current.join(shown), shown)
            .map_err(|_| refuse(&format!("{shown} is gone or cannot be read")))?;
        if due.as_str() != Some(hash(now.as_bytes()).as_str()) {
            return Err(refuse(&format!("{shown} has changed since")));
        }
    }
    let made = plan::make(&planned, environment)?;
    if json!(hashes(&made, environment)?) != Json::Object(files) {
        return Err(refuse("the playbook uses other files than it did"));
    }
    let then_target = Target::from_json(&document["target"]);
    if let Some(why) = then_target.differs(&made.target) {
        return Err(refuse(&why));
    }
    let then = document
        .get("writes")
        .and_then(Json::as_array)
        .cloned()
        .unwrap_or_default();
    let now = writes(&made.forecast);
    if then != now {
        return Err(refuse(&differences(&then, &now)));
    }
    Ok(Some(Saved {
        arguments: RunArguments {
            playbook: planned.playbook.clone(),
            plan: None,
            given: planned.given.clone(),
            part: planned.part.clone(),
            scenario: planned.scenario.clone(),
            ..arguments.clone()
        },
        bound: Bound {
            digest: text(&document, "digest"),
            target: then_target,
            writes: then,
        },
        _inputs: given,
    }))
}

/// The document of a saved plan that is whole and of this program.
fn document_of(path: &Path, name: &str, refuse: &dyn Fn(&str) -> Failure) -> Result<Json, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::wrong(format!("{name} cannot be read: {error}")))?;
    let document: Json = serde_json::from_str(&text).map_err(|_| {
        Failure::wrong(format!(
            "{name} is no saved plan: it is not JSON; `runbook plan PLAYBOOK --out FILE` writes one"
        ))
    })?;
    if document.get("kind").and_then(Json::as_str) != Some(KIND) {
        return Err(Failure::wrong(format!(
            "{name} is no saved plan; `runbook plan PLAYBOOK --out FILE` writes one"
        )));
    }
    if document.get("format_version").and_then(Json::as_u64) != Some(u64::from(FORMAT_VERSION)) {
        return Err(refuse("another version of this program wrote it"));
    }
    if document.get("digest").and_then(Json::as_str) != Some(digest(&document).as_str()) {
        return Err(refuse("it was edited after it was made"));
    }
    if document.get("catalogue").and_then(Json::as_str) != Some(catalogue_digest()) {
        return Err(refuse(
            "this program knows another catalogue of AWS operations than the one that made it",
        ));
    }
    Ok(document)
}

fn text(json: &Json, name: &str) -> String {
    let found = json.get(name).and_then(Json::as_str);
    found.unwrap_or_default().to_owned()
}

fn texts(list: Option<&Json>) -> Vec<String> {
    let items = list.and_then(Json::as_array).into_iter().flatten();
    items.filter_map(Json::as_str).map(str::to_owned).collect()
}

fn of_document(
    document: &Json,
    inputs: &Path,
    arguments: &RunArguments,
    scenario: Option<String>,
) -> PlanArguments {
    let options = Options::from_json(document.get("options").unwrap_or(&Json::Null));
    PlanArguments {
        playbook: text(document, "playbook"),
        given: GivenArguments {
            input: arguments.given.input.clone(),
            inputs: Some(inputs.to_path_buf()),
        },
        part: PartArguments::of(&options),
        live: document["live"] == json!(true),
        target: arguments.target.clone(),
        scenario,
        out: None,
        live_only_as: None,
        again: true,
        format: PlanFormat::Text,
    }
}

/// What of the evidence has changed what would be written.
fn differences(then: &[Json], now: &[Json]) -> String {
    let of = |writes: &[Json]| -> BTreeSet<String> {
        writes
            .iter()
            .map(|write| {
                let step = write["step"].as_str().unwrap_or_default();
                let action = write["action"].as_str().unwrap_or_default();
                format!("{step} ({action})")
            })
            .collect()
    };
    let (old, new) = (of(then), of(now));
    let mut parts = Vec::new();
    parts.extend(
        old.difference(&new)
            .map(|write| format!("{write} would not be made any more")),
    );
    parts.extend(
        new.difference(&old)
            .map(|write| format!("{write} would be made too")),
    );
    for (old, new) in then.iter().zip(now) {
        if old != new && old["step"] == new["step"] {
            parts.push(format!(
                "{} ({}) rests on evidence that has changed",
                old["step"].as_str().unwrap_or_default(),
                old["action"].as_str().unwrap_or_default()
            ));
        }
    }
    parts.dedup();
    parts.join("; ")
}

/// Makes the calls of a run, and of those that change something only the ones of a saved plan.
pub struct Only<'a> {
    /// Makes calls.
    pub calls: Calls<'a>,
    /// What a saved plan holds the run to.
    pub bound: Option<&'a Bound>,
}

impl Performer for Only<'_> {
    fn perform<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        if let Some(bound) = self.bound {
            let reads = self.calls.0.action(&call.action).is_ok_and(|action| {
                let effects = Catalog::effects(self.calls.0, &action, &call.arguments);
                effects.iter().all(|effect| *effect == Effect::Read)
            });
            if !reads && !allows(&bound.writes, &call.action, &call.arguments) {
                let error = CallError::new(
                    FailureKind::NotSent,
                    "plan",
                    format!(
                        "the saved plan has no {} with these arguments, so it was not sent",
                        call.action
                    ),
                );
                return Box::pin(std::future::ready(Err(error)));
            }
        }
        self.calls.perform(world, call)
    }
}
