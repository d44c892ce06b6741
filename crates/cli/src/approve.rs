//! Who says yes to writes: `--yes`, a person at the terminal, or nobody.

use crate::args::Consent;
use crate::console::Stream;
use crate::prompt::Prompt;
use runbook_interpreter::approval::{Approver, Decision, Doubt, Onward, Question, Settlement};
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::guard::Kind;
use runbook_interpreter::voter::Voter;
use runbook_playbook::catalog::Effect;
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
    /// The command line as it was typed, and without `--yes`.
    pub again: String,
    pub unanswered: String,
    /// They go on with a run, instead of beginning it again.
    pub resumes: bool,
    /// The command by which people answer from elsewhere, where the run is on record; the step follows.
    pub elsewhere: Option<String>,
    /// They are waited for although nobody is at this terminal.
    pub waits: bool,
    /// Where it is said who is waited for.
    pub stream: Stream,
}

impl Answers {
    /// Why the author's own wish cannot be met here; `None` where it can, or where there is none.
    fn out_of_reach(&self, question: &Question) -> Option<String> {
        let user = self.prompt.as_ref().map(|prompt| prompt.user.as_str());
        let of = if question.from.is_empty() {
            String::new()
        } else {
            format!(" ({})", question.from.join(", "))
        };
        if question.people > 1 {
            let needed = question::counted_people(question.people);
            return Some(match self.answer_elsewhere(question) {
                Some(command) => format!("{needed}{of} must say yes, each with `{command}`"),
                None => format!("{needed}{of} must say yes, and a terminal speaks for one"),
            });
        }
        match user {
            Some(user)
                if question.from.is_empty() || question.from.iter().any(|one| one == user) =>
            {
                None
            }
            Some(user) => Some(format!("one person{of} must say yes, and this is {user}")),
            None if question.insists => Some(match self.answer_elsewhere(question) {
                Some(command) => format!(
                    "a person{of} must say yes at a terminal or with `{command}`: --yes does not answer for it"
                ),
                None => {
                    format!("a person{of} must say yes at a terminal: --yes does not answer for it")
                }
            }),
            None => None,
        }
    }

    /// The command by which people answer a question from elsewhere.
    fn answer_elsewhere(&self, question: &Question) -> Option<String> {
        let command = self.elsewhere.as_ref()?;
        Some(format!("{command} {}", question.step))
    }

    /// The person at this terminal, unless the author wants others, or that person has said yes already.
    fn here(&self, question: &Question) -> Option<&Prompt> {
        let prompt = self.prompt.as_ref()?;
        let may = question.from.is_empty() || question.from.contains(&prompt.user);
        let me = Voter::of(&prompt.user);
        let agreed = question
            .agreed
            .iter()
            .any(|other| me.may_be(&Voter::of(other)));
        let alone = question.people > 1 && self.elsewhere.is_none();
        (may && !agreed && !alone).then_some(prompt)
    }

    /// How people are told to answer from elsewhere, where they are waited for.
    fn waited_for(&self, question: &Question) -> Option<String> {
        let others = self.prompt.is_some() && (question.people > 1 || !question.from.is_empty());
        let command = self.answer_elsewhere(question)?;
        (self.waits || others).then_some(command)
    }

    /// The command that also consents to a question's effects.
    fn consenting(&self, question: &Question) -> String {
        let mut words: Vec<&str> = self
            .consent
            .effects
            .union(&question.effects)
            .filter(|effect| **effect != Effect::Read)
            .map(|effect| effect.as_str())
            .collect();
        if self.consent.notify {
            words.push("notify");
        }
        match words.as_slice() {
            [] | ["write"] => format!("{} --yes", self.unanswered),
            words => format!("{} --yes={}", self.unanswered, words.join(",")),
        }
    }
}

