//! What the words so far say: which playbook and which run are meant.

use crate::environment::Environment;
use crate::locate::Located;
use crate::shelf::text_of;
use runbook_playbook::source::Source;
use runbook_playbook::syntax::playbook::{self, Playbook};
use std::path::PathBuf;

/// The words that stand on the line, without the program's name.
fn words(environment: &Environment) -> impl Iterator<Item = &str> {
    let words = environment.line.iter().map(String::as_str);
    words.skip_while(|word| *word != "--").skip(2)
}

/// The playbook that the line names.
pub fn playbook(environment: &Environment) -> Option<(Located, Playbook)> {
    // The first word is the command.
    words(environment).skip(1).find_map(|word| {
        let located = environment.places.locate(word).ok()?;
        let text = text_of(&located.file, &located.name).ok()?;
        let (playbook, _) = playbook::parse(&Source::new(&located.name, text));
        Some((located, playbook?))
    })
}

/// The first word behind the command that is no option: the run of commands that take one.
pub fn first(environment: &Environment) -> Option<&str> {
    words(environment)
        .skip(1)
        .find(|word| !word.is_empty() && !word.starts_with('-'))
}

/// The file of the journal, where there is one.
pub fn journal(environment: &Environment) -> Option<PathBuf> {
    let mut words = words(environment);
    let mut named = None;
    while let Some(word) = words.next() {
        if word == "--state-dir" {
            named = words.next();
        } else if let Some(folder) = word.strip_prefix("--state-dir=") {
            named = Some(folder);
        }
    }
    let folder = match named {
        Some(folder) => environment.places.current.join(folder),
        None => environment.state.clone()?,
    };
    let file = folder.join("journal.sqlite");
    file.is_file().then_some(file)
}
