//! `human:Ask`: a typed question to a person.

use super::arguments::Arguments;
use super::person::{Question, QuestionType};
use super::signature::{local, some_text};
use super::{LocalAction, LocalContext};
use crate::call::{Answer, Call, CallError, FailureKind};
use crate::world::Pending;
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use serde_json::{Value as Json, json};

const TYPES: [&str; 6] = [
    "text",
    "boolean",
    "integer",
    "number",
    "duration",
    "timestamp",
];

/// Asks a person a question and checks the answer against its type.
///
/// Inputs: `question`, `type` (`text` by default, `boolean`, `integer`, `number`, `duration`, `timestamp`), `options`
/// (the answers to choose from), `default` (the answer that is proposed).
///
/// Result: `answer`, and `by` (who answered) where given.
///
/// Errors: `declined`, `unattended` (nobody can be asked), `answer` (it does not fit), `timeout`.
#[derive(Debug, Clone, Copy)]
pub struct HumanAsk;

impl LocalAction for HumanAsk {
    fn signature(&self) -> Action {
        let input = Record::new("human:Ask input")
            .required("question", some_text())
            .optional("type", Type::one_of(&TYPES))
            .optional("options", Type::list(Type::Any))
            .optional("default", Type::Any)
            .build();
        let output = Record::new("human:Ask result")
            .required("answer", Type::Any)
            .optional("by", Type::text())
            .build();
        local(
            "human:Ask",
            input,
            output,
            Effect::Read,
            &["declined", "unattended", "answer", "timeout"],
        )
    }

    fn run<'a>(
        &'a self,
        context: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            let question = question(call)?;
            let reply = context.person.ask(&question).await?;
            if let Some(problem) = problem(&question, &reply.answer) {
                return Err(CallError::new(FailureKind::Answered, "answer", problem));
            }
            let mut result = json!({"answer": reply.answer});
            if let (Some(by), Some(members)) = (reply.by, result.as_object_mut()) {
                members.insert("by".to_owned(), by.into());
            }
            Ok(Answer {
                result,
                ..Answer::default()
            })
        })
    }
}

/// The question that a call of `human:Ask` puts.
fn question(call: &Call) -> Result<Question, CallError> {
    let arguments = Arguments::of(call);
    let ty = match arguments.optional_text("type")? {
        None | Some("text") => QuestionType::Text,
        Some("boolean") => QuestionType::Boolean,
        Some("integer") => QuestionType::Integer,
        Some("number") => QuestionType::Number,
        Some("duration") => QuestionType::Duration,
        Some("timestamp") => QuestionType::Timestamp,
        Some(_) => {
            return Err(
                arguments.wrong("type", format_args!("must be one of {}", TYPES.join(", ")))
            );
        }
    };
    let options = match arguments.json("options") {
        None => Vec::new(),
        Some(options) => options
            .as_array()
            .cloned()
            .ok_or_else(|| arguments.wrong("options", "must be a list"))?,
    };
    let question = Question {
        step: call.step.clone(),
        text: arguments.text("question")?.to_owned(),
        ty,
        options,
        default: arguments.json("default").cloned(),
    };
    match question
        .default
        .as_ref()
        .and_then(|default| problem(&question, default))
    {
        Some(problem) => Err(arguments.wrong("default", format_args!("does not fit: {problem}"))),
        None => Ok(question),
    }
}

/// What is wrong with an answer.
fn problem(question: &Question, answer: &Json) -> Option<String> {
    let fits = match question.ty {
        QuestionType::Text => answer.is_string(),
        QuestionType::Boolean => answer.is_boolean(),
        QuestionType::Integer => answer.is_i64() || answer.is_u64(),
        QuestionType::Number => answer.is_number(),
        QuestionType::Duration => answer
            .as_str()
            .is_some_and(|text| runbook_playbook::duration::parse(text).is_ok()),
        QuestionType::Timestamp => answer
            .as_str()
            .is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
    };
    if !fits {
        let due = match question.ty {
            QuestionType::Text => "text",
            QuestionType::Boolean => "true or false",
            QuestionType::Integer => "a whole number",
            QuestionType::Number => "a number",
            QuestionType::Duration => "a duration such as `15m`",
            QuestionType::Timestamp => "a timestamp such as `2026-01-15T12:00:00Z`",
        };
        return Some(format!("the answer {answer} is not {due}"));
    }
    if question.options.is_empty() || question.options.contains(answer) {
        return None;
    }
    let options: Vec<_> = question.options.iter().map(Json::to_string).collect();
    Some(format!(
        "the answer {answer} is not one of {}",
        options.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::super::test_server::{context, run};
    use super::super::{Carried, HumanDo, Instruction, Person, Reply};
    use super::*;
    use std::sync::Arc;

    /// Says the same to everything.
    struct Parrot(Json);

    impl Person for Parrot {
        fn carry_out<'a>(
            &'a self,
            instruction: &'a Instruction,
        ) -> Pending<'a, Result<Carried, CallError>> {
            Box::pin(async move {
                Ok(Carried {
                    note: Some(instruction.text.clone()),
                    by: None,
                })
            })
        }

        fn ask<'a>(&'a self, _: &'a Question) -> Pending<'a, Result<Reply, CallError>> {
            Box::pin(async move {
                Ok(Reply {
                    answer: self.0.clone(),
                    by: Some("parrot".to_owned()),
                })
            })
        }
    }

    async fn asked(says: Json, arguments: Json) -> Result<Json, CallError> {
        let mut here = context();
        here.person = Arc::new(Parrot(says));
        run(&HumanAsk, &here, arguments).await
    }

    #[tokio::test]
    async fn an_answer_has_the_type_that_was_asked_for() {
        let arguments = json!({"question": "For how long?", "type": "duration"});
        assert_eq!(
            asked(json!("15m"), arguments.clone()).await.expect("fits"),
            json!({"answer": "15m", "by": "parrot"})
        );
        assert_eq!(
            asked(json!("a while"), arguments)
                .await
                .expect_err("no")
                .code,
            "answer"
        );
        let arguments = json!({"question": "Which?", "options": ["blue", "green"]});
        let error = asked(json!("red"), arguments)
            .await
            .expect_err("not offered");
        assert_eq!(
            error.message,
            r#"the answer "red" is not one of "blue", "green""#
        );
    }

    #[tokio::test]
    async fn a_default_must_fit_too() {
        let arguments = json!({"question": "How many?", "type": "integer", "default": "two"});
        assert_eq!(
            asked(json!(2), arguments).await.expect_err("no").code,
            "arguments"
        );
    }

    #[tokio::test]
    async fn nobody_to_ask_is_an_error_of_its_own() {
        let error = run(&HumanAsk, &context(), json!({"question": "Go on?"}))
            .await
            .expect_err("nobody");
        assert_eq!(error.code, "unattended");
        let error = run(&HumanDo, &context(), json!({"instruction": "Call them"}))
            .await
            .expect_err("nobody");
        assert_eq!(error.code, "unattended");
    }

    #[tokio::test]
    async fn an_instruction_is_shown_and_answered_for() {
        let mut here = context();
        here.person = Arc::new(Parrot(Json::Null));
        let result = run(&HumanDo, &here, json!({"instruction": "Call them"}))
            .await
            .expect("done");
        assert_eq!(result, json!({"note": "Call them"}));
    }
}
