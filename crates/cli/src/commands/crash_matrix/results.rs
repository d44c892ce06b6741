//! What was counted of each scenario, a line each in a file, so that a matrix that was stopped goes on where it was.

use super::{Count, Part, failure};
use crate::exit::Failure;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// What one process counted of one scenario.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    scenario: String,
    sample: u64,
    worker: u64,
    of: u64,
    count: Count,
}

/// The results of a part so far.
#[derive(Debug, Default)]
pub struct Results<'a> {
    file: Option<&'a Path>,
    known: HashMap<String, Count>,
}

impl<'a> Results<'a> {
    /// Reads what is known of a part.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(file: Option<&'a Path>, part: Part) -> Result<Self, Failure> {
        let text = match file.map(std::fs::read_to_string) {
            Some(Ok(text)) => text,
            Some(Err(error)) if error.kind() != ErrorKind::NotFound => return Err(failure(&error)),
            _ => String::new(),
        };
        let known = text
            .lines()
            // A line that was cut when the process died was not counted.
            .filter_map(|line| serde_json::from_str::<Line>(line).ok())
            .filter(|line| {
                (line.sample, line.worker, line.of) == (part.sample, part.worker, part.of)
            })
            .map(|line| (line.scenario, line.count))
            .collect();
        Ok(Self { file, known })
    }

    /// What was counted of a scenario before.
    pub fn take(&mut self, scenario: &str) -> Option<Count> {
        self.known.remove(scenario)
    }

    /// Adds what was counted.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&self, scenario: &str, part: Part, count: Count) -> Result<Count, Failure> {
        let line = Line {
            scenario: scenario.to_owned(),
            sample: part.sample,
            worker: part.worker,
            of: part.of,
            count,
        };
        if let Some(file) = self.file {
            let text = serde_json::to_string(&line).map_err(|error| failure(&error))?;
            OpenOptions::new()
                .append(true)
                .create(true)
                .open(file)
                .and_then(|mut file| file.write_all(format!("{text}\n").as_bytes()))
                .map_err(|error| failure(&error))?;
        }
        Ok(line.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::crash_matrix::Death;

    #[test]
    fn what_was_counted_is_known_and_a_line_that_was_cut_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("results.jsonl");
        let part = |worker| Part {
            worker,
            of: 2,
            sample: 1,
            death: Death::Dropped,
        };
        let count = Count {
            killed: 7,
            ..Count::default()
        };
        let none = Results::read(Some(&file), part(0)).expect("no file is no result");
        none.add("a first", part(0), count).expect("written");
        let text = std::fs::read_to_string(&file).expect("a line");
        let cut = text.replace("a first", "a second");
        let cut = cut.get(..cut.len() / 2).expect("half of it");
        std::fs::write(&file, format!("{text}{cut}")).expect("written");

        let mut known = Results::read(Some(&file), part(0)).expect("read");
        assert_eq!(known.take("a first").expect("known").killed, 7);
        assert!(known.take("a second").is_none());
        let mut other = Results::read(Some(&file), part(1)).expect("read");
        assert!(other.take("a first").is_none(), "another process's points");
    }
}
