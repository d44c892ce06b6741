//! Commands that are not the AWS CLI's to actions: what can be typed is, the rest runs as it is.

use crate::findings::Findings;
use crate::shell::{Command, Script};
use crate::step::{Capture, Step};
use crate::text::{Dynamic, Marks, Piece, Text};
use runbook_playbook::diagnostic::Code;
use serde_json::{Value as Json, json};

/// What a command becomes.
#[derive(Debug, Clone, PartialEq)]
pub enum Became {
    /// A step.
    Step(Box<Step>),
    /// Nothing: it speaks to whoever reads the script, or sets the script up.
    Nothing,
    /// A folder to work in, for what follows.
    Folder(String),
}

/// Programs that only look, with the words by which they do where not all of them do.
const READERS: [(&str, &[&str]); 34] = [
    ("cat", &[]),
    ("grep", &[]),
    ("jq", &[]),
    ("ls", &[]),
    ("diff", &[]),
    ("ping", &[]),
    ("traceroute", &[]),
    ("dig", &[]),
    ("nslookup", &[]),
    ("host", &[]),
    ("netstat", &[]),
    ("ss", &[]),
    ("df", &[]),
    ("du", &[]),
    ("free", &[]),
    ("top", &[]),
    ("ps", &[]),
    ("uptime", &[]),
    ("vmstat", &[]),
    ("iostat", &[]),
    ("head", &[]),
    ("tail", &[]),
    ("wc", &[]),
    ("find", &[]),
    ("stat", &[]),
    ("journalctl", &[]),
    ("hostname", &[]),
    ("id", &[]),
    ("whoami", &[]),
    (
        "docker",
        &[
            "ps", "logs", "inspect", "images", "stats", "info", "version",
        ],
    ),
    (
        "kubectl",
        &["get", "describe", "logs", "top", "version", "explain"],
    ),
    ("systemctl", &["status", "is-active", "list-units"]),
    ("git", &["status", "log", "diff", "show"]),
    ("terraform", &["plan", "show", "validate", "output"]),
];

/// Reads a command.
pub fn step(command: &Command, marks: &mut Marks, findings: &mut Findings) -> Became {
    let Some(name) = command.words.first() else {
        return Became::Nothing;
    };
    let name = marks.shown(&name.marked);
    let program = name.rsplit('/').next().unwrap_or(&name).to_owned();
    let words: Vec<String> = command
        .words
        .iter()
        .skip(1)
        .map(|word| word.marked.clone())
        .collect();
    endless(command, &program, &words, findings);
    let typed = match program.as_str() {
        "echo" | "printf" | "set" | "shopt" | "true" | ":" | "exit" | "clear" | "source" | "."
        | "unset" | "[" | "test" | "return" | "break" | "continue" | "shift" | "read" | "trap"
        | "wait" | "date"
            if command.redirects.iter().all(|redirect| !redirect.output) =>
        {
            return Became::Nothing;
        }
        "cd" | "pushd" => {
            return Became::Folder(words.first().cloned().unwrap_or_else(|| ".".to_owned()));
        }
        "popd" => return Became::Folder(".".to_owned()),
        "sleep" => sleep(&words),
        "curl" | "wget" => request(&words),
        "telnet" | "nc" | "ncat" => connect(&words),
        "dig" | "nslookup" | "host" => resolve(&words),
        "openssl" => inspect(&words),
        "cat" => file(&words, reads_json(command)),
        "jq" => words
            .iter()
            .filter(|word| !word.starts_with('-'))
            .nth(1)
            .and_then(|path| file(std::slice::from_ref(path), true)),
        "python" | "python3" if words.iter().any(|word| word == "json.tool") => words
            .last()
            .filter(|path| *path != "json.tool")
            .and_then(|path| file(std::slice::from_ref(path), true)),
        "diff" => difference(&words, marks),
        _ => None,
    };
    let mut step = typed.unwrap_or_else(|| run(command, &name, &program));
    step.span = command.span;
    let made = command.redirects.iter().find(|redirect| redirect.output);
    if let Some(made) = made.filter(|_| program == "jq") {
        let file = marks.shown(&made.file.marked);
        step.notes
            .push(format!("TODO: the page makes `{file}` of this"));
    }
    Became::Step(Box::new(step))
}

