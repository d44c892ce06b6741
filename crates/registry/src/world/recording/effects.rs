//! When the effects of writes show: answers that change after a write, as flags that the write sets.

use super::Made;
use super::entries::Sequence;
use crate::world::scenario::is_human;
use jiff::SignedDuration;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Answers to the same call that change more often than this are given in turn: a number that grows all the time says
/// nothing of a write.
const MOST_CHANGES: usize = 6;

/// What times are rounded to, where a reading lies on neither side.
const ROUND: [i64; 11] = [
    3_600_000, 600_000, 300_000, 60_000, 30_000, 10_000, 5_000, 1_000, 100, 10, 1,
];

/// How a recording tells answers apart that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// By the writes after which they changed, and the time that had passed in waits since then.
    ByWrites,
    /// By how often each came.
    InTurn,
}

/// The flags of a recording.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// What a write sets, and when, by the call's position.
    set: HashMap<usize, Vec<(String, SignedDuration)>>,
    /// The flag by which an answer shows, by the position of the first call that got it.
    shown: HashMap<usize, String>,
}

/// A change that shows later than `after` and not later than `until` after its write.
struct Change {
    shown: usize,
    after: Option<SignedDuration>,
    until: SignedDuration,
}

impl Effects {
    /// Finds the writes after which answers changed. `sequences` are the answers to reads, `writes` the calls that
    /// change something.
    pub fn find<'s>(
        calls: &[Made],
        sequences: impl Iterator<Item = &'s Sequence>,
        writes: &HashSet<usize>,
    ) -> Self {
        let mut changes: BTreeMap<usize, Vec<Change>> = BTreeMap::new();
        for sequence in sequences {
            let own: Vec<(usize, Change)> = sequence
                .runs
                .windows(2)
                .filter_map(|pair| {
                    let [before, after] = pair else { return None };
                    if before.is_passing || after.is_passing {
                        return None;
                    }
                    change(calls, writes, before.last, after.first)
                })
                .collect();
            if own.len() <= MOST_CHANGES {
                for (write, change) in own {
                    changes.entry(write).or_default().push(change);
                }
            }
        }
        let mut effects = Self::default();
        let mut taken = HashSet::new();
        for (write, mut changes) in changes {
            changes.sort_by_key(|change| (change.until, change.after));
            let name = calls.get(write).map(|made| flag(&made.call.action));
            let name = name.unwrap_or_default();
            let mut changes = changes.into_iter().peekable();
            while let Some(change) = changes.next() {
                // One flag for all that can have shown at the same time.
                let (mut after, until) = (change.after, change.until);
                let mut shown = vec![change.shown];
                while let Some(next) = changes.next_if(|next| next.after < Some(until)) {
                    after = after.max(next.after);
                    shown.push(next.shown);
                }
                let flag = std::iter::once(name.clone())
                    .chain((2..1_000_000).map(|number| format!("{name}_{number}")))
                    .find(|flag| !taken.contains(flag))
                    .unwrap_or_default();
                taken.insert(flag.clone());
                let at = after.map_or(SignedDuration::ZERO, |after| round(after, until));
                effects
                    .set
                    .entry(write)
                    .or_default()
                    .push((flag.clone(), at));
                for shown in shown {
                    effects.shown.insert(shown, flag.clone());
                }
            }
        }
        effects
    }

    /// The flags that a call sets, and how long after it.
    pub fn set(&self, position: usize) -> &[(String, SignedDuration)] {
        self.set.get(&position).map_or(&[], Vec::as_slice)
    }

    /// The flag by which an answer shows that a call is the first to get.
    pub fn shown(&self, position: usize) -> Option<&String> {
        self.shown.get(&position)
    }
}

/// The write after which an answer changed between two calls.
fn change(
    calls: &[Made],
    writes: &HashSet<usize>,
    last: usize,
    first: usize,
) -> Option<(usize, Change)> {
    let (old, new) = (calls.get(last)?, calls.get(first)?);
    let service = |made: &Made| made.call.action.split(':').next().map(str::to_owned);
    let before = (0..first).rev().filter(|position| {
        let made = calls.get(*position);
        writes.contains(position) && made.is_some_and(|made| matches!(made.result, Some(Ok(_))))
    });
    let before: Vec<usize> = before.collect();
    let own = before
        .iter()
        .find(|position| calls.get(**position).map(service) == Some(service(new)));
    let write = *own.or(before.first())?;
    let sent = calls.get(write)?;
    // What a person did shows by what a person did.
    if is_human(&sent.call.action) {
        return None;
    }
    let change = Change {
        shown: first,
        after: (last > write).then(|| old.waited - sent.waited),
        until: new.waited - sent.waited,
    };
    let between = change.after.is_none_or(|after| after < change.until);
    between.then_some((write, change))
}

/// The roundest time between two readings, the second of which it may meet.
fn round(after: SignedDuration, until: SignedDuration) -> SignedDuration {
    let millis = |length: SignedDuration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    let (after, until) = (millis(after), millis(until));
    // A wait of a run is measured some milliseconds too short.
    let after = after + ((until - after) / 4).min(1_000);
    let round = ROUND
        .into_iter()
        .map(|unit| until - until.rem_euclid(unit))
        .find(|time| *time >= after);
    SignedDuration::from_millis(round.unwrap_or(until))
}

/// `sqs:PurgeQueue` → `purge_queue_shows`.
fn flag(action: &str) -> String {
    let operation = action.split(':').next_back().unwrap_or(action);
    let mut name = String::new();
    let mut lower = false;
    for character in operation.chars().filter(char::is_ascii_alphanumeric) {
        if character.is_ascii_uppercase() && lower {
            name.push('_');
        }
        lower = character.is_ascii_lowercase();
        name.push(character.to_ascii_lowercase());
    }
    name + "_shows"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: i64) -> SignedDuration {
        SignedDuration::from_secs(count)
    }

    #[test]
    fn the_roundest_time_between_two_readings_is_taken() {
        for (after, until, round_one) in [
            (10, 20, 20),
            (110, 130, 120),
            (45, 75, 60),
            (61, 64, 64),
            (0, 3_700, 3_600),
            (299, 305, 300),
        ] {
            assert_eq!(
                round(seconds(after), seconds(until)),
                seconds(round_one),
                "{after}..{until}"
            );
        }
        let measured = SignedDuration::from_millis(9_900);
        assert_eq!(round(measured, seconds(15)), seconds(15));
    }

    #[test]
    fn flags_are_named_after_operations() {
        assert_eq!(flag("sqs:PurgeQueue"), "purge_queue_shows");
        assert_eq!(flag("rds:ModifyDBInstance"), "modify_dbinstance_shows");
        assert_eq!(flag("local:Exec"), "exec_shows");
    }
}
