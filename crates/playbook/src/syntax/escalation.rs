//! A file of escalation that playbooks share: whom to tell, at which level, with which evidence.

use super::escalate::{Escalate, LEVEL};
use super::fields::Fields;
use super::input::INPUT;
use super::keys::{Place, Shape, Table, key};
use super::playbook::{Described, Kind, Playbook, VERSION};
use super::reader::Reader;
use crate::yaml::Node;

/// The key that makes a file one of escalation.
pub(super) const KEY: &str = "escalation";

/// The keys of a file of escalation.
pub static ESCALATION: Table = Table {
    name: "a file of escalation",
    example: "{escalation: v1, title: Whom to tell}",
    keys: &[
        key(KEY, Shape::Word(&[VERSION]), "The version of the language.").required(),
        key("title", Shape::Text, "What it is called.").required(),
        key("summary", Shape::Text, "One sentence about it."),
        key("description", Shape::Text, "More about it."),
        key("source", Shape::Text, "Where its knowledge is from."),
        key(
            "inputs",
            Shape::Map(&Shape::Object(&INPUT)),
            "What playbooks give it.",
        ),
        key(
            "defaults",
            Shape::Map(&Shape::Map(&Shape::Data)),
            "Arguments that a service's actions share.",
        ),
        key(
            "contacts",
            Shape::Map(&Shape::Data),
            "Names and how to reach them.",
        ),
        key(
            "levels",
            Shape::List(&Shape::Object(&LEVEL)),
            "When which level is told.",
        ),
        key(
            "gather",
            Shape::Steps(Place::Gather),
            "Reads that complete the evidence.",
        ),
        key(
            "notify",
            Shape::Steps(Place::Notify),
            "Steps that tell people.",
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

/// Reads a file of escalation: a playbook that has nothing but its `escalate`.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Playbook> {
    let fields = Fields::read(reader, node, &ESCALATION, "the file", None)?;
    if let Some(version) = fields.get(KEY) {
        reader.word(&version, &[(VERSION, ())]);
    }
    let escalate = Escalate::shared(reader, &fields);
    let described = Described::read(reader, &fields);
    Some(Playbook {
        escalate: Some(escalate),
        ..Playbook::described(reader, Kind::Escalation, described)
    })
}
