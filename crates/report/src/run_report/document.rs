//! Types that are a document for programs: their JSON and its schema come from one definition.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

/// Something that has a place in the document.
pub trait Documented {
    /// Its JSON.
    fn json(&self) -> Json;
    /// The schema of its JSON; what has a name goes into the definitions.
    fn schema(definitions: &mut Map<String, Json>) -> Json;
}

/// Structures whose members are documented: the comment of a member is its description in the schema.
macro_rules! documents {
    ($($(#[doc = $about:literal])* pub struct $name:ident {
        $($(#[doc = $said:literal])+ pub $field:ident: $ty:ty,)+
    })+) => {
        $(
            $(#[doc = $about])*
            #[derive(Debug, Clone, PartialEq)]
            pub struct $name {
                $($(#[doc = $said])+ pub $field: $ty,)+
            }

            impl $crate::run_report::document::Documented for $name {
                fn json(&self) -> serde_json::Value {
                    let mut members = serde_json::Map::new();
                    $(members.insert(
                        stringify!($field).to_owned(),
                        $crate::run_report::document::Documented::json(&self.$field),
                    );)+
                    serde_json::Value::Object(members)
                }

                fn schema(
                    definitions: &mut serde_json::Map<String, serde_json::Value>,
                ) -> serde_json::Value {
                    let name = stringify!($name);
                    if !definitions.contains_key(name) {
                        definitions.insert(name.to_owned(), serde_json::Value::Null);
                        let mut members = serde_json::Map::new();
                        $(
                            let schema = <$ty as $crate::run_report::document::Documented>::schema(definitions);
                            members.insert(
                                stringify!($field).to_owned(),
                                $crate::run_report::document::described(schema, concat!($($said),+)),
                            );
                        )+
                        definitions.insert(
                            name.to_owned(),
                            $crate::run_report::document::object(concat!($($about),*), &members),
                        );
                    }
                    serde_json::json!({"$ref": format!("#/$defs/{name}")})
                }
            }
        )+
    };
}
pub(crate) use documents;

/// A schema with what is said of it.
pub(crate) fn described(mut schema: Json, said: &str) -> Json {
    if let Json::Object(members) = &mut schema {
        members.insert("description".to_owned(), said.trim().into());
    }
    schema
}

/// An object all of whose members are there. Later versions may add members.
pub(crate) fn object(about: &str, members: &Map<String, Json>) -> Json {
    let required: Vec<&String> = members.keys().collect();
    let required = json!(required);
    json!({
        "type": "object",
        "description": about.trim(),
        "properties": members,
        "required": required,
    })
}

macro_rules! plain {
    ($($ty:ty => $schema:tt,)+) => {
        $(impl Documented for $ty {
            fn json(&self) -> Json {
                json!(self)
            }

            fn schema(_: &mut Map<String, Json>) -> Json {
                json!($schema)
            }
        })+
    };
}

plain! {
    String => {"type": "string"},
    bool => {"type": "boolean"},
    u32 => {"type": "integer", "minimum": 0},
    u64 => {"type": "integer", "minimum": 0},
    usize => {"type": "integer", "minimum": 0},
    i64 => {"type": "integer"},
    f64 => {"type": "number"},
    Map<String, Json> => {"type": "object"},
}

impl Documented for Json {
    fn json(&self) -> Json {
        self.clone()
    }

    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({})
    }
}

impl Documented for Timestamp {
    fn json(&self) -> Json {
        self.to_string().into()
    }

    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"type": "string", "format": "date-time"})
    }
}

impl<T: Documented> Documented for Option<T> {
    fn json(&self) -> Json {
        self.as_ref().map_or(Json::Null, Documented::json)
    }

    fn schema(definitions: &mut Map<String, Json>) -> Json {
        json!({"anyOf": [T::schema(definitions), {"type": "null"}]})
    }
}

impl<T: Documented> Documented for Vec<T> {
    fn json(&self) -> Json {
        self.iter().map(Documented::json).collect()
    }

    fn schema(definitions: &mut Map<String, Json>) -> Json {
        json!({"type": "array", "items": T::schema(definitions)})
    }
}