impl Approver for Answers {
    fn onward(&self, question: Option<&Question>) -> Onward {
        let Some(question) = question else {
            return Onward {
                why: "nobody is at a terminal to do it".to_owned(),
                command: self.again.clone(),
            };
        };
        match self.out_of_reach(question) {
            Some(why) if question.people > 1 && !self.resumes && self.elsewhere.is_none() => {
                Onward {
                    why,
                    command: format!("{} --skip {}", self.again, question.step),
                }
            }
            Some(why) => Onward {
                why,
                command: self.again.clone(),
            },
            None => Onward {
                why: match self.answer_elsewhere(question) {
                    Some(command) => {
                        format!("nobody could be asked; `{command}` answers from any terminal")
                    }
                    None => "nobody could be asked".to_owned(),
                },
                command: self.consenting(question),
            },
        }
    }

    fn overriding(&self, guard: Kind) -> String {
        format!("{} --override {guard}=REASON", self.again)
    }

    fn settle<'a>(&'a self, doubt: &'a Doubt) -> Pin<Box<dyn Future<Output = Settlement> + 'a>> {
        Box::pin(async move {
            let Some(prompt) = &self.prompt else {
                if let Some(command) = self.elsewhere.as_ref().filter(|_| self.waits) {
                    self.stream.lines(&doubt_lines(doubt));
                    self.stream.line(format!(
                        "waiting: {command} {0} makes it again, {command} {0} --deny says that it was made",
                        doubt.step
                    ));
                    self.cancel.cancelled().await;
                    return Settlement::Abort;
                }
                return Settlement::Nobody;
            };
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => Settlement::Abort,
                settled = settle(prompt, doubt) => settled,
            }
        })
    }

    fn allow_telling<'a>(
        &'a self,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        Box::pin(async move {
            if self.consent.notify {
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
                decision = ask(prompt, question, None, "may they be told? [y]es, [n]o, [a]bort the run: ") => decision,
            }
        })
    }

    fn decide<'a>(
        &'a self,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        Box::pin(async move {
            // `approve` only strengthens: consent to effects is no answer where the author wants a person's.
            if !question.insists && self.consent.covers(&question.effects) {
                return Decision::Approved {
                    by: "--yes".to_owned(),
                };
            }
            let Some(prompt) = self.here(question) else {
                let Some(command) = self.waited_for(question) else {
                    return Decision::Nobody;
                };
                self.wait_for(question, &command);
                // The journal finds their answers; nothing is taken for one here.
                self.cancel.cancelled().await;
                return Decision::Abort;
            };
            let elsewhere = self.answer_elsewhere(question);
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => Decision::Abort,
                decision = ask(prompt, question, elsewhere, "do it? [y]es, [n]o, [a]bort the run: ") => decision,
            }
        })
    }
}

/// Shows a call in doubt until somebody says what became of it.
async fn settle(prompt: &Prompt, doubt: &Doubt) -> Settlement {
    let _held = crate::stage::hold();
    prompt.stream.lines(&doubt_lines(doubt));
    loop {
        let question = "was it made? [y]es: go on, [n]o: make it now, [a]bort the run: ";
        let Some(line) = prompt.line(question).await else {
            return Settlement::Nobody;
        };
        let by = prompt.user.clone();
        match line.to_lowercase().as_str() {
            "y" | "yes" => return Settlement::Made { by },
            "n" | "no" => return Settlement::NotMade { by },
            "a" | "abort" => return Settlement::Abort,
            _ => {}
        }
    }
}

/// A call in doubt, as a person sees it.
fn doubt_lines(doubt: &Doubt) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        format!(
            "{}: the run was interrupted at {} while this was sent, and no answer is on record:",
            doubt.step,
            doubt.since.strftime("%Y-%m-%d %H:%M:%SZ")
        ),
        format!("  {} {}", doubt.call.action, doubt.call.arguments),
    ];
    if !doubt.place.is_empty() {
        lines.push(format!("  in {}", doubt.place));
    }
    lines.extend(doubt.known.iter().map(|known| format!("  {known}")));
    lines.iter().map(|line| question::safe(line)).collect()
}

impl Answers {
    /// Says who is waited for, and how they answer.
    fn wait_for(&self, question: &Question, command: &str) {
        self.stream.line("");
        self.stream
            .lines(&question::lines(question, self.stream.look));
        let left = question.people.saturating_sub(question.agreed.len()).max(1);
        self.stream.line(format!(
            "waiting for {} to answer from another terminal: {command}",
            question::counted_people(left)
        ));
    }
}

