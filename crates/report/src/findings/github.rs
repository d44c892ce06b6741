//! Annotations of GitHub Actions: one workflow command a finding
//! (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).

use super::{Finding, Findings, Unread};
use runbook_playbook::diagnostic::Severity;

/// The lines for the log of a workflow, each a command.
#[must_use]
pub fn lines(findings: &Findings) -> Vec<String> {
    let found = findings.found.iter().map(finding);
    found.chain(findings.unread.iter().map(unread)).collect()
}

fn finding(finding: &Finding) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Lint => "notice",
    };
    let (start, end) = (finding.region.start, finding.region.end);
    let mut properties = vec![
        format!("file={}", property(&finding.file)),
        format!("line={}", start.line),
        format!("endLine={}", end.line),
        format!("col={}", start.column),
    ];
    // GitHub takes columns only within one line, and the last column as part of the place.
    if start.line == end.line {
        let last = end.column.saturating_sub(1).max(start.column);
        properties.push(format!("endColumn={last}"));
    }
    properties.push(format!("title={}", property(finding.code.slug())));
    let message = match &finding.help {
        Some(help) => format!("{}\n{help}", finding.message),
        None => finding.message.clone(),
    };
    format!("::{command} {}::{}", properties.join(","), data(&message))
}

fn unread(unread: &Unread) -> String {
    format!(
        "::error file={}::{}",
        property(&unread.file),
        data(&unread.why)
    )
}

/// Text after the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::findings::tests::some;

    #[test]
    fn what_would_end_a_property_or_the_command_is_escaped() {
        assert_eq!(
            lines(&some()),
            [
                "::error file=plays/é a%3Ab.yaml,line=1,endLine=1,col=10,endColumn=13,title=duplicate-key::100%25, twice:%0Ano%0Akeep one",
                "::warning file=plays/é a%3Ab.yaml,line=3,endLine=3,col=8,endColumn=8,title=unused-allow::nothing is here",
                "::error file=gone.yaml::gone.yaml cannot be read: no such file",
            ]
        );
    }
}
