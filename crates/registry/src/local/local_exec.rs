//! `local:Exec`: a program on this machine.

use super::arguments::Arguments;
use super::process::{self, Finished, Input};
use super::signature::{integer_between, local, some_of, some_text};
use super::{LocalAction, LocalContext, allowed};
use crate::call::{Answer, Call, CallError, FailureKind, Target};
use crate::world::Pending;
use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use serde_json::{Value as Json, json};
use tokio::process::Command;

const DEFAULT_BYTES: i64 = 1024 * 1024;
const MOST_BYTES: u32 = 64 * 1024 * 1024;
/// The caller's variables that programs get.
const INHERITED: [&str; 5] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"];

/// Runs a program on this machine, given as an argument list.
///
/// | input | meaning |
/// | --- | --- |
/// | `command` | the program and its arguments; the program must be in the playbook's `runs`, as written |
/// | `shell` | the first element is a script for `sh`, the others are its `$1`, `$2` …; `sh` must be in `runs` |
/// | `folder` | where it runs: below the playbook root or in one of the playbook's `folders`, the playbook's own folder by default |
/// | `environment` | variables besides `PATH`, `HOME`, `LANG`, `LC_ALL`, `TZ` and the target's region and credentials; no others are inherited |
/// | `input` | text for its standard input |
/// | `exit` | the exit codes that are an answer, 0 by default |
/// | `as` | `json` reads its standard output as a document; `text` by default |
/// | `timeout` | 5 minutes by default; then it ends, with all that it started |
/// | `max_bytes` | the most that it may write to either stream, 1 MiB by default |
///
/// Result: `exit`, `stdout`, `stderr`, and `json` with `as: json`. What it leaves running in the background ends with it.
///
/// Errors: `not_allowed`, `not_found` (the folder), `start`, `exit` (another exit code, or a signal), `timeout`, `size`,
/// `syntax` (no JSON), `credentials`.
#[derive(Debug, Clone, Copy)]
pub struct LocalExec;

impl LocalAction for LocalExec {
    fn signature(&self) -> Action {
        let input = Record::new("local:Exec input")
            .required("command", some_of(Type::text()))
            .optional("shell", Type::Boolean)
            .optional("folder", some_text())
            .optional("environment", Type::map(Type::text()))
            .optional("input", Type::text())
            .optional("exit", Type::list(integer_between(0, 255)))
            .optional("as", Type::one_of(&["text", "json"]))
            .optional("timeout", Type::Duration)
            .optional("max_bytes", integer_between(1, MOST_BYTES))
            .build();
        let output = Record::new("local:Exec result")
            .required("exit", Type::integer())
            .required("stdout", Type::text())
            .required("stderr", Type::text())
            .optional("json", Type::Any)
            .build();
        local(
            "local:Exec",
            input,
            output,
            Effect::Execute,
            &[
                "not_allowed",
                "not_found",
                "start",
                "exit",
                "timeout",
                "size",
                "syntax",
                "credentials",
            ],
        )
    }

    fn run<'a>(
        &'a self,
        context: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(execute(context, call))
    }
}

async fn execute(context: &LocalContext, call: &Call) -> Result<Answer, CallError> {
    let arguments = Arguments::of(call);
    let (program, rest) = command_line(&arguments)?;
    allowed::program(context.runs.as_deref(), &program)?;
    let expected = arguments.integers("exit")?.unwrap_or_else(|| vec![0]);
    let timeout = arguments.duration("timeout", SignedDuration::from_mins(5))?;
    let most = arguments.integer("max_bytes", DEFAULT_BYTES, 1..=MOST_BYTES.into())?;
    let as_json = match arguments.optional_text("as")? {
        None | Some("text") => false,
        Some("json") => true,
        Some(_) => return Err(arguments.wrong("as", "must be text or json")),
    };
    let mut command = Command::new(&program);
    command
        .args(rest)
        .current_dir(
            context
                .path(arguments.optional_text("folder")?.unwrap_or("."))
                .await?,
        )
        .env_clear()
        .envs(environment(context, &call.target).await?)
        .envs(arguments.pairs("environment")?);
    let input = arguments.optional_text("input")?.unwrap_or_default();
    let finished = process::run(
        command,
        Input::Bytes(input.as_bytes().to_vec()),
        timeout,
        usize::try_from(most).unwrap_or(usize::MAX),
    )
    .await
    .map_err(|error| CallError {
        message: format!("{program}: {}", error.message),
        ..error
    })?;
    answer(&program, &finished, &expected, as_json)
}

/// The program and its arguments.
fn command_line(arguments: &Arguments<'_>) -> Result<(String, Vec<String>), CallError> {
    let mut words = arguments.texts("command")?.into_iter();
    let first = words
        .next()
        .filter(|word| !word.is_empty())
        .ok_or_else(|| arguments.wrong("command", "names no program"))?;
    if !arguments.flag("shell")? {
        return Ok((first, words.collect()));
    }
    let mut rest = vec!["-c".to_owned(), first, "sh".to_owned()];
    rest.extend(words);
    Ok(("sh".to_owned(), rest))
}

/// The inherited variables and those of the target.
pub(super) async fn environment(
    context: &LocalContext,
    target: &Target,
) -> Result<Vec<(String, String)>, CallError> {
    let mut variables: Vec<_> = context
        .environment
        .iter()
        .filter(|(name, _)| INHERITED.contains(&name.as_str()))
        .cloned()
        .collect();
    variables.extend(context.target_environment.variables(target).await?);
    Ok(variables)
}

fn answer(
    program: &str,
    finished: &Finished,
    expected: &[i64],
    as_json: bool,
) -> Result<Answer, CallError> {
    let stdout = String::from_utf8_lossy(&finished.stdout);
    let stderr = String::from_utf8_lossy(&finished.stderr);
    let failed = |code: &str, what: String| {
        CallError::new(FailureKind::Answered, code, format!("{program}: {what}"))
    };
    let exit = finished.status.code().map(i64::from);
    let Some(exit) = exit.filter(|code| expected.contains(code)) else {
        let words = last_line(&stderr).or_else(|| last_line(&stdout));
        return Err(failed(
            "exit",
            format!(
                "{}{}",
                finished.status,
                words.map(|line| format!(": {line}")).unwrap_or_default()
            ),
        ));
    };
    let mut result = json!({"exit": exit, "stdout": stdout, "stderr": stderr});
    if as_json {
        let document: Json = serde_json::from_str(&stdout)
            .map_err(|error| failed("syntax", format!("its output is no JSON: {error}")))?;
        if let Some(members) = result.as_object_mut() {
            members.insert("json".to_owned(), document);
        }
    }
    Ok(Answer {
        result,
        ..Answer::default()
    })
}

fn last_line(text: &str) -> Option<&str> {
    text.lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
}

#[cfg(all(test, unix))]
#[path = "local_exec_tests.rs"]
mod tests;
