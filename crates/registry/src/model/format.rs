//! The catalogue file: a header, then one compressed block a service and one a set of endpoint rules.
//!
//! Layout: [`MAGIC`], the header's length as four little-endian bytes, the header, the blocks. The header and the
//! blocks of services are postcard; endpoint rules and partitions are JSON. A service's permissions are a block of their own,
//! as few who load it ask for them.

use super::blocks::{Blocks, Dictionaries};
use super::permission::ServicePermissions;
use super::service::{Operation, Service};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// First bytes of the file; the last digit is the format's version.
pub const MAGIC: &[u8; 8] = b"runbook4";

/// The table of contents.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Header {
    /// Services, sorted by name.
    pub services: Vec<Entry>,
    /// What the blocks of services are compressed with.
    pub dictionaries: Dictionaries,
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

/// The most bytes of a dictionary of models: what is read whenever a service is.
const LARGE: usize = 256 * 1024;
/// Of permissions.
const MEDIUM: usize = 64 * 1024;
/// Of endpoint rules, which are nearly alike.
const SMALL: usize = 16 * 1024;

/// Writes a catalogue. The same contents give the same bytes.
///
/// # Errors
/// [`FormatError`] when a block cannot be written.
pub fn write(contents: &[Content], partitions: &str) -> Result<Vec<u8>, FormatError> {
    let mut blocks = Blocks::default();
    let mut header = Header::default();
    let encoded = |one: &Content| postcard::to_stdvec(&one.service);
    let models: Vec<_> = contents.iter().map(encoded).collect::<Result<_, _>>()?;
    let encoded = |one: &Content| postcard::to_stdvec(&one.permissions);
    let permissions: Vec<_> = contents.iter().map(encoded).collect::<Result<_, _>>()?;
    let rules: Vec<_> = contents
        .iter()
        .filter_map(|one| Some(one.endpoint.as_ref()?.clone().into_bytes()))
        .collect();
    let (dictionary, models) = blocks.add_all(&models, LARGE)?;
    header.dictionaries.models = dictionary;
    let (dictionary, permissions) = blocks.add_all(&permissions, MEDIUM)?;
    header.dictionaries.permissions = dictionary;
    let (dictionary, rules) = blocks.add_all(&rules, SMALL)?;
    header.dictionaries.endpoints = dictionary;
    let mut rules = rules.into_iter();
    for ((content, model), permissions) in contents.iter().zip(models).zip(permissions) {
        header.services.push(Entry {
            name: content.service.name,
            aliases: content.aliases.clone(),
            model,
            permissions,
            endpoint: content.endpoint.as_ref().and_then(|_| rules.next()),
        });
    }
    let services = || contents.iter().map(|one| &one.service);
    let names: Vec<_> = services()
        .map(|service| Names {
            service: service.name,
            operations: service.operations.iter().map(|one| one.name).collect(),
            waiters: service.waiters.iter().map(|one| one.name).collect(),
        })
        .collect();
    let words: Vec<_> = services()
        .map(|service| Words {
            members: service
                .operations
                .iter()
                .map(|one| Cow::Owned(input_words(service, one)))
                .collect(),
        })
        .collect();
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
