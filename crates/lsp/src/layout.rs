//! The keys of a text by their indentation, also where the text is half typed and no YAML yet.

use std::ops::Range;

/// A key and where its value stands.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The keys from the top to this one; an element of a list is `[0]`.
    pub(crate) route: Vec<String>,
    /// The key as written; empty for an element.
    pub(crate) key: Range<usize>,
    /// The value as written on the key's line, or in braces.
    pub(crate) value: Range<usize>,
}

/// Where somebody types.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    /// The mapping or list that is typed in, or the key whose value is typed.
    pub(crate) route: Vec<String>,
    /// It is the value of a key; else a key of a mapping or an element.
    pub(crate) value: bool,
    /// Where the word or the value begins.
    pub(crate) start: usize,
}

/// All keys of a text.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) entries: Vec<Entry>,
    pub(crate) cursor: Option<Cursor>,
}

impl Layout {
    /// Reads a text; somebody types at the byte `cursor`.
    pub(crate) fn read(text: &str, cursor: usize) -> Self {
        let mut reader = Reader {
            text,
            at: cursor,
            stack: Vec::new(),
            layout: Self::default(),
        };
        reader.lines();
        reader.layout
    }

    /// The value of a key, without quotes.
    pub(crate) fn value<'t>(&self, text: &'t str, route: &[String], key: &str) -> Option<&'t str> {
        let found = self.entries.iter().find(|entry| {
            entry.route.len() == route.len() + 1
                && entry.route.starts_with(route)
                && entry.route.last().is_some_and(|last| last == key)
        })?;
        let value = text.get(found.value.clone())?.trim();
        Some(value.trim_matches(['"', '\'']))
    }

    /// The keys of the mapping at a route.
    pub(crate) fn keys<'l>(&'l self, route: &'l [String]) -> impl Iterator<Item = &'l str> {
        let inside = self.entries.iter().filter(move |entry| {
            entry.route.len() == route.len() + 1 && entry.route.starts_with(route)
        });
        inside.filter_map(|entry| entry.route.last().map(String::as_str))
    }
}

/// A key or an element that encloses what follows.
struct Frame {
    indent: usize,
    name: String,
    item: bool,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    stack: Vec<Frame>,
    layout: Layout,
}

