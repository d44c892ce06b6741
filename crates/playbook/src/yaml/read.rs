//! Text → nodes, over the YAML library's events.

use super::trap::{self, Mask};
use super::{Entry, Node, NodeKind, characters, is_null};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Source;
use crate::span::{Span, Spanned, TextPlace};
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};
use std::collections::HashMap;

/// The deepest nesting.
pub const MAX_DEPTH: usize = 64;
/// The largest file, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The most nodes of a file.
pub const MAX_NODES: usize = 100_000;
/// How many syntax errors are stepped over.
const MAX_REPAIRS: usize = 50;

/// Reads a file into nodes. `None` where it has no document or its syntax is so wrong that nothing can be said of the
/// rest; everything that is wrong is added to `diagnostics`.
pub fn read(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    if source.text().len() > MAX_BYTES {
        diagnostics.push(
            Diagnostic::new(
                Code::YamlLimit,
                source,
                Span::default(),
                format!("the file is larger than {} KiB", MAX_BYTES / 1024),
            )
            .help("split it: a playbook describes one problem"),
        );
        return None;
    }
    let (base, text) = without_bom(source, diagnostics);
    let mut text = characters::check(source, text, diagnostics);
    // Forbidden characters were replaced by a shorter one: places are counted in the file's own text.
    let offsets = Offsets::new(source.text().get(base..).unwrap_or_default(), base);
    let mut masks = Vec::new();
    for _ in 0..MAX_REPAIRS {
        let mut builder = Builder {
            source,
            offsets: &offsets,
            masks: &masks,
            parser: Parser::new_from_str(&text),
            diagnostics: Vec::new(),
            nodes: 0,
        };
        let stop = match builder.document() {
            Ok(node) => {
                let mut found = std::mem::take(&mut builder.diagnostics);
                diagnostics.append(&mut found);
                return node;
            }
            Err(stop) => stop,
        };
        let mut found = std::mem::take(&mut builder.diagnostics);
        drop(builder);
        let Stop::Syntax { at, message } = stop else {
            diagnostics.append(&mut found);
            return None;
        };
        let characters: Vec<char> = text.chars().collect();
        let trap = trap::explain(&characters, at, &message);
        let span = Span::new(
            offsets.byte(trap.marked.start),
            offsets.byte(trap.marked.end),
        );
        diagnostics.push(Diagnostic::new(trap.code, source, span, trap.message).help(trap.help));
        let Some(mask) = trap.mask else {
            diagnostics.append(&mut found);
            return None;
        };
        text = mask.apply(&characters);
        masks.push(mask);
    }
    None
}

/// Refuses a byte order mark and reads on after it.
fn without_bom<'a>(source: &'a Source, diagnostics: &mut Vec<Diagnostic>) -> (usize, &'a str) {
    match source.text().strip_prefix('\u{feff}') {
        Some(rest) => {
            diagnostics.push(
                Diagnostic::new(
                    Code::YamlFeature,
                    source,
                    Span::new(0, '\u{feff}'.len_utf8()),
                    "the file begins with a byte order mark",
                )
                .help("save it as UTF-8 without a byte order mark"),
            );
            ('\u{feff}'.len_utf8(), rest)
        }
        None => (0, source.text()),
    }
}

/// Byte offsets of characters: the YAML library counts characters.
pub(super) struct Offsets {
    /// The byte at which each character starts, and the end.
    bytes: Vec<usize>,
}

impl Offsets {
    pub(super) fn new(text: &str, base: usize) -> Self {
        let bytes = text
            .char_indices()
            .map(|(at, _)| at + base)
            .chain([text.len() + base])
            .collect();
        Self { bytes }
    }

    pub(super) fn byte(&self, character: usize) -> usize {
        self.bytes
            .get(character)
            .or(self.bytes.last())
            .copied()
            .unwrap_or(0)
    }
}

/// Why reading stopped.
enum Stop {
    /// The YAML library refused the text at a character.
    Syntax { at: usize, message: String },
    /// A limit was passed; it is reported.
    Limit,
}

