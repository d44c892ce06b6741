//! The person at the terminal: carries out instructions and answers questions of playbooks.

use crate::prompt::Prompt;
use runbook_registry::call::{CallError, FailureKind};
use runbook_registry::local::{Carried, Instruction, Person, Question, QuestionType, Reply};
use runbook_registry::world::Pending;
use serde_json::Value as Json;

/// Somebody at a terminal.
#[derive(Debug, Clone)]
pub struct Operator {
    /// How they are asked.
    pub prompt: Prompt,
}

impl Operator {
    async fn line(&self, question: &str) -> Result<String, CallError> {
        self.prompt.line(question).await.ok_or_else(|| {
            CallError::new(
                FailureKind::NotSent,
                "unattended",
                "standard input ended at the question; run it from a terminal",
            )
        })
    }

    /// Shows text of a playbook, harmless for the terminal, line by line.
    fn show(&self, step: Option<&String>, text: &str) {
        let head = step.map_or_else(String::new, |step| format!("{step}: "));
        self.prompt.stream.line("");
        for (at, line) in text.trim_end().lines().enumerate() {
            let head = if at == 0 { head.as_str() } else { "" };
            let line = runbook_report::question::safe(line);
            self.prompt.stream.line(format!("{head}{line}"));
        }
    }
}

impl Person for Operator {
    fn carry_out<'a>(
        &'a self,
        instruction: &'a Instruction,
    ) -> Pending<'a, Result<Carried, CallError>> {
        Box::pin(async move {
            let _held = crate::stage::hold();
            self.show(instruction.step.as_ref(), &instruction.text);
            if let Some(link) = &instruction.link {
                self.show(None, link);
            }
            loop {
                let line = self
                    .line("done? [y]es, [n]o (will not), [f]ailed; a note may follow: ")
                    .await?;
                let (word, note) = line.split_once([' ', ',']).unwrap_or((&line, ""));
                match word.to_lowercase().as_str() {
                    "y" | "yes" | "done" => {
                        return Ok(Carried {
                            note: Some(note.trim().to_owned()).filter(|note| !note.is_empty()),
                            by: Some(self.prompt.user.clone()),
                        });
                    }
                    "n" | "no" => return Err(declined(&self.prompt.user)),
                    "f" | "failed" => return Err(failed(&self.prompt.user, note)),
                    _ => {}
                }
            }
        })
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Pending<'a, Result<Reply, CallError>> {
        Box::pin(async move {
            let _held = crate::stage::hold();
            self.show(question.step.as_ref(), &question.text);
            for (at, option) in question.options.iter().enumerate() {
                let line = format!("  {}. {}", at + 1, text(option));
                self.prompt
                    .stream
                    .line(runbook_report::question::safe(&line));
            }
            let prompt = match &question.default {
                Some(default) => format!("{} [{}]: ", kind(question.ty), text(default)),
                None => format!("{}: ", kind(question.ty)),
            };
            loop {
                let line = self.line(&prompt).await?;
                if line.is_empty()
                    && let Some(default) = &question.default
                {
                    return Ok(self.reply(default.clone()));
                }
                match read(&line, question) {
                    Ok(answer) => return Ok(self.reply(answer)),
                    Err(wrong) => self.prompt.stream.line(wrong),
                }
            }
        })
    }
}

impl Operator {
    fn reply(&self, answer: Json) -> Reply {
        Reply {
            answer,
            by: Some(self.prompt.user.clone()),
        }
    }
}

fn declined(by: &str) -> CallError {
    CallError::new(
        FailureKind::Answered,
        "declined",
        format!("{by} did not carry it out"),
    )
}

fn failed(by: &str, note: &str) -> CallError {
    let note = match note.trim() {
        "" => String::new(),
        note => format!(": {note}"),
    };
    CallError::new(
        FailureKind::Answered,
        "failed",
        format!("{by} says that it did not work{note}"),
    )
}

fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn kind(ty: QuestionType) -> &'static str {
    match ty {
        QuestionType::Text => "answer",
        QuestionType::Boolean => "yes or no",
        QuestionType::Integer => "a whole number",
        QuestionType::Number => "a number",
        QuestionType::Duration => "a duration, such as 15m",
        QuestionType::Timestamp => "a time, such as 2026-01-15T12:00:00Z",
    }
}

/// Reads an answer: the number of an option, an option, or a value of the type that is due.
fn read(line: &str, question: &Question) -> Result<Json, String> {
    if !question.options.is_empty() {
        let by_text = question.options.iter().find(|option| text(option) == line);
        let by_number = || {
            let number: usize = line.parse().ok()?;
            question.options.get(number.checked_sub(1)?)
        };
        return by_text
            .or_else(by_number)
            .cloned()
            .ok_or_else(|| "choose one of the answers above".to_owned());
    }
    let wrong = || format!("`{line}` is not {}", kind(question.ty));
    match question.ty {
        QuestionType::Text if line.is_empty() => Err("write an answer".to_owned()),
        QuestionType::Text => Ok(line.into()),
        QuestionType::Boolean => match line.to_lowercase().as_str() {
            "y" | "yes" | "true" => Ok(true.into()),
            "n" | "no" | "false" => Ok(false.into()),
            _ => Err(wrong()),
        },
        QuestionType::Integer => line.parse::<i64>().map(Json::from).map_err(|_| wrong()),
        QuestionType::Number => line
            .parse::<f64>()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map(Json::Number)
            .ok_or_else(wrong),
        QuestionType::Duration => runbook_playbook::duration::parse(line)
            .map(|length| runbook_playbook::duration::format(length).into())
            .map_err(|_| wrong()),
        QuestionType::Timestamp => line
            .parse::<jiff::Timestamp>()
            .map(|at| at.to_string().into())
            .map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use runbook_registry::local::{Question, QuestionType};
    use serde_json::{Value as Json, json};

    fn question(ty: QuestionType, options: Vec<Json>) -> Question {
        Question {
            step: None,
            text: "?".to_owned(),
            ty,
            options,
            default: None,
        }
    }

    #[test]
    fn answers_are_read_by_their_type() {
        let read = |ty, line| read(line, &question(ty, Vec::new()));
        assert_eq!(read(QuestionType::Boolean, "Yes"), Ok(json!(true)));
        assert_eq!(read(QuestionType::Integer, "12"), Ok(json!(12)));
        assert_eq!(read(QuestionType::Duration, "90m"), Ok(json!("1h30m")));
        assert!(read(QuestionType::Integer, "1.5").is_err());
        assert!(read(QuestionType::Timestamp, "noon").is_err());
    }

    #[test]
    fn an_option_is_chosen_by_its_text_or_its_number() {
        let asked = question(QuestionType::Text, vec![json!("blue"), json!("green")]);
        assert_eq!(read("green", &asked), Ok(json!("green")));
        assert_eq!(read("1", &asked), Ok(json!("blue")));
        assert!(read("3", &asked).is_err());
    }
}