/// Says which commands never end.
fn endless(command: &Command, program: &str, words: &[String], findings: &mut Findings) {
    let follows = words
        .iter()
        .any(|word| matches!(word.as_str(), "-f" | "-F" | "--follow"));
    let ends = match program {
        "watch" | "htop" | "less" | "more" | "vi" | "vim" | "nano" => false,
        "top" => words
            .iter()
            .any(|word| word.starts_with("-b") || word.starts_with("-n") || word == "-l"),
        "tail" | "journalctl" => !follows,
        "docker" | "kubectl" => !(follows && words.iter().any(|word| word == "logs")),
        "ping" => words
            .iter()
            .any(|word| word.starts_with("-c") || word.starts_with("-w")),
        _ => true,
    };
    if !ends {
        findings.add(
            Code::EndlessCommand,
            command.span,
            format!("`{program}` does not end by itself here"),
            Some("say for how long, or how often".to_owned()),
        );
    }
}

fn base(name: &str, action: &str, with: Vec<(&str, Json)>) -> Step {
    Step {
        name: name.to_owned(),
        action: action.to_owned(),
        with: with
            .into_iter()
            .map(|(member, value)| (member.to_owned(), value))
            .collect(),
        reads: true,
        ..Step::default()
    }
}

fn sleep(words: &[String]) -> Option<Step> {
    let amount = words.first()?;
    let unit = amount.chars().last()?;
    let text = if unit.is_ascii_digit() {
        format!("{amount}s")
    } else {
        amount.clone()
    };
    let number = text.get(..text.len() - 1)?;
    number.parse::<u32>().ok()?;
    Some(base("wait", "time:Sleep", vec![("for", json!(text))]))
}

fn request(words: &[String]) -> Option<Step> {
    let mut url = None;
    let mut method = None;
    let mut headers = serde_json::Map::new();
    let mut body = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-X" | "--request" => method = words.next().cloned(),
            "-H" | "--header" => {
                let header = words.next()?;
                let (name, value) = header.split_once(':')?;
                headers.insert(name.trim().to_owned(), json!(value.trim()));
            }
            "-d" | "--data" | "--data-raw" | "--data-binary" => body = words.next().cloned(),
            "-I" | "--head" => method = Some("HEAD".to_owned()),
            "-o" | "--output" | "-w" | "--write-out" | "-m" | "--max-time"
            | "--connect-timeout" | "--retry" | "-A" | "-O" => {
                words.next();
            }
            "-u" | "--user" | "-F" | "--form" | "-T" | "--cacert" | "--cert" => return None,
            option if option.starts_with('-') => {}
            found => url = Some(found.to_owned()),
        }
    }
    let url = url?;
    let url = if url.contains("://") {
        url
    } else {
        format!("http://{url}")
    };
    let host = url
        .split_once("://")?
        .1
        .split(['/', '?', '#'])
        .next()?
        .rsplit('@')
        .next()?
        .split(':')
        .next()?
        .to_owned();
    let method = method.or_else(|| body.as_ref().map(|_| "POST".to_owned()));
    let reads = method
        .as_deref()
        .is_none_or(|method| matches!(method, "GET" | "HEAD"));
    let mut with = vec![("url", json!(url))];
    if let Some(method) = method.filter(|method| method != "GET") {
        with.push(("method", json!(method)));
    }
    if !headers.is_empty() {
        with.push(("headers", Json::Object(headers)));
    }
    if let Some(body) = body {
        match serde_json::from_str::<Json>(&body) {
            Ok(json) => with.push(("json", json)),
            Err(_) => with.push(("body", json!(body))),
        }
    }
    let mut step = base("request", "http:Request", with);
    step.reads = reads;
    step.captures.push(Capture::path("code", "$.status"));
    step.reaches = Some(host);
    Some(step)
}

fn connect(words: &[String]) -> Option<Step> {
    let plain: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let [host, port] = plain.as_slice() else {
        return None;
    };
    let number = port.parse::<u16>().map_or_else(|_| json!(port), Json::from);
    let mut step = base(
        "connect",
        "net:Connect",
        vec![("host", json!(host)), ("port", number)],
    );
    step.reaches = Some((*host).clone());
    Some(step)
}

fn resolve(words: &[String]) -> Option<Step> {
    let kinds = [
        "A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT",
    ];
    let mut with = Vec::new();
    for word in words {
        if let Some(server) = word.strip_prefix('@') {
            with.push(("server", json!(server)));
        } else if kinds.contains(&word.as_str()) {
            with.push(("type", json!(word)));
        } else if !word.starts_with(['-', '+']) && !with.iter().any(|(name, _)| *name == "name") {
            with.push(("name", json!(word)));
        }
    }
    let host = with
        .iter()
        .find(|(name, _)| *name == "name")
        .and_then(|(_, value)| value.as_str())?
        .to_owned();
    let mut step = base("resolve", "dns:Resolve", with);
    step.captures.push(Capture::path("addresses", "$.values"));
    step.reaches = Some(host);
    Some(step)
}