/// Shows a question until it is answered, here or elsewhere.
async fn ask(
    prompt: &Prompt,
    question: &Question,
    elsewhere: Option<String>,
    words: &str,
) -> Decision {
    let _held = crate::stage::hold();
    prompt.stream.line("");
    prompt
        .stream
        .lines(&question::lines(question, prompt.stream.look));
    if let Some(command) = elsewhere {
        prompt
            .stream
            .line(format!("(from another terminal: {command})"));
    }
    let mut open = Open {
        stream: prompt.stream,
        answered: false,
    };
    let decision = answer(prompt, words).await;
    open.answered = true;
    decision
}

/// The line of a question that is still open; what is said next has one of its own.
struct Open {
    stream: Stream,
    answered: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.answered {
            self.stream.line("");
        }
    }
}

async fn answer(prompt: &Prompt, words: &str) -> Decision {
    loop {
        let Some(line) = prompt.line(words).await else {
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
    use crate::console::Stream;
    use runbook_interpreter::approval::{Approver, Decision, Question};
    use runbook_interpreter::cancel::Cancel;
    use runbook_playbook::catalog::Effect;

    fn answers(consent: &[Effect]) -> Answers {
        Answers {
            consent: Consent {
                effects: consent.iter().copied().collect(),
                notify: false,
            },
            prompt: None,
            cancel: Cancel::new(),
            again: "runbook run x -i a=1 --yes=destroy".to_owned(),
            unanswered: "runbook run x -i a=1".to_owned(),
            resumes: false,
            elsewhere: None,
            waits: false,
            stream: Stream {
                open: || Box::new(std::io::sink()),
                terminal: false,
                look: runbook_report::terminal::Look::default(),
            },
        }
    }

    fn question(effects: &[Effect]) -> Question {
        Question {
            step: "resolve.restart".to_owned(),
            title: None,
            calls: Vec::new(),
            effects: effects.iter().copied().collect(),
            prompt: None,
            place: String::new(),
            undo: Vec::new(),
            stated: Vec::new(),
            insists: false,
            people: 1,
            from: Vec::new(),
            because: Vec::new(),
            agreed: Vec::new(),
        }
    }

    fn decide(consent: &[Effect], question: &Question) -> Decision {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        runtime.block_on(answers(consent).decide(question))
    }

    #[test]
    fn consent_answers_only_for_what_it_names() {
        let yes = Decision::Approved {
            by: "--yes".to_owned(),
        };
        let write = question(&[Effect::Write]);
        assert_eq!(decide(&[Effect::Write], &write), yes);
        let both = question(&[Effect::Write, Effect::Permission]);
        assert_eq!(decide(&[Effect::Write], &both), Decision::Nobody);
    }

    #[test]
    fn without_consent_and_terminal_nobody_answers() {
        for effect in [Effect::Write, Effect::Read] {
            assert_eq!(decide(&[], &question(&[effect])), Decision::Nobody);
        }
    }

    #[test]
    fn consent_is_no_answer_where_the_author_wants_a_person() {
        let insists = Question {
            insists: true,
            ..question(&[Effect::Write])
        };
        assert_eq!(decide(&[Effect::Write], &insists), Decision::Nobody);
        let onward = answers(&[Effect::Write]).onward(Some(&insists));
        assert_eq!(onward.command, "runbook run x -i a=1 --yes=destroy");
    }

    #[test]
    fn the_command_that_goes_on_consents_to_what_was_asked_as_well() {
        let answers = answers(&[Effect::Destroy]);
        let onward = |question: &Question| answers.onward(Some(question)).command;
        assert_eq!(
            onward(&question(&[Effect::Write])),
            "runbook run x -i a=1 --yes=write,destroy"
        );
        let two = Question {
            people: 2,
            insists: true,
            ..question(&[Effect::Write])
        };
        assert_eq!(
            onward(&two),
            "runbook run x -i a=1 --yes=destroy --skip resolve.restart"
        );
    }
}
