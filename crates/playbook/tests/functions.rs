//! The page about functions is what the language has.

use runbook_playbook::expression::builtins_reference;
use std::fs;
use std::path::Path;

#[test]
fn the_page_about_functions_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/functions.md");
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == builtins_reference(),
        "docs/functions.md is not what the functions say of themselves; run `cargo xtask references --write`"
    );
}
