//! The error messages, symptoms and alarms of the two guides lead to the playbook that is for them.

use super::{Corpus, Heard, Known, known};
use crate::console::{Console, Stream};
use crate::environment::Environment;
use crate::gathered::files;
use crate::locate::Places;
use crate::parallel::side_by_side;
use runbook_report::terminal::Look;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;

fn environment() -> Environment {
    let stream = Stream {
        open: || Box::new(std::io::sink()),
        terminal: false,
        look: Look::default(),
    };
    Environment {
        places: Places {
            current: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
            path: Vec::new(),
        },
        state: None,
        user: "tester".to_owned(),
        variables: Vec::new(),
        console: Console {
            out: stream,
            err: stream,
            input: false,
        },
        line: Vec::new(),
    }
}

#[test]
fn every_message_of_the_guides_leads_to_its_playbook() {
    let environment = environment();
    let name = "tests/triage/messages.yaml";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let messages = crate::document::read(&file, name, environment.console.err).expect("reads");
    let messages = messages.as_array().expect("a list");
    assert!(messages.len() >= 25, "{}", messages.len());
    let mut by_folder: BTreeMap<Option<&str>, Vec<&Json>> = BTreeMap::new();
    for message in messages {
        let folder = message.get("folder").and_then(Json::as_str);
        by_folder.entry(folder).or_default().push(message);
    }
    let mut wrong = Vec::new();
    for (folder, messages) in by_folder {
        let files = files(folder.map(Path::new), &environment).expect("a folder");
        let read = side_by_side(&files, |file| known(file, &environment));
        let playbooks: Vec<Known> = read.into_iter().flatten().collect();
        let corpus = Corpus::new(&playbooks);
        for message in messages {
            let text = message.get("text").and_then(Json::as_str).expect("a text");
            let due = message.get("first").and_then(Json::as_str).expect("a name");
            let found = corpus.find(&Heard::of(text));
            let first = found
                .first()
                .map_or("nothing", |found| found.known.name.as_str());
            if first != due {
                let best: Vec<String> = found
                    .iter()
                    .take(3)
                    .map(|found| {
                        let because: Vec<&str> = found
                            .because
                            .iter()
                            .map(|part| part.text.as_str())
                            .collect();
                        let name = &found.known.name;
                        format!("    {name} {:.1}: {}", found.score, because.join(" | "))
                    })
                    .collect();
                wrong.push(format!("{text}\n  due {due}\n{}", best.join("\n")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
