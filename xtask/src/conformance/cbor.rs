//! CBOR as JSON, enough to compare bodies.

use serde_json::{Map, Value as Json};

/// The first item of the bytes; null when there is none.
pub fn value(bytes: &[u8]) -> Json {
    let mut reader = Reader { bytes, at: 0 };
    super::suites::ordered(&reader.item().unwrap_or(Json::Null))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let taken = self.bytes.get(self.at..self.at + count)?;
        self.at += count;
        Some(taken)
    }

    fn number(&mut self, width: usize) -> Option<u64> {
        let bytes = self.take(width)?;
        Some(
            bytes
                .iter()
                .fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
        )
    }

    #[expect(clippy::option_option, reason = "unreadable and endless differ")]
    /// The length of an item; `None` inside for an item that ends with a break.
    fn length(&mut self, low: u8) -> Option<Option<u64>> {
        Some(match low {
            24 => Some(self.number(1)?),
            25 => Some(self.number(2)?),
            26 => Some(self.number(4)?),
            27 => Some(self.number(8)?),
            31 => None,
            small => Some(u64::from(small)),
        })
    }

    fn ends(&mut self) -> bool {
        let ends = self.bytes.get(self.at) == Some(&0xff);
        self.at += usize::from(ends);
        ends
    }

    #[expect(clippy::cast_precision_loss, reason = "bodies are compared as floats")]
    fn item(&mut self) -> Option<Json> {
        let first = *self.take(1)?.first()?;
        let (major, low) = (first >> 5, first & 31);
        if major == 7 {
            return Some(match low {
                20 => false.into(),
                21 => true.into(),
                25 => half(u16::try_from(self.number(2)?).ok()?),
                26 => float(f32::from_bits(u32::try_from(self.number(4)?).ok()?).into()),
                27 => float(f64::from_bits(self.number(8)?)),
                _ => Json::Null,
            });
        }
        let length = self.length(low)?;
        Some(match major {
            0 => (length? as f64).into(),
            1 => (-1.0 - length? as f64).into(),
            2 | 3 => {
                let count = usize::try_from(length?).ok()?;
                String::from_utf8_lossy(self.take(count)?)
                    .into_owned()
                    .into()
            }
            4 => {
                let mut items = Vec::new();
                while length.map_or_else(|| !self.ends(), |count| (items.len() as u64) < count) {
                    items.push(self.item()?);
                }
                items.into()
            }
            5 => {
                let mut entries = Map::new();
                let mut read = 0;
                while length.map_or_else(|| !self.ends(), |count| read < count) {
                    let key = self.item()?;
                    let value = self.item()?;
                    entries.insert(key.as_str()?.to_owned(), value);
                    read += 1;
                }
                entries.into()
            }
            _ => self.item()?,
        })
    }
}

fn float(value: f64) -> Json {
    if value.is_finite() {
        value.into()
    } else {
        value.to_string().into()
    }
}

/// Half floats serve for infinities and NaN only.
fn half(bits: u16) -> Json {
    float(match bits {
        0x7c00 => f64::INFINITY,
        0xfc00 => f64::NEG_INFINITY,
        0x7e00 => f64::NAN,
        other => f64::from(other),
    })
}
