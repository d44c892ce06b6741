//! The playbook as a whole.

use super::escalate::{ESCALATE, Escalate};
use super::escalation;
use super::fields::{Field, Fields};
use super::input::{INPUT, Input};
use super::keys::{Place, Shape, Table, key};
use super::reader::Reader;
use super::step::Step;
use super::target::{ALLOWED_TARGETS, AllowedTargets};
use super::verify::{VERIFY, Verify};
use crate::diagnostic::{Code, Diagnostic};
use crate::expression::Expression;
use crate::source::Source;
use crate::span::{Span, Spanned};
use crate::template::Data;
use crate::yaml::{self, Node};
use jiff::SignedDuration;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// A playbook.
    #[default]
    Playbook,
    /// A file of escalation that playbooks share: it has inputs and `escalate`, and no graphs.
    Escalation,
}

/// One playbook, as written.
#[derive(Debug, Clone)]
pub struct Playbook {
    /// What the file is.
    pub kind: Kind,
    /// The file.
    pub source: Source,
    /// No error was found while it was read, so nothing of it is left out here.
    pub readable: bool,
    /// What it is called.
    pub title: Spanned<String>,
    /// One sentence.
    pub summary: Option<Spanned<String>>,
    /// More than one sentence.
    pub description: Option<Spanned<String>>,
    /// `P0` to `P4`, or any word.
    pub severity: Option<Spanned<String>>,
    /// For finding it.
    pub tags: Vec<Spanned<String>>,
    /// Where its knowledge is from.
    pub origin: Option<Spanned<String>>,
    /// What a run is given, in written order.
    pub inputs: Vec<Input>,
    /// `defaults: {service: {member: value}}`
    pub defaults: Vec<ServiceDefaults>,
    /// How symptoms combine.
    pub match_symptoms: MatchSymptoms,
    /// How the problem shows.
    pub symptom: Option<Graph>,
    /// How its cause is found.
    pub diagnose: Option<Graph>,
    /// How it is mended.
    pub resolve: Option<Graph>,
    /// The single graph of a health check.
    pub check: Option<Graph>,
    /// Whether the symptom is gone; `None` means the defaults.
    pub verify: Option<Verify>,
    /// What happens when a run did not end well.
    pub escalate: Option<Escalate>,
    /// What `playbook:Run` gives its caller.
    pub outputs: Vec<(Spanned<String>, Expression)>,
    /// The longest run.
    pub timeout: Option<Spanned<SignedDuration>>,
    /// `limits: {writes: 10}`
    pub max_writes: Option<Spanned<u32>>,
    /// Where it may act.
    pub target: AllowedTargets,
    /// What must hold for a run to go on.
    pub guards: Guards,
    /// Hosts that it may contact; `None` when not said.
    pub reaches: Option<Vec<Spanned<Data>>>,
    /// Programs that it may start; `None` when not said.
    pub runs: Option<Vec<Spanned<String>>>,
    /// Folders outside of the playbook root in which programs may work and files may be read.
    pub folders: Vec<Spanned<Data>>,
}

/// Steps that run together.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// The steps, in written order.
    pub steps: Vec<Step>,
    /// The graph's key.
    pub span: Span,
}

/// What `with` leaves out for one service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceDefaults {
    /// The service: `ecs`.
    pub service: Spanned<String>,
    /// Members and their values.
    pub members: Vec<(Spanned<String>, Spanned<Data>)>,
}

/// How symptoms combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchSymptoms {
    /// One that holds is enough.
    #[default]
    Any,
    /// All must hold.
    All,
}

/// `guards: {alarms: […], freeze: …}`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Guards {
    /// `CloudWatch` alarms that stop the run when they go off.
    pub alarms: Vec<Spanned<Data>>,
    /// Calendars of times in which nothing is changed: iCalendar files beside the playbook, or SSM change calendars.
    pub freeze: Vec<Spanned<Data>>,
}

/// The version of the language.
pub(super) const VERSION: &str = "v1";

