//! Arguments and answers made from a model.

use crate::pattern;
use runbook_registry::model::service::Service;
use runbook_registry::model::shape::{
    Bounds, Location, Member, MemberTrait, ShapeId, ShapeKind, ShapeTrait, StringShape,
    StructureShape,
};
use runbook_registry::model::types::type_of;
use runbook_registry::model::validate::validate;
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;

/// What a value is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Arguments with required members only.
    Least,
    /// Arguments with every member, down to a depth.
    Full,
    /// An answer with every member, as it is shown after reading.
    Answer,
}

/// How deep optional members are set.
const DEPTH: usize = 4;
/// How many values one input or answer has before optional members of its inner structures are left out.
const BUDGET: usize = 250;

/// Makes values of one service's shapes.
pub struct Maker {
    service: &'static Service,
    texts: HashMap<ShapeId, Option<String>>,
    purpose: Purpose,
    made: usize,
    /// Structures that are being made, outermost first.
    within: Vec<ShapeId>,
    /// Shapes of text that no value was found for.
    pub unmade: Vec<&'static str>,
}

impl Maker {
    pub fn new(service: &'static Service) -> Self {
        Self {
            service,
            texts: HashMap::new(),
            purpose: Purpose::Least,
            made: 0,
            within: Vec::new(),
            unmade: Vec::new(),
        }
    }

    pub fn make(&mut self, id: ShapeId, purpose: Purpose) -> Json {
        self.purpose = purpose;
        self.made = 0;
        self.value(id)
    }

    fn value(&mut self, id: ShapeId) -> Json {
        self.made += 1;
        let service = self.service;
        let shape = service.shape(id);
        match &shape.kind {
            _ if shape.is(ShapeTrait::Document) => json!({"any": ["thing", 1, null]}),
            ShapeKind::Boolean => true.into(),
            ShapeKind::Integer(bounds) | ShapeKind::Long(bounds) => {
                #[expect(clippy::cast_possible_truncation, reason = "bounds of whole numbers")]
                let whole = within(7.0, *bounds) as i64;
                whole.into()
            }
            ShapeKind::Float(bounds) | ShapeKind::Double(bounds) => within(0.5, *bounds).into(),
            ShapeKind::String(text) => self.text(id, shape.name, text).into(),
            ShapeKind::Blob(_) => "YmxvYg==".into(),
            ShapeKind::Timestamp(_) if self.purpose == Purpose::Answer => {
                "2026-01-15T12:00:00+00:00".into()
            }
            ShapeKind::Timestamp(_) => "2026-01-15T12:00:00Z".into(),
            ShapeKind::List(list) if self.recurs(&list.member) => json!([]),
            ShapeKind::Map(map) if self.recurs(&map.value) => json!({}),
            ShapeKind::List(list) => {
                let count = match self.purpose {
                    Purpose::Answer => 2.0,
                    _ => within(1.0, list.length),
                };
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "bounds of lists are small"
                )]
                let count = count as usize;
                (0..count).map(|_| self.member(&list.member)).collect()
            }
            ShapeKind::Map(map) => {
                let key = self.member(&map.key);
                let key = key.as_str().unwrap_or("key").to_owned();
                json!({ key: self.member(&map.value) })
            }
            ShapeKind::Structure(structure) => {
                let union = shape.is(ShapeTrait::Union);
                self.within.push(id);
                let mut members = Map::new();
                for member in &structure.members {
                    let wanted = if union {
                        members.is_empty() && !self.recurs(member)
                    } else {
                        self.wants(member) && !self.shares_a_name(structure, member)
                    };
                    if wanted {
                        members.insert(member.name.to_owned(), self.member(member));
                    }
                }
                self.within.pop();
                Json::Object(members)
            }
        }
    }

    fn member(&mut self, member: &Member) -> Json {
        if member.is(MemberTrait::JsonText) {
            json!({"Version": "2012-10-17"})
        } else if member.is(MemberTrait::JsonValue) && self.purpose == Purpose::Answer {
            // Only what comes in headers is read.
            match member.location {
                Location::Header => json!({"any": 1}),
                _ => r#"{"any":1}"#.into(),
            }
        } else if member.is(MemberTrait::JsonValue) {
            json!({"any": 1})
        } else {
            self.value(member.target)
        }
    }

    fn wants(&self, member: &Member) -> bool {
        if member.is(MemberTrait::Required) || member.location == Location::Uri {
            return self.within.len() < 20;
        }
        self.purpose != Purpose::Least
            && self.within.len() <= DEPTH
            && (self.within.len() == 1 || self.made < BUDGET)
            && !self.recurs(member)
    }

    /// Whether an answer says the member under the same name as one before it, so that nobody can tell them apart.
    fn shares_a_name(&self, structure: &StructureShape, member: &Member) -> bool {
        let mut before = structure.members.iter().take_while(|one| *one != member);
        self.purpose == Purpose::Answer
            && member.location == Location::Body
            && before.any(|one| one.wire_name() == member.wire_name())
    }

    /// Whether the member, or an element of it, is a structure that is being made.
    fn recurs(&self, member: &Member) -> bool {
        let mut id = member.target;
        loop {
            if self.within.contains(&id) {
                return true;
            }
            id = match &self.service.shape(id).kind {
                ShapeKind::List(list) => list.member.target,
                ShapeKind::Map(map) => map.value.target,
                _ => return false,
            };
        }
    }

    fn text(&mut self, id: ShapeId, name: &'static str, shape: &StringShape) -> String {
        if self.purpose == Purpose::Answer {
            return shape.values.first().unwrap_or(&"text").to_string();
        }
        let text = self.texts.entry(id).or_insert_with(|| {
            let ty = type_of(self.service, id);
            pattern::sample(name, shape, |text| validate(&ty, &text.into()).is_empty())
        });
        text.clone().unwrap_or_else(|| {
            self.unmade.push(name);
            "text".to_owned()
        })
    }
}

fn within(value: f64, bounds: Bounds) -> f64 {
    let value = bounds.max.map_or(value, |max| value.min(max));
    bounds.min.map_or(value, |min| value.max(min))
}
