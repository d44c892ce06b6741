//! The installed `session-manager-plugin`, for sessions that the own channel cannot follow.

use super::{Session, SessionOutput};
use crate::call::{CallError, FailureKind};
use crate::local::context::LocalContext;
use crate::local::local_exec::environment;
use crate::local::process::{self, Input};
use serde_json::json;
use std::path::{Path, PathBuf};
use tokio::process::Command;

const PROGRAM: &str = "session-manager-plugin";
/// The variable that holds the session, so that its token is not in the list of processes.
const RESPONSE: &str = "AWS_SSM_START_SESSION_RESPONSE";

/// The plugin on the caller's `PATH`, where the playbook may run it.
///
/// # Errors
/// What is missing.
pub(crate) fn find(context: &LocalContext) -> Result<PathBuf, String> {
    let path = context
        .environment
        .iter()
        .find(|(name, _)| name == "PATH")
        .map_or("", |(_, path)| path.as_str());
    let found = std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(PROGRAM))
        .find(|program| program.is_file())
        .ok_or_else(|| {
            format!("`{PROGRAM}`, which could, is not on the PATH; install it (1.2.497 or later)")
        })?;
    match super::super::allowed::program(context.runs.as_deref(), PROGRAM) {
        Ok(()) => Ok(found),
        Err(error) => Err(format!("`{PROGRAM}` could, but {}", error.message)),
    }
}

/// Lets the plugin follow the session.
///
/// # Errors
/// `session` where it does not, `timeout`, `size`.
pub(super) async fn run(
    context: &LocalContext,
    session: &Session,
    program: &Path,
) -> Result<SessionOutput, CallError> {
    let variables = environment(context, &session.target).await?;
    let profile = variables
        .iter()
        .find(|(name, _)| name == "AWS_PROFILE")
        .map_or("", |(_, profile)| profile.as_str());
    let response = json!({
        "SessionId": session.id,
        "StreamUrl": session.stream_url,
        "TokenValue": session.token,
    });
    let mut command = Command::new(program);
    command
        .args([RESPONSE, &session.region, "StartSession", profile])
        .arg(json!({"Target": session.with}).to_string())
        // No endpoint of its own: the region's.
        .arg("")
        .env_clear()
        .envs(variables.clone())
        .env(RESPONSE, response.to_string());
    let finished = process::run(command, Input::NeverEnds, session.timeout, session.most)
        .await
        .map_err(|error| CallError {
            message: format!("{PROGRAM}: {}", error.message),
            code: match error.code.as_str() {
                "timeout" | "size" => error.code,
                _ => "session".to_owned(),
            },
            ..error
        })?;
    let output = SessionOutput::new(&finished.stdout, None);
    match said(&output.text, &session.id) {
        Some(text) if finished.status.success() => Ok(SessionOutput {
            text: text.to_owned(),
            exit: None,
        }),
        _ => {
            let words = String::from_utf8_lossy(&finished.stderr);
            let last = |text: &str| {
                text.lines()
                    .rev()
                    .find(|line| !line.trim().is_empty())
                    .map(str::to_owned)
            };
            let words = last(&output.text)
                .or_else(|| last(&words))
                .unwrap_or_default();
            Err(CallError::new(
                FailureKind::Unanswered,
                "session",
                format!(
                    "{PROGRAM} could not follow the session ({}): {words}",
                    finished.status
                ),
            ))
        }
    }
}

/// What the command said, between the plugin's own first and last words; nothing where the session did not end well.
fn said<'a>(text: &'a str, id: &str) -> Option<&'a str> {
    let first = format!("Starting session with SessionId: {id}\n");
    let last = format!("Exiting session with sessionId: {id}.");
    let (_, rest) = text.split_once(&first)?;
    let (words, _) = rest.rsplit_once(&last)?;
    // The plugin sets its last words off by an empty line.
    Some(words.strip_suffix("\n\n").unwrap_or(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugins_own_words_are_left_out() {
        let text = "\nStarting session with SessionId: s-1\nload 0.2\n\n\nExiting session with sessionId: s-1.\n\n";
        assert_eq!(said(text, "s-1"), Some("load 0.2\n"));
        assert_eq!(
            said(
                "\nStarting session with SessionId: s-1\n\n\nSessionId: s-1 : gone\n",
                "s-1"
            ),
            None
        );
        assert_eq!(said("Cannot perform start session: EOF", "s-1"), None);
    }

    #[cfg(unix)]
    mod installed {
        use super::*;
        use crate::call::Target;
        use jiff::SignedDuration;
        use std::os::unix::fs::PermissionsExt;

        /// A program of the plugin's name that says what it was given.
        fn installed(script: &str) -> (tempfile::TempDir, LocalContext) {
            let folder = tempfile::tempdir().expect("a folder");
            let program = folder.path().join(PROGRAM);
            std::fs::write(&program, format!("#!/bin/sh\n{script}")).expect("written");
            let all = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(&program, all).expect("executable");
            let mut context = LocalContext::new(".");
            let path = format!("{}:/usr/bin:/bin", folder.path().display());
            context.environment = vec![("PATH".to_owned(), path)];
            context.runs = Some(vec![PROGRAM.to_owned()]);
            (folder, context)
        }

        fn session(plugin: PathBuf) -> Session {
            Session {
                action: "ecs:Exec".to_owned(),
                step: None,
                id: "s-1".to_owned(),
                stream_url: "wss://example.com".to_owned(),
                token: "secret".to_owned(),
                with: "ecs:c_t_r".to_owned(),
                target: Target::default(),
                region: "eu-west-1".to_owned(),
                plugin: Some(plugin),
                timeout: SignedDuration::from_secs(10),
                most: 1024,
            }
        }

        #[tokio::test]
        async fn it_follows_with_its_input_open_and_its_token_out_of_sight() {
            let (_folder, context) = installed(concat!(
                "printf '\\nStarting session with SessionId: s-1\\n'\n",
                "echo \"$# $2 $3 $5\"\n",
                "case \"$*\" in *secret*) echo leaked;; esac\n",
                "printenv \"$1\" | grep -c secret\n",
                "printf '\\n\\nExiting session with sessionId: s-1.\\n\\n'\n",
            ));
            let plugin = find(&context).expect("installed");
            let output = super::super::super::follow(&context, &session(plugin))
                .await
                .expect("followed");
            assert_eq!(
                output.text,
                "6 eu-west-1 StartSession {\"Target\":\"ecs:c_t_r\"}\n1\n"
            );
        }

        #[tokio::test]
        async fn a_plugin_that_fails_says_why() {
            let (_folder, context) = installed("echo 'Cannot perform start session: EOF'");
            let plugin = find(&context).expect("installed");
            let error = run(&context, &session(plugin.clone()), &plugin)
                .await
                .expect_err("failed");
            assert_eq!(error.code, "session");
            assert!(
                error.message.ends_with("Cannot perform start session: EOF"),
                "{error}"
            );
        }

        #[test]
        fn it_must_be_installed_and_allowed() {
            let (_folder, mut context) = installed("");
            context.runs = None;
            let missing = find(&context).expect_err("not allowed");
            assert!(
                missing.contains("add `session-manager-plugin` to `runs`"),
                "{missing}"
            );
            context.environment.clear();
            let missing = find(&context).expect_err("not installed");
            assert!(missing.contains("install it"), "{missing}");
        }
    }
}
