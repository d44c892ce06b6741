//! The `Debug` text of a crate's output, read back into a tree: the one form that all its types share.

/// A value as `Debug` shows it.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// Quoted text.
    Text(String),
    /// Something unquoted: a number, an instant, a variant, `None`.
    Atom(String),
    /// `[…]`.
    List(Vec<Shown>),
    /// `{key: value}` of a map.
    Map(Vec<(String, Shown)>),
    /// `Name { field: value }`.
    Structure(Vec<(String, Shown)>),
    /// `Name(value)`; `Some` is left out.
    Wrapped(String, Box<Shown>),
}

impl Shown {
    /// Reads a whole `Debug` text.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader { rest: text };
        let value = reader.value()?;
        match reader.rest.trim() {
            "" => Ok(value),
            rest => Err(format!("left over: {rest}")),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Shown, String> {
        self.space();
        if self.rest.starts_with('"') {
            return self.text().map(Shown::Text);
        }
        if self.skip('[') {
            return self.until(']', Self::value).map(Shown::List);
        }
        if self.skip('{') {
            return self.until('}', Self::entry).map(Shown::Map);
        }
        let atom = self.atom();
        if atom.is_empty() {
            return Err(format!("no value at: {}", self.rest));
        }
        if self.skip('(') {
            let mut inner = self.until(')', Self::value)?;
            let inner = inner.pop().ok_or("nothing in parentheses")?;
            return Ok(if atom == "Some" {
                inner
            } else {
                Shown::Wrapped(atom, Box::new(inner))
            });
        }
        if self.rest.starts_with(" {") {
            self.space();
            self.skip('{');
            return self.until('}', Self::entry).map(Shown::Structure);
        }
        Ok(Shown::Atom(atom))
    }

    /// `name: value` or `"key": value`.
    fn entry(&mut self) -> Result<(String, Shown), String> {
        self.space();
        let name = if self.rest.starts_with('"') {
            self.text()?
        } else {
            let end = self.rest.find(':').ok_or("a field without a value")?;
            let (name, rest) = self.rest.split_at(end);
            self.rest = rest;
            name.trim_start_matches("r#").to_owned()
        };
        if !self.skip(':') {
            return Err(format!("no value of {name} at: {}", self.rest));
        }
        Ok((name, self.value()?))
    }

    fn until<T>(
        &mut self,
        end: char,
        item: impl Fn(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let mut items = Vec::new();
        loop {
            self.space();
            if self.skip(end) {
                return Ok(items);
            }
            if self.rest.is_empty() {
                return Err(format!("`{end}` is missing"));
            }
            items.push(item(self)?);
            self.space();
            self.skip(',');
        }
    }

    /// Quoted text; its escapes are those of JSON but for `\'` and `\u{…}`.
    fn text(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                '\\' => match chars.next().map(|(_, escaped)| escaped) {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some('0') => text.push('\0'),
                    Some('u') => {
                        let code: String = chars
                            .by_ref()
                            .map(|(_, char)| char)
                            .skip_while(|char| *char == '{')
                            .take_while(|char| *char != '}')
                            .collect();
                        let code = u32::from_str_radix(&code, 16).map_err(|why| why.to_string())?;
                        text.extend(char::from_u32(code));
                    }
                    Some(other) => text.push(other),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err("a text without an end".to_owned())
    }

    fn atom(&mut self) -> String {
        let end = self
            .rest
            .find(|char: char| !(char.is_alphanumeric() || "_.:+-#*".contains(char)))
            .unwrap_or(self.rest.len());
        let (atom, rest) = self.rest.split_at(end);
        self.rest = rest;
        atom.to_owned()
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn skip(&mut self, char: char) -> bool {
        let rest = self.rest.strip_prefix(char);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

#[test]
fn debug_text_is_read_back() {
    let shown = Shown::read(
        r#"Output { r#type: Some("a\"\u{7f}é"), at: 2026-01-15T12:00:00Z, of: [Kind(On), None], map: {"k": 1.5} }"#,
    );
    let expected = Shown::Structure(vec![
        ("type".to_owned(), Shown::Text("a\"\u{7f}é".to_owned())),
        (
            "at".to_owned(),
            Shown::Atom("2026-01-15T12:00:00Z".to_owned()),
        ),
        (
            "of".to_owned(),
            Shown::List(vec![
                Shown::Wrapped("Kind".to_owned(), Box::new(Shown::Atom("On".to_owned()))),
                Shown::Atom("None".to_owned()),
            ]),
        ),
        (
            "map".to_owned(),
            Shown::Map(vec![("k".to_owned(), Shown::Atom("1.5".to_owned()))]),
        ),
    ]);
    assert_eq!(shown, Ok(expected));
}
