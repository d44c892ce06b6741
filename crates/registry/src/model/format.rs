//! The catalogue file: a header, then one compressed block a service and one a set of endpoint rules.
//!
//! Layout: [`MAGIC`], the header's length as four little-endian bytes, the header, the blocks. The header and the
//! blocks of services are postcard; endpoint rules and partitions are JSON. Blocks are zstd frames, so that one
//! service is read without touching another. A service's permissions are a block of their own, as few who load it ask for
//! them.

use super::permission::ServicePermissions;
use super::service::{Operation, Service};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// First bytes of the file; the last digit is the format's version.
pub const MAGIC: &[u8; 8] = b"runbook2";

/// The table of contents.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Header {
    /// Services, sorted by name.
    pub services: Vec<Entry>,
    /// [`Names`] of every service.
    pub names: Span,
    /// [`Words`] of every service.
    pub words: Span,
    /// `partitions.json`.
    pub partitions: Span,
}

/// A service in the table of contents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// Other words for it: endpoint prefix, signing name, IAM prefix, service id; lower case, without the name itself.
    pub aliases: Vec<&'static str>,
    /// Its [`Service`].
    pub model: Span,
    /// Its [`ServicePermissions`].
    pub permissions: Span,
    /// Its endpoint rule set.
    pub endpoint: Option<Span>,
}

/// Where a block lies, counted from the end of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Number of bytes.
    pub length: u32,
    /// Number of bytes when decompressed.
    pub plain: u32,
}

/// The names of a service's actions, for lists, searches and suggestions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Names {
    /// The service.
    pub service: &'static str,
    /// Its operations, sorted.
    pub operations: Vec<&'static str>,
    /// Its waiters, sorted, without `WaitUntil`.
    pub waiters: Vec<&'static str>,
}

/// What searches look into beside names: lower case, one text an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// Top-level members of the inputs, in the order of [`Names::operations`], parted by spaces.
    pub members: Vec<Cow<'static, str>>,
}

/// A catalogue that cannot be read or written: the file is cut, of another version, or not ours.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The file does not begin as it must.
    #[error(
        "the catalogue does not begin with its mark; write it again with `cargo xtask catalogue --write`"
    )]
    Mark,
    /// A block lies outside of the file.
    #[error("the catalogue is cut")]
    Cut,
    /// A block is larger than the format can say.
    #[error("a block of the catalogue is above 4 GiB")]
    TooLarge,
    /// A block is not zstd.
    #[error("cannot decompress a block of the catalogue: {0}")]
    Compression(#[from] std::io::Error),
    /// A block is not what it must be.
    #[error("cannot decode a block of the catalogue: {0}")]
    Decoding(#[from] postcard::Error),
    /// A block is not text.
    #[error("a block of the catalogue is not UTF-8")]
    Text(#[from] std::str::Utf8Error),
}

/// What goes into a catalogue for one service.
#[derive(Debug, Clone)]
pub struct Content {
    /// The model.
    pub service: Service,
    /// The permissions of its operations.
    pub permissions: ServicePermissions,
    /// See [`Entry::aliases`].
    pub aliases: Vec<&'static str>,
    /// The endpoint rule set as compact JSON.
    pub endpoint: Option<String>,
}

/// Writes a catalogue. The same contents give the same bytes.
///
/// # Errors
/// [`FormatError`] when a block cannot be written.
pub fn write(contents: &[Content], partitions: &str) -> Result<Vec<u8>, FormatError> {
    let mut blocks = Blocks::default();
    let mut header = Header::default();
    let mut names = Vec::new();
    let mut words = Vec::new();
    for content in contents {
        let service = &content.service;
        names.push(Names {
            service: service.name,
            operations: service.operations.iter().map(|one| one.name).collect(),
            waiters: service.waiters.iter().map(|one| one.name).collect(),
        });
        words.push(Words {
            members: service
                .operations
                .iter()
                .map(|one| Cow::Owned(input_words(service, one)))
                .collect(),
        });
        header.services.push(Entry {
            name: service.name,
            aliases: content.aliases.clone(),
            model: blocks.add(&postcard::to_stdvec(service)?)?,
            permissions: blocks.add(&postcard::to_stdvec(&content.permissions)?)?,
            endpoint: match &content.endpoint {
                Some(rules) => Some(blocks.add(rules.as_bytes())?),
                None => None,
            },
        });
    }
    header.names = blocks.add(&postcard::to_stdvec(&names)?)?;
    header.words = blocks.add(&postcard::to_stdvec(&words)?)?;
    header.partitions = blocks.add(partitions.as_bytes())?;
    let header = postcard::to_stdvec(&header)?;
    let length = u32::try_from(header.len()).map_err(|_| FormatError::TooLarge)?;
    let mut file = MAGIC.to_vec();
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(&header);
    file.extend_from_slice(&blocks.bytes);
    Ok(file)
}

fn input_words(service: &Service, operation: &Operation) -> String {
    let members = service
        .structure(operation.input)
        .map_or(&[][..], |input| &input.members);
    let names: Vec<String> = members.iter().map(|one| one.name.to_lowercase()).collect();
    names.join(" ")
}

/// Level of compression: the best that needs no more memory to read.
const LEVEL: i32 = 19;

#[derive(Default)]
struct Blocks {
    bytes: Vec<u8>,
}

impl Blocks {
    fn add(&mut self, plain: &[u8]) -> Result<Span, FormatError> {
        let compressed = zstd::bulk::compress(plain, LEVEL)?;
        let span = Span {
            start: u32::try_from(self.bytes.len()).map_err(|_| FormatError::TooLarge)?,
            length: u32::try_from(compressed.len()).map_err(|_| FormatError::TooLarge)?,
            plain: u32::try_from(plain.len()).map_err(|_| FormatError::TooLarge)?,
        };
        self.bytes.extend_from_slice(&compressed);
        Ok(span)
    }
}

/// Splits a file into its header and its blocks.
///
/// # Errors
/// [`FormatError`] when the file is cut, of another version, or not a catalogue.
pub fn open(file: &'static [u8]) -> Result<(Header, &'static [u8]), FormatError> {
    let rest = file.strip_prefix(MAGIC).ok_or(FormatError::Mark)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(FormatError::Cut)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (header, blocks) = rest.split_at_checked(length).ok_or(FormatError::Cut)?;
    Ok((postcard::from_bytes(header)?, blocks))
}

/// Decompresses a block.
///
/// # Errors
/// [`FormatError`] when the block lies outside of the file or is not zstd.
pub fn block(blocks: &[u8], span: Span) -> Result<Vec<u8>, FormatError> {
    let start = span.start as usize;
    let bytes = blocks
        .get(start..)
        .and_then(|rest| rest.get(..span.length as usize))
        .ok_or(FormatError::Cut)?;
    Ok(zstd::bulk::decompress(bytes, span.plain as usize)?)
}
