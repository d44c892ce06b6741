use super::{Amount, Decision, Ending, Gate, Rollout, RolloutPolicy, Standing};
use crate::outcome::StopCode;
use crate::target::Target;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn targets(count: usize) -> Vec<Target> {
    (0..count)
        .map(|number| Target {
            name: number.to_string(),
            account: Some((number % 3).to_string()),
            region: Some((number % 2).to_string()),
            ..Target::default()
        })
        .collect()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}

fn starts(decisions: &[Decision]) -> Vec<usize> {
    decisions
        .iter()
        .filter_map(|decision| match decision {
            Decision::Start(index) => Some(*index),
            _ => None,
        })
        .collect()
}

fn rollout(policy: RolloutPolicy, count: usize) -> Rollout {
    Rollout::new(policy, &targets(count))
}

fn waved() -> RolloutPolicy {
    RolloutPolicy {
        waves: vec![Amount::Number(1), Amount::Percent(100.0)],
        ..RolloutPolicy::default()
    }
}

#[test]
fn a_canary_goes_first_and_the_rest_follows_after_a_pause_and_a_yes() {
    let mut rollout = rollout(
        RolloutPolicy {
            pause: Some(SignedDuration::from_secs(60)),
            approve: true,
            ..waved()
        },
        3,
    );
    assert_eq!(rollout.decide(at(0)), [Decision::Start(0)]);
    assert_eq!(rollout.decide(at(1)), [], "said once");
    rollout.ended(0, Ending::Well, at(10));
    assert_eq!(rollout.decide(at(11)), [Decision::WaitUntil(at(70))]);
    let gate = Gate { wave: 2 };
    assert_eq!(rollout.decide(at(70)), [Decision::Ask(gate)]);
    rollout.answered(gate, true, "ann");
    assert_eq!(starts(&rollout.decide(at(71))), [1, 2]);
    rollout.ended(1, Ending::Well, at(72));
    rollout.ended(2, Ending::Well, at(73));
    assert_eq!(rollout.decide(at(73)), [Decision::Finished]);
}

#[test]
fn a_no_to_a_wave_stops_the_fleet() {
    let mut rollout = rollout(
        RolloutPolicy {
            approve: true,
            ..waved()
        },
        3,
    );
    rollout.decide(at(0));
    rollout.ended(0, Ending::Well, at(1));
    rollout.answered(Gate { wave: 2 }, false, "ann");
    let decisions = rollout.decide(at(2));
    let Some(Decision::Stop(stop)) = decisions.first() else {
        panic!("{decisions:?}");
    };
    assert_eq!(stop.code, StopCode::Declined);
    assert_eq!(stop.message, "ann said no to wave 2");
    assert_eq!(decisions.last(), Some(&Decision::Finished));
    assert_eq!(rollout.counts().not_run, 2);
}

#[test]
fn a_canary_that_waits_for_a_person_holds_the_next_wave_back() {
    let mut rollout = rollout(waved(), 3);
    rollout.decide(at(0));
    rollout.ended(0, Ending::Waits, at(1));
    assert_eq!(rollout.decide(at(2)), [Decision::NeedPeople]);
    rollout.woken(0);
    assert_eq!(rollout.decide(at(3)), [Decision::Start(0)]);
    rollout.ended(0, Ending::Well, at(4));
    assert_eq!(starts(&rollout.decide(at(5))), [1, 2]);
}

#[test]
fn others_go_on_while_a_target_waits_for_a_person() {
    let mut rollout = rollout(
        RolloutPolicy {
            concurrency: 1,
            ..RolloutPolicy::default()
        },
        3,
    );
    assert_eq!(rollout.decide(at(0)), [Decision::Start(0)]);
    rollout.ended(0, Ending::Waits, at(1));
    assert_eq!(rollout.decide(at(1)), [Decision::Start(1)]);
}

#[test]
fn an_error_more_than_may_be_and_nothing_more_starts_but_what_runs_ends() {
    let mut rollout = rollout(
        RolloutPolicy {
            concurrency: 2,
            max_errors: Amount::Number(1),
            ..RolloutPolicy::default()
        },
        5,
    );
    let first = starts(&rollout.decide(at(0)));
    rollout.ended(first[0], Ending::Badly, at(1));
    let next = starts(&rollout.decide(at(1)));
    assert_eq!(next.len(), 1, "one may end badly");
    rollout.ended(first[1], Ending::Badly, at(2));
    let decisions = rollout.decide(at(2));
    assert!(
        matches!(&decisions[..], [Decision::Stop(stop)] if stop.message == "2 targets ended badly, and 1 may"),
        "{decisions:?}"
    );
    rollout.ended(next[0], Ending::Well, at(3));
    assert_eq!(rollout.decide(at(3)), [Decision::Finished]);
    assert_eq!(rollout.counts().not_run, 2);
}