/// The keys of a playbook.
pub static PLAYBOOK: Table = Table {
    name: "a playbook",
    example: "{playbook: v1, title: Memory leak}",
    keys: &[
        key(
            "playbook",
            Shape::Word(&[VERSION]),
            "The version of the language.",
        )
        .required(),
        key("title", Shape::Text, "What it is called.").required(),
        key("summary", Shape::Text, "One sentence about the problem."),
        key("description", Shape::Text, "More about the problem."),
        key(
            "severity",
            Shape::Text,
            "How bad the problem is, for example `P1`.",
        ),
        key(
            "tags",
            Shape::OneOrMore(&Shape::Text),
            "Words for finding it.",
        ),
        key("source", Shape::Text, "Where its knowledge is from."),
        key(
            "inputs",
            Shape::Map(&Shape::Object(&INPUT)),
            "What a run is given.",
        ),
        key(
            "defaults",
            Shape::Map(&Shape::Map(&Shape::Data)),
            "Arguments that a service's actions share.",
        ),
        key(
            "match",
            Shape::Word(&["any", "all"]),
            "How symptoms combine; `any` by default.",
        ),
        key(
            "symptom",
            Shape::Steps(Place::Symptom),
            "How the problem shows.",
        ),
        key(
            "diagnose",
            Shape::Steps(Place::Diagnose),
            "How its cause is found.",
        ),
        key("resolve", Shape::Steps(Place::Resolve), "How it is mended."),
        key(
            "check",
            Shape::Steps(Place::Check),
            "The single graph of a health check.",
        ),
        key(
            "verify",
            Shape::Object(&VERIFY),
            "Whether the symptom is gone.",
        ),
        key(
            "escalate",
            Shape::Object(&ESCALATE),
            "What happens when a run did not end well.",
        ),
        key(
            "outputs",
            Shape::Map(&Shape::Expression),
            "What `playbook:Run` gives its caller.",
        ),
        key("timeout", Shape::Duration, "The longest run."),
        key("limits", Shape::Object(&LIMITS), "Bounds of a run."),
        key(
            "target",
            Shape::Object(&ALLOWED_TARGETS),
            "Where it may act.",
        ),
        key(
            "guards",
            Shape::Object(&GUARDS),
            "What must hold for a run to go on.",
        ),
        key(
            "reaches",
            Shape::OneOrMore(&Shape::Template),
            "Hosts that it may contact.",
        ),
        key(
            "runs",
            Shape::OneOrMore(&Shape::Text),
            "Programs that it may start.",
        ),
        key(
            "folders",
            Shape::OneOrMore(&Shape::Template),
            "Folders outside of the playbook root in which programs may work and files may be read.",
        ),
    ],
    includes: None,
};

/// The keys of `limits`.
pub static LIMITS: Table = Table {
    name: "`limits`",
    example: "{writes: 10}",
    keys: &[key(
        "writes",
        Shape::Integer(0),
        "The most writes of a run.",
    )],
    includes: None,
};

/// The keys of `guards`.
pub static GUARDS: Table = Table {
    name: "`guards`",
    example: "{alarms: [api-errors], freeze: freeze.ics}",
    keys: &[
        key(
            "alarms",
            Shape::OneOrMore(&Shape::Template),
            "CloudWatch alarms that stop the run when they go off.",
        ),
        key(
            "freeze",
            Shape::OneOrMore(&Shape::Template),
            "Calendars of times in which nothing is changed: iCalendar files, or ARNs of SSM change calendars.",
        ),
    ],
    includes: None,
};

/// Reads a playbook, or a file of escalation. The tree is there whenever the file is a mapping, with what could not be read left out; whether it
/// is right, the diagnostics say.
#[must_use]
pub fn parse(source: &Source) -> (Option<Playbook>, Vec<Diagnostic>) {
    let mut reader = Reader::new(source);
    let playbook = yaml::read(source, &mut reader.diagnostics).and_then(|node| {
        let has = |name: &str| {
            let mut keys = node.entries().into_iter().flatten();
            keys.any(|(key, _)| key.value == name)
        };
        if has(escalation::KEY) && !has("playbook") {
            escalation::read(&mut reader, &node)
        } else {
            Playbook::read(&mut reader, &node)
        }
    });
    let mut diagnostics = reader.diagnostics;
    let playbook = playbook.map(|playbook| Playbook {
        readable: !crate::diagnostic::has_errors(&diagnostics),
        ..playbook
    });
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.start);
    (playbook, diagnostics)
}