impl Reader<'_> {
    fn route(&self) -> Vec<String> {
        self.stack.iter().map(|frame| frame.name.clone()).collect()
    }

    fn set(&mut self, value: bool, start: usize) {
        self.layout.cursor = Some(Cursor {
            route: self.route(),
            value,
            start,
        });
    }

    fn end_of_line(&self, from: usize) -> usize {
        self.text[from..]
            .find('\n')
            .map_or(self.text.len(), |end| from + end)
    }

    fn lines(&mut self) {
        let mut start = 0;
        // The indentation of the key whose text spans lines.
        let mut block: Option<usize> = None;
        while start <= self.text.len() {
            let next = self.end_of_line(start) + 1;
            let line = &self.text[start..next - 1];
            let line = line.strip_suffix('\r').unwrap_or(line);
            let end = start + line.len();
            let indent = line.len() - line.trim_start_matches(' ').len();
            let here = (start..=end).contains(&self.at);
            let blank = line.trim().is_empty();
            if let Some(owner) = block {
                if blank || indent > owner {
                    if here && (!blank || self.at - start > owner) {
                        self.set(true, start + indent.min(self.at - start));
                    }
                    start = next;
                    continue;
                }
                block = None;
            }
            if blank {
                if here {
                    self.open(self.at - start, self.at);
                }
                start = next;
                continue;
            }
            if line.trim_start().starts_with('#') {
                start = next;
                continue;
            }
            let (after, text) = self.line(start, start + indent, end);
            if text {
                block = self.stack.last().map(|frame| frame.indent);
            }
            start = after.max(next);
        }
    }

    /// Somebody types at the column of a line that holds nothing.
    fn open(&mut self, column: usize, start: usize) {
        let kept = self
            .stack
            .iter()
            .take_while(|frame| frame.indent < column)
            .map(|frame| frame.name.clone())
            .collect();
        self.layout.cursor = Some(Cursor {
            route: kept,
            value: false,
            start,
        });
    }

    /// Reads a line that holds something; gives where the next one begins, and whether a text over lines follows.
    fn line(&mut self, start: usize, mut at: usize, end: usize) -> (usize, bool) {
        let here = (start..=end).contains(&self.at);
        if here && self.at < at {
            self.open(self.at - start, self.at);
        }
        loop {
            let column = at - start;
            let rest = &self.text[at..end];
            if rest == "-" || rest.starts_with("- ") {
                self.stack.retain_first(|frame| {
                    frame.indent < column || (frame.indent == column && !frame.item)
                });
                let count = self.next_item(column);
                self.stack.push(Frame {
                    indent: column,
                    name: format!("[{count}]"),
                    item: true,
                });
                let route = self.route();
                let inner = rest.get(1..).unwrap_or_default();
                let blank = inner.len() - inner.trim_start().len();
                let value = at + 1 + blank..end;
                self.layout.entries.push(Entry {
                    route,
                    key: at..at,
                    value: value.clone(),
                });
                if here && self.at > at && self.at <= value.start {
                    self.set(false, self.at);
                }
                if value.start >= end {
                    return (end + 1, false);
                }
                at = value.start;
                continue;
            }
            let Some((key, after)) = key_of(rest) else {
                return self.bare(at, end, here);
            };
            self.stack.retain_first(|frame| frame.indent < column);
            if here && self.at >= at && self.at <= at + after {
                self.set(false, at);
            }
            self.stack.push(Frame {
                indent: column,
                name: key,
                item: false,
            });
            let written = at..at + after - 1;
            let after = at + after;
            let value =
                after + (self.text[after..end].len() - self.text[after..end].trim_start().len());
            let route = self.route();
            let entry = self.layout.entries.len();
            self.layout.entries.push(Entry {
                route,
                key: written,
                value: value..end,
            });
            let value_text = &self.text[value..end];
            if value_text.starts_with(['{', '[']) {
                let closed = self.flow(value, column);
                self.layout.entries[entry].value = value..closed;
                if closed > end {
                    return (self.end_of_line(closed.min(self.text.len())) + 1, false);
                }
                return (end + 1, false);
            }
            if here && self.at > after {
                self.set(true, value.min(self.at));
            }
            let text = value_text.starts_with(['|', '>']);
            return (end + 1, text);
        }
    }

    /// A line, or the rest of one, without a key.
    fn bare(&mut self, at: usize, end: usize, here: bool) -> (usize, bool) {
        let rest = &self.text[at..end];
        if rest.starts_with(['{', '[']) {
            let floor = self.stack.last().map_or(0, |frame| frame.indent);
            let closed = self.flow(at, floor);
            return (self.end_of_line(closed.min(self.text.len())) + 1, false);
        }
        if here && self.at >= at {
            let column = at - self.text[..at].rfind('\n').map_or(0, |line| line + 1);
            let item = self
                .stack
                .last()
                .is_some_and(|frame| frame.item && frame.indent < column);
            if item {
                self.set(false, at);
            } else {
                self.open(column, at);
            }
        }
        (end + 1, false)
    }

    /// How many elements stand before this one in its list.
    fn next_item(&self, _column: usize) -> usize {
        let route = self.route();
        let keys = self.layout.keys(&route);
        keys.filter(|key| key.starts_with('[')).count()
    }

    /// Reads what stands in braces or brackets from `at`, and gives where it ends; a line that is indented by no more than
    /// `floor` ends it too.
    fn flow(&mut self, at: usize, floor: usize) -> usize {
        let list = self.text[at..].starts_with('[');
        let mut at = at + 1;
        let mut count = 0;
        let mut gap = at;
        loop {
            let Some(next) = self.skip(at, floor) else {
                let end = self.end_of_line(at);
                if (gap..=end).contains(&self.at) {
                    self.set_once(false, self.at);
                }
                return end;
            };
            if (gap..=next).contains(&self.at) {
                self.in_gap(list, count);
            }
            at = next;
            let rest = &self.text[at..];
            if rest.starts_with(['}', ']']) {
                return at + 1;
            }
            if rest.starts_with(',') {
                count += 1;
                at += 1;
                gap = at;
                continue;
            }
            let token = token_end(rest, list).max(1);
            let token = at + rest.ceil_char_boundary(token);
            let written = self.text[at..token].trim_end();
            let colon = self.text[token..].starts_with(':');
            if list || !colon {
                let frame = list.then(|| format!("[{count}]"));
                if let Some(name) = frame.clone() {
                    self.stack.push(Frame {
                        indent: usize::MAX,
                        name,
                        item: true,
                    });
                    let route = self.route();
                    self.layout.entries.push(Entry {
                        route,
                        key: at..at,
                        value: at..at + written.len(),
                    });
                }
                if rest.starts_with(['{', '[']) {
                    at = self.flow(at, floor);
                } else {
                    if (at..=token).contains(&self.at) {
                        self.set(false, at);
                    }
                    at = token;
                }
                if frame.is_some() {
                    self.stack.pop();
                }
                gap = at + 1;
                continue;
            }
            if (at..=token).contains(&self.at) {
                self.set(false, at);
            }
            self.stack.push(Frame {
                indent: usize::MAX,
                name: written.trim_matches(['"', '\'']).to_owned(),
                item: false,
            });
            at = self.flow_value(at..token, floor);
            self.stack.pop();
            gap = at + 1;
        }
    }

    /// Reads the value of a key in braces, from behind its colon.
    fn flow_value(&mut self, key: Range<usize>, floor: usize) -> usize {
        let after = key.end + 1;
        let route = self.route();
        let next = self.skip(after, floor);
        let value = next.unwrap_or_else(|| self.end_of_line(after));
        if (after..=value).contains(&self.at) {
            self.set(true, self.at.min(value));
        }
        let entry = self.layout.entries.len();
        self.layout.entries.push(Entry {
            route,
            key,
            value: value..value,
        });
        let rest = &self.text[value..];
        let end = if next.is_none() {
            value
        } else if rest.starts_with(['{', '[']) {
            self.flow(value, floor)
        } else {
            let end = value + token_end(rest, false);
            if (value..=end).contains(&self.at) {
                self.set(true, value);
            }
            end
        };
        self.layout.entries[entry].value = value..end;
        end
    }

    /// Somebody types between two elements.
    fn in_gap(&mut self, list: bool, count: usize) {
        if list {
            self.stack.push(Frame {
                indent: usize::MAX,
                name: format!("[{count}]"),
                item: true,
            });
        }
        self.set_once(false, self.at);
        if list {
            self.stack.pop();
        }
    }

    fn set_once(&mut self, value: bool, start: usize) {
        if self.layout.cursor.is_none() {
            self.set(value, start);
        }
    }

    /// The next thing that is no white space; `None` where the braces are left.
    fn skip(&self, mut at: usize, floor: usize) -> Option<usize> {
        loop {
            let rest = self.text.get(at..)?;
            let each = rest.chars().next()?;
            match each {
                '\n' => {
                    let line = rest.get(1..)?;
                    let indent = line.len() - line.trim_start_matches(' ').len();
                    let closes = line.trim_start().starts_with(['}', ']']);
                    if indent <= floor && !closes && !line.trim_start().starts_with('\n') {
                        return None;
                    }
                    at += 1;
                }
                '#' => at = self.end_of_line(at),
                each if each.is_whitespace() => at += each.len_utf8(),
                _ => return Some(at),
            }
        }
    }
}

