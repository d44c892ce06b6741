//! A fleet's report as text for a terminal.

use super::model::{Count, FleetReport, Group, WaveTold};
use super::said::{counted, grouped, word};
use crate::line::{Line, Look, Tone};
use crate::run_report::model::Tone as Standing;
use crate::run_report::said::{at, lasting};
use crate::triage::command;
use unicode_width::UnicodeWidthStr as _;

/// As many lines of a list are shown; the page and the document have all.
const SHOWN: usize = 10;
/// As many targets are named behind a cause.
const NAMED: usize = 3;
/// The widest bar, in columns.
const BAR: usize = 24;
/// Narrower terminals have no room for bars.
const ROOM_FOR_BARS: usize = 60;

/// The report as lines.
#[must_use]
pub fn lines(report: &FleetReport, look: Look) -> Vec<String> {
    let mut lines = head(report, look);
    counts(&mut lines, report, look);
    causes(&mut lines, report, look);
    failures(&mut lines, report, look);
    people(&mut lines, report, look);
    waves(&mut lines, report, look);
    groups(&mut lines, report, look);
    slow(&mut lines, report, look);
    throttled(&mut lines, report, look);
    totals(&mut lines, report, look);
    for next in &report.next {
        lines.push(String::new());
        lines.push(Line::at(0).with(Tone::Strong, &next.text).cut(look));
        lines.extend(command(&next.command, look));
    }
    lines
}

fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Good => Tone::Good,
        Standing::Attention => Tone::Attention,
        Standing::Bad => Tone::Bad,
        Standing::Quiet => Tone::Quiet,
    }
}

/// The mark of a fleet.
fn mark(report: &FleetReport) -> &'static str {
    match (report.status.as_str(), report.tone) {
        ("running", _) => "▶",
        ("paused" | "waiting", _) => "⏸",
        ("interrupted" | "stopped", _) => "■",
        (_, Standing::Good) => "✓",
        (_, Standing::Bad) => "✗",
        _ => "●",
    }
}

fn head(report: &FleetReport, look: Look) -> Vec<String> {
    let tone = tone(report.tone);
    let mut lines = Line::at(0)
        .with(tone, mark(report))
        .plain(" ")
        .with(Tone::Strong, &report.title)
        .plain(": ")
        .with(tone, &report.status)
        .wrapped(look);
    lines.extend(Line::at(1).plain(&report.explanation).wrapped(look));
    let mut facts = vec![
        report.playbook.clone(),
        format!("fleet {}", report.fleet),
        counted(report.totals.targets, "target"),
        format!("began {}", at(report.started)),
    ];
    facts.extend(
        report
            .seconds
            .map(|seconds| format!("took {}", lasting(seconds))),
    );
    let scenario = report.scenario.as_ref();
    facts.extend(scenario.map(|name| format!("scenario {name}: no account was touched")));
    lines.extend(
        Line::at(1)
            .with(Tone::Quiet, facts.join(" · "))
            .wrapped(look),
    );
    lines
}

/// A heading, with a blank line before it.
fn heading(lines: &mut Vec<String>, title: &str, look: Look) {
    lines.push(String::new());
    lines.push(Line::at(0).with(Tone::Strong, title).cut(look));
}

/// How many more there are than are shown.
fn more(lines: &mut Vec<String>, left: usize, report: &FleetReport, look: Look) {
    if left > 0 {
        let text = format!(
            "… and {}: `runbook fleet report {} --format json`",
            grouped(left),
            report.fleet
        );
        lines.extend(Line::at(1).with(Tone::Quiet, text).wrapped(look));
    }
}

