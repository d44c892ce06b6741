use super::Calendar;
use jiff::Timestamp;

fn calendar(head: &str, event: &str) -> Result<Calendar, String> {
    Calendar::read(&format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{head}BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Year-end\\, no\r\n  changes\r\n{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        event.replace('\n', "\r\n")
    ))
}

fn closed(event: &str, at: &str) -> bool {
    let at: Timestamp = at.parse().expect("a time");
    calendar("", event)
        .expect("a calendar")
        .closed_at(at)
        .is_some()
}

#[test]
fn an_event_closes_the_calendar_until_it_ends() {
    let read = calendar("", "ORGANIZER;CN=\"Ops: change board\":mailto:ops@example.com\nDTSTART:20261220T000000Z\nDTEND:20270102T000000Z").expect("reads");
    let closure = read
        .closed_at("2026-12-24T12:00:00Z".parse().expect("a time"))
        .expect("closed");
    assert_eq!(closure.what, "Year-end, no changes");
    assert_eq!(closure.who.as_deref(), Some("Ops: change board"));
    assert_eq!(closure.until, "2027-01-02T00:00:00Z".parse().ok());
    assert!(
        read.closed_at("2027-01-02T00:00:00Z".parse().expect("a time"))
            .is_none()
    );
    assert!(
        read.closed_at("2026-12-19T23:59:59Z".parse().expect("a time"))
            .is_none()
    );
}

#[test]
fn times_are_those_of_their_zone_also_when_clocks_change() {
    let event =
        "DTSTART;TZID=Europe/Berlin:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=MO";
    // 09:00 in Berlin is 08:00 UTC in winter and 07:00 in summer.
    assert!(closed(event, "2026-01-12T08:30:00Z"));
    assert!(closed(event, "2026-07-06T07:30:00Z"));
    assert!(!closed(event, "2026-07-06T08:30:00Z"));
    assert!(!closed(event, "2026-01-13T08:30:00Z"));
}

#[test]
fn whole_days_last_until_the_next_midnight() {
    let event = "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227";
    assert!(closed(event, "2026-12-26T23:59:59Z"));
    assert!(!closed(event, "2026-12-27T00:00:00Z"));
    assert!(closed(
        "DTSTART;VALUE=DATE:20261224",
        "2026-12-24T12:00:00Z"
    ));
}

#[test]
fn rules_repeat_as_the_standard_says() {
    for (rule, on, off) in [
        // The examples of RFC 5545, section 3.8.5.3, and what comes near to them.
        ("FREQ=DAILY;COUNT=10", "1997-09-11", "1997-09-12"),
        ("FREQ=DAILY;INTERVAL=2", "1997-09-06", "1997-09-05"),
        (
            "FREQ=DAILY;UNTIL=19971224T000000Z",
            "1997-12-23",
            "1997-12-24",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,TH",
            "1997-09-18",
            "1997-09-11",
        ),
        ("FREQ=MONTHLY;BYDAY=1FR", "1997-10-03", "1997-10-10"),
        ("FREQ=MONTHLY;BYDAY=-2MO", "1997-09-22", "1997-09-29"),
        ("FREQ=MONTHLY;BYMONTHDAY=-3", "1997-09-28", "1997-09-30"),
        (
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            "1998-02-13",
            "1998-02-06",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
            "1997-09-29",
            "1997-09-30",
        ),
        ("FREQ=YEARLY;BYMONTH=6,7", "1998-07-02", "1998-08-02"),
        ("FREQ=YEARLY;BYDAY=20MO", "1998-05-18", "1998-05-25"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1998-03-26", "1998-04-02"),
        ("FREQ=YEARLY", "2025-09-02", "2025-10-02"),
    ] {
        let event = format!("DTSTART:19970902T090000Z\nDURATION:PT1H\nRRULE:{rule}");
        assert!(closed(&event, &format!("{on}T09:30:00Z")), "{rule} on {on}");
        assert!(
            !closed(&event, &format!("{off}T09:30:00Z")),
            "{rule} not on {off}"
        );
    }
}

#[test]
fn single_repetitions_are_left_out_added_and_moved() {
    let event = "DTSTART:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\nEXDATE:20260106T090000Z\nRDATE:20260201T090000Z";
    assert!(!closed(event, "2026-01-06T09:30:00Z"));
    assert!(closed(event, "2026-02-01T09:30:00Z"));
    let moved = format!(
        "{event}\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20260107T090000Z\nDTSTART:20260107T150000Z\nDURATION:PT1H"
    );
    assert!(!closed(&moved, "2026-01-07T09:30:00Z"));
    assert!(closed(&moved, "2026-01-07T15:30:00Z"));
}

#[test]
fn a_calendar_that_is_closed_by_default_opens_for_its_events() {
    let read = calendar(
        "X-CALENDAR-TYPE:DEFAULT_CLOSED\r\n",
        "DTSTART:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY",
    )
    .expect("reads");
    assert!(
        read.closed_at("2026-01-12T09:30:00Z".parse().expect("a time"))
            .is_none()
    );
    let closure = read
        .closed_at("2026-01-12T11:00:00Z".parse().expect("a time"))
        .expect("closed");
    assert_eq!(closure.until, "2026-01-19T09:00:00Z".parse().ok());
}

#[test]
fn what_is_not_understood_is_said_with_its_line() {
    for (event, due) in [
        (
            "DTSTART:20260105T090000Z\nRRULE:FREQ=HOURLY",
            "line 8: RRULE: FREQ=HOURLY is not understood",
        ),
        (
            "DTSTART:20260105T090000Z\nRRULE:FREQ=YEARLY;BYWEEKNO=20",
            "BYWEEKNO is not understood",
        ),
        (
            "DTSTART;TZID=Nowhere:20260105T090000",
            "the time zone `Nowhere` is not known",
        ),
        ("DTSTART:2026", "`2026` is no date or time"),
        (
            "DTSTART:20260105T090000Z\nDTEND:20260104T090000Z",
            "ends before it begins",
        ),
        ("SUMMARY:x", "the event has no DTSTART"),
    ] {
        let why = calendar("", event).expect_err(event);
        assert!(why.contains(due), "{event}: {why}");
    }
    assert!(Calendar::read("hello").is_err());
    assert!(
        Calendar::read("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260105")
            .expect_err("cut")
            .contains("cut")
    );
}