#[test]
fn it_is_paused_and_goes_on() {
    let mut rollout = rollout(
        RolloutPolicy {
            concurrency: 1,
            ..RolloutPolicy::default()
        },
        2,
    );
    let first = starts(&rollout.decide(at(0)))[0];
    rollout.pause();
    assert_eq!(rollout.decide(at(1)), []);
    rollout.ended(first, Ending::Well, at(2));
    assert_eq!(rollout.decide(at(2)), [Decision::Paused]);
    rollout.resume();
    assert_eq!(starts(&rollout.decide(at(3))).len(), 1);
}

#[test]
fn what_was_interrupted_goes_on_first_even_where_the_fleet_had_stopped() {
    let mut rollout = rollout(waved(), 4);
    rollout.ended(0, Ending::Badly, at(0));
    rollout.interrupted(2);
    assert_eq!(starts(&rollout.decide(at(1))), [2]);
    rollout.ended(2, Ending::Well, at(2));
    assert_eq!(rollout.decide(at(2)), [Decision::Finished]);
    assert_eq!(rollout.standing(1), Standing::NotRun);
}

#[test]
fn targets_are_spread_over_accounts_and_regions() {
    let mut rollout = rollout(
        RolloutPolicy {
            concurrency: 6,
            ..RolloutPolicy::default()
        },
        60,
    );
    let started: BTreeSet<(usize, usize)> = starts(&rollout.decide(at(0)))
        .into_iter()
        .map(|index| (index % 3, index % 2))
        .collect();
    assert_eq!(started.len(), 6, "{started:?}");
}

#[derive(Debug, Clone)]
enum Happens {
    Ends(prop::sample::Index, Ending),
    Wakes(prop::sample::Index),
    Answered,
    Paused,
    Resumed,
    Cancelled,
    Died,
}

fn happens() -> impl Strategy<Value = Happens> {
    let ending = prop_oneof![
        6 => Just(Ending::Well),
        1 => Just(Ending::Badly),
        1 => Just(Ending::Waits)
    ];
    prop_oneof![
        20 => (any::<prop::sample::Index>(), ending).prop_map(|(index, ending)| Happens::Ends(index, ending)),
        3 => any::<prop::sample::Index>().prop_map(Happens::Wakes),
        3 => Just(Happens::Answered),
        1 => Just(Happens::Paused),
        2 => Just(Happens::Resumed),
        1 => Just(Happens::Cancelled),
        1 => Just(Happens::Died),
    ]
}

fn policies() -> impl Strategy<Value = RolloutPolicy> {
    let amount = prop_oneof![
        (0_u32..6).prop_map(Amount::Number),
        (0_u32..100).prop_map(|percent| Amount::Percent(percent.into()))
    ];
    (
        1_usize..8,
        prop::option::of(1_usize..4),
        prop::option::of(1_usize..3),
        amount.clone(),
        prop::collection::vec(amount, 0..4),
        any::<bool>(),
        prop::option::of((1_i64..50).prop_map(SignedDuration::from_secs)),
    )
        .prop_map(
            |(concurrency, per_account, per_region, max_errors, waves, approve, pause)| {
                RolloutPolicy {
                    concurrency,
                    per_account,
                    per_region,
                    max_errors,
                    waves,
                    pause,
                    approve,
                    alarms: Vec::new(),
                }
            },
        )
}

/// A rollout with what an engine would have on record of it.
struct Driven {
    targets: Vec<Target>,
    rollout: Rollout,
    running: BTreeSet<usize>,
    waits: BTreeSet<usize>,
    ended: BTreeMap<usize, (Ending, Timestamp)>,
    yes: Vec<Gate>,
    cancelled: bool,
    now: i64,
}

impl Driven {
    fn new(policy: &RolloutPolicy, count: usize) -> Self {
        let targets = targets(count);
        Self {
            rollout: Rollout::new(policy.clone(), &targets),
            targets,
            running: BTreeSet::new(),
            waits: BTreeSet::new(),
            ended: BTreeMap::new(),
            yes: Vec::new(),
            cancelled: false,
            now: 0,
        }
    }

    fn errors(&self) -> usize {
        let badly = |ending: &&(Ending, Timestamp)| ending.0 == Ending::Badly;
        self.ended.values().filter(badly).count()
    }

