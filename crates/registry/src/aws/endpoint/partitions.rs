//! The partitions of AWS: which region belongs where, and under which domain.

use fancy_regex::Regex;
use serde_json::{Map, Value as Json};

/// The partitions, as botocore's `partitions.json` has them.
#[derive(Debug)]
pub struct Partitions {
    all: Vec<Partition>,
}

#[derive(Debug)]
struct Partition {
    pattern: String,
    regions: Map<String, Json>,
    outputs: Json,
}

impl Partitions {
    /// Reads the content of `partitions.json`.
    #[must_use]
    pub fn from_json(data: &Json) -> Self {
        let all = data["partitions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|partition| {
                let mut outputs = partition["outputs"].clone();
                if let Some(members) = outputs.as_object_mut() {
                    members.insert("name".to_owned(), partition["id"].clone());
                }
                Partition {
                    pattern: partition["regionRegex"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned(),
                    regions: partition["regions"]
                        .as_object()
                        .cloned()
                        .unwrap_or_default(),
                    outputs,
                }
            })
            .collect();
        Self { all }
    }

    /// The regions of all partitions that are places: not `aws-global`.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        let all = self
            .all
            .iter()
            .flat_map(|partition| partition.regions.keys());
        all.map(String::as_str)
            .filter(|region| !region.ends_with("-global"))
    }

    /// What is known of a region's partition (`name`, `dnsSuffix`, `supportsFIPS` …); the first partition for a region
    /// that none knows, as the rules' `aws.partition` wants it.
    #[must_use]
    pub fn of(&self, region: &str) -> Option<&Json> {
        let known = self.all.iter().find(|it| it.regions.contains_key(region));
        // Compiling a pattern costs more than all the rest, so names come first.
        let matching = || {
            self.all.iter().find(|it| {
                Regex::new(&it.pattern)
                    .is_ok_and(|pattern| pattern.is_match(region).unwrap_or(false))
            })
        };
        known
            .or_else(matching)
            .or_else(|| self.all.first())
            .map(|it| &it.outputs)
    }

    /// The name of a region's partition: `aws`, `aws-cn` …
    #[must_use]
    pub fn name_of(&self, region: &str) -> Option<&str> {
        self.of(region)?["name"].as_str()
    }
}
