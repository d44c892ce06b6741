//! Problems of the checker as diagnostics of the protocol.

use crate::place::range;
use runbook_playbook::diagnostic::{Code, Diagnostic, Severity};
use serde_json::{Value as Json, json};

/// The diagnostics of a text at `address`.
pub(crate) fn published(address: &str, diagnostics: &[Diagnostic]) -> Vec<Json> {
    let each = diagnostics.iter();
    each.map(|diagnostic| published_one(address, diagnostic))
        .collect()
}

fn published_one(address: &str, diagnostic: &Diagnostic) -> Json {
    let source = &diagnostic.source;
    let mut message = diagnostic.message.clone();
    for more in [
        Some(diagnostic.primary.text.as_ref()).filter(|text| !text.is_empty()),
        diagnostic.help.as_deref(),
    ]
    .into_iter()
    .flatten()
    {
        message.push('\n');
        message.push_str(more);
    }
    let mut published = json!({
        "range": range(source, diagnostic.primary.span),
        "severity": match diagnostic.severity {
            Severity::Error => 1,
            Severity::Warning => 2,
            Severity::Lint => 4,
        },
        "code": diagnostic.code.slug(),
        "source": "runbook",
        "message": message,
    });
    let related: Vec<Json> = diagnostic
        .secondary
        .iter()
        .map(|label| {
            json!({
                "location": {"uri": address, "range": range(source, label.span)},
                "message": if label.text.is_empty() { "here" } else { &label.text },
            })
        })
        .collect();
    if !related.is_empty() {
        published["relatedInformation"] = related.into();
    }
    if matches!(
        diagnostic.code,
        Code::UnusedInput | Code::UnusedCapture | Code::UnreachableStep
    ) {
        // Shown faded.
        published["tags"] = json!([1]);
    }
    published
}
