//! The playbooks that fixtures name.

use super::catalog::actions;
use runbook_playbook::check::{Library, Signature, signature};
use runbook_playbook::source::Source;
use runbook_playbook::syntax;

/// What other playbooks declare, by the path that fixtures write.
pub struct Shelf;

impl Library for Shelf {
    fn signature(&self, _from: &str, path: &str) -> Option<Signature> {
        let text = match path {
            "escalation.yaml" => {
                "escalation: v1\ntitle: Escalation\nlevels: [{level: 2, after: 30m}, {level: 4, at: start}]\n"
            }
            "drain.yaml" => {
                "playbook: v1\ntitle: Drain\ninputs:\n  instance: {type: string}\n  grace: {type: duration, default: 5m}\noutputs:\n  waited: inputs.grace\n"
            }
            "scripts.yaml" => {
                "playbook: v1\ntitle: Scripts\ninputs:\n  host: {type: string, default: x}\nruns: [make]\nreaches: [api.example.com, \"${{ inputs.host }}\"]\nfolders: [/srv]\nsymptom:\n  up:\n    title: Up\n    action: net:Connect\n    with: {host: api.example.com, port: 443}\n    assert: [{that: result.connected}]\nresolve:\n  make:\n    action: local:Exec\n    with: {program: make}\n"
            }
            _ => return None,
        };
        let (playbook, _) = syntax::parse(&Source::new(path, text));
        playbook.map(|playbook| signature(&playbook, &actions()))
    }
}
