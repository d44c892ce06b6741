//! The blocks of the catalogue: zstd frames, each read without touching another. Blocks of a kind say much that is the same,
//! so that they share a dictionary.

use super::format::{FormatError, Span};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::OnceLock;
use zstd::dict::DecoderDictionary;

/// Level of compression: the best that needs no more memory to read.
const LEVEL: i32 = 19;

/// The fewest blocks of a kind from which a dictionary can be learnt.
const FEWEST: usize = 100;

/// Where the dictionaries lie; one of no bytes is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dictionaries {
    /// Of the models.
    pub models: Span,
    /// Of the permissions.
    pub permissions: Span,
    /// Of the sets of endpoint rules.
    pub endpoints: Span,
}

/// A dictionary of the catalogue, read and prepared when it is first needed.
pub struct Dictionary {
    span: Span,
    prepared: OnceLock<DecoderDictionary<'static>>,
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Dictionary");
        shown.field("span", &self.span).finish_non_exhaustive()
    }
}

impl Dictionary {
    /// The dictionary that lies there.
    #[must_use]
    pub fn at(span: Span) -> Self {
        Self {
            span,
            prepared: OnceLock::new(),
        }
    }

    /// Decompresses a block that was compressed with it.
    ///
    /// # Errors
    /// [`FormatError`] when the block or the dictionary lies outside of the file or is not zstd.
    pub fn block(&self, blocks: &[u8], span: Span) -> Result<Vec<u8>, FormatError> {
        if self.span.length == 0 {
            return block(blocks, span);
        }
        let prepared = if let Some(prepared) = self.prepared.get() {
            prepared
        } else {
            let prepared = DecoderDictionary::try_copy(&block(blocks, self.span)?)?;
            self.prepared.get_or_init(|| prepared)
        };
        let compressed = within(blocks, span)?;
        let mut reader = zstd::bulk::Decompressor::with_prepared_dictionary(prepared)?;
        Ok(reader.decompress(compressed, span.plain as usize)?)
    }
}

/// Decompresses a block that was compressed by itself.
///
/// # Errors
/// [`FormatError`] when the block lies outside of the file or is not zstd.
pub fn block(blocks: &[u8], span: Span) -> Result<Vec<u8>, FormatError> {
    let compressed = within(blocks, span)?;
    Ok(zstd::bulk::decompress(compressed, span.plain as usize)?)
}

fn within(blocks: &[u8], span: Span) -> Result<&[u8], FormatError> {
    let rest = blocks.get(span.start as usize..);
    rest.and_then(|rest| rest.get(..span.length as usize))
        .ok_or(FormatError::Cut)
}

/// Blocks that are written one after the other.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    pub bytes: Vec<u8>,
}

impl Blocks {
    /// Adds a block by itself.
    pub fn add(&mut self, plain: &[u8]) -> Result<Span, FormatError> {
        let compressed = zstd::bulk::compress(plain, LEVEL)?;
        self.push(plain, &compressed)
    }

    /// Adds the blocks of a kind, with a dictionary of at most `size` bytes that is learnt from them; where that lies, and
    /// where they do.
    pub fn add_all(
        &mut self,
        plain: &[Vec<u8>],
        size: usize,
    ) -> Result<(Span, Vec<Span>), FormatError> {
        let (dictionary, place) = if plain.len() < FEWEST {
            (Vec::new(), Span::default())
        } else {
            let dictionary = zstd::dict::from_samples(plain, size)?;
            let place = self.add(&dictionary)?;
            (dictionary, place)
        };
        let mut writer = zstd::bulk::Compressor::with_dictionary(LEVEL, &dictionary)?;
        // A block knows its dictionary by its kind.
        writer.include_dictid(false)?;
        let spans = plain.iter().map(|plain| {
            let compressed = writer.compress(plain)?;
            self.push(plain, &compressed)
        });
        Ok((place, spans.collect::<Result<_, _>>()?))
    }

    fn push(&mut self, plain: &[u8], compressed: &[u8]) -> Result<Span, FormatError> {
        let number = |number: usize| u32::try_from(number).map_err(|_| FormatError::TooLarge);
        let span = Span {
            start: number(self.bytes.len())?,
            length: number(compressed.len())?,
            plain: number(plain.len())?,
        };
        self.bytes.extend_from_slice(compressed);
        Ok(span)
    }
}
