//! The playbooks that fixtures name.

use runbook_playbook::check::{Library, Signature};
use runbook_playbook::source::Source;
use runbook_playbook::syntax;

/// What other playbooks declare, by the path that fixtures write.
pub struct Shelf;

impl Library for Shelf {
    fn signature(&self, _from: &str, path: &str) -> Option<Signature> {
        let text = match path {
            "escalation.yaml" => "playbook: v1\ntitle: Escalation\n",
            "drain.yaml" => {
                "playbook: v1\ntitle: Drain\ninputs:\n  instance: {type: string}\n  grace: {type: duration, default: 5m}\n"
            }
            _ => return None,
        };
        let (playbook, _) = syntax::parse(&Source::new(path, text));
        let inputs = playbook.map(|playbook| playbook.inputs).unwrap_or_default();
        Some(Signature {
            inputs,
            outputs: Vec::new(),
        })
    }
}