    /// Carries out what is decided, and says whether it is over.
    fn step(&mut self) -> bool {
        let policy = self.rollout.policy().clone();
        let stopped = self.errors() > policy.max_errors.of(self.targets.len()) || self.cancelled;
        let again = self.rollout.again.clone();
        let decisions = self.rollout.decide(at(self.now));
        for index in starts(&decisions) {
            assert!(!self.ended.contains_key(&index), "{index} ran twice");
            assert!(!self.waits.contains(&index), "{index} waits");
            assert!(self.running.insert(index), "{index} runs already");
            assert!(
                !stopped || again.contains(&index),
                "{index} began after the stop"
            );
            let wave = self.rollout.wave_of(index);
            let before = self.rollout.waves()[..wave - 1]
                .iter()
                .flat_map(Clone::clone);
            for earlier in before {
                assert!(
                    self.ended.contains_key(&earlier),
                    "{index} of wave {wave} began before {earlier} ended"
                );
            }
        }
        assert!(self.running.len() <= policy.concurrency);
        let mut accounts: BTreeMap<usize, usize> = BTreeMap::new();
        let mut regions: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for index in &self.running {
            *accounts.entry(index % 3).or_default() += 1;
            *regions.entry((index % 3, index % 2)).or_default() += 1;
        }
        let most = |most: Option<usize>| most.unwrap_or(usize::MAX);
        assert!(
            accounts
                .values()
                .all(|count| *count <= most(policy.per_account))
        );
        assert!(
            regions
                .values()
                .all(|count| *count <= most(policy.per_region))
        );
        if self.running.is_empty() {
            assert!(!decisions.is_empty(), "nothing runs, and nothing is said");
        }
        for decision in &decisions {
            match decision {
                Decision::WaitUntil(until) => self.now = self.now.max(until.as_second()),
                Decision::Finished => return true,
                _ => {}
            }
        }
        false
    }

    fn happens(&mut self, what: &Happens) {
        self.now += 1;
        match what {
            Happens::Ends(which, ending) if !self.running.is_empty() => {
                let running: Vec<usize> = self.running.iter().copied().collect();
                let index = *which.get(&running);
                self.running.remove(&index);
                if *ending == Ending::Waits {
                    self.waits.insert(index);
                } else {
                    self.ended.insert(index, (*ending, at(self.now)));
                }
                self.rollout.ended(index, *ending, at(self.now));
            }
            Happens::Wakes(which) if !self.waits.is_empty() && self.rollout.stopped().is_none() => {
                let waits: Vec<usize> = self.waits.iter().copied().collect();
                let index = *which.get(&waits);
                self.waits.remove(&index);
                self.rollout.woken(index);
            }
            Happens::Answered => {
                let decisions = self.rollout.decide(at(self.now));
                self.running.extend(starts(&decisions));
                for decision in decisions {
                    if let Decision::Ask(gate) = decision {
                        self.yes.push(gate);
                        self.rollout.answered(gate, true, "ann");
                    }
                }
            }
            Happens::Paused => self.rollout.pause(),
            Happens::Resumed => self.rollout.resume(),
            Happens::Cancelled if self.now % 5 == 0 => {
                self.cancelled = true;
                self.rollout.cancel("ann");
            }
            Happens::Died => self.dies(),
            _ => {}
        }
    }

    /// A new machine is told what is on record, and nothing else.
    fn dies(&mut self) {
        let policy = self.rollout.policy().clone();
        let begun: Vec<usize> = self.rollout.again.iter().copied().collect();
        let mut rollout = Rollout::new(policy, &self.targets);
        for (index, (ending, at)) in &self.ended {
            rollout.ended(*index, *ending, *at);
        }
        for index in &self.waits {
            rollout.ended(*index, Ending::Waits, at(self.now));
        }
        for index in begun.iter().chain(&self.running) {
            rollout.interrupted(*index);
        }
        for gate in &self.yes {
            rollout.answered(*gate, true, "ann");
        }
        if self.cancelled {
            rollout.cancel("ann");
        }
        self.running.clear();
        self.rollout = rollout;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_bound_is_broken_and_every_target_comes_to_an_end(
        policy in policies(),
        count in 0_usize..40,
        story in prop::collection::vec(happens(), 0..150),
        which in any::<prop::sample::Index>(),
    ) {
        let mut driven = Driven::new(&policy, count);
        for what in &story {
            if driven.step() {
                break;
            }
            driven.happens(what);
        }
        // From here on everybody answers, and everything ends.
        driven.rollout.resume();
        for round in 0.. {
            prop_assert!(round < 10 * count + 10, "it does not come to an end");
            if driven.step() {
                break;
            }
            driven.happens(&Happens::Answered);
            driven.happens(&Happens::Wakes(which));
            driven.happens(&Happens::Ends(which, Ending::Well));
        }
        let counts = driven.rollout.counts();
        prop_assert_eq!(counts.ended, driven.ended.len());
        prop_assert_eq!(counts.running, 0);
        prop_assert_eq!(counts.ended + counts.not_run + counts.waits, count);
        prop_assert!(driven.rollout.stopped().is_some() || counts.ended == count);
    }

    #[test]
    fn the_same_story_gives_the_same_decisions(policy in policies(), count in 0_usize..40) {
        let play = || {
            let mut rollout = Rollout::new(policy.clone(), &targets(count));
            let mut said = Vec::new();
            for now in 0..200 {
                let decisions = rollout.decide(at(now));
                for index in starts(&decisions) {
                    rollout.ended(index, Ending::Well, at(now));
                }
                said.push(decisions);
            }
            said
        };
        prop_assert_eq!(play(), play());
    }
}
