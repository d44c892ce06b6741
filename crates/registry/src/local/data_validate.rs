//! `data:Validate`: whether a document is as it should be.

use super::arguments::Arguments;
use super::signature::{local, some_text};
use super::{LocalAction, LocalContext};
use crate::call::{Answer, Call, CallError};
use crate::world::Pending;
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use serde_json::{Value as Json, json};

/// Checks a document against a JSON Schema, or against what an action accepts as its arguments.
///
/// Inputs: `document`, and either `schema` (draft 2020-12 unless it says another; references stay inside it) or `as` (an
/// action, such as `ecs:RegisterTaskDefinition`).
///
/// Result: `valid` and `problems`, each with `path` (JSON Pointer) and `message`. A document that is not valid is an
/// answer, no error. Errors: `schema` (it is no JSON Schema).
#[derive(Debug, Clone, Copy)]
pub struct DataValidate;

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place in the document, as a JSON Pointer; empty for the document itself.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl LocalAction for DataValidate {
    fn signature(&self) -> Action {
        let input = Record::new("data:Validate input")
            .required("document", Type::Any)
            .optional("schema", Type::Any)
            .optional("as", some_text())
            .build();
        let problem = Record::new("data:Validate problem")
            .required("path", Type::text())
            .required("message", Type::text())
            .build();
        let output = Record::new("data:Validate result")
            .required("valid", Type::Boolean)
            .required("problems", Type::list(problem))
            .build();
        local("data:Validate", input, output, Effect::Read, &["schema"])
    }

    fn is_self_contained(&self) -> bool {
        true
    }

    fn run<'a>(
        &'a self,
        context: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            let problems = problems(context, &Arguments::of(call))?;
            Ok(Answer {
                result: json!({
                    "valid": problems.is_empty(),
                    "problems": problems
                        .iter()
                        .map(|problem| json!({"path": problem.path, "message": problem.message}))
                        .collect::<Json>(),
                }),
                ..Answer::default()
            })
        })
    }
}

fn problems(context: &LocalContext, arguments: &Arguments<'_>) -> Result<Vec<Problem>, CallError> {
    let document = arguments.required("document")?;
    match (arguments.json("schema"), arguments.optional_text("as")?) {
        (Some(schema), None) => by_schema(schema, document),
        (None, Some(action)) => {
            let validator = context.validator.as_ref().ok_or_else(|| {
                arguments.wrong("as", "cannot be judged here: no actions are known")
            })?;
            validator(action, document).map_err(|what| arguments.wrong("as", what))
        }
        (None, None) => Err(arguments.wrong("schema", "or `as` must be given")),
        (Some(_), Some(_)) => Err(arguments.wrong("schema", "and `as` exclude each other")),
    }
}

fn by_schema(schema: &Json, document: &Json) -> Result<Vec<Problem>, CallError> {
    let validator = jsonschema::validator_for(schema).map_err(|error| {
        CallError::new(
            crate::call::FailureKind::NotSent,
            "schema",
            format!("no JSON Schema: {error}"),
        )
    })?;
    Ok(validator
        .iter_errors(document)
        .map(|error| Problem {
            path: error.instance_path().to_string(),
            message: error.to_string(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::test_server::{context, run};
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_document_is_checked_against_a_schema() {
        let schema = json!({"type": "object", "required": ["cpu"], "properties": {"cpu": {"type": "integer"}}});
        let arguments = json!({"document": {"cpu": 256}, "schema": schema});
        let result = run(&DataValidate, &context(), arguments)
            .await
            .expect("checks");
        assert_eq!(result, json!({"valid": true, "problems": []}));
        let arguments = json!({"document": {"cpu": "256"}, "schema": schema});
        let result = run(&DataValidate, &context(), arguments)
            .await
            .expect("checks");
        assert_eq!(result["valid"], false);
        assert_eq!(result["problems"][0]["path"], "/cpu");
    }

    #[tokio::test]
    async fn a_schema_must_be_one_and_stay_inside() {
        for schema in [
            json!({"type": 5}),
            json!({"$ref": "https://example.com/schema.json"}),
        ] {
            let arguments = json!({"document": {}, "schema": schema});
            let error = run(&DataValidate, &context(), arguments)
                .await
                .expect_err("no schema");
            assert_eq!(error.code, "schema");
        }
    }

    #[tokio::test]
    async fn a_document_is_checked_as_the_arguments_of_an_action() {
        let mut here = context();
        here.validator = Some(Arc::new(|action, _| match action {
            "ecs:RegisterTaskDefinition" => Ok(vec![Problem {
                path: "/family".to_owned(),
                message: "is missing".to_owned(),
            }]),
            other => Err(format!("names {other}, which does not exist")),
        }));
        let arguments = json!({"document": {}, "as": "ecs:RegisterTaskDefinition"});
        let result = run(&DataValidate, &here, arguments).await.expect("checks");
        assert_eq!(
            result["problems"],
            json!([{"path": "/family", "message": "is missing"}])
        );
        let arguments = json!({"document": {}, "as": "ecs:Nothing"});
        let error = run(&DataValidate, &here, arguments)
            .await
            .expect_err("unknown");
        assert_eq!(error.code, "arguments");
        let error = run(&DataValidate, &here, json!({"document": {}}))
            .await
            .expect_err("neither");
        assert_eq!(
            error.message,
            "`schema` of data:Validate or `as` must be given"
        );
    }
}
