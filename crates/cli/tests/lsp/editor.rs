//! An editor as the server meets it: a session over standard input and output.

use serde_json::{Value as Json, json};
use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The playbook that is open.
pub const PLAYBOOK: &str = r#"playbook: v1
title: Stuck
inputs:
  cluster: {type: string, default: main}
  service: {type: string, default: api}
symptom:
  slow:
    action: ecs:DescribeServices
    with: {cluster: "${{ inputs.cluster }}", services: ["${{ inputs.service }}"]}
    capture:
      running: $.services[0].runningCount
    assert:
      - that: running < 1
diagnose:
  stopped:
    action: ecs:ListTasks
    with:
      cluster: ${{ inputs.cluster }}
      desiredStatus: STOPPED
    capture:
      arns: $.taskArns[*]
    causes:
      crashed: {that: "arns | length > 0"}
resolve:
  restart:
    for: [crashed]
    needs: []
    when: diagnose.stopped.arns | length > 0
    action: ecs:UpdateService
    with: {cluster: "${{ inputs.cluster }}", service: "${{ inputs.service }}", forceNewDeployment: true}
"#;

/// An editor with one file open.
pub struct Editor {
    pub child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    pub address: String,
    asked: i64,
    version: i64,
    pub folder: tempfile::TempDir,
}

impl Editor {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("stuck.yaml");
        fs::write(&file, PLAYBOOK).expect("written");
        fs::write(folder.path().join("other.yaml"), PLAYBOOK).expect("written");
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
            .arg("lsp")
            .current_dir(folder.path())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut editor = Self {
            to: child.stdin.take(),
            from: BufReader::new(child.stdout.take().expect("an output")),
            child,
            address: address(&file),
            asked: 0,
            version: 1,
            folder,
        };
        let able = editor.ask("initialize", &json!({"capabilities": {}}));
        assert_eq!(able["capabilities"]["positionEncoding"], "utf-16");
        editor.tell("initialized", &json!({}));
        editor
    }

    /// An editor in which a text is open.
    pub fn with(text: &str) -> Self {
        let mut editor = Self::start();
        let document = json!({
            "uri": editor.address, "languageId": "yaml", "version": 1, "text": text,
        });
        editor.tell("textDocument/didOpen", &json!({"textDocument": document}));
        editor
    }

    /// An editor in which the playbook is open with the first of one text replaced by another, and the position of `|`.
    pub fn typing(from: &str, to: &str) -> (Self, Json) {
        assert!(PLAYBOOK.contains(from), "{from}");
        let text = PLAYBOOK.replacen(from, to, 1);
        let at = to.find('‸').expect("a cursor") + text.find(to).expect("the change");
        let position = position(&text, at);
        let editor = Self::with(&text.replacen('‸', "", 1));
        (editor, position)
    }

    pub fn write(&mut self, bytes: &[u8]) {
        let to = self.to.as_mut().expect("an input");
        to.write_all(bytes).expect("written");
        to.flush().expect("written");
    }

    pub fn send(&mut self, message: &Json) {
        let body = message.to_string();
        let framed = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.write(framed.as_bytes());
    }

    pub fn tell(&mut self, method: &str, parameters: &Json) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": parameters}));
    }

    pub fn read(&mut self) -> Json {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.from.read_line(&mut line).expect("a header");
            match line.trim() {
                "" => break,
                line => {
                    let (_, value) = line.split_once(": ").expect("a header");
                    length = value.parse().expect("a length");
                }
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).expect("a message");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// The answer to a request, whole.
    pub fn answer(&mut self, method: &str, parameters: &Json) -> Json {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters}));
        loop {
            let message = self.read();
            if message["id"] == id {
                return message;
            }
        }
    }

    pub fn ask(&mut self, method: &str, parameters: &Json) -> Json {
        let answer = self.answer(method, parameters);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    /// A request about a position of the open text.
    pub fn about(&mut self, what: &str, position: &Json) -> Json {
        let parameters = json!({
            "textDocument": {"uri": self.address}, "position": position,
        });
        self.ask(&format!("textDocument/{what}"), &parameters)
    }

    pub fn labels(&mut self, position: &Json) -> Vec<String> {
        let items = self.about("completion", position);
        let items = items.as_array().expect("items");
        items
            .iter()
            .map(|item| item["label"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The next diagnostics.
    pub fn diagnostics(&mut self) -> Vec<Json> {
        loop {
            let message = self.read();
            if message["method"] == "textDocument/publishDiagnostics" {
                let found = message["params"]["diagnostics"].as_array();
                return found.cloned().unwrap_or_default();
            }
        }
    }

    pub fn change(&mut self, text: &str) {
        self.version += 1;
        let parameters = json!({
            "textDocument": {"uri": self.address, "version": self.version},
            "contentChanges": [{"text": text}],
        });
        self.tell("textDocument/didChange", &parameters);
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.to = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn address(file: &Path) -> String {
    format!("file://{}", file.display())
}

pub fn position(text: &str, at: usize) -> Json {
    let before = &text[..at];
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default();
    json!({"line": line, "character": column.encode_utf16().count()})
}

/// The position of the first of some text.
pub fn place_of(text: &str) -> Json {
    position(PLAYBOOK, PLAYBOOK.find(text).expect("it is there") + 1)
}

/// What is offered where `‸` stands, when one text of the playbook is replaced by another.
pub fn offered(from: &str, to: &str) -> Vec<String> {
    let (mut editor, position) = Editor::typing(from, to);
    editor.labels(&position)
}

pub fn has(labels: &[String], wanted: &[&str]) {
    for label in wanted {
        assert!(
            labels.iter().any(|known| known == label),
            "{label} in {labels:?}"
        );
    }
}
