//! Rows of a service's tables, each decoded when it is first asked for: a playbook calls a few operations of hundreds, and looks
//! at a few shapes of thousands.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::OnceLock;

/// A table of the catalogue.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound(
    serialize = "T: Serialize + Deserialize<'static>",
    deserialize = "'de: 'static"
))]
pub struct Rows<T>(Vec<Row<T>>);

/// A row, as it lies in the catalogue until it is decoded.
#[derive(Debug, Clone)]
struct Row<T> {
    bytes: &'static [u8],
    decoded: OnceLock<Box<T>>,
}

impl<T: Deserialize<'static>> Row<T> {
    fn get(&self) -> &T {
        let decode = || postcard::from_bytes(self.bytes).expect("a row of the catalogue is whole");
        self.decoded.get_or_init(|| Box::new(decode()))
    }
}

impl<T: Deserialize<'static>> Rows<T> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The row at a place.
    ///
    /// # Panics
    /// Never for the embedded catalogue: a test reads every row of it.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&T> {
        self.0.get(place).map(Row::get)
    }

    /// The row for which `compare` says that it is the one, in a table that is sorted by it.
    pub fn find(&self, compare: impl Fn(&T) -> std::cmp::Ordering) -> Option<&T> {
        let place = self.0.binary_search_by(|row| compare(row.get())).ok()?;
        self.get(place)
    }

    /// All rows, in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &T> {
        self.0.iter().map(Row::get)
    }

    /// All rows, to be changed before they are written.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().filter_map(|row| {
            row.get();
            row.decoded.get_mut().map(|decoded| &mut **decoded)
        })
    }
}

impl<T> From<Vec<T>> for Rows<T> {
    fn from(rows: Vec<T>) -> Self {
        let row = |row| Row {
            bytes: &[],
            decoded: OnceLock::from(Box::new(row)),
        };
        Self(rows.into_iter().map(row).collect())
    }
}

impl<T: PartialEq + Deserialize<'static>> PartialEq for Rows<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Serialize + Deserialize<'static>> Serialize for Row<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = postcard::to_stdvec(self.get()).map_err(serde::ser::Error::custom)?;
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de: 'static, T> Deserialize<'de> for Row<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self {
            bytes: Deserialize::deserialize(deserializer)?,
            decoded: OnceLock::new(),
        })
    }
}
