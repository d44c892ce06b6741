//! Every row of the table.

use super::*;

fn verdict(facts: Facts) -> Verdict {
    judge(&facts).0
}

const SOME: Facts = Facts {
    symptom: Symptom::Some,
    stop: None,
    undone: None,
    until_symptom: false,
    diagnosis: Diagnosis::Found,
    no_resolve: false,
    resolution: Resolution::NotRun,
    declined: false,
    read_only: false,
    own_verify: false,
    verification: Verification::NotRun,
    check: None,
};

#[test]
fn a_run_that_waits_for_a_person_is_paused_whatever_else() {
    let stop = Some(StopFacts::Paused);
    let undone = Some(UndoFacts::Completely);
    assert_eq!(
        verdict(Facts {
            stop,
            undone,
            ..SOME
        }),
        Verdict::Paused
    );
}

#[test]
fn an_undo_is_undone_or_failed_even_when_aborted() {
    let stop = Some(StopFacts::Aborted);
    for (undone, expected) in [
        (UndoFacts::Completely, Verdict::Undone),
        (UndoFacts::Partly, Verdict::Failed),
    ] {
        let undone = Some(undone);
        assert_eq!(
            verdict(Facts {
                stop,
                undone,
                ..SOME
            }),
            expected
        );
    }
}

#[test]
fn a_stopped_run_is_aborted() {
    let stop = Some(StopFacts::Aborted);
    assert_eq!(
        verdict(Facts {
            stop,
            symptom: Symptom::None,
            ..SOME
        }),
        Verdict::Aborted
    );
}

#[test]
fn no_symptom_is_absent() {
    assert_eq!(
        verdict(Facts {
            symptom: Symptom::None,
            ..SOME
        }),
        Verdict::Absent
    );
}

#[test]
fn until_symptom_is_diagnosed_when_some_hold_and_failed_when_unknown() {
    let asked = Facts {
        until_symptom: true,
        diagnosis: Diagnosis::NotRun,
        ..SOME
    };
    assert_eq!(verdict(asked), Verdict::Diagnosed);
    assert_eq!(
        verdict(Facts {
            symptom: Symptom::Unknown,
            ..asked
        }),
        Verdict::Failed
    );
}

#[test]
fn an_unknown_symptom_is_failed_whatever_was_diagnosed() {
    assert_eq!(
        verdict(Facts {
            symptom: Symptom::Unknown,
            no_resolve: true,
            ..SOME
        }),
        Verdict::Failed
    );
}

#[test]
fn a_failed_step_is_failed() {
    for symptom in [Symptom::Some, Symptom::NoGraph] {
        let resolution = Resolution::Failed;
        assert_eq!(
            verdict(Facts {
                symptom,
                resolution,
                ..SOME
            }),
            Verdict::Failed
        );
    }
}

#[test]
fn verification_decides_what_was_done() {
    for (verification, expected) in [
        (Verification::Clear, Verdict::Resolved),
        (Verification::Still, Verdict::Unresolved),
        (Verification::Unreadable, Verdict::Failed),
        (Verification::NotRun, Verdict::Done),
    ] {
        let done = Facts {
            resolution: Resolution::Done,
            verification,
            ..SOME
        };
        assert_eq!(judge(&done), (expected, None));
        let own = Facts {
            symptom: Symptom::NoGraph,
            own_verify: true,
            ..done
        };
        assert_eq!(verdict(own), expected);
    }
}

#[test]
fn a_cause_found_and_nothing_to_run_is_diagnosed() {
    for symptom in [Symptom::Some, Symptom::NoGraph] {
        assert_eq!(
            verdict(Facts {
                symptom,
                no_resolve: true,
                ..SOME
            }),
            Verdict::Diagnosed
        );
    }
}

#[test]
fn nothing_done_is_unresolved_with_its_reason() {
    let nothing = Facts {
        resolution: Resolution::Nothing,
        ..SOME
    };
    let none = Diagnosis::NoneFound;
    for (facts, reason) in [
        (
            Facts {
                diagnosis: none,
                ..nothing
            },
            Reason::Unexplained,
        ),
        (
            Facts {
                diagnosis: none,
                no_resolve: true,
                ..SOME
            },
            Reason::Unexplained,
        ),
        (nothing, Reason::NoRemedy),
        (
            Facts {
                declined: true,
                ..nothing
            },
            Reason::Declined,
        ),
    ] {
        assert_eq!(judge(&facts), (Verdict::Unresolved, Some(reason)));
    }
}

#[test]
fn an_unknown_diagnosis_with_nothing_done_is_failed() {
    for symptom in [Symptom::Some, Symptom::NoGraph] {
        let diagnosis = Diagnosis::Unknown;
        let resolution = Resolution::Nothing;
        assert_eq!(
            verdict(Facts {
                symptom,
                diagnosis,
                resolution,
                ..SOME
            }),
            Verdict::Failed
        );
    }
}

#[test]
fn a_procedure_is_done_also_when_nothing_was_to_do_unless_declined() {
    let procedure = Facts {
        symptom: Symptom::NoGraph,
        diagnosis: Diagnosis::NotRun,
        ..SOME
    };
    for resolution in [Resolution::Nothing, Resolution::Done] {
        assert_eq!(
            verdict(Facts {
                resolution,
                ..procedure
            }),
            Verdict::Done
        );
    }
    let resolution = Resolution::Nothing;
    assert_eq!(
        judge(&Facts {
            declined: true,
            resolution,
            ..procedure
        }),
        (Verdict::Unresolved, Some(Reason::Declined))
    );
}

#[test]
fn a_health_check_is_healthy_unhealthy_or_failed() {
    for (check, expected) in [
        (CheckFacts::AllTrue, Verdict::Healthy),
        (CheckFacts::OneFalse, Verdict::Unhealthy),
        (CheckFacts::Unknown, Verdict::Failed),
    ] {
        let facts = Facts {
            check: Some(check),
            ..Facts::default()
        };
        assert_eq!(verdict(facts), expected);
    }
}
