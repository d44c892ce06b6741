//! `runbook lsp` as an editor meets it: a session over standard input and output.

use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const PLAYBOOK: &str = r#"playbook: v1
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
struct Editor {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    address: String,
    asked: i64,
    version: i64,
    folder: tempfile::TempDir,
}

impl Editor {
    fn start() -> Self {
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
    fn with(text: &str) -> Self {
        let mut editor = Self::start();
        let document = json!({
            "uri": editor.address, "languageId": "yaml", "version": 1, "text": text,
        });
        editor.tell("textDocument/didOpen", &json!({"textDocument": document}));
        editor
    }

    /// An editor in which the playbook is open with the first of one text replaced by another, and the position of `|`.
    fn typing(from: &str, to: &str) -> (Self, Json) {
        assert!(PLAYBOOK.contains(from), "{from}");
        let text = PLAYBOOK.replacen(from, to, 1);
        let at = to.find('‸').expect("a cursor") + text.find(to).expect("the change");
        let position = position(&text, at);
        let editor = Self::with(&text.replacen('‸', "", 1));
        (editor, position)
    }

    fn write(&mut self, bytes: &[u8]) {
        let to = self.to.as_mut().expect("an input");
        to.write_all(bytes).expect("written");
        to.flush().expect("written");
    }

    fn send(&mut self, message: &Json) {
        let body = message.to_string();
        let framed = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.write(framed.as_bytes());
    }

    fn tell(&mut self, method: &str, parameters: &Json) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": parameters}));
    }