impl Playbook {
    fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = Fields::read(reader, node, &PLAYBOOK, "the playbook", None)?;
        if let Some(version) = fields.get("playbook") {
            reader.word(&version, &[(VERSION, ())]);
        }
        graphs_together(reader, &fields);
        let described = Described::read(reader, &fields);
        let graph = |reader: &mut Reader<'_>, key, place| {
            fields.get(key).map(|field| Graph {
                steps: Step::read_all(reader, &field, place),
                span: field.key.span,
            })
        };
        let limits = fields
            .get("limits")
            .and_then(|field| Fields::read(reader, field.node, &LIMITS, "`limits`", None));
        Some(Self {
            match_symptoms: fields
                .get("match")
                .and_then(|field| {
                    reader.word(
                        &field,
                        &[("any", MatchSymptoms::Any), ("all", MatchSymptoms::All)],
                    )
                })
                .map_or(MatchSymptoms::Any, |word| word.value),
            symptom: graph(reader, "symptom", Place::Symptom),
            diagnose: graph(reader, "diagnose", Place::Diagnose),
            resolve: graph(reader, "resolve", Place::Resolve),
            check: graph(reader, "check", Place::Check),
            verify: fields
                .get("verify")
                .and_then(|field| Verify::read(reader, &field)),
            escalate: fields
                .get("escalate")
                .and_then(|field| Escalate::read(reader, &field)),
            outputs: fields
                .get("outputs")
                .map(|field| outputs(reader, &field))
                .unwrap_or_default(),
            timeout: fields
                .get("timeout")
                .and_then(|field| reader.duration(&field)),
            max_writes: limits
                .and_then(|limits| limits.get("writes"))
                .and_then(|field| reader.integer(&field)),
            target: fields
                .get("target")
                .and_then(|field| AllowedTargets::read(reader, field.node))
                .unwrap_or_default(),
            guards: fields
                .get("guards")
                .and_then(|field| Guards::read(reader, &field))
                .unwrap_or_default(),
            ..Self::described(reader, Kind::Playbook, described)
        })
    }

    /// A file of which only the description has been read.
    pub(super) fn described(reader: &Reader<'_>, kind: Kind, described: Described) -> Self {
        Self {
            kind,
            source: reader.source.clone(),
            readable: true,
            title: described
                .title
                .unwrap_or_else(|| Spanned::new(String::new(), Span::default())),
            summary: described.summary,
            description: described.description,
            severity: described.severity,
            tags: described.tags,
            origin: described.origin,
            inputs: described.inputs,
            defaults: described.defaults,
            reaches: described.reaches,
            runs: described.runs,
            folders: described.folders,
            match_symptoms: MatchSymptoms::default(),
            symptom: None,
            diagnose: None,
            resolve: None,
            check: None,
            verify: None,
            escalate: None,
            outputs: Vec::new(),
            timeout: None,
            max_writes: None,
            target: AllowedTargets::default(),
            guards: Guards::default(),
        }
    }
}

/// What every file says of itself: what it is about, what it is given, what it may touch.
pub(super) struct Described {
    title: Option<Spanned<String>>,
    summary: Option<Spanned<String>>,
    description: Option<Spanned<String>>,
    severity: Option<Spanned<String>>,
    tags: Vec<Spanned<String>>,
    origin: Option<Spanned<String>>,
    inputs: Vec<Input>,
    defaults: Vec<ServiceDefaults>,
    reaches: Option<Vec<Spanned<Data>>>,
    runs: Option<Vec<Spanned<String>>>,
    folders: Vec<Spanned<Data>>,
}

