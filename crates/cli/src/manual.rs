//! The man pages, `docs/man`: written from the command line's own definition, by a test, so that what writes them is not in the
//! program. `cargo xtask references --write` sets the variable below.

use crate::args;
use clap_mangen::Man;
use std::collections::BTreeMap;
use std::path::Path;

/// Set by whoever wants the pages written instead of compared.
const WRITE: &str = "RUNBOOK_WRITE_MAN_PAGES";

/// All pages, by the names of their files.
fn pages() -> BTreeMap<String, String> {
    fn page(command: &clap::Command, pages: &mut BTreeMap<String, String>) {
        let mut text = Vec::new();
        let man = Man::new(command.clone());
        let name = man.get_filename();
        man.render(&mut text).expect("memory takes it");
        pages.insert(name, parted(&String::from_utf8(text).expect("text")));
        for inner in command
            .get_subcommands()
            .filter(|inner| !inner.is_hide_set())
        {
            page(inner, pages);
        }
    }
    let mut command = args::command().disable_help_subcommand(true);
    command.build();
    let mut pages = BTreeMap::new();
    page(&command, &mut pages);
    pages
}

/// The page with what stands behind the options under the headings that man pages have for it.
fn parted(page: &str) -> String {
    page.replace("\n.SH EXTRA\nExamples:\n", "\n.SH EXAMPLES\n")
        .replace("\n\nExit codes:\n", "\n.SH \"EXIT STATUS\"\n")
}

#[test]
fn man_pages_are_as_they_would_be_generated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/man");
    let pages = pages();
    let there: BTreeMap<String, String> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .map(|entry| {
            let entry = entry.expect("an entry");
            let text = std::fs::read_to_string(entry.path()).expect("a page");
            (entry.file_name().to_string_lossy().into_owned(), text)
        })
        .collect();
    if std::env::var_os(WRITE).is_some() {
        std::fs::create_dir_all(&folder).expect("the folder is made");
        for name in there.keys().filter(|name| !pages.contains_key(*name)) {
            std::fs::remove_file(folder.join(name)).expect("an old page goes");
        }
        for (name, text) in &pages {
            std::fs::write(folder.join(name), text).expect("a page is written");
        }
        return;
    }
    let names = pages.keys().chain(there.keys());
    let stale: Vec<&String> = names
        .filter(|name| pages.get(*name) != there.get(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "out of step in docs/man: {stale:?}; run `cargo xtask references --write`"
    );
}

#[test]
fn man_pages_have_examples_and_exit_codes() {
    let pages = pages();
    let run = pages.get("runbook-run.1").expect("a page");
    for due in [
        ".SH EXAMPLES",
        "acso/memory\\-leak",
        ".SH \"EXIT STATUS\"",
        "\\-\\-until",
    ] {
        assert!(run.contains(due), "{due} is not in\n{run}");
    }
    assert!(pages.contains_key("runbook.1") && pages.contains_key("runbook-actions-show.1"));
}
