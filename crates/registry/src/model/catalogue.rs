//! The embedded catalogue: services by name, each read when it is first asked for and kept for the process's life.

use super::blocks::{self, Dictionary};
use super::format::{self, Entry, FormatError, Header, Names, Span, Words};
use super::permission::ServicePermissions;
use super::service::Service;
use std::sync::OnceLock;

static FILE: &[u8] = include_bytes!("../../catalogue/catalogue.bin");

/// The catalogue of AWS operations.
#[derive(Debug)]
pub struct Catalogue {
    header: Header,
    blocks: &'static [u8],
    of_models: Dictionary,
    of_permissions: Dictionary,
    of_endpoints: Dictionary,
    services: Vec<OnceLock<&'static Service>>,
    permissions: Vec<OnceLock<ServicePermissions>>,
    names: OnceLock<Vec<Names>>,
    words: OnceLock<Vec<Words>>,
}

/// The embedded catalogue. Opening it reads the table of contents only.
///
/// # Panics
/// Never: a test reads every block of the embedded file.
#[must_use]
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| Catalogue::open(FILE).expect("the embedded catalogue is whole"))
}

/// What identifies the embedded catalogue: the SHA-256 of its bytes, in hexadecimal.
#[must_use]
pub fn digest() -> &'static str {
    env!("CATALOGUE_DIGEST")
}

impl Catalogue {
    /// Opens a catalogue.
    ///
    /// # Errors
    /// [`FormatError`] when the bytes are no catalogue of this version.
    pub fn open(file: &'static [u8]) -> Result<Self, FormatError> {
        let (header, blocks) = format::open(file)?;
        Ok(Self {
            services: header.services.iter().map(|_| OnceLock::new()).collect(),
            permissions: header.services.iter().map(|_| OnceLock::new()).collect(),
            of_models: Dictionary::at(header.dictionaries.models),
            of_permissions: Dictionary::at(header.dictionaries.permissions),
            of_endpoints: Dictionary::at(header.dictionaries.endpoints),
            header,
            blocks,
            names: OnceLock::new(),
            words: OnceLock::new(),
        })
    }

    /// The services in the table of contents, sorted by name.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.header.services
    }

    /// The service of the exact name.
    ///
    /// # Panics
    /// Never for the embedded catalogue: a test reads every block of it.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&'static Service> {
        let place = self.place(name)?;
        let entry = self.header.services.get(place)?;
        let slot = self.services.get(place)?;
        Some(slot.get_or_init(|| {
            let service: Service = self
                .decode(entry.model, Some(&self.of_models))
                .expect("the block of a service is whole");
            Box::leak(Box::new(service))
        }))
    }

    /// The permissions of a service's operations.
    ///
    /// # Panics
    /// Never for the embedded catalogue: a test reads every block of it.
    #[must_use]
    pub fn permissions(&self, service: &str) -> Option<&ServicePermissions> {
        let place = self.place(service)?;
        let entry = self.header.services.get(place)?;
        let slot = self.permissions.get(place)?;
        Some(slot.get_or_init(|| {
            self.decode(entry.permissions, Some(&self.of_permissions))
                .expect("the block of a service's permissions is whole")
        }))
    }

    /// What searches look into beside names, in the order of [`Catalogue::entries`].
    ///
    /// # Panics
    /// Never for the embedded catalogue: a test reads every block of it.
    #[must_use]
    pub fn words(&self) -> &[Words] {
        self.words.get_or_init(|| {
            self.decode(self.header.words, None)
                .expect("the block of words is whole")
        })
    }

    /// The names of all services' actions, in the order of [`Catalogue::entries`].
    ///
    /// # Panics
    /// Never for the embedded catalogue: a test reads every block of it.
    #[must_use]
    pub fn names(&self) -> &[Names] {
        self.names.get_or_init(|| {
            self.decode(self.header.names, None)
                .expect("the block of names is whole")
        })
    }

    /// The names of one service's actions.
    #[must_use]
    pub fn names_of(&self, service: &str) -> Option<&Names> {
        self.names().get(self.place(service)?)
    }

    /// The endpoint rule set of a service, as botocore's `endpoint-rule-set-1.json` without documentation.
    ///
    /// # Errors
    /// [`FormatError`] when the block cannot be read.
    pub fn endpoint_rules(&self, service: &str) -> Result<Option<String>, FormatError> {
        let entry = self
            .place(service)
            .and_then(|place| self.header.services.get(place));
        entry
            .and_then(|entry| entry.endpoint)
            .map(|span| text(self.of_endpoints.block(self.blocks, span)?))
            .transpose()
    }

    /// botocore's `partitions.json`.
    ///
    /// # Errors
    /// [`FormatError`] when the block cannot be read.
    pub fn partitions(&self) -> Result<String, FormatError> {
        text(blocks::block(self.blocks, self.header.partitions)?)
    }

    fn place(&self, service: &str) -> Option<usize> {
        self.header
            .services
            .binary_search_by(|entry| entry.name.cmp(service))
            .ok()
    }

    /// Decodes a block whose text stays borrowed from it. The block is leaked: it is read once, and what borrows from
    /// it lives as long as the process.
    fn decode<T: serde::Deserialize<'static>>(
        &self,
        span: Span,
        dictionary: Option<&Dictionary>,
    ) -> Result<T, FormatError> {
        let plain = match dictionary {
            Some(dictionary) => dictionary.block(self.blocks, span)?,
            None => blocks::block(self.blocks, span)?,
        };
        let bytes: &'static [u8] = Box::leak(plain.into_boxed_slice());
        Ok(postcard::from_bytes(bytes)?)
    }
}

fn text(bytes: Vec<u8>) -> Result<String, FormatError> {
    String::from_utf8(bytes).map_err(|error| FormatError::Text(error.utf8_error()))
}
