//! How well playbooks fit a text: what few of them know weighs more than what many do.

use super::alarm::Heard;
use super::corpus::{Entry, EntryKind, Known};
use super::words::words;
use regex::Regex;
use runbook_report::text_match::MatchedPart;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

/// How much a part of a word such as `CannotPullContainerError` weighs.
const PART: f64 = 0.5;
/// How much two words that stand side by side weigh, beside what each does.
const PAIR: f64 = 0.8;
/// How much the name of an error weighs.
const ERROR: f64 = 2.0;
/// How much a playbook weighs that others run: they are for problems, it is a part.
const RUN_BY_OTHERS: f64 = 0.6;
/// How much a playbook weighs that knows no problem.
const PROCEDURE: f64 = 0.7;
/// The most reasons that are given for a match.
const REASONS: usize = 4;
/// The most bytes of a pattern's program; larger patterns are not searched for.
const LARGEST: usize = 1 << 20;

/// A term of a playbook: what a match weighs, and the entry that says it best.
type Terms = HashMap<String, (f64, usize)>;

/// What all playbooks know.
pub struct Corpus<'k> {
    playbooks: Vec<Indexed<'k>>,
    /// How many playbooks know a term.
    known_by: HashMap<String, usize>,
}

struct Indexed<'k> {
    known: &'k Known,
    /// How much what it knows weighs.
    weight: f64,
    terms: Terms,
    patterns: Vec<(Regex, usize)>,
}

/// A playbook that fits.
pub struct Found<'k> {
    /// The playbook.
    pub known: &'k Known,
    /// How well.
    pub score: f64,
    /// Why, what weighs most first.
    pub because: Vec<MatchedPart>,
}

/// A term of the text.
struct Asked {
    weight: f64,
    written: String,
    what: &'static str,
}

impl<'k> Corpus<'k> {
    /// Indexes what playbooks know.
    #[must_use]
    pub fn new(playbooks: &'k [Known]) -> Self {
        let parts: HashSet<&PathBuf> = playbooks.iter().flat_map(|known| &known.runs).collect();
        let playbooks: Vec<Indexed<'k>> = playbooks
            .iter()
            .map(|known| Indexed::new(known, parts.contains(&known.file)))
            .collect();
        let mut known_by: HashMap<String, usize> = HashMap::new();
        for playbook in &playbooks {
            for term in playbook.terms.keys() {
                *known_by.entry(term.clone()).or_default() += 1;
            }
        }
        Self {
            playbooks,
            known_by,
        }
    }

    /// The playbooks that fit, best first; equal ones by name.
    #[must_use]
    pub fn find(&self, heard: &Heard) -> Vec<Found<'k>> {
        let asked = asked(heard);
        let text: Vec<&str> = heard.pieces.iter().map(|(text, _)| text.as_str()).collect();
        let text = text.join("\n");
        let matching: Vec<Vec<usize>> = self
            .playbooks
            .iter()
            .map(|playbook| {
                let patterns = playbook.patterns.iter();
                patterns
                    .filter(|(pattern, _)| pattern.is_match(&text))
                    .map(|(_, entry)| *entry)
                    .collect()
            })
            .collect();
        let with_pattern = matching
            .iter()
            .filter(|entries| !entries.is_empty())
            .count();
        let mut found: Vec<Found<'k>> = self
            .playbooks
            .iter()
            .zip(&matching)
            .filter_map(|(playbook, patterns)| self.fit(playbook, &asked, patterns, with_pattern))
            .collect();
        found.sort_by(|one, other| {
            other
                .score
                .total_cmp(&one.score)
                .then_with(|| one.known.name.cmp(&other.known.name))
        });
        found
    }

    fn fit(
        &self,
        playbook: &Indexed<'k>,
        asked: &BTreeMap<String, Asked>,
        patterns: &[usize],
        with_pattern: usize,
    ) -> Option<Found<'k>> {
        let mut reasons: Vec<(f64, MatchedPart)> = Vec::new();
        let mut score = 0.0;
        for (term, asked) in asked {
            let Some((weight, entry)) = playbook.terms.get(term) else {
                continue;
            };
            let rarity = self.rarity(self.known_by.get(term).copied().unwrap_or_default());
            let worth = rarity * weight * asked.weight;
            score += worth;
            if let Some(entry) = playbook.known.entries.get(*entry) {
                reasons.push((worth, reason(asked.what, &asked.written, entry)));
            }
        }
        let rarity = self.rarity(with_pattern);
        let best = patterns
            .iter()
            .filter_map(|entry| playbook.known.entries.get(*entry))
            .max_by(|one, other| one.weight.total_cmp(&other.weight));
        if let Some(entry) = best {
            let worth = rarity * entry.weight;
            score += worth;
            reasons.push((worth, reason("pattern", &entry.text, entry)));
        }
        if score <= 0.0 {
            return None;
        }
        reasons
            .sort_by(|(one, a), (other, b)| other.total_cmp(one).then_with(|| a.text.cmp(&b.text)));
        let mut because: Vec<MatchedPart> = Vec::new();
        for (_, reason) in reasons {
            // Two words say what each of them says.
            let said =
                |known: &MatchedPart| known.what != "pattern" && known.text.contains(&reason.text);
            if because.len() < REASONS && !because.iter().any(said) {
                because.push(reason);
            }
        }
        Some(Found {
            known: playbook.known,
            score: score * playbook.weight,
            because,
        })
    }

    /// How much it says that so many playbooks know something: the inverse document frequency of BM25.
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are not that many playbooks in the world"
    )]
    fn rarity(&self, knowing: usize) -> f64 {
        let (all, knowing) = (self.playbooks.len() as f64, knowing as f64);
        ((all - knowing + 0.5) / (knowing + 0.5) + 1.0).ln()
    }
}

