//! Patterns that models give for texts.

use fancy_regex::Regex;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Whether a pattern of a model finds something in the text. Patterns that are no regular expressions, or take too long, are
/// not checked: the service will. A pattern is compiled once.
#[must_use]
pub fn fits(pattern: &str, text: &str) -> bool {
    static COMPILED: OnceLock<Mutex<HashMap<String, Option<Arc<Regex>>>>> = OnceLock::new();
    let cache = || {
        COMPILED
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    };
    let known = cache().get(pattern).cloned();
    // Compiled without the lock, since it takes long.
    let compiled = known.unwrap_or_else(|| {
        let new = Regex::new(pattern).ok().map(Arc::new);
        cache().insert(pattern.to_owned(), new.clone());
        new
    });
    compiled.is_none_or(|regex| regex.is_match(text).unwrap_or(true))
}