fn counts(lines: &mut Vec<String>, report: &FleetReport, look: Look) {
    if report.counts.is_empty() {
        return;
    }
    heading(lines, "Targets", look);
    let numbers = report.counts.iter().map(|count| grouped(count.targets));
    let numbers: Vec<String> = numbers.collect();
    let wide = numbers.iter().map(String::len).max().unwrap_or(0);
    let most = report.counts.iter().map(|count| count.targets).max();
    let most = most.unwrap_or(1).max(1);
    for (count, number) in report.counts.iter().zip(&numbers) {
        let mut line = Line::at(1)
            .with(tone(count.tone), format!("{:<10}", word(&count.end)))
            .plain(format!(" {number:>wide$}"));
        if look.width.is_none_or(|width| width >= ROOM_FOR_BARS) {
            let bar = "█".repeat((count.targets * BAR).div_ceil(most));
            line = line.plain("  ").with(tone(count.tone), bar);
        }
        lines.push(line.cut(look));
    }
}

/// `a, b, c and 12 more`
fn names(names: &[String]) -> String {
    let first: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    match names.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        left => format!("{} and {} more", first.join(", "), grouped(left)),
    }
}

fn causes(lines: &mut Vec<String>, report: &FleetReport, look: Look) {
    if report.causes.is_empty() {
        return;
    }
    heading(lines, "Causes", look);
    let wide = report
        .causes
        .first()
        .map_or(0, |cause| grouped(cause.targets).len());
    for cause in report.causes.iter().take(SHOWN) {
        let line = Line::at(1)
            .plain(format!("{:>wide$}  ", grouped(cause.targets)))
            .with(Tone::Strong, &cause.title)
            .with(Tone::Quiet, format!("  {}", names(&cause.names)));
        lines.extend(line.wrapped(look));
    }
    more(
        lines,
        report.causes.len().saturating_sub(SHOWN),
        report,
        look,
    );
}

fn failures(lines: &mut Vec<String>, report: &FleetReport, look: Look) {
    if report.failures.is_empty() {
        return;
    }
    heading(lines, "Did not end well for", look);
    let wide = report
        .failures
        .first()
        .map_or(0, |one| grouped(one.targets).len());
    for failure in report.failures.iter().take(SHOWN) {
        let line = Line::at(1)
            .plain(format!("{:>wide$}  ", grouped(failure.targets)))
            .with(Tone::Bad, &failure.code)
            .maybe(Tone::Plain, " in ", failure.step.as_ref())
            .plain(format!(": {}", failure.message))
            .with(Tone::Quiet, format!("  {}", names(&failure.names)));
        lines.extend(line.wrapped(look));
    }
    more(
        lines,
        report.failures.len().saturating_sub(SHOWN),
        report,
        look,
    );
}

fn people(lines: &mut Vec<String>, report: &FleetReport, look: Look) {
    if report.people.is_empty() {
        return;
    }
    heading(lines, "Need a person", look);
    for person in report.people.iter().take(SHOWN) {
        let line = Line::at(1)
            .with(Tone::Attention, &person.target)
            .maybe(Tone::Plain, "  ", person.step.as_ref())
            .plain(format!(": {}", person.why));
        lines.extend(line.wrapped(look));
        if let Some(next) = &person.next {
            lines.extend(command(next, look));
        }
    }
    more(
        lines,
        report.people.len().saturating_sub(SHOWN),
        report,
        look,
    );
}

/// `1 failed, 9 resolved`, each in its tone.
fn counted_ends(mut line: Line, counts: &[Count]) -> Line {
    for (number, count) in counts.iter().enumerate() {
        let between = if number == 0 { "" } else { ", " };
        let text = format!("{} {}", grouped(count.targets), word(&count.end));
        line = line.plain(between).with(tone(count.tone), text);
    }
    line
}

fn waves(lines: &mut Vec<String>, report: &FleetReport, look: Look) {
    if report.waves.len() < 2 && report.stopped.is_none() {
        return;
    }
    heading(lines, "Waves", look);
    for wave in &report.waves {
        lines.extend(wave_line(wave, look));
    }
    if let Some(stopped) = &report.stopped {
        let line = Line::at(1).with(Tone::Bad, "stopped").plain(format!(
            " ({}): {}",
            word(&stopped.code),
            stopped.message
        ));
        lines.extend(line.wrapped(look));
    }
}