/// Keeps the frames before the first one that a test refuses.
trait RetainFirst {
    fn retain_first(&mut self, test: impl Fn(&Frame) -> bool);
}

impl RetainFirst for Vec<Frame> {
    fn retain_first(&mut self, test: impl Fn(&Frame) -> bool) {
        let kept = self.iter().take_while(|frame| test(frame)).count();
        self.truncate(kept);
    }
}

/// The key that a line begins with, and where its colon ends.
fn key_of(line: &str) -> Option<(String, usize)> {
    if let Some(quote) = line
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))
    {
        let end = line.get(1..)?.find(quote)? + 1;
        let after = line.get(end + 1..)?;
        let colon = after.starts_with(": ") || after.trim_end() == ":";
        return colon.then(|| (line[1..end].to_owned(), end + 2));
    }
    if line.starts_with(['{', '[', '#', '&', '*', '|', '>', '%', '@']) {
        return None;
    }
    let colon = line
        .match_indices(':')
        .map(|(at, _)| at)
        .find(|at| line[at + 1..].is_empty() || line[at + 1..].starts_with([' ', '\r']))?;
    let key = line[..colon].trim_end();
    (!key.contains(" #")).then(|| (key.to_owned(), colon + 1))
}

/// Where a word in braces ends.
fn token_end(text: &str, list: bool) -> usize {
    if let Some(quote) = text
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))
    {
        let mut escaped = false;
        for (at, each) in text.char_indices().skip(1) {
            match each {
                '\n' => return at,
                '\\' if quote == '"' && !escaped => escaped = true,
                each if each == quote && !escaped => return at + 1,
                _ => escaped = false,
            }
        }
        return text.len();
    }
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("${{") {
            let line = rest.find('\n').unwrap_or(rest.len());
            at += rest[..line].find("}}").map_or(line, |end| end + 2);
            continue;
        }
        let colon = rest.starts_with(": ") || rest.starts_with(":\n") || rest == ":";
        let closes = rest.starts_with('}') || (list && rest.starts_with(']'));
        if colon || closes || rest.starts_with([',', '\n']) || (at == 0 && rest.starts_with(']')) {
            return at;
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::Layout;

    /// The route at `|`, its word, and whether it is a value.
    fn at(text: &str) -> (String, String, bool) {
        let cursor = text.find('|').expect("a cursor");
        let text = text.replacen('|', "", 1);
        let layout = Layout::read(&text, cursor);
        let found = layout.cursor.expect("a place");
        let word = text[found.start..cursor].to_owned();
        (found.route.join("/"), word, found.value)
    }

    fn is(text: &str, route: &str, word: &str, value: bool) {
        assert_eq!(
            at(text),
            (route.to_owned(), word.to_owned(), value),
            "{text}"
        );
    }

    #[test]
    fn places_in_blocks_are_found() {
        is("ti|", "", "ti", false);
        is("a:\n  b:\n    c: x\n    |\nd: 1\n", "a/b", "", false);
        is("a:\n  b:\n    c: x\n    wi|\nd: 1\n", "a/b", "wi", false);
        is("a:\n  b: ecs:Li|\n", "a/b", "ecs:Li", true);
        is("a:\n  b: |\nc: 2\n", "a/b", "", true);
        is("a:\n  - b: 1\n  - that: inp|\n", "a/[1]/that", "inp", true);
        is("for:\n  - one\n  - tw|\n", "for/[1]", "tw", false);
        is("for:\n- one\n- |\n", "for/[1]", "", false);
        is("a:\n  b: >\n    some ${{ x|\n", "a/b", "some ${{ x", true);
    }

    #[test]
    fn places_in_braces_are_found() {
        is("s:\n  with: {a: 1, |}\n", "s/with", "", false);
        is("s:\n  with: {a: 1, se|\nd: 2\n", "s/with", "se", false);
        is(
            "s:\n  with: {a: \"${{ inputs.|\", b: 2}\n",
            "s/with/a",
            "\"${{ inputs.",
            true,
        );
        is("s:\n  with: {a: ST|, b: 2}\n", "s/with/a", "ST", true);
        is(
            "s: {action: ecs:ListTasks, with: {a: |}}\n",
            "s/with/a",
            "",
            true,
        );
        is("s:\n  for: [one, t|]\n", "s/for/[1]", "t", false);
    }

    #[test]
    fn any_half_of_any_text_is_read() {
        let texts = [
            "a: {b: [x, \"ü, 'y\", ${{ 😀 }}], 'ö': {c: [",
            "a:\r\n  - b: 'é\r\n  - {😀: ü}\r\n  -\r\n  c: |\r\n    ü\r\n",
            "- - {a: b: c, ]}\n}: [\n\"\": '\n? x\n: y\n--- !!ü &a *b",
            "a: \"\\",
            "a: {b: \n\n  # ü\n  c: d}\n\u{85}\u{a0}: ü",
        ];
        for text in texts {
            let places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            let places: Vec<usize> = places.collect();
            for end in &places {
                for at in places.iter().filter(|at| *at <= end) {
                    let layout = Layout::read(&text[..*end], *at);
                    if let Some(cursor) = layout.cursor {
                        assert!(cursor.start <= *at && text.is_char_boundary(cursor.start));
                    }
                    for entry in layout.entries {
                        assert!(text[..*end].get(entry.value).is_some());
                    }
                }
            }
        }
    }

    #[test]
    fn values_beside_are_read_in_either_form() {
        let text = "s:\n  action: ecs:ListTasks\n  with: {x: \n";
        let layout = Layout::read(text, text.len());
        let route = ["s".to_owned()];
        assert_eq!(layout.value(text, &route, "action"), Some("ecs:ListTasks"));
        let text = "s: {action: 'ecs:ListTasks', with: {x: 1}}\n";
        let layout = Layout::read(text, 0);
        assert_eq!(layout.value(text, &route, "action"), Some("ecs:ListTasks"));
    }
}