fn inspect(words: &[String]) -> Option<Step> {
    if words.first().map(String::as_str) != Some("s_client") {
        return None;
    }
    let at = words.iter().position(|word| word == "-connect")?;
    let (host, port) = words.get(at + 1)?.split_once(':')?;
    let number = port.parse::<u16>().map_or_else(|_| json!(port), Json::from);
    let mut step = base(
        "certificate",
        "tls:Inspect",
        vec![("host", json!(host)), ("port", number)],
    );
    step.reaches = Some(host.to_owned());
    Some(step)
}

fn reads_json(command: &Command) -> bool {
    command.pipe.iter().any(|next| {
        next.words
            .first()
            .and_then(Text::literal)
            .is_some_and(|program| program == "jq")
    })
}

/// A file that is read; those elsewhere than below the playbooks cannot be.
fn file(words: &[String], json: bool) -> Option<Step> {
    let [path] = words else {
        return None;
    };
    if path.starts_with(['/', '~', '-']) || path.contains("..") {
        return None;
    }
    let form = if json { "json" } else { "text" };
    let mut step = base(
        "read_file",
        "file:Read",
        vec![("path", json!(path)), ("as", json!(form))],
    );
    step.captures.push(Capture::path("content", "$.content"));
    Some(step)
}

fn difference(words: &[String], marks: &mut Marks) -> Option<Step> {
    let plain: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let [left, right] = plain.as_slice() else {
        return None;
    };
    let mut side = |text: &str| {
        let dynamic = matches!(
            marks.pieces(text).as_slice(),
            [Piece::Dynamic(Dynamic::Output(_))]
        );
        if dynamic {
            Some(text.to_owned())
        } else if text.starts_with(['/', '~']) || text.contains("..") {
            None
        } else {
            Some(marks.add(Dynamic::File(text.to_owned(), true)))
        }
    };
    let (expected, actual) = (side(left)?, side(right)?);
    let mut step = base(
        "compare",
        "data:Diff",
        vec![("expected", json!(expected)), ("actual", json!(actual))],
    );
    step.captures.push(Capture::path("same", "$.same"));
    Some(step)
}

/// Runs the program as it is; what a pipe or a redirection does takes a shell.
fn run(command: &Command, name: &str, program: &str) -> Step {
    let mut with = Vec::new();
    let shell = !command.pipe.is_empty()
        || command.input.is_some()
        || command.redirects.iter().any(|redirect| {
            redirect
                .file
                .literal()
                .is_none_or(|file| file != "/dev/null")
        });
    let (words, runs) = if shell {
        (
            vec![json!("sh"), json!("-c"), json!(command.written)],
            "sh".to_owned(),
        )
    } else {
        let words = command
            .words
            .iter()
            .map(|word| json!(word.marked))
            .collect();
        (words, name.to_owned())
    };
    with.push(("command".to_owned(), Json::Array(words)));
    if !command.environment.is_empty() {
        let environment = command
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), json!(value.marked)))
            .collect();
        with.push(("environment".to_owned(), Json::Object(environment)));
    }
    let second = command
        .words
        .get(1)
        .and_then(Text::literal)
        .unwrap_or_default();
    let looks = READERS
        .iter()
        .any(|(known, by)| *known == program && (by.is_empty() || by.contains(&second)));
    Step {
        name: program
            .split('.')
            .next()
            .filter(|stem| !stem.is_empty())
            .unwrap_or("run")
            .to_owned(),
        action: "local:Exec".to_owned(),
        with,
        states_read: looks && !shell,
        reads: looks && !shell,
        runs: Some(runs),
        ..Step::default()
    }
}

/// What is read of an answer by a simple `jq` behind a pipe: `.services[0].status`.
#[must_use]
pub fn jq_path(script: &[Command]) -> Option<String> {
    let [jq] = script else {
        return None;
    };
    if jq.words.first()?.literal()? != "jq" {
        return None;
    }
    let program = jq
        .words
        .iter()
        .skip(1)
        .filter_map(Text::literal)
        .find(|word| !word.starts_with('-'))?;
    let simple = program.starts_with('.')
        && program.len() > 1
        && program
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "._[]".contains(character))
        && !program.contains("..");
    if !simple {
        return None;
    }
    Some(format!(
        "${}",
        program.replace("[]", "[*]").replace(".[", "[")
    ))
}

/// The first command of a script, where it has no other.
#[must_use]
pub fn only(script: &Script) -> Option<&Command> {
    match script.items.as_slice() {
        [crate::shell::Item::Command(command)] => Some(command),
        _ => None,
    }
}