/// Turns events into nodes.
struct Builder<'a> {
    source: &'a Source,
    offsets: &'a Offsets,
    masks: &'a [Mask],
    parser: Parser<'a, StrInput<'a>>,
    diagnostics: Vec<Diagnostic>,
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::DocumentStart(_) if root.is_some() => {
                    self.diagnostics.push(
                        Diagnostic::new(
                            Code::YamlFeature,
                            self.source,
                            span,
                            "a second document begins here",
                        )
                        .help("put it into a file of its own: a file is one document"),
                    );
                    return Ok(root);
                }
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                Event::StreamEnd => break,
                event => root = Some(self.node(event, span, 0, None)?),
            }
        }
        if root.is_none() {
            self.diagnostics.push(
                Diagnostic::new(
                    Code::YamlSyntax,
                    self.source,
                    Span::default(),
                    "the file is empty",
                )
                .help("a playbook begins with `playbook: v1`"),
            );
        }
        Ok(root)
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Stop> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                let span = Span::new(
                    self.offsets.byte(span.start.index()),
                    self.offsets.byte(span.end.index()),
                );
                Ok(Some((event, span)))
            }
            Some(Err(error)) => Err(Stop::Syntax {
                at: error.marker().index(),
                message: error.info().to_owned(),
            }),
        }
    }

    /// The next event inside a collection.
    fn inner(&mut self) -> Result<(Event<'a>, Span), Stop> {
        self.next()?.ok_or(Stop::Syntax {
            at: usize::MAX,
            message: "the file ends in the middle".to_owned(),
        })
    }

    fn limit(&mut self, span: Span, message: String) -> Stop {
        self.diagnostics.push(
            Diagnostic::new(Code::YamlLimit, self.source, span, message)
                .help("split it: a playbook describes one problem"),
        );
        Stop::Limit
    }

    fn feature(&mut self, span: Span, what: &str, help: &str) {
        self.diagnostics.push(
            Diagnostic::new(
                Code::YamlFeature,
                self.source,
                span,
                format!("{what} is not part of the language"),
            )
            .help(help),
        );
    }

    /// Builds the node that begins with an event; `key` is where its key stands.
    fn node(
        &mut self,
        event: Event<'a>,
        span: Span,
        depth: usize,
        key: Option<Span>,
    ) -> Result<Node, Stop> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.limit(span, format!("the file has more than {MAX_NODES} nodes")));
        }
        if depth > MAX_DEPTH {
            return Err(self.limit(
                span,
                format!("this is nested more than {MAX_DEPTH} levels deep"),
            ));
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.properties(span, anchor, tag.is_some());
                Ok(self.scalar(&text, style, span, key))
            }
            Event::SequenceStart(anchor, tag) => {
                self.properties(span, anchor, tag.is_some());
                self.list(span, depth)
            }
            Event::MappingStart(anchor, tag) => {
                self.properties(span, anchor, tag.is_some());
                self.map(span, depth)
            }
            Event::Alias(_) => {
                self.feature(
                    span,
                    "an alias (`*name`)",
                    "write the value out, or make it an input",
                );
                Ok(nothing(span))
            }
            _ => Ok(nothing(span)),
        }
    }

    fn properties(&mut self, span: Span, anchor: usize, tagged: bool) {
        if anchor > 0 {
            self.feature(
                span,
                "an anchor (`&name`)",
                "delete it and write each value out, or make it an input",
            );
        }
        if tagged {
            self.feature(
                span,
                "a tag (`!name`)",
                "delete it: a value is read by the type of its place",
            );
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, span: Span, key: Option<Span>) -> Node {
        let plain = style == ScalarStyle::Plain;
        if plain && text.is_empty() {
            return nothing(key.unwrap_or(span));
        }
        let masked = self.masks.iter().any(|mask| {
            let start = self.offsets.byte(mask.range.start);
            let end = self.offsets.byte(mask.range.end);
            start < span.end && span.start < end
        });
        if masked {
            let text = self.source.slice(span).trim_end();
            let span = Span::new(span.start, span.start + text.len());
            return Node {
                span,
                kind: NodeKind::Scalar {
                    text: text.to_owned(),
                    plain,
                    place: TextPlace { span, exact: true },
                },
            };
        }
        // The span of a block scalar reaches to the next token, that of a quoted one to the end of a comment after it.
        let written = within_quotes(self.source.slice(span), style);
        let span = Span::new(span.start, span.start + written.trim_end().len());
        let inner = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted if span.end > span.start + 1 => {
                Span::new(span.start + 1, span.end - 1)
            }
            _ => span,
        };
        let exact = self.source.slice(inner) == text.trim_end_matches('\n')
            || self.source.slice(inner) == text;
        Node {
            span,
            kind: NodeKind::Scalar {
                text: text.to_owned(),
                plain,
                place: TextPlace { span: inner, exact },
            },
        }
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<Node, Stop> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.inner()?;
            if event == Event::SequenceEnd {
                let span = Self::collection(start, span, items.last().map(|item| item.span));
                return Ok(Node {
                    span,
                    kind: NodeKind::List(items),
                });
            }
            items.push(self.node(event, span, depth + 1, None)?);
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<Node, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: HashMap<String, Span> = HashMap::new();
        loop {
            let (event, span) = self.inner()?;
            if event == Event::MappingEnd {
                let last = entries.last().map(|(_, node)| node.span);
                return Ok(Node {
                    span: Self::collection(start, span, last),
                    kind: NodeKind::Map(entries),
                });
            }
            let plain = matches!(&event, Event::Scalar(_, ScalarStyle::Plain, ..));
            let key = self.node(event, span, depth + 1, None)?;
            let (event, span) = self.inner()?;
            let value = self.node(event, span, depth + 1, Some(key.span))?;
            let NodeKind::Scalar { text, .. } = &key.kind else {
                self.collection_key(&key);
                continue;
            };
            if plain && is_null(text) {
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::WrongKind,
                        self.source,
                        key.span,
                        "a key must be text, not nothing",
                    )
                    .help("write the key before the colon, in quotes where it is called `null`"),
                );
                continue;
            }
            if plain && text == "<<" {
                self.feature(
                    key.span,
                    "a merge key (`<<`)",
                    "write the keys out; arguments that many steps share go into `defaults`",
                );
                continue;
            }
            if let Some(first) = seen.get(text) {
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::DuplicateKey,
                        self.source,
                        key.span,
                        format!("`{text}` stands twice in this mapping"),
                    )
                    .label("again here")
                    .also(*first, "first here")
                    .help("keep one of them, or rename one"),
                );
                continue;
            }
            seen.insert(text.clone(), key.span);
            entries.push((Spanned::new(text.clone(), key.span), value));
        }
    }

    /// A key that is a list or a mapping: mostly a template without quotes.
    fn collection_key(&mut self, key: &Node) {
        let before = self.source.text().get(..key.span.start).unwrap_or_default();
        if before.ends_with('{') && self.source.slice(key.span).starts_with('{') {
            let rest = self
                .source
                .text()
                .get(key.span.start - 1..)
                .unwrap_or_default();
            let end = rest
                .find("}}")
                .map_or(key.span.end, |end| key.span.start + 1 + end);
            let span = Span::new(key.span.start - 1, end);
            let template = self.source.slice(span).to_owned();
            self.diagnostics.push(
                Diagnostic::new(
                    Code::TemplateSyntax,
                    self.source,
                    span,
                    "`{{` without quotes begins a YAML mapping, not a template",
                )
                .help(format!(
                    "templates are written `${{{{ … }}}}`: write `\"${template}\"`"
                )),
            );
            return;
        }
        self.diagnostics.push(
            Diagnostic::new(
                Code::WrongKind,
                self.source,
                key.span,
                format!("a key must be text, not {}", key.kind_name()),
            )
            .help("write the key as text, in quotes where it has brackets or braces"),
        );
    }

    /// The span of a collection: its brackets, or from its first to its last child.
    fn collection(start: Span, end: Span, last: Option<Span>) -> Span {
        let flow = start.end > start.start;
        let end = if flow {
            end.end
        } else {
            last.map_or(start.end, |last| last.end)
        };
        Span::new(start.start, end.max(start.start))
    }
}

/// What is written of a scalar, up to its closing quote.
pub(super) fn within_quotes(written: &str, style: ScalarStyle) -> &str {
    let quote = match style {
        ScalarStyle::SingleQuoted => '\'',
        ScalarStyle::DoubleQuoted => '"',
        _ => return written,
    };
    let mut characters = written.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && quote == '"' {
            characters.next();
        } else if character == quote {
            let doubled = characters.next_if(|(_, next)| *next == '\'' && quote == '\'');
            if doubled.is_none() {
                return written.get(..=at).unwrap_or(written);
            }
        }
    }
    written
}

/// A value that was left out.
fn nothing(span: Span) -> Node {
    Node {
        span,
        kind: NodeKind::Scalar {
            text: String::new(),
            plain: true,
            place: TextPlace { span, exact: false },
        },
    }
}
