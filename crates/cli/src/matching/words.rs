//! Words of texts, brought to a form in which they can be compared.

/// Words that say nothing of what a text is about: small ones, and what names of hosts and resources are made of.
const EMPTY: [&str; 69] = [
    "too",
    "many",
    "very",
    "when",
    "while",
    "due",
    "there",
    "they",
    "some",
    "all",
    "any",
    "than",
    "then",
    "a",
    "an",
    "and",
    "are",
    "as",
    "at",
    "be",
    "been",
    "but",
    "by",
    "can",
    "could",
    "did",
    "do",
    "does",
    "for",
    "from",
    "had",
    "has",
    "have",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "no",
    "not",
    "of",
    "on",
    "or",
    "that",
    "the",
    "their",
    "this",
    "to",
    "was",
    "were",
    "which",
    "will",
    "with",
    "you",
    "aws",
    "amazonaws",
    "arn",
    "com",
    "http",
    "https",
    "www",
    "us",
    "eu",
    "ap",
    "east",
    "west",
    "north",
    "south",
];

/// The longest word; longer ones are ids.
const LONGEST: usize = 48;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its form for comparing.
    pub stem: String,
    /// As it was written.
    pub written: String,
    /// It is a part of a word such as `CannotPullContainerError`.
    pub part: bool,
    /// It is the name of an error, such as this.
    pub error: bool,
}

/// The words of a text, in order; those that are made of several come with their parts behind them.
#[must_use]
pub fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    for run in text.split(|c: char| !c.is_alphanumeric()) {
        if run.is_empty() || run.chars().count() > LONGEST || is_id(run) {
            continue;
        }
        let parts = parts(run);
        let error = parts.len() > 1
            && parts
                .last()
                .is_some_and(|last| matches!(*last, "Error" | "Exception" | "Fault"));
        add(&mut found, run, false, error);
        if parts.len() > 1 {
            for part in parts {
                add(&mut found, part, true, false);
            }
        }
    }
    found
}

fn add(found: &mut Vec<Word>, written: &str, part: bool, error: bool) {
    let lower = written.to_lowercase();
    if lower.chars().count() < 2 || EMPTY.contains(&lower.as_str()) {
        return;
    }
    found.push(Word {
        stem: stem(&lower),
        written: written.to_owned(),
        part,
        error,
    });
}

/// Numbers and ids mean something else every time; codes of HTTP do not.
fn is_id(run: &str) -> bool {
    let digits = run.chars().filter(char::is_ascii_digit).count();
    if digits == run.len() {
        return !(run.len() == 3 && run.starts_with(['4', '5']));
    }
    let hexadecimal = run.chars().all(|c| c.is_ascii_hexdigit());
    digits > 0 && (run.len() >= 8 && hexadecimal || digits > 4)
}

/// `CannotPullContainerError` → `Cannot`, `Pull`, `Container`, `Error`.
fn parts(run: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let letters: Vec<(usize, char)> = run.char_indices().collect();
    for window in 1..letters.len() {
        let (Some((_, before)), Some((at, c))) = (letters.get(window - 1), letters.get(window))
        else {
            continue;
        };
        let after = letters.get(window + 1).map(|(_, after)| *after);
        let begins = c.is_uppercase()
            && (before.is_lowercase()
                || (before.is_uppercase() && after.is_some_and(char::is_lowercase)));
        if begins {
            parts.extend(run.get(start..*at));
            start = *at;
        }
    }
    parts.extend(run.get(start..));
    parts
}

/// A word without the endings that English gives it.
fn stem(word: &str) -> String {
    let cut = |ending: &str, least: usize| {
        word.strip_suffix(ending)
            .filter(|rest| rest.chars().count() >= least)
    };
    let rest = cut("ing", 4)
        .or_else(|| cut("ed", 4))
        .or_else(|| cut("es", 4).filter(|rest| rest.ends_with(['s', 'x', 'h'])))
        .or_else(|| cut("s", 3).filter(|rest| !rest.ends_with(['s', 'u', 'i'])))
        .unwrap_or(word);
    let rest = match rest.strip_suffix('e') {
        Some(shorter) if shorter.chars().count() >= 4 => shorter,
        _ => rest,
    };
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::words;

    fn stems(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.stem).collect()
    }

    #[test]
    fn words_are_compared_without_their_endings() {
        assert_eq!(stems("Throttled"), stems("throttles"));
        assert_eq!(stems("throttling of tasks"), ["throttl", "task"]);
    }

    #[test]
    fn names_of_errors_come_with_their_parts() {
        assert_eq!(
            stems("CannotPullContainerError: x"),
            [
                "cannotpullcontainererror",
                "cannot",
                "pull",
                "container",
                "error"
            ]
        );
        assert_eq!(stems("DNSName"), ["dnsnam", "dns", "name"]);
    }

    #[test]
    fn ids_are_left_out_and_codes_of_http_are_not() {
        assert_eq!(
            stems("503 after 1200 ms, task 4f2a9c1d0b, account 123456789012"),
            ["503", "after", "ms", "task", "account"]
        );
    }
}