fn reason(what: &'static str, text: &str, entry: &Entry) -> MatchedPart {
    MatchedPart {
        what,
        text: text.to_owned(),
        place: entry.place.clone(),
        at: entry.at.clone(),
    }
}

impl<'k> Indexed<'k> {
    fn new(known: &'k Known, part: bool) -> Self {
        let mut terms = Terms::new();
        let mut patterns = Vec::new();
        for (at, entry) in known.entries.iter().enumerate() {
            let mut learn = |term: String, weight: f64| {
                let best = terms.entry(term).or_insert((0.0, at));
                if weight > best.0 {
                    *best = (weight, at);
                }
            };
            match entry.kind {
                EntryKind::Metric => {
                    learn(metric(&entry.text), entry.weight);
                    for word in words(&entry.text) {
                        learn(word.stem, entry.weight * 0.4);
                    }
                }
                EntryKind::Words => {
                    for (term, weight, ..) in all_terms(&entry.text) {
                        learn(term, entry.weight * weight);
                    }
                }
                EntryKind::Pattern => {
                    let pattern = regex::RegexBuilder::new(&entry.text)
                        .size_limit(LARGEST)
                        .build();
                    // What is found in nothing is found everywhere.
                    if let Ok(pattern) = pattern
                        && !pattern.is_match("")
                    {
                        patterns.push((pattern, at));
                    }
                }
            }
        }
        let playbook = &known.playbook;
        let graphs = [&playbook.symptom, &playbook.diagnose, &playbook.check];
        Self {
            weight: if part {
                RUN_BY_OTHERS
            } else if graphs.iter().all(|graph| graph.is_none()) {
                PROCEDURE
            } else {
                1.0
            },
            known,
            terms,
            patterns,
        }
    }
}

fn metric(text: &str) -> String {
    format!("metric {}", text.to_lowercase())
}

/// The words of a text and the pairs of words that stand side by side, with what they weigh and how they are written.
fn all_terms(text: &str) -> Vec<(String, f64, String, &'static str)> {
    let mut terms = Vec::new();
    let mut before: Option<(String, String)> = None;
    for word in words(text) {
        if word.part {
            terms.push((word.stem, PART, word.written, "word"));
            continue;
        }
        if let Some((stem, written)) = before {
            let both = format!("{written} {}", word.written);
            terms.push((format!("{stem} {}", word.stem), PAIR, both, "words"));
        }
        before = Some((word.stem.clone(), word.written.clone()));
        let (weight, what) = if word.error {
            (ERROR, "error")
        } else {
            (1.0, "word")
        };
        terms.push((word.stem, weight, word.written, what));
    }
    terms
}

/// The terms of a text, each with the most that it weighs.
fn asked(heard: &Heard) -> BTreeMap<String, Asked> {
    let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
    let mut ask = |term: String, weight: f64, written: String, what| {
        let known = asked.entry(term).or_insert_with(|| Asked {
            weight: 0.0,
            written,
            what,
        });
        known.weight = known.weight.max(weight);
    };
    for (text, weight) in &heard.pieces {
        for (term, own, written, what) in all_terms(text) {
            // What the playbook says of it has that weight already.
            let own = if what == "error" { 1.0 } else { own };
            ask(term, own * weight, written, what);
        }
    }
    for name in &heard.metrics {
        ask(metric(name), 1.0, name.clone(), "metric");
    }
    asked
}