fn wave_line(wave: &WaveTold, look: Look) -> Vec<String> {
    let line = Line::at(1).plain(format!(
        "{}  {}: ",
        wave.wave,
        counted(wave.targets, "target")
    ));
    let mut line = counted_ends(line, &wave.counts);
    if let (Some(started), Some(ended)) = (wave.started, wave.ended) {
        let took = lasting(ended.duration_since(started).as_secs());
        line = line.with(Tone::Quiet, format!("  in {took}"));
    }
    if let Some(answer) = &wave.answer {
        let word = if answer.yes { "yes" } else { "no" };
        line = line
            .with(Tone::Quiet, format!("  {word} by {}", answer.by))
            .maybe(Tone::Quiet, ": ", answer.reason.as_ref());
    }
    line.wrapped(look)
}

/// Where the targets lie that did not end well, as far as that parts them.
fn groups(lines: &mut Vec<String>, report: &FleetReport, look: Look) {
    let struck = report.groups.iter().filter(|group| group.errors > 0);
    let mut struck: Vec<&Group> = struck.collect();
    if struck.is_empty() {
        return;
    }
    heading(lines, "Where", look);
    struck.sort_by_key(|group| std::cmp::Reverse(group.errors));
    for group in struck.iter().take(SHOWN) {
        let line = Line::at(1)
            .with(Tone::Quiet, format!("{} ", group.by))
            .plain(format!("{}: ", group.value))
            .with(Tone::Bad, grouped(group.errors))
            .plain(format!(" of {}", grouped(group.targets)));
        lines.extend(line.wrapped(look));
    }
    more(lines, struck.len().saturating_sub(SHOWN), report, look);
}

fn slow(lines: &mut Vec<String>, report: &FleetReport, look: Look) {
    if report.totals.targets < 2 || report.slowest.is_empty() {
        return;
    }
    heading(lines, "Slowest", look);
    let told: Vec<(String, &str)> = report
        .slowest
        .iter()
        .take(5)
        .map(|slow| (took(slow.seconds), slow.target.as_str()))
        .collect();
    let wide = told.iter().map(|(took, _)| took.width()).max().unwrap_or(0);
    for (took, target) in told {
        lines.push(
            Line::at(1)
                .plain(format!("{took:>wide$}  {target}"))
                .cut(look),
        );
    }
}

/// Seconds for people.
pub(super) fn took(seconds: f64) -> String {
    let length = jiff::SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
    crate::ending::lasting(length)
}

fn throttled(lines: &mut Vec<String>, report: &FleetReport, look: Look) {
    if report.throttled.is_empty() {
        return;
    }
    heading(lines, "Most throttled", look);
    for one in report.throttled.iter().take(5) {
        let line = Line::at(1)
            .plain(format!("{}  ", one.target))
            .with(Tone::Attention, one.throttled.to_string())
            .plain(format!(" of {} calls, {} repeated", one.calls, one.retries));
        lines.extend(line.wrapped(look));
    }
}

fn totals(lines: &mut Vec<String>, report: &FleetReport, look: Look) {
    let totals = &report.totals;
    let calls = usize::try_from(totals.calls).unwrap_or(usize::MAX);
    let mut text = match totals.writes {
        0 => "nothing was changed".to_owned(),
        writes => counted(writes, "write"),
    };
    for (count, what) in [
        (totals.undone, "taken back"),
        (totals.unconfirmed, "not confirmed"),
    ] {
        if count > 0 {
            text = format!("{text}, {} {what}", grouped(count));
        }
    }
    let throttled = usize::try_from(totals.throttled).unwrap_or(usize::MAX);
    text = format!("{text}; {}", counted(calls, "call"));
    if throttled > 0 {
        text = format!("{text}, {} throttled", grouped(throttled));
    }
    lines.push(String::new());
    lines.extend(Line::at(0).with(Tone::Quiet, text).wrapped(look));
}
