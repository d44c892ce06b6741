//! The server: reads messages, keeps what is open, answers.

use crate::analysis::{Analysis, analyse, surveyed};
use crate::completion::{self, Request};
use crate::diagnostics::published;
use crate::documents::{Documents, path_of};
use crate::place;
use crate::transport::{self, Incoming};
use crate::workspace::{FileKind, Shelf, Workspace};
use crate::{fixes, format, hints, hover, navigate, outline, rename};
use runbook_playbook::check::Survey;
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;
use runbook_registry::Registry;
use serde_json::{Value as Json, json};
use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};

/// Codes of errors, as JSON-RPC and the protocol number them.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;
const NOT_INITIALIZED: i32 = -32002;
const REQUEST_FAILED: i32 = -32803;

/// Serves one client until it says `exit` or closes the stream. Gives whether it said `shutdown` before.
pub fn serve(
    mut input: impl BufRead + Send + 'static,
    output: impl Write,
    registry: &Registry,
    workspace: &dyn Workspace,
    version: &str,
) -> bool {
    let (sender, queue) = mpsc::channel();
    // Reading beside the work: diagnostics wait until nothing more is typed.
    std::thread::spawn(move || {
        loop {
            let incoming = transport::read(&mut input);
            let end = matches!(incoming, Incoming::End);
            if sender.send(incoming).is_err() || end {
                return;
            }
        }
    });
    let mut server = Server {
        output,
        registry,
        workspace,
        version,
        documents: Documents::default(),
        analyses: HashMap::new(),
        readable: HashMap::new(),
        changed: BTreeSet::new(),
        started: false,
        shutdown: false,
    };
    loop {
        let incoming = match queue.try_recv() {
            Ok(incoming) => incoming,
            Err(TryRecvError::Disconnected) => return server.shutdown,
            Err(TryRecvError::Empty) => {
                if server.publish_one() {
                    continue;
                }
                match queue.recv() {
                    Ok(incoming) => incoming,
                    Err(_) => return server.shutdown,
                }
            }
        };
        match incoming {
            Incoming::End => return server.shutdown,
            Incoming::Malformed(why) => {
                server.error(
                    &Json::Null,
                    PARSE_ERROR,
                    &format!("this is no message: {why}"),
                );
            }
            Incoming::Message(message) => {
                if message.get("method").and_then(Json::as_str) == Some("exit") {
                    return server.shutdown;
                }
                server.take(&message);
            }
        }
    }
}

struct Server<'a, W> {
    output: W,
    registry: &'a Registry,
    workspace: &'a dyn Workspace,
    version: &'a str,
    documents: Documents,
    /// What was found in the texts as they are now.
    analyses: HashMap<String, Rc<Analysis>>,
    /// The names of the last text of each document that could be read.
    readable: HashMap<String, Arc<Survey>>,
    /// Documents whose diagnostics are due.
    changed: BTreeSet<String>,
    started: bool,
    shutdown: bool,
}

/// Why a request has no result.
struct Refused(i32, String);

type Answer = Result<Json, Refused>;

