//! The keys of a step, and which of them go together.

use super::approve::{APPROVE, WORDS};
use super::assertion::ASSERTION;
use super::capture::CAPTURE;
use super::cause::CAUSE;
use super::each::{CONCURRENCY, EACH, MAX, MAX_ERRORS};
use super::fields::Fields;
use super::keys::{Key, Place, Shape, Table, key};
use super::reader::Reader;
use super::retry::RETRY;
use super::target::STEP_TARGET;
use crate::diagnostic::{Code, Diagnostic};

const RESOLVE: &[Place] = &[Place::Resolve];
const WRITING: &[Place] = &[Place::Resolve, Place::Notify, Place::Undo];
const UNDOABLE: &[Place] = &[Place::Resolve, Place::Notify];
const CLAIMING: &[Place] = &[
    Place::Symptom,
    Place::Check,
    Place::Verify,
    Place::Resolve,
    Place::Notify,
    Place::Undo,
];

const ASSERTIONS: Shape = Shape::OneOrMore(&Shape::Object(&ASSERTION));
const ACTION: Key = key("action", Shape::Action, "What is called.");
const WITH: Key = key(
    "with",
    Shape::Map(&Shape::Data),
    "The arguments, as the API names them.",
);
const BASE: Key = key(
    "base",
    Shape::Expression,
    "The captured structure that the arguments begin from.",
);

/// The keys of a step.
pub static STEP: Table = Table {
    name: "a step",
    example: "{action: ecs:ListTasks, with: {cluster: main}}",
    keys: &[
        key("title", Shape::Text, "What it is called for people."),
        key("description", Shape::Text, "More for people."),
        ACTION,
        WITH,
        BASE,
        key(
            "steps",
            Shape::Steps(Place::Resolve),
            "Instead of an action: steps that belong together.",
        ),
        key(
            "finally",
            Shape::Steps(Place::Resolve),
            "Steps of a block that run whatever happened.",
        )
        .only(WRITING),
        key(
            "for",
            Shape::OneOrMore(&Shape::Name),
            "Runs if one of these causes was found.",
        )
        .only(RESOLVE),
        key("when", Shape::Condition, "Skipped unless true."),
        key(
            "needs",
            Shape::OneOrMore(&Shape::Text),
            "The steps that must have ended; replaces the order that references imply.",
        ),
        key(
            "capture",
            Shape::Map(&Shape::Either(&[
                Shape::Path,
                Shape::Expression,
                Shape::Object(&CAPTURE),
            ])),
            "What it keeps: names and JSONPaths into the result.",
        ),
        key(
            "require",
            ASSERTIONS,
            "Must be true for the step to mean anything.",
        ),
        key(
            "assert",
            ASSERTIONS,
            "Its claim, or what must be true after it.",
        )
        .only(CLAIMING),
        key(
            "causes",
            Shape::Map(&Shape::Either(&[
                Shape::Object(&CAUSE),
                Shape::List(&Shape::Object(&ASSERTION)),
            ])),
            "Causes that it may find.",
        )
        .only(&[Place::Diagnose]),
        key(
            "expect_error",
            Shape::OneOrMore(&Shape::Text),
            "Error codes that are an answer.",
        ),
        key(
            "each",
            Shape::Either(&[Shape::NameInList, Shape::Object(&EACH)]),
            "Once for each element of a list.",
        ),
        CONCURRENCY,
        MAX_ERRORS,
        MAX,
        key("until", ASSERTIONS, "Polls a read until true."),
        key(
            "every",
            Shape::Duration,
            "The wait between two polls of `until`; 10 seconds by default.",
        ),
        key(
            "within",
            Shape::Duration,
            "The longest wait of `until`; 5 minutes by default.",
        ),
        key(
            "retry",
            Shape::OneOrMore(&Shape::Object(&RETRY)),
            "Tries again, beyond the client's own retries.",
        ),
        key(
            "limit",
            Shape::Integer(1),
            "The most items of a paginated result; 10,000 by default.",
        ),
        key(
            "timeout",
            Shape::Duration,
            "The most time over all attempts, waits included, approval not.",
        ),
        key(
            "effect",
            Shape::Word(&["read", "write", "execute", "permission", "destroy"]),
            "Raises the registry's effect, or states `read` for an `execute` action.",
        ),
        key(
            "on_error",
            Shape::Word(&["stop", "continue", "undo"]),
            "What a failure means for the block; `stop` by default.",
        )
        .only(RESOLVE),
        key(
            "before",
            Shape::Object(&BEFORE),
            "A read whose result stays as `before`.",
        )
        .only(UNDOABLE),
        key(
            "undo",
            Shape::StepOrSteps(Place::Undo),
            "Takes this step back.",
        )
        .only(UNDOABLE),
        key(
            "approve",
            Shape::Either(&[Shape::Word(WORDS), Shape::Object(&APPROVE)]),
            "Who must say yes; by effect when not said.",
        ),
        key(
            "target",
            Shape::Object(&STEP_TARGET),
            "Another region, account or role.",
        ),
        key(
            "sensitive",
            Shape::Either(&[Shape::Boolean, Shape::OneOrMore(&Shape::Path)]),
            "What is masked everywhere: JSONPaths, or `true`; `false` states that nothing is, whatever the model says.",
        ),
        key(
            "show",
            Shape::Object(&SHOW),
            "What is drawn in the terminal and the report.",
        ),
    ],
    includes: None,
};

