//! Who says yes to writes: `--yes`, a person at the terminal, or nobody.

use crate::args::Consent;
use crate::prompt::Prompt;
use runbook_interpreter::approval::{Approver, Decision, Question};
use runbook_interpreter::cancel::Cancel;
use runbook_report::question;
use std::future::Future;
use std::pin::Pin;

/// Answers by consent given beforehand, else by asking.
#[derive(Debug, Clone)]
pub struct Answers {
    /// What `--yes` answers for.
    pub consent: Consent,
    /// Who can be asked.
    pub prompt: Option<Prompt>,
    /// Ends a question that is open.
    pub cancel: Cancel,
}

impl Approver for Answers {
    fn decide<'a>(
        &'a self,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        Box::pin(async move {
            if self.consent.covers(&question.effects) {
                return Decision::Approved {
                    by: "--yes".to_owned(),
                };
            }
            let Some(prompt) = &self.prompt else {
                return Decision::Nobody;
            };
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => Decision::Abort,
                decision = ask(prompt, question) => decision,
            }
        })
    }
}

/// Shows a question until it is answered.
async fn ask(prompt: &Prompt, question: &Question) -> Decision {
    prompt.stream.line("");
    prompt
        .stream
        .lines(&question::lines(question, prompt.stream.look));
    loop {
        let Some(line) = prompt.line("do it? [y]es, [n]o, [a]bort the run: ").await else {
            return Decision::Nobody;
        };
        let by = prompt.user.clone();
        match line.to_lowercase().as_str() {
            "y" | "yes" => return Decision::Approved { by },
            "n" | "no" => return Decision::Declined { by },
            "a" | "abort" => return Decision::Abort,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Answers;
    use crate::args::Consent;
    use runbook_interpreter::approval::{Approver, Decision, Question};
    use runbook_interpreter::cancel::Cancel;
    use runbook_playbook::catalog::Effect;

    fn decide(consent: &[Effect], effects: &[Effect]) -> Decision {
        let answers = Answers {
            consent: Consent {
                effects: consent.iter().copied().collect(),
                notify: false,
            },
            prompt: None,
            cancel: Cancel::new(),
        };
        let question = Question {
            step: "resolve.restart".to_owned(),
            title: None,
            calls: Vec::new(),
            effects: effects.iter().copied().collect(),
            prompt: None,
            place: String::new(),
            undo: Vec::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        runtime.block_on(answers.decide(&question))
    }

    #[test]
    fn consent_answers_only_for_what_it_names() {
        let yes = Decision::Approved {
            by: "--yes".to_owned(),
        };
        assert_eq!(decide(&[Effect::Write], &[Effect::Write]), yes);
        assert_eq!(
            decide(&[Effect::Write], &[Effect::Write, Effect::Permission]),
            Decision::Nobody
        );
    }

    #[test]
    fn without_consent_and_terminal_nobody_answers() {
        assert_eq!(decide(&[], &[Effect::Write]), Decision::Nobody);
        assert_eq!(decide(&[], &[Effect::Read]), Decision::Nobody);
    }
}
