//! Pages: Markdown to sections with what they say and the commands in them.

use crate::hidden::{hide, shown};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use runbook_playbook::span::Span;
use std::ops::Range;

/// A page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Its first heading.
    pub title: String,
    /// Its sections, in order.
    pub sections: Vec<Section>,
}

/// What stands under one heading.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// The heading, without words that every heading has (`Issue:`).
    pub title: String,
    /// The headings above it, outermost first, the page's own left out.
    pub path: Vec<String>,
    /// Text between the heading and its parts.
    pub intro: String,
    /// What shows the problem.
    pub symptoms: Vec<String>,
    /// What may be its reason, as the page lists it.
    pub causes: Vec<String>,
    /// Blocks of commands.
    pub blocks: Vec<Block>,
}

/// What a block of commands is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Role {
    /// The page does not say.
    #[default]
    Unknown,
    /// To find out what is wrong.
    Diagnosis,
    /// To mend it; the remedy's own title, where it has one.
    Remedy(Option<String>),
    /// To do, one after the other; the step's title.
    Procedure(Option<String>),
}

/// A block of commands.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// What it is for.
    pub role: Role,
    /// Its text, without the page's indentation and prompts, its placeholders hidden.
    pub text: String,
    /// Where its lines begin: the byte in the text, the byte in the page.
    places: Vec<(usize, usize)>,
}

impl Block {
    /// A block that is the whole of a text.
    #[must_use]
    pub fn whole(text: &str) -> Self {
        let mut block = Self::default();
        block.push(text, 0);
        block.unprompt();
        block
    }

    /// Adds text that stands in the page at a byte.
    fn push(&mut self, text: &str, at: usize) {
        let mut at = at;
        for line in text.split_inclusive('\n') {
            self.places.push((self.text.len(), at));
            self.text.push_str(&hide(line));
            at += line.len();
        }
    }

    /// Where a range of its bytes stands in the page.
    #[must_use]
    pub fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.place(range.start), self.place(range.end))
    }

    fn place(&self, byte: usize) -> usize {
        let line = self.places.partition_point(|(start, _)| *start <= byte);
        let Some((start, page)) = self.places.get(line.saturating_sub(1)) else {
            return 0;
        };
        let before = self.text.get(*start..byte).unwrap_or_default();
        page + shown(before).len()
    }

    /// Leaves out prompts (`$ aws …`) and, where there are some, what commands print.
    fn unprompt(&mut self) {
        let prompts = |line: &str| {
            let line = line.trim_start();
            line.starts_with("$ ") || line.starts_with("% ")
        };
        if !self.text.lines().any(prompts) {
            return;
        }
        let mut text = String::with_capacity(self.text.len());
        let mut goes_on = false;
        for line in self.text.split_inclusive('\n') {
            if prompts(line) {
                let indent = line.len() - line.trim_start().len();
                text.push_str(&" ".repeat(indent + 2));
                text.push_str(line.get(indent + 2..).unwrap_or_default());
                goes_on = line.trim_end().ends_with('\\');
            } else if goes_on || line.trim_start().starts_with('#') {
                text.push_str(line);
                goes_on = goes_on && line.trim_end().ends_with('\\');
            } else {
                // Byte for byte, so that places still hold.
                text.extend(
                    line.bytes()
                        .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
                );
            }
        }
        self.text = text;
    }
}

/// Reads a page of Markdown.
#[must_use]
pub fn read(text: &str) -> Page {
    let mut reader = PageReader {
        text,
        page: Page::default(),
        headings: Vec::new(),
        heading: None,
        section: Section::default(),
        part: Part::Intro,
        item: Vec::new(),
        item_title: None,
        said: String::new(),
        strong: None,
        told: false,
        code: Fenced::No,
    };
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        reader.event(event, range);
    }
    reader.finish()
}

/// What the text at hand is about, by the label above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Intro,
    Symptoms,
    Causes,
    Diagnosis,
    Remedy,
    Procedure,
    Other,
}

/// What fenced text is.
enum Fenced {
    /// There is none.
    No,
    /// Another language than a shell's.
    Foreign,
    /// Commands.
    Commands(Block),
}

struct PageReader<'p> {
    text: &'p str,
    page: Page,
    /// The headings that are open, with their levels.
    headings: Vec<(HeadingLevel, String)>,
    /// A heading that is being read.
    heading: Option<HeadingLevel>,
    section: Section,
    part: Part,
    /// Whether the lists that are open are numbered.
    item: Vec<bool>,
    /// The title of the numbered item that is open.
    item_title: Option<String>,
    /// The text of the paragraph, item or heading that is being read.
    said: String,
    /// Where strong text began in `said`.
    strong: Option<usize>,
    /// The language of the fenced text is given.
    told: bool,
    /// Fenced text that is being read.
    code: Fenced,
}

