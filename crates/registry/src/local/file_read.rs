//! `file:Read`: a file below the playbook root.

use super::arguments::Arguments;
use super::signature::{integer_between, local, some_text};
use super::{LocalAction, LocalContext, yaml};
use crate::call::{Answer, Call, CallError, FailureKind};
use crate::world::Pending;
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use serde_json::{Value as Json, json};
use tokio::io::AsyncReadExt;

const DEFAULT_BYTES: i64 = 1024 * 1024;
const MOST_BYTES: u32 = 16 * 1024 * 1024;

/// Reads a file below the playbook root.
///
/// Inputs: `path` (relative to the playbook; `/` is the playbook root; symbolic links are followed and must stay below
/// the root), `as` (`json`, `yaml` or `text`; by the ending where it is left out), `max_bytes` (1 MiB by default).
///
/// Result: `content` (text, or what the document holds) and `bytes` (the file's size).
///
/// Errors: `not_allowed` (outside the root), `not_found`, `size`, `syntax`, `read`.
#[derive(Debug, Clone, Copy)]
pub struct FileRead;

impl LocalAction for FileRead {
    fn signature(&self) -> Action {
        let input = Record::new("file:Read input")
            .required("path", some_text())
            .optional("as", Type::one_of(&["json", "yaml", "text"]))
            .optional("max_bytes", integer_between(1, MOST_BYTES))
            .build();
        let output = Record::new("file:Read result")
            .required("content", Type::Any)
            .required("bytes", Type::integer())
            .build();
        local(
            "file:Read",
            input,
            output,
            Effect::Read,
            &["not_allowed", "not_found", "size", "syntax", "read"],
        )
    }

    fn is_self_contained(&self) -> bool {
        true
    }

    fn run<'a>(
        &'a self,
        context: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(read(context, call))
    }
}

async fn read(context: &LocalContext, call: &Call) -> Result<Answer, CallError> {
    let arguments = Arguments::of(call);
    let path = arguments.text("path")?;
    let format = arguments
        .optional_text("as")?
        .unwrap_or_else(|| by_ending(path));
    let most = arguments.integer("max_bytes", DEFAULT_BYTES, 1..=MOST_BYTES.into())?;
    let most = u64::try_from(most).unwrap_or_default();
    let failed = |code: &str, what: String| {
        CallError::new(FailureKind::Answered, code, format!("{path}: {what}"))
    };
    let real = context.path(path).await?;
    let unreadable = |error: std::io::Error| failed("read", error.to_string());
    // Opening a pipe could wait for ever, and a device may never end.
    let kind = tokio::fs::metadata(&real).await.map_err(unreadable)?;
    if !kind.is_file() {
        return Err(failed("read", "not a file".to_owned()));
    }
    let file = tokio::fs::File::open(&real).await.map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .await
        .map_err(unreadable)?;
    let size = bytes.len();
    if size as u64 > most {
        return Err(failed(
            "size",
            format!("longer than {most} bytes; raise `max_bytes`"),
        ));
    }
    let text =
        String::from_utf8(bytes).map_err(|error| failed("syntax", format!("no UTF-8: {error}")))?;
    let document: Json = match format {
        "json" => {
            serde_json::from_str(&text).map_err(|error| failed("syntax", error.to_string()))?
        }
        "yaml" => yaml::parse(&text).map_err(|error| failed("syntax", error))?,
        "text" => text.into(),
        _ => return Err(arguments.wrong("as", "must be json, yaml or text")),
    };
    Ok(Answer {
        result: json!({"content": document, "bytes": size}),
        ..Answer::default()
    })
}

fn by_ending(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("json") => "json",
        Some("yaml" | "yml") => "yaml",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_server::{context, run};
    use super::*;
    use std::fs;

    fn playbooks() -> (tempfile::TempDir, LocalContext) {
        let folder = tempfile::tempdir().expect("folder");
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("acso")).expect("folders");
        fs::write(root.join("acso/limits.json"), r#"{"memory": 4096}"#).expect("file");
        fs::write(root.join("shared.yaml"), "levels: [1, 2]\n").expect("file");
        fs::write(folder.path().join("secret.txt"), "outside").expect("file");
        let mut here = context();
        here.folder = root.join("acso");
        here.root = root;
        (folder, here)
    }

    #[tokio::test]
    async fn documents_are_read_by_their_ending() {
        let (_folder, here) = playbooks();
        let result = run(&FileRead, &here, json!({"path": "limits.json"}))
            .await
            .expect("reads");
        assert_eq!(result, json!({"content": {"memory": 4096}, "bytes": 16}));
        let result = run(&FileRead, &here, json!({"path": "../shared.yaml"}))
            .await
            .expect("reads");
        assert_eq!(result["content"], json!({"levels": [1, 2]}));
        let result = run(
            &FileRead,
            &here,
            json!({"path": "/shared.yaml", "as": "text"}),
        )
        .await
        .expect("reads");
        assert_eq!(result["content"], "levels: [1, 2]\n");
    }

    #[tokio::test]
    async fn nothing_outside_the_root_is_read() {
        let (folder, here) = playbooks();
        #[cfg(unix)]
        std::os::unix::fs::symlink(
            folder.path().join("secret.txt"),
            here.folder.join("link.txt"),
        )
        .expect("link");
        for path in ["../../secret.txt", "/../secret.txt", "link.txt"] {
            let error = run(&FileRead, &here, json!({"path": path}))
                .await
                .expect_err(path);
            assert_eq!(error.code, "not_allowed", "{path}: {error}");
        }
        drop(folder);
    }

    #[tokio::test]
    async fn what_cannot_be_read_says_why() {
        let (_folder, here) = playbooks();
        for (arguments, code) in [
            (json!({"path": "missing.json"}), "not_found"),
            (json!({"path": "limits.json", "max_bytes": 3}), "size"),
            (json!({"path": "."}), "read"),
            (json!({"path": ""}), "arguments"),
        ] {
            let error = run(&FileRead, &here, arguments.clone())
                .await
                .expect_err("fails");
            assert_eq!(error.code, code, "{arguments}: {error}");
        }
        fs::write(here.folder.join("broken.json"), "{").expect("file");
        let error = run(&FileRead, &here, json!({"path": "broken.json"}))
            .await
            .expect_err("fails");
        assert_eq!(error.code, "syntax");
    }
}