impl<W: Write> Server<'_, W> {
    fn send(&mut self, message: &Json) {
        // A client that is gone closes its end of the input too.
        let _ = transport::write(&mut self.output, message);
    }

    fn error(&mut self, id: &Json, code: i32, why: &str) {
        let error = json!({"code": code, "message": why});
        self.send(&json!({"jsonrpc": "2.0", "id": id, "error": error}));
    }

    fn take(&mut self, message: &Json) {
        let method = message.get("method").and_then(Json::as_str);
        let id = message.get("id");
        let parameters = message.get("params").unwrap_or(&Json::Null);
        match (method, id) {
            (Some(method), Some(id)) => match self.answer(method, parameters) {
                Ok(result) => self.send(&json!({"jsonrpc": "2.0", "id": id, "result": result})),
                Err(Refused(code, why)) => self.error(id, code, &why),
            },
            (Some(method), None) => self.notice(method, parameters),
            // An answer to what was never asked.
            (None, Some(_))
                if message.get("result").is_some() || message.get("error").is_some() => {}
            (None, id) => {
                let id = id.cloned().unwrap_or_default();
                self.error(&id, INVALID_REQUEST, "a message without a method");
            }
        }
    }

    fn notice(&mut self, method: &str, parameters: &Json) {
        let document = parameters.get("textDocument").unwrap_or(&Json::Null);
        let Some(address) = document.get("uri").and_then(Json::as_str) else {
            return;
        };
        let version = document.get("version").cloned().unwrap_or_default();
        match method {
            "textDocument/didOpen" => {
                let text = document.get("text").and_then(Json::as_str);
                self.documents
                    .open(address, text.unwrap_or_default(), version);
            }
            "textDocument/didChange" => {
                let changes = parameters.get("contentChanges").and_then(Json::as_array);
                let changes = changes.map(Vec::as_slice).unwrap_or_default();
                self.documents.change(address, changes, version);
            }
            "textDocument/didClose" => {
                self.documents.close(address);
                self.readable.remove(address);
                let nothing = json!({"uri": address, "diagnostics": []});
                self.publish(&nothing);
            }
            "textDocument/didSave" => {}
            _ => return,
        }
        // Playbooks see each other.
        self.analyses.clear();
        self.changed.extend(self.documents.addresses());
        if method == "textDocument/didClose" {
            self.changed.remove(address);
        }
    }

    /// Publishes the diagnostics of one document; false where none are due.
    fn publish_one(&mut self) -> bool {
        let Some(address) = self.changed.pop_first() else {
            return false;
        };
        if let Some(analysis) = self.analysis(&address) {
            let version = self.documents.get(&address).map(|it| it.version.clone());
            let mut parameters = json!({
                "uri": address,
                "diagnostics": published(&address, &analysis.diagnostics),
            });
            if let Some(version @ Json::Number(_)) = version {
                parameters["version"] = version;
            }
            self.publish(&parameters);
        }
        true
    }

    fn publish(&mut self, parameters: &Json) {
        let method = "textDocument/publishDiagnostics";
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": parameters}));
    }

    /// What was found in a text as it is now.
    fn analysis(&mut self, address: &str) -> Option<Rc<Analysis>> {
        if let Some(known) = self.analyses.get(address) {
            return Some(Rc::clone(known));
        }
        let text = &self.documents.get(address)?.text;
        let found = analyse(
            address,
            text,
            &self.documents,
            self.registry,
            self.workspace,
        );
        if let Some(survey) = &found.survey {
            self.readable.insert(address.to_owned(), Arc::clone(survey));
        }
        let found = Rc::new(found);
        self.analyses.insert(address.to_owned(), Rc::clone(&found));
        Some(found)
    }

    /// What may be typed at a position. Names are enough for it; the checks wait until nothing is asked.
    fn completion(&mut self, address: &str, position: Option<&Json>) -> Option<Json> {
        let text = self.documents.get(address)?.text.clone();
        let at = place::offset(&text, position?)?;
        let file = path_of(address).unwrap_or_else(|| address.into());
        let home = self.workspace.home(&file);
        let fresh = match self.analyses.get(address) {
            Some(analysis) => analysis.survey.clone(),
            None if self.workspace.kind(&file, &text) == FileKind::Playbook => {
                let beside = Shelf {
                    documents: &self.documents,
                    root: &home.root,
                    catalog: self.registry,
                    workspace: self.workspace,
                };
                let source = Source::new(&home.name, text.as_str());
                surveyed(&source, &home, &beside, self.registry)
            }
            None => None,
        };
        if let Some(survey) = &fresh {
            let survey = Arc::clone(survey);
            self.readable.insert(address.to_owned(), survey);
        }
        Some(completion::complete(&Request {
            text: &text,
            at,
            file: &file,
            home: &home,
            fresh: fresh.is_some(),
            survey: fresh.or_else(|| self.readable.get(address).cloned()),
            documents: &self.documents,
            registry: self.registry,
            workspace: self.workspace,
        }))
    }

    fn answer(&mut self, method: &str, parameters: &Json) -> Answer {
        match method {
            "initialize" => {
                self.started = true;
                return Ok(capabilities(self.version));
            }
            _ if !self.started => {
                let why = "the first request is `initialize`".to_owned();
                return Err(Refused(NOT_INITIALIZED, why));
            }
            "shutdown" => {
                self.shutdown = true;
                return Ok(Json::Null);
            }
            _ if self.shutdown => {
                return Err(Refused(
                    INVALID_REQUEST,
                    "the server is shut down".to_owned(),
                ));
            }
            "completionItem/resolve" => return Ok(completion::resolve(parameters, self.registry)),
            method if !method.starts_with("textDocument/") => return Err(unknown(method)),
            _ => {}
        }
        self.of_document(method, parameters)
    }

    fn of_document(&mut self, method: &str, parameters: &Json) -> Answer {
        let invalid = |why: &str| Refused(INVALID_PARAMS, why.to_owned());
        let known = [
            "completion",
            "hover",
            "definition",
            "references",
            "documentHighlight",
            "prepareRename",
            "rename",
            "codeAction",
            "documentSymbol",
            "inlayHint",
            "formatting",
        ];
        let short = method.trim_start_matches("textDocument/");
        if !known.contains(&short) {
            return Err(unknown(method));
        }
        let address = parameters
            .pointer("/textDocument/uri")
            .and_then(Json::as_str)
            .ok_or_else(|| invalid("`textDocument.uri` is missing"))?
            .to_owned();
        if short == "completion" {
            return self
                .completion(&address, parameters.get("position"))
                .ok_or_else(|| invalid("the document is not open, or `position` is missing"));
        }
        let analysis = self
            .analysis(&address)
            .ok_or_else(|| invalid("the document is not open"))?;
        let text = analysis.source.text();
        let offset = |pointer: &str| place::offset(text, parameters.pointer(pointer)?);
        let part = || Some(Span::new(offset("/range/start")?, offset("/range/end")?));
        match short {
            "formatting" => {
                return format::format(&analysis).map_err(|why| Refused(REQUEST_FAILED, why));
            }
            "documentSymbol" => return Ok(outline::outline(&analysis)),
            "codeAction" => {
                let part = part().ok_or_else(|| invalid("`range` is missing"))?;
                return Ok(fixes::fixes(&analysis, &address, part));
            }
            "inlayHint" => {
                let part = part().ok_or_else(|| invalid("`range` is missing"))?;
                return Ok(hints::hints(&analysis, part));
            }
            _ => {}
        }
        let at = offset("/position").ok_or_else(|| invalid("`position` is missing"))?;
        Ok(match short {
            "hover" => hover::hover(&analysis, self.registry, at),
            "definition" => navigate::definition(
                &analysis,
                &address,
                &self.documents,
                self.workspace,
                self.registry,
                at,
            ),
            "references" => {
                let own = parameters.pointer("/context/includeDeclaration");
                let own = own.and_then(Json::as_bool).unwrap_or(true);
                navigate::references(&analysis, &address, self.registry, at, own)
            }
            "documentHighlight" => navigate::highlights(&analysis, at),
            "prepareRename" => rename::prepare(&analysis, at),
            _ => {
                let name = parameters.get("newName").and_then(Json::as_str);
                let name = name.ok_or_else(|| invalid("`newName` is missing"))?;
                rename::rename(
                    &analysis,
                    &address,
                    &self.documents,
                    self.workspace,
                    self.registry,
                    at,
                    name,
                )
                .map_err(|why| Refused(REQUEST_FAILED, why))?
            }
        })
    }
}

fn unknown(method: &str) -> Refused {
    let why = format!("`{method}` is not known here");
    Refused(METHOD_NOT_FOUND, why)
}

/// What the server can do.
fn capabilities(version: &str) -> Json {
    json!({
        "capabilities": {
            "positionEncoding": "utf-16",
            "textDocumentSync": {"openClose": true, "change": 2, "save": {}},
            "completionProvider": {
                "triggerCharacters": [":", ".", " ", "$", "@", "{", "[", "|"],
                "resolveProvider": true,
            },
            "hoverProvider": true,
            "definitionProvider": true,
            "referencesProvider": true,
            "documentHighlightProvider": true,
            "renameProvider": {"prepareProvider": true},
            "codeActionProvider": {"codeActionKinds": ["quickfix"]},
            "documentFormattingProvider": true,
            "documentSymbolProvider": true,
            "inlayHintProvider": true,
        },
        "serverInfo": {"name": "runbook", "version": version},
    })
}