impl PageReader<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                self.flush();
                self.heading = Some(level);
            }
            Event::End(TagEnd::Heading(_)) => self.end_heading(),
            Event::Start(Tag::CodeBlock(kind)) => {
                self.flush();
                let (shell, told) = match &kind {
                    CodeBlockKind::Fenced(language) => (is_shell(language), !language.is_empty()),
                    CodeBlockKind::Indented => (true, false),
                };
                self.told = told;
                self.code = if shell {
                    Fenced::Commands(Block::default())
                } else {
                    Fenced::Foreign
                };
            }
            Event::End(TagEnd::CodeBlock) => self.end_code(),
            Event::Start(Tag::List(first)) => {
                self.flush();
                self.item.push(first.is_some());
            }
            Event::End(TagEnd::List(_)) => {
                self.flush();
                self.item.pop();
            }
            Event::Start(Tag::Item) => {
                self.flush();
                if self.item.len() == 1 {
                    self.item_title = None;
                }
            }
            Event::End(TagEnd::Item | TagEnd::Paragraph) => self.flush(),
            Event::Start(Tag::Strong) => self.strong = Some(self.said.len()),
            Event::End(TagEnd::Strong) => {
                self.strong = None;
            }
            Event::Text(words) => match &mut self.code {
                Fenced::Commands(block) => {
                    block.push(self.text.get(range.clone()).unwrap_or(&words), range.start);
                }
                Fenced::Foreign => {}
                Fenced::No => self.said.push_str(&words),
            },
            Event::Code(words) => self.said.push_str(&words),
            Event::SoftBreak | Event::HardBreak => self.said.push(' '),
            _ => {}
        }
    }

    fn end_heading(&mut self) {
        let said = std::mem::take(&mut self.said);
        let Some(level) = self.heading.take() else {
            return;
        };
        let title = plain_title(&said);
        // A label that is a heading (`### Diagnosis`) begins a part of the section and no section.
        if let Some(part) = label(&title).filter(|_| !self.section.title.is_empty()) {
            self.part = part;
            return;
        }
        self.close();
        if self.page.title.is_empty() && level == HeadingLevel::H1 {
            self.page.title = title;
            return;
        }
        self.headings.retain(|(open, _)| *open < level);
        let path = self
            .headings
            .iter()
            .map(|(_, title)| title.clone())
            .collect();
        self.headings.push((level, title.clone()));
        self.section = Section {
            title,
            path,
            ..Section::default()
        };
    }

    /// Ends a paragraph or an item.
    fn flush(&mut self) {
        if self.heading.is_some() || !matches!(self.code, Fenced::No) {
            return;
        }
        let said = std::mem::take(&mut self.said);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        if said.is_empty() {
            return;
        }
        let in_list = !self.item.is_empty();
        if let Some((name, rest)) = said.split_once(':')
            && let Some(part) = label(name)
        {
            self.part = part;
            let rest = rest.trim();
            if !rest.is_empty() {
                self.say(rest, false);
            }
            return;
        }
        if in_list && self.item_title.is_none() && self.item.len() == 1 {
            self.item_title = Some(said.trim_end_matches([':', '.']).to_owned());
        }
        self.say(&said, in_list);
    }

    fn say(&mut self, said: &str, in_list: bool) {
        let kept = said.to_owned();
        match self.part {
            Part::Symptoms => self.section.symptoms.push(kept),
            Part::Causes => self.section.causes.push(kept),
            Part::Intro if !in_list => {
                if !self.section.intro.is_empty() {
                    self.section.intro.push(' ');
                }
                self.section.intro.push_str(said);
            }
            _ => {}
        }
    }

    fn end_code(&mut self) {
        let Fenced::Commands(mut block) = std::mem::replace(&mut self.code, Fenced::No) else {
            return;
        };
        // Without a language it may be a log, a drawing or a query.
        if !self.told && !has_commands(&block.text) {
            return;
        }
        block.unprompt();
        let title = self.item_title.clone().filter(|_| !self.item.is_empty());
        block.role = match self.part {
            Part::Diagnosis | Part::Symptoms | Part::Causes => Role::Diagnosis,
            Part::Remedy => Role::Remedy(title),
            Part::Procedure => Role::Procedure(title),
            Part::Intro | Part::Other if title.is_some() => Role::Procedure(title),
            Part::Intro | Part::Other => Role::Unknown,
        };
        self.section.blocks.push(block);
    }

    fn close(&mut self) {
        let section = std::mem::take(&mut self.section);
        self.part = Part::Intro;
        self.item_title = None;
        if !section.blocks.is_empty() {
            self.page.sections.push(section);
        }
    }

    fn finish(mut self) -> Page {
        self.flush();
        self.close();
        self.page
    }
}