/// The keys of `before`.
pub static BEFORE: Table = Table {
    name: "`before`",
    example: "{action: ecs:DescribeServices, with: {services: [api]}}",
    keys: &[
        ACTION.required(),
        WITH,
        BASE,
        key(
            "path",
            Shape::Path,
            "The part of the result that stays; all of it when not said.",
        ),
    ],
    includes: None,
};

/// The keys of `show`.
pub static SHOW: Table = Table {
    name: "`show`",
    example: "{chart: points, threshold: 80}",
    keys: &[
        key(
            "chart",
            Shape::Expression,
            "The capture that has the points.",
        ),
        key("threshold", Shape::Data, "A line across the chart."),
        key("table", Shape::Expression, "The capture that has the rows."),
        key(
            "columns",
            Shape::List(&Shape::Text),
            "The members that the table shows; all when not said.",
        ),
    ],
    includes: None,
};

/// What a step of some kind cannot have.
const WITHOUT_ACTION: &[&str] = &[
    "with",
    "base",
    "expect_error",
    "until",
    "every",
    "within",
    "retry",
    "limit",
    "effect",
    "before",
];
const REASONING: &[&str] = &[
    "finally",
    "undo",
    "approve",
    "target",
    "sensitive",
    "on_error",
    "timeout",
];

/// Reports keys that mean nothing where the step stands, or beside its other keys.
pub(super) fn check(reader: &mut Reader<'_>, fields: &Fields<'_>, place: Place, owner: &str) {
    for (key, field) in fields.iter() {
        if !key.fits(Some(place)) {
            reader.report(
                Code::MisplacedKey,
                field.key.span,
                format!("`{}` has no meaning in `{}`", key.name, place.key()),
                elsewhere(key, place),
            );
        }
    }
    let action = fields.get("action");
    let steps = fields.get("steps");
    match (action, steps) {
        (Some(action), Some(steps)) => reader.push(
            Diagnostic::new(
                Code::ConflictingKeys,
                reader.source,
                steps.key.span,
                format!("{owner} has an action and steps"),
            )
            .also(action.key.span, "the action")
            .help("keep one: make the action the first of the steps"),
        ),
        (None, Some(steps)) => misplaced(reader, fields, WITHOUT_ACTION, |key| {
            (
                format!("`{key}` is for a step with an action; {owner} is a block"),
                format!("move it to one of the {}", steps.key.value),
            )
        }),
        (None, None) => {
            let reasons = ["capture", "require", "assert", "causes"]
                .iter()
                .any(|key| fields.get(key).is_some());
            if reasons {
                let keys = [WITHOUT_ACTION, REASONING].concat();
                misplaced(reader, fields, &keys, |key| {
                    (
                        format!("`{key}` is for a step with an action, and {owner} has none"),
                        "add `action: service:Operation`, or delete the key".to_owned(),
                    )
                });
            } else {
                reader.report(
                    Code::MissingKey,
                    fields.span,
                    format!("{owner} does nothing"),
                    "add `action: service:Operation`, `steps:`, or what it concludes (`assert`, `causes`, `capture`)",
                );
            }
        }
        (Some(_), None) => {}
    }
    if let (Some(finally), None, Some(_)) = (fields.get("finally"), steps, action) {
        reader.report(
            Code::MisplacedKey,
            finally.key.span,
            "`finally` is for a block of steps",
            "make the action one of `steps:` and keep `finally:` beside it",
        );
    }
    if fields.get("until").is_none() && action.is_some() {
        misplaced(reader, fields, &["every", "within"], |key| {
            (
                format!("`{key}` has a meaning only with `until`"),
                "delete it, or add `until:` with an assertion; the longest time of a step is `timeout`"
                    .to_owned(),
            )
        });
    }
}

fn misplaced(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    keys: &[&str],
    words: impl Fn(&str) -> (String, String),
) {
    for (key, field) in fields.iter().filter(|(key, _)| keys.contains(&key.name)) {
        let (message, help) = words(key.name);
        reader.report(Code::MisplacedKey, field.key.span, message, help);
    }
}

/// Where a key belongs.
fn elsewhere(key: &Key, place: Place) -> String {
    match (key.name, place) {
        ("assert", Place::Diagnose) => {
            "write `causes:` for what the step may find, or `require:` for what it needs".to_owned()
        }
        ("assert", Place::Gather) => "write `require:` for what the step needs".to_owned(),
        ("causes", _) => {
            "causes are found in `diagnose`; a claim is written as `assert`".to_owned()
        }
        ("for", _) => {
            "it belongs to a step of `resolve`; here `when` decides whether a step runs".to_owned()
        }
        ("on_error", _) => {
            "it belongs to a step of `resolve`; here a failed step blocks only what reads it"
                .to_owned()
        }
        ("undo" | "before" | "finally", Place::Undo) => {
            "what takes a step back is not taken back itself; delete it".to_owned()
        }
        ("undo" | "before" | "finally", _) => {
            format!(
                "`{}` only reads, so there is nothing to take back; move the step to `resolve`",
                place.key()
            )
        }
        _ => "delete it".to_owned(),
    }
}