impl Described {
    pub(super) fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Self {
        let mut text = |key| fields.get(key).and_then(|field| reader.text(&field));
        let title = text("title");
        let summary = text("summary");
        let description = text("description");
        let severity = text("severity");
        let origin = text("source");
        Self {
            title,
            summary,
            description,
            severity,
            origin,
            tags: fields
                .get("tags")
                .map(|field| reader.texts(&field))
                .unwrap_or_default(),
            inputs: fields
                .get("inputs")
                .map(|field| inputs(reader, &field))
                .unwrap_or_default(),
            defaults: fields
                .get("defaults")
                .map(|field| defaults(reader, &field))
                .unwrap_or_default(),
            reaches: fields.get("reaches").map(|field| reader.templates(&field)),
            runs: fields.get("runs").map(|field| reader.texts(&field)),
            folders: fields
                .get("folders")
                .map(|field| reader.templates(&field))
                .unwrap_or_default(),
        }
    }
}

impl Guards {
    fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Self> {
        let fields = Fields::read(reader, field.node, &GUARDS, "`guards`", None)?;
        Some(Self {
            alarms: fields
                .get("alarms")
                .map(|field| reader.templates(&field))
                .unwrap_or_default(),
            freeze: fields
                .get("freeze")
                .map(|field| reader.templates(&field))
                .unwrap_or_default(),
        })
    }
}

/// Reports graphs that cannot stand together, and a playbook without any.
fn graphs_together(reader: &mut Reader<'_>, fields: &Fields<'_>) {
    let graphs = ["symptom", "diagnose", "resolve"].map(|key| fields.get(key));
    let Some(check) = fields.get("check") else {
        if graphs.iter().all(Option::is_none) {
            reader.report(
                Code::MissingKey,
                fields.get("playbook").map_or(Span::new(fields.span.start, fields.span.start), |field| field.key.span),
                "the playbook has no graph",
                "add `symptom:`, `diagnose:` or `resolve:` with steps, or `check:` for a health check",
            );
        }
        return;
    };
    let others = graphs
        .into_iter()
        .chain(["match", "verify"].map(|key| fields.get(key)));
    for other in others.flatten() {
        reader.push(
            Diagnostic::new(
                Code::MisplacedKey,
                reader.source,
                other.key.span,
                format!("`{}` has no meaning beside `check`", other.key.value),
            )
            .also(check.key.span, "makes this a health check")
            .help("a health check is the single graph of its playbook: put the other graphs into a playbook of their own"),
        );
    }
}

fn inputs(reader: &mut Reader<'_>, field: &Field<'_>) -> Vec<Input> {
    let Some(entries) = field.node.entries() else {
        reader.wrong_kind("`inputs`", field.node, &field.shape);
        return Vec::new();
    };
    entries
        .iter()
        .filter_map(|(name, node)| Input::read(reader, name, node))
        .collect()
}

fn defaults(reader: &mut Reader<'_>, field: &Field<'_>) -> Vec<ServiceDefaults> {
    let Some(entries) = field.node.entries() else {
        reader.wrong_kind("`defaults`", field.node, &field.shape);
        return Vec::new();
    };
    entries
        .iter()
        .map(|(service, node)| {
            let members = Field {
                key: service,
                node,
                shape: Shape::Map(&Shape::Data),
            };
            ServiceDefaults {
                service: service.clone(),
                members: reader.data_members(&members),
            }
        })
        .collect()
}

fn outputs(reader: &mut Reader<'_>, field: &Field<'_>) -> Vec<(Spanned<String>, Expression)> {
    let Some(entries) = field.node.entries() else {
        reader.wrong_kind("`outputs`", field.node, &field.shape);
        return Vec::new();
    };
    entries
        .iter()
        .map(|(name, node)| {
            reader.name("output", name);
            let field = Field {
                key: name,
                node,
                shape: Shape::Expression,
            };
            (name.clone(), reader.expression(&field))
        })
        .collect()
}
