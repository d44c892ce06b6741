//! Values that the page wants its reader to replace.

use regex::Regex;
use std::sync::OnceLock;

/// What stands for something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placeholder {
    /// An account's number in an ARN.
    Account,
    /// A part of the text, as it was written.
    Part(String),
    /// The whole of the text.
    Whole,
}

/// Whether a text is a placeholder, or has one in it.
pub(crate) fn placeholder(text: &str) -> Option<Placeholder> {
    static ACCOUNT: OnceLock<Option<Regex>> = OnceLock::new();
    static ANGLE: OnceLock<Option<Regex>> = OnceLock::new();
    static WORDS: OnceLock<Option<Regex>> = OnceLock::new();
    static DUMMY: OnceLock<Option<Regex>> = OnceLock::new();
    static YOUR: OnceLock<Option<Regex>> = OnceLock::new();
    let matches = |pattern: &'static str, slot: &'static OnceLock<Option<Regex>>| {
        slot.get_or_init(|| Regex::new(pattern).ok())
            .as_ref()
            .and_then(|shape| shape.find(text))
            .map(|found| found.as_str().to_owned())
    };
    if text.starts_with("arn:")
        && matches(
            r":(?:ACCOUNT|ACCOUNT[-_]ID|AWS_ACCOUNT_ID|YOUR[-_]ACCOUNT(?:[-_]ID)?|123456789012|000000000000|111122223333)(?::|$)",
            &ACCOUNT,
        )
        .is_some()
    {
        return Some(Placeholder::Account);
    }
    if let Some(part) = matches(
        r"<[A-Za-z](?:[A-Za-z0-9 _./-]*[A-Za-z0-9])?>|<[A-Za-z0-9_.-]+(?:\|[A-Za-z0-9_.-]+)+>",
        &ANGLE,
    ) {
        return Some(if part == text {
            Placeholder::Whole
        } else {
            Placeholder::Part(part)
        });
    }
    // `TASK-ID`, `YOUR_CLUSTER`: shouted, and of more than one word. Values of APIs are shouted with underscores.
    if matches(
        r"^(?:[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+|(?:YOUR|MY)_[A-Z0-9_]+|[A-Z]+_(?:ID|NAME|ARN)|X{3,}|x{4,})$",
        &WORDS,
    )
    .is_some()
    {
        return Some(Placeholder::Whole);
    }
    if matches(
        r"^[a-z]{1,12}-(?:0*12345678\d*|87654321|0?123456789abcdef\d*|0?abcd?e?f?\d*|x{3,}|X{3,})$",
        &DUMMY,
    )
    .is_some()
    {
        return Some(Placeholder::Whole);
    }
    if matches(r"(?i)^your[-_ ][a-z0-9_-]+$", &YOUR).is_some() {
        return Some(Placeholder::Whole);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Placeholder, placeholder};

    #[test]
    fn what_is_to_be_replaced_is_known() {
        for text in [
            "TASK-ID",
            "<task>",
            "sg-12345678",
            "vpc-0123456789abcdef0",
            "igw-xxxx",
            "your-cluster",
            "CLUSTER_NAME",
        ] {
            assert_eq!(placeholder(text), Some(Placeholder::Whole), "{text}");
        }
        assert_eq!(
            placeholder("arn:aws:iam::ACCOUNT:role/x"),
            Some(Placeholder::Account)
        );
        assert_eq!(
            placeholder("/ecs/<service>/logs"),
            Some(Placeholder::Part("<service>".to_owned()))
        );
    }

    #[test]
    fn what_is_meant_is_left_alone() {
        for text in [
            "PAY_PER_REQUEST",
            "acso-production-cluster",
            "GreaterThanThreshold",
            "AssumeRole",
            "sg-0a1b2c3d4e5f6a7b8",
            "SNS",
            "arn:aws:iam::aws:policy/X",
            "ALARM",
        ] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }
}
