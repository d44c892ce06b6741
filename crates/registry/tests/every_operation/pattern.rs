//! Texts that match a model's pattern within its bounds of length.

use regex_syntax::hir::{Class, Hir, HirKind};
use runbook_registry::model::shape::StringShape;

/// Texts that are tried first: they look like what people write, and no other is found where a pattern looks around.
const LIKELY: [&str; 30] = [
    "text",
    "Text1-text",
    "1",
    "/text",
    "123456789012",
    "10.0.0.1",
    "PT1H",
    "abc1234567890123",
    "{%text%}",
    "11111111-2222-3333-4444-555555555555",
    "text.example.com",
    "text.service-now.com",
    "text@example.com",
    "https://text.example.com/",
    "https://text.example.com",
    "https://text.example.com/text",
    "jdbc:redshift://text.redshift.amazonaws.com:5439/text",
    "urn:tdm:text:text:text",
    "arn:aws:backup:us-east-1:123456789012:accesspoint/text-1text",
    "arn:aws:fsx:us-east-1:123456789012:text/1",
    "arn:aws:iam::123456789012:role/text",
    "arn:aws:kinesis:us-east-1:123456789012:channel/text",
    "arn:aws:kinesis:us-east-1:123456789012:queue/text",
    "arn:aws:kinesis:us-east-1:123456789012:stream/text",
    "arn:aws:kinesis:us-east-1:123456789012:stream/text/consumer/text:1",
    "arn:aws:lambda:us-east-1:123456789012:function:text",
    "arn:aws:logs:us-east-1:123456789012:log-group:text",
    "arn:aws:partnercentral:us-east-1:123456789012:catalog/AWS/text",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:text",
    "arn:aws:sqs:us-east-1:123456789012:text",
];

/// How many more rounds of a pattern's repetitions are tried.
const ROUNDS: [u32; 30] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 18, 20, 24, 31, 32, 34, 35, 36, 40, 50, 63,
    99, 127, 255, 1023,
];

/// The first text that fits, or nothing where none is found.
pub fn sample(name: &str, shape: &StringShape, fits: impl Fn(&str) -> bool) -> Option<String> {
    if let Some(value) = shape.values.first() {
        return Some((*value).to_owned());
    }
    if name == "KvsARN" {
        // Its endpoint is in it, and the model does not say what it looks like.
        let store = "11111111-2222-3333-4444-555555555555";
        return Some(format!(
            "arn:aws:cloudfront::123456789012:key-value-store/{store}"
        ));
    }
    let Some(pattern) = shape.pattern else {
        return Some(padded("text", shape));
    };
    let likely = LIKELY.iter().map(|text| padded(text, shape));
    if let Some(text) = likely.into_iter().find(|text| fits(text)) {
        return Some(text);
    }
    let hir = regex_syntax::parse(pattern).ok()?;
    let places = [0, 1].into_iter();
    places
        .flat_map(|branch| ROUNDS.map(|extra| (branch, extra)))
        .filter_map(|(branch, extra)| {
            let mut text = String::new();
            write(&hir, branch, extra, &mut text);
            length_fits(&text, shape).then_some(text)
        })
        .find(|text| fits(text))
}

fn length_fits(text: &str, shape: &StringShape) -> bool {
    (least(shape)..=most(shape)).contains(&text.chars().count())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casting from a float saturates, which is what a bound needs"
)]
fn least(shape: &StringShape) -> usize {
    shape.length.min.map_or(0, |min| min as usize)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casting from a float saturates, which is what a bound needs"
)]
fn most(shape: &StringShape) -> usize {
    shape.length.max.map_or(usize::MAX, |max| max as usize)
}

/// The text, shortened or continued until its length fits.
fn padded(text: &str, shape: &StringShape) -> String {
    let length = text.chars().count().clamp(least(shape), most(shape));
    text.chars()
        .chain(std::iter::repeat('x'))
        .take(length)
        .collect()
}

/// Writes the shortest match, by the branch at this place of each alternation, with `extra` more rounds of each
/// outermost repetition that may have more.
fn write(hir: &Hir, branch: usize, extra: u32, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.extend(member(class)),
        HirKind::Repetition(repetition) => {
            let rounds = repetition.min.saturating_add(extra);
            for _ in 0..rounds.min(repetition.max.unwrap_or(u32::MAX)) {
                write(&repetition.sub, branch, 0, text);
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, branch, extra, text),
        HirKind::Concat(parts) => {
            for part in parts {
                write(part, branch, extra, text);
            }
        }
        HirKind::Alternation(branches) => {
            if let Some(chosen) = branches.get(branch).or(branches.last()) {
                write(chosen, branch, extra, text);
            }
        }
    }
}

fn member(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else {
        return None;
    };
    let has = |char: &char| {
        class
            .ranges()
            .iter()
            .any(|range| range.start() <= *char && *char <= range.end())
    };
    "aA1f/-_:. ".chars().find(has).or(class
        .ranges()
        .first()
        .map(regex_syntax::hir::ClassUnicodeRange::start))
}
