//! The texts that are open in the editor.

use crate::place;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Open texts by their addresses.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    texts: HashMap<String, Document>,
}

/// One open text.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// What it holds now.
    pub(crate) text: String,
    /// The editor's count of its changes.
    pub(crate) version: Json,
}

impl Documents {
    pub(crate) fn open(&mut self, address: &str, text: &str, version: Json) {
        let text = text.to_owned();
        self.texts
            .insert(address.to_owned(), Document { text, version });
    }

    /// Applies changes, each to what the one before left.
    pub(crate) fn change(&mut self, address: &str, changes: &[Json], version: Json) {
        let Some(document) = self.texts.get_mut(address) else {
            return;
        };
        document.version = version;
        for change in changes {
            let Some(text) = change.get("text").and_then(Json::as_str) else {
                continue;
            };
            let at = |end| place::offset(&document.text, change.get("range")?.get(end)?);
            match (change.get("range").is_some(), at("start"), at("end")) {
                (true, Some(start), Some(end)) if start <= end => {
                    document.text.replace_range(start..end, text);
                }
                (true, ..) => {}
                (false, ..) => text.clone_into(&mut document.text),
            }
        }
    }

    pub(crate) fn close(&mut self, address: &str) {
        self.texts.remove(address);
    }

    pub(crate) fn get(&self, address: &str) -> Option<&Document> {
        self.texts.get(address)
    }

    pub(crate) fn addresses(&self) -> Vec<String> {
        let mut addresses: Vec<String> = self.texts.keys().cloned().collect();
        addresses.sort();
        addresses
    }

    /// The text of a file as it is open, else as it is on disk.
    pub(crate) fn text_of(&self, file: &Path) -> Option<String> {
        let open = self
            .texts
            .iter()
            .find(|(address, _)| path_of(address).as_deref() == Some(file));
        match open {
            Some((_, document)) => Some(document.text.clone()),
            None => read(file),
        }
    }
}

/// A file of at most as many bytes as the language allows.
fn read(file: &Path) -> Option<String> {
    use std::io::Read as _;
    let limit = runbook_playbook::yaml::MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).ok()?;
    opened.take(limit).read_to_end(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

/// The path of a `file:` address.
pub(crate) fn path_of(address: &str) -> Option<PathBuf> {
    let rest = address.strip_prefix("file://")?;
    let path = rest.get(rest.find('/')?..)?;
    let mut bytes = Vec::with_capacity(path.len());
    let mut given = path.bytes();
    while let Some(byte) = given.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [given.next()?, given.next()?];
        let digits = std::str::from_utf8(&digits).ok()?.to_owned();
        bytes.push(u8::from_str_radix(&digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The `file:` address of a path.
pub(crate) fn address_of(path: &Path) -> String {
    let mut address = "file://".to_owned();
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                address.push(char::from(byte));
            }
            byte => {
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::{Documents, address_of, path_of};
    use serde_json::{Value as Json, json};
    use std::path::Path;

    #[test]
    fn changes_follow_each_other() {
        let mut documents = Documents::default();
        documents.open("file:///a", "one\ntwo\n", Json::Null);
        let at = |line: u64, from: u64, to: u64, text: &str| {
            json!({
                "range": {"start": {"line": line, "character": from}, "end": {"line": line, "character": to}},
                "text": text,
            })
        };
        let changes = [at(1, 0, 3, "😀x"), at(1, 2, 3, "y"), at(0, 0, 0, ">")];
        documents.change("file:///a", &changes, json!(2));
        assert_eq!(
            documents.get("file:///a").map(|it| it.text.as_str()),
            Some(">one\n😀y\n")
        );
    }

    #[test]
    fn addresses_and_paths_come_back() {
        let path = Path::new("/a b/ü%.yaml");
        assert_eq!(path_of(&address_of(path)).as_deref(), Some(path));
        assert_eq!(path_of("file:///c%3"), None);
        assert_eq!(path_of("untitled:1"), None);
    }
}
