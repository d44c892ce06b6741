//! What is kept of a run beside its target: its document, and the rows that its page is made of.

use runbook_interpreter::journal::RunRows;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// The most bytes of a report. The server takes 31 MB, and whoever asks for reports of many targets waits for all of them.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What is kept of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The document of `--format json`.
    pub document: Json,
    /// The run as a journal would have it.
    pub rows: RunRows,
}

impl RunReport {
    /// As it travels. Where it is too large, the largest results of calls are left out.
    pub fn into_json(mut self) -> Json {
        let mut size = bytes(&self.document) + bytes(&self.rows);
        let mut sizes: Vec<(usize, usize)> = self
            .rows
            .calls
            .iter()
            .enumerate()
            .map(|(index, call)| (bytes(&call.answer), index))
            .collect();
        sizes.sort_unstable();
        while size > MOST_BYTES
            && let Some((own, index)) = sizes.pop()
        {
            if let Some(call) = self.rows.calls.get_mut(index) {
                call.answer = Some(Ok(json!({ "left_out": format!("{own} bytes") })));
                call.truncated = true;
            }
            size = size.saturating_sub(own);
        }
        serde_json::to_value(&self).unwrap_or_default()
    }
}

fn bytes(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::{MOST_BYTES, RunReport, bytes};
    use runbook_interpreter::journal::RunRows;
    use serde_json::{Value as Json, json};

    #[test]
    fn the_largest_results_of_a_report_that_is_too_large_are_left_out() {
        let call = |key: &str, length: usize| {
            json!({
                "key": key, "step": "s", "action": "a:B", "arguments": {}, "effect": "read", "before": null,
                "token": null, "attempt": 1, "sent": 1, "started": "", "ended": "", "request_id": null, "region": null,
                "role": null, "truncated": false, "answer": {"Ok": {"text": "x".repeat(length)}},
            })
        };
        let rows: RunRows = serde_json::from_value(json!({
            "run": {
                "id": "r", "playbook": "p", "title": "P", "digest": "", "inputs": {}, "options": {}, "context": {},
                "program": "1", "sessions": 1, "started": "2026-01-01T00:00:00Z", "ended": null, "verdict": null,
                "reason": null, "explanation": null, "writes": 0,
            },
            "events": [],
            "calls": [call("small", 10), call("large", MOST_BYTES)],
        }))
        .expect("rows");
        let document = Json::Null;
        let report = RunReport { document, rows }.into_json();
        assert!(bytes(&report) < MOST_BYTES);
        let calls = &report["rows"]["calls"];
        assert_eq!(calls[0]["answer"]["Ok"]["text"], "xxxxxxxxxx");
        assert_eq!(calls[1]["truncated"], true);
    }
}