    fn read(&mut self) -> Json {
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
    fn answer(&mut self, method: &str, parameters: &Json) -> Json {
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

    fn ask(&mut self, method: &str, parameters: &Json) -> Json {
        let answer = self.answer(method, parameters);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    /// A request about a position of the open text.
    fn about(&mut self, what: &str, position: &Json) -> Json {
        let parameters = json!({
            "textDocument": {"uri": self.address}, "position": position,
        });
        self.ask(&format!("textDocument/{what}"), &parameters)
    }

    fn labels(&mut self, position: &Json) -> Vec<String> {
        let items = self.about("completion", position);
        let items = items.as_array().expect("items");
        items
            .iter()
            .map(|item| item["label"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The next diagnostics.
    fn diagnostics(&mut self) -> Vec<Json> {
        loop {
            let message = self.read();
            if message["method"] == "textDocument/publishDiagnostics" {
                let found = message["params"]["diagnostics"].as_array();
                return found.cloned().unwrap_or_default();
            }
        }
    }

    fn change(&mut self, text: &str) {
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

fn address(file: &Path) -> String {
    format!("file://{}", file.display())
}

fn position(text: &str, at: usize) -> Json {
    let before = &text[..at];
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default();
    json!({"line": line, "character": column.encode_utf16().count()})
}

/// The position of the first of some text.
fn place_of(text: &str) -> Json {
    position(PLAYBOOK, PLAYBOOK.find(text).expect("it is there") + 1)
}

/// What is offered where `‸` stands, when one text of the playbook is replaced by another.
fn offered(from: &str, to: &str) -> Vec<String> {
    let (mut editor, position) = Editor::typing(from, to);
    editor.labels(&position)
}

fn has(labels: &[String], wanted: &[&str]) {
    for label in wanted {
        assert!(
            labels.iter().any(|known| known == label),
            "{label} in {labels:?}"
        );
    }
}

#[test]
fn a_mistake_is_published_where_it_is_and_goes_with_it() {
    let wrong = PLAYBOOK.replace("inputs.service }}\"]", "inputs.servce }}\"]");
    let mut editor = Editor::with(&wrong);
    let found = editor.diagnostics();
    assert_eq!(found.len(), 1, "{found:?}");
    let at = wrong.find("inputs.servce").expect("the mistake");
    assert_eq!(found[0]["range"]["start"], position(&wrong, at));
    assert_eq!(
        found[0]["range"]["end"],
        position(&wrong, at + "inputs.servce".len())
    );
    assert_eq!(found[0]["code"], "unknown-name");
    assert_eq!(found[0]["severity"], 1);
    let message = found[0]["message"].as_str().expect("a message");
    assert!(message.contains("did you mean `service`?"), "{message}");

    let parameters = json!({
        "textDocument": {"uri": editor.address}, "range": found[0]["range"], "context": {"diagnostics": []},
    });
    let fixes = editor.ask("textDocument/codeAction", &parameters);
    assert_eq!(fixes[0]["title"], "Change to `service`");
    let edit = &fixes[0]["edit"]["changes"][&editor.address][0];
    assert_eq!(
        edit["range"]["start"],
        position(&wrong, at + "inputs.".len())
    );
    assert_eq!(edit["newText"], "service");

    editor.change(PLAYBOOK);
    let errors = editor
        .diagnostics()
        .into_iter()
        .filter(|found| found["severity"] == 1);
    assert_eq!(errors.count(), 0);
}

#[test]
fn keys_and_actions_are_offered() {
    has(
        &offered("title: Stuck", "ti‸"),
        &["title", "severity", "verify"],
    );
    has(
        &offered("    needs: []", "    ‸"),
        &["needs", "on_error", "approve"],
    );
    has(&offered("ecs:ListTasks", "e‸"), &["ecs:", "ec2:", "http:"]);
    let operations = offered("ecs:ListTasks", "ecs:‸");
    has(
        &operations,
        &["ecs:ListTasks", "ecs:WaitUntilServicesStable", "ecs:Exec"],
    );
    assert!(operations.iter().all(|name| name.starts_with("ecs:")));
}

#[test]
fn arguments_and_their_values_are_offered() {
    let names = offered("      desiredStatus: STOPPED", "      ‸");
    has(&names, &["desiredStatus", "serviceName"]);
    assert!(
        !names.contains(&"cluster".to_owned()),
        "it is there already"
    );
    has(
        &offered("desiredStatus: STOPPED", "desiredStatus: ‸"),
        &["RUNNING", "PENDING", "STOPPED"],
    );
    has(
        &offered("forceNewDeployment: true}", "dep‸}"),
        &["deploymentConfiguration"],
    );
    has(
        &offered("forceNewDeployment: true}", "forceNewDeployment: ‸}"),
        &["true", "false"],
    );
    // The braces are not closed yet.
    has(
        &offered("forceNewDeployment: true}", "‸"),
        &["forceNewDeployment", "taskDefinition"],
    );
}

#[test]
fn names_are_offered_also_in_half_a_template() {
    has(
        &offered(
            "service: \"${{ inputs.service }}\"",
            "service: \"${{ inputs.‸",
        ),
        &["cluster", "service"],
    );
    has(
        &offered("diagnose.stopped.arns", "diagnose.‸"),
        &["stopped"],
    );
    has(
        &offered("diagnose.stopped.arns", "diagnose.stopped.‸"),
        &["arns", "status", "holds"],
    );
    has(
        &offered("that: running < 1", "that: ‸"),
        &["running", "inputs", "result", "since"],
    );
    has(&offered("diagnose.stopped.arns", "cause.‸"), &["crashed"]);
    has(
        &offered("arns | length > 0\"}", "arns | ‸\"}"),
        &["length", "default"],
    );
    has(&offered("running < 1", "running is ‸"), &["defined"]);
    has(&offered("for: [crashed]", "for: [‸]"), &["crashed"]);
    has(
        &offered("that: running < 1", "that: result.services[0].‸"),
        &["runningCount", "status"],
    );
}

#[test]
fn members_of_paths_are_offered_by_type() {
    has(
        &offered("$.services[0].runningCount", "$.‸"),
        &["services", "failures"],
    );
    has(
        &offered("$.services[0].runningCount", "$.services[0].run‸"),
        &["runningCount", "status"],
    );
    has(
        &offered("$.services[0].runningCount", "$.services[?@.‸"),
        &["serviceName"],
    );
    has(
        &offered(
            "$.services[0].runningCount",
            "$.services[?@.serviceName == inputs.‸",
        ),
        &["service"],
    );
}

#[test]
fn hover_shows_actions_types_and_codes() {
    let mut editor = Editor::with(PLAYBOOK);
    let mut text = |part: &str| {
        let shown = editor.about("hover", &place_of(part));
        shown["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let action = text("ecs:UpdateService");
    assert!(
        action.contains("write") && action.contains("`ecs:UpdateService`"),
        "{action}"
    );
    assert!(action.contains("- `service`: text (required)"), "{action}");
    assert_eq!(
        text("running:"),
        "capture `running` of `symptom.slow`: integer"
    );
    assert_eq!(text("cluster: {type"), "input `cluster`: text");
    assert!(text("desiredStatus").contains("RUNNING | PENDING | STOPPED"));
    assert!(text("forceNewDeployment").contains("boolean"));
    assert!(text("needs").contains("replaces the order"));
}

#[test]
fn names_lead_to_their_definitions() {
    let mut editor = Editor::with(PLAYBOOK);
    let at = position(
        PLAYBOOK,
        PLAYBOOK.find("stopped.arns").expect("it is there") + 2,
    );
    let step = editor.about("definition", &at);
    assert_eq!(
        step["range"]["start"],
        position(PLAYBOOK, PLAYBOOK.find("stopped:").expect("a step"))
    );
    let input = editor.about(
        "definition",
        &position(
            PLAYBOOK,
            PLAYBOOK.find("inputs.service").expect("it is there") + 8,
        ),
    );
    assert_eq!(
        input["range"]["start"],
        position(PLAYBOOK, PLAYBOOK.find("service: {").expect("an input"))
    );
    let cause = editor.about("definition", &place_of("crashed]"));
    assert_eq!(
        cause["range"]["start"],
        position(PLAYBOOK, PLAYBOOK.find("crashed:").expect("a cause"))
    );
    let input = place_of("service: {type");
    assert_eq!(
        editor.about("references", &input).as_array().map(Vec::len),
        Some(3)
    );
}

#[test]
fn a_playbook_that_is_run_is_found() {
    let (mut editor, at) = Editor::typing(
        "action: ecs:ListTasks\n    with:\n      cluster: ${{ inputs.cluster }}\n      desiredStatus: STOPPED",
        "action: playbook:Run\n    with:\n      path: ot‸her.yaml",
    );
    let found = editor.about("definition", &at);
    assert!(
        found["uri"]
            .as_str()
            .is_some_and(|uri| uri.ends_with("/other.yaml")),
        "{found}"
    );
    let (mut editor, at) = Editor::typing("      desiredStatus: STOPPED", "      path: ‸");
    editor.change(
        &PLAYBOOK
            .replace("ecs:ListTasks", "playbook:Run")
            .replace("      desiredStatus: STOPPED", "      path: "),
    );
    has(&editor.labels(&at), &["other.yaml"]);
}

#[test]
fn a_rename_changes_every_place() {
    let mut editor = Editor::with(PLAYBOOK);
    for (at, name, old, places) in [
        ("stopped:", "halted", "stopped", 2),
        ("cluster: {", "ecs_cluster", "cluster", 4),
        ("crashed:", "died", "crashed", 2),
        ("arns:", "tasks", "arns", 3),
    ] {
        let parameters = json!({
            "textDocument": {"uri": editor.address}, "position": place_of(at), "newName": name,
        });
        let edit = editor.ask("textDocument/rename", &parameters);
        let edits = edit["changes"][&editor.address]
            .as_array()
            .expect("edits")
            .clone();
        assert_eq!(edits.len(), places, "{old}: {edits:?}");
        assert!(edits.iter().all(|edit| edit["newText"] == name));
    }
    let parameters = json!({
        "textDocument": {"uri": editor.address}, "position": place_of("stopped:"), "newName": "inputs",
    });
    let refused = editor.answer("textDocument/rename", &parameters);
    assert_eq!(
        refused["error"]["message"],
        "`inputs` means something already"
    );
}

#[test]
fn a_rename_of_an_input_or_a_cause_reaches_the_scenarios() {
    let mut editor = Editor::with(PLAYBOOK);
    let scenarios =
        "scenarios:\n  down:\n    inputs: {cluster: x}\n    expect:\n      causes: [crashed]\n";
    let file = editor.folder.path().join("stuck.scenarios.yaml");
    fs::write(&file, scenarios).expect("written");
    for (at, old) in [("cluster: {", "cluster"), ("crashed:", "crashed")] {
        let parameters = json!({
            "textDocument": {"uri": editor.address}, "position": place_of(at), "newName": "other",
        });
        let edit = editor.ask("textDocument/rename", &parameters);
        let edits = &edit["changes"][address(&file)];
        let start = position(scenarios, scenarios.find(old).expect("it is there"));
        assert_eq!(edits[0]["range"]["start"], start);
        assert_eq!(edits.as_array().map(Vec::len), Some(1));
    }
}

#[test]
fn scenarios_are_completed() {
    let offered = |text: &str| {
        let mut editor = Editor::start();
        editor.address = address(&editor.folder.path().join("stuck.scenarios.yaml"));
        let at = text.find('‸').expect("a cursor");
        let document = json!({
            "uri": editor.address, "languageId": "yaml", "version": 1, "text": text.replace('‸', ""),
        });
        editor.tell("textDocument/didOpen", &json!({"textDocument": document}));
        editor.labels(&position(text, at))
    };
    has(
        &offered("scenarios:\n  a:\n    ‸"),
        &["clock", "actions", "expect"],
    );
    has(
        &offered("scenarios:\n  a:\n    inputs: {‸"),
        &["cluster", "service"],
    );
    has(
        &offered("scenarios:\n  a:\n    actions:\n      ecs:Li‸"),
        &["ecs:ListTasks"],
    );
    has(
        &offered("scenarios:\n  a:\n    actions:\n      ecs:ListTasks:\n        - {return: {‸"),
        &["taskArns"],
    );
    has(
        &offered("scenarios:\n  a:\n    expect:\n      verdict: ‸"),
        &["resolved"],
    );
    has(
        &offered("scenarios:\n  a:\n    expect:\n      causes: [‸"),
        &["crashed"],
    );
}

#[test]
fn the_outline_and_the_types_are_told() {
    let mut editor = Editor::with(PLAYBOOK);
    let document = json!({"textDocument": {"uri": editor.address}});
    let symbols = editor.ask("textDocument/documentSymbol", &document);
    let names: Vec<&str> = symbols
        .as_array()
        .expect("symbols")
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "inputs.cluster",
            "inputs.service",
            "symptom.slow",
            "diagnose.stopped",
            "resolve.restart"
        ]
    );
    let whole = json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
    let parameters = json!({"textDocument": {"uri": editor.address}, "range": whole});
    let hints = editor.ask("textDocument/inlayHint", &parameters);
    assert_eq!(hints[0]["label"], " ‹integer›");
    assert_eq!(hints[1]["label"], " ‹list of text›");
}

#[test]
fn what_is_malformed_or_unknown_kills_nothing() {
    let mut editor = Editor::with(PLAYBOOK);
    editor.write(b"Content-Length: 5\r\n\r\n{oops");
    editor.write(b"Something: else\r\n\r\n");
    editor.send(&json!({"jsonrpc": "2.0", "id": 77}));
    editor.tell(
        "textDocument/didChange",
        &json!({"textDocument": {"uri": 1}, "contentChanges": 3}),
    );
    editor.tell("$/cancelRequest", &json!({"id": 5}));
    let unknown = editor.answer("textDocument/nothing", &json!({}));
    assert_eq!(unknown["error"]["code"], -32601);
    let invalid = editor.answer("textDocument/hover", &json!({}));
    assert_eq!(invalid["error"]["code"], -32602);
    has(
        &editor.labels(&json!({"line": 7, "character": 4})),
        &["title"],
    );
    assert_eq!(editor.ask("shutdown", &Json::Null), Json::Null);
    editor.tell("exit", &Json::Null);
    assert_eq!(editor.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn leaving_without_shutdown_is_no_good_end() {
    let mut editor = Editor::start();
    editor.tell("exit", &Json::Null);
    assert_ne!(editor.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn what_was_meant_is_put_in_its_place() {
    for (right, wrong) in [
        ("ecs:UpdateService", "ecs:UpdateServce"),
        ("desiredStatus: STOPPED", "desiredStatus: STOPED"),
        ("desiredStatus:", "desiredStatuss:"),
        ("services[0].runningCount", "services[0].runingCount"),
        ("needs: []", "neds: []"),
        ("arns | length", "arns | lenght"),
        ("for: [crashed]", "for: [crashd]"),
        ("diagnose.stopped.arns", "diagnose.stopped.arn"),
        ("diagnose.stopped.arns", "diagnose.stoped.arns"),
        ("type: string", "type: strng"),
    ] {
        assert!(PLAYBOOK.contains(right), "{right}");
        let text = PLAYBOOK.replacen(right, wrong, 1);
        let mut editor = Editor::with(&text);
        let whole =
            json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
        let parameters = json!({
            "textDocument": {"uri": editor.address}, "range": whole, "context": {"diagnostics": []},
        });
        let fixes = editor.ask("textDocument/codeAction", &parameters);
        let edit = &fixes[0]["edit"]["changes"][&editor.address][0];
        assert!(edit.is_object(), "nothing for `{wrong}`");
        let at = |end: &str| {
            let line = edit["range"][end]["line"].as_u64().expect("a line");
            let column = edit["range"][end]["character"].as_u64().expect("a column");
            let before: usize = (0..line)
                .zip(text.lines())
                .map(|(_, line)| line.len() + 1)
                .sum();
            before + usize::try_from(column).expect("a column")
        };
        let mut mended = text.clone();
        let name = edit["newText"].as_str().expect("a text");
        mended.replace_range(at("start")..at("end"), name);
        assert_eq!(mended, PLAYBOOK, "{wrong}: {fixes}");
    }
}

#[test]
fn names_in_filters_of_paths_are_names() {
    let text = PLAYBOOK.replace(
        "$.services[0].",
        "$.services[?@.serviceName == inputs.service].",
    );
    let mut editor = Editor::with(&text);
    let at = position(
        &text,
        text.find("== inputs.service").expect("a filter") + 12,
    );
    let places = editor.about("references", &at);
    assert_eq!(places.as_array().map(Vec::len), Some(4), "{places}");
}

#[test]
fn the_page_of_a_code_is_shown() {
    let text = PLAYBOOK.replacen("inputs.service", "inputs.servce", 1);
    let mut editor = Editor::with(&text);
    let at = position(&text, text.find("inputs.servce").expect("the mistake") + 9);
    let shown = editor.about("hover", &at);
    let page = shown["contents"]["value"].as_str().expect("a page");
    assert!(page.starts_with("# unknown-name"), "{page}");
}

/// The YAML files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn shipped_files_are_without_errors_and_answer_everywhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks");
    let folder = folder.canonicalize().expect("the playbooks");
    let mut editor = Editor::start();
    let mut seen = 0;
    for file in files(&folder) {
        seen += 1;
        let text = fs::read_to_string(&file).expect("readable");
        editor.address = address(&file);
        let document = json!({
            "uri": editor.address, "languageId": "yaml", "version": 1, "text": text,
        });
        editor.tell("textDocument/didOpen", &json!({"textDocument": document}));
        let found = editor.diagnostics();
        let errors = found.iter().filter(|found| found["severity"] == 1);
        assert_eq!(errors.count(), 0, "{}: {found:?}", file.display());
        let inside = text.char_indices().map(|(at, _)| at);
        for at in inside.step_by(1 + text.len() / 4) {
            let position = position(&text, at);
            assert!(editor.about("completion", &position).is_array());
            for what in ["hover", "definition", "references", "prepareRename"] {
                editor.about(what, &position);
            }
        }
        let whole = json!({"textDocument": {"uri": editor.address}});
        editor.tell("textDocument/didClose", &whole);
        editor.diagnostics();
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn half_a_playbook_at_any_byte_is_answered() {
    let mut editor = Editor::with("");
    let places = PLAYBOOK.char_indices().map(|(at, _)| at).step_by(7);
    for at in places {
        editor.change(&PLAYBOOK[..at]);
        let end = position(PLAYBOOK, at);
        assert!(editor.about("completion", &end).is_array(), "{at}");
        editor.about("hover", &end);
    }
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "what was measured, for whoever asks with --nocapture"
)]
fn five_hundred_lines_are_completed_quickly() {
    let mut text = PLAYBOOK
        .split("resolve:")
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut count = 0;
    while text.lines().count() < 500 {
        count += 1;
        let _ = write!(
            text,
            "  more_{count}:\n    action: ecs:ListTasks\n    with:\n      cluster: ${{{{ inputs.cluster }}}}\n      desiredStatus: STOPPED\n    capture:\n      arns: $.taskArns[*]\n    causes:\n      cause_{count}:\n        that: arns | length > 0\n        remedy: none\n"
        );
    }
    let mut editor = Editor::with(&text);
    let mut slowest = Duration::ZERO;
    for typed in ["i", "in", "inputs", "inputs."] {
        let half = format!("{text}  last:\n    when: {typed}");
        let at = position(&half, half.len());
        // What was typed before is checked by now.
        let document = json!({"textDocument": {"uri": editor.address}});
        editor.ask("textDocument/documentSymbol", &document);
        let start = Instant::now();
        editor.change(&half);
        let items = editor.about("completion", &at);
        slowest = slowest.max(start.elapsed());
        assert!(items.as_array().is_some_and(|items| !items.is_empty()));
    }
    println!("the slowest completion took {slowest:?}");
    // Without optimization it is ten times as slow; the release is asked for 30 ms.
    let bound = if cfg!(debug_assertions) { 600 } else { 30 };
    assert!(slowest < Duration::from_millis(bound), "{slowest:?}");
}