/// A heading without numbers and words that every heading has.
fn plain_title(said: &str) -> String {
    let said = said.trim().trim_end_matches(':');
    let said = said.trim_start_matches(|character: char| {
        character.is_ascii_digit() || matches!(character, '.' | ')' | ' ')
    });
    for word in [
        "Issue", "Problem", "Scenario", "Runbook", "Playbook", "Alert", "Case",
    ] {
        if let Some(rest) = said.strip_prefix(word)
            && let Some(rest) = rest
                .trim_start_matches(|character: char| {
                    character == ' ' || character.is_ascii_digit()
                })
                .strip_prefix([':', '-', '–', '—'])
        {
            return rest.trim().to_owned();
        }
    }
    said.to_owned()
}

/// Which part of a section a label begins.
fn label(said: &str) -> Option<Part> {
    let said = said.trim().trim_end_matches(':').to_lowercase();
    Some(match said.as_str() {
        "symptom" | "symptoms" | "signs" | "indicators" | "how it shows" => Part::Symptoms,
        "cause" | "causes" | "possible causes" | "common causes" | "root cause" | "root causes"
        | "likely causes" => Part::Causes,
        "diagnosis"
        | "diagnose"
        | "diagnostics"
        | "diagnostic steps"
        | "investigation"
        | "investigate"
        | "troubleshooting"
        | "troubleshooting steps"
        | "verify"
        | "check"
        | "checks"
        | "debugging" => Part::Diagnosis,
        "resolution" | "resolutions" | "resolve" | "solution" | "solutions" | "fix" | "fixes"
        | "remedy" | "remedies" | "remediation" | "mitigation" | "workaround" => Part::Remedy,
        "steps" | "procedure" | "procedures" | "how to" => Part::Procedure,
        "prevention" | "notes" | "note" | "references" | "see also" | "when to use" | "impact"
        | "escalation" => Part::Other,
        _ => return None,
    })
}

fn is_shell(language: &str) -> bool {
    let language = language.split([' ', ',', '{']).next().unwrap_or_default();
    matches!(
        language.to_lowercase().as_str(),
        "" | "bash"
            | "sh"
            | "shell"
            | "zsh"
            | "console"
            | "shell-session"
            | "sh-session"
            | "shellscript"
            | "terminal"
            | "command"
    )
}

/// Programs that pages of operations call.
const PROGRAMS: [&str; 68] = [
    "aws",
    "awk",
    "bash",
    "brew",
    "cat",
    "cd",
    "cdk",
    "chmod",
    "cp",
    "curl",
    "date",
    "df",
    "dig",
    "docker",
    "docker-compose",
    "echo",
    "ecs-cli",
    "eksctl",
    "export",
    "find",
    "for",
    "free",
    "gh",
    "git",
    "go",
    "grep",
    "helm",
    "host",
    "if",
    "java",
    "journalctl",
    "jq",
    "kill",
    "kubectl",
    "less",
    "ls",
    "make",
    "mkdir",
    "mv",
    "mysql",
    "nc",
    "netstat",
    "node",
    "npm",
    "npx",
    "nslookup",
    "openssl",
    "ping",
    "pip",
    "ps",
    "psql",
    "python",
    "python3",
    "redis-cli",
    "rm",
    "sam",
    "sh",
    "sleep",
    "ssh",
    "sudo",
    "systemctl",
    "tail",
    "telnet",
    "terraform",
    "watch",
    "wget",
    "while",
    "yarn",
];

/// Whether some line of a text begins as a command does: with a prompt, a known program, a path of one, or a variable.
fn has_commands(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        let (line, prompted) = match line.strip_prefix("$ ") {
            Some(rest) => (rest, true),
            None => (line, false),
        };
        let word = line.split_whitespace().next().unwrap_or_default();
        let variable = word.split_once('=').is_some_and(|(name, _)| {
            let mut characters = name.chars();
            characters
                .next()
                .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
                && characters.all(|one| one.is_ascii_alphanumeric() || one == '_')
        });
        prompted || variable || word.starts_with("./") || PROGRAMS.contains(&word)
    })
}
