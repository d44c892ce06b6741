//! The shorthand syntax of the AWS CLI: `Name=ClusterName,Value=main`, `Key=a,Values=x,y`, `{a=1,b=[2,3]}`.

use serde_json::{Map, Value as Json};
use std::iter::Peekable;
use std::str::Chars;

/// How deep lists and mappings may be.
const MAX_DEPTH: usize = 16;

/// Reads shorthand. All values are texts, lists and mappings of them; types come later.
///
/// # Errors
/// A few words that say what is wrong.
pub fn parse(text: &str) -> Result<Json, String> {
    let mut reader = Reader {
        rest: text.chars().peekable(),
        depth: 0,
    };
    let mut members = Map::new();
    loop {
        let key = reader.key()?;
        reader.expect('=')?;
        let value = reader.values()?;
        if members.insert(key.clone(), value).is_some() {
            return Err(format!(
                "`{key}` is given twice: what belongs to different elements is separated by a blank, not by a comma"
            ));
        }
        reader.blanks();
        match reader.rest.next() {
            None => return Ok(Json::Object(members)),
            Some(',') => reader.blanks(),
            Some(other) => return Err(format!("`{other}` stands where a comma is due")),
        }
    }
}

struct Reader<'t> {
    rest: Peekable<Chars<'t>>,
    depth: usize,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while self
            .rest
            .next_if(|character| character.is_whitespace())
            .is_some()
        {}
    }

    fn expect(&mut self, due: char) -> Result<(), String> {
        self.blanks();
        match self.rest.next() {
            Some(found) if found == due => {
                self.blanks();
                Ok(())
            }
            Some(found) => Err(format!("`{found}` stands where `{due}` is due")),
            None => Err(format!("it ends where `{due}` is due")),
        }
    }

    fn key(&mut self) -> Result<String, String> {
        let mut key = String::new();
        while let Some(character) = self
            .rest
            .next_if(|character| character.is_ascii_alphanumeric() || "-_.#/:".contains(*character))
        {
            key.push(character);
        }
        if key.is_empty() {
            return Err("a name is due, as in `Name=value`".to_owned());
        }
        Ok(key)
    }

    fn values(&mut self) -> Result<Json, String> {
        match self.rest.peek() {
            Some('[' | '{') => self.explicit(),
            _ => self.separated(),
        }
    }

    /// `a`, or `a,b,c` as long as what follows a comma is no `key=`.
    fn separated(&mut self) -> Result<Json, String> {
        let first = self.value(false)?;
        let mut values = vec![first];
        loop {
            let before = self.rest.clone();
            if self.rest.next_if_eq(&',').is_none() {
                break;
            }
            self.blanks();
            if self.rest.peek().is_none() {
                values.push(Json::String(String::new()));
                break;
            }
            let Ok(value) = self.value(true) else {
                self.rest = before;
                break;
            };
            self.blanks();
            if self.rest.peek() == Some(&'=') {
                self.rest = before;
                break;
            }
            values.push(value);
        }
        match <[Json; 1]>::try_from(values) {
            Ok([only]) => Ok(only),
            Err(values) => Ok(Json::Array(values)),
        }
    }

    /// A text; further texts of a list end at `=` too.
    fn value(&mut self, further: bool) -> Result<Json, String> {
        let mut text = String::new();
        if let Some(quote) = self
            .rest
            .next_if(|character| matches!(character, '"' | '\''))
        {
            while let Some(character) = self.rest.next() {
                match character {
                    '\\' => match self.rest.next() {
                        Some(next) if next == quote || next == '\\' => text.push(next),
                        Some(next) => text.extend(['\\', next]),
                        None => text.push('\\'),
                    },
                    end if end == quote => return Ok(Json::String(text)),
                    other => text.push(other),
                }
            }
            return Err(format!("the quote {quote} is not closed"));
        }
        while let Some(character) = self.rest.peek().copied() {
            match character {
                ',' | ']' | '}' => break,
                '=' if further => break,
                '\\' => {
                    self.rest.next();
                    match self.rest.next() {
                        Some(',') => text.push(','),
                        Some(other) => text.extend(['\\', other]),
                        None => text.push('\\'),
                    }
                }
                other => {
                    self.rest.next();
                    text.push(other);
                }
            }
        }
        Ok(Json::String(text.trim_end().to_owned()))
    }

    fn explicit(&mut self) -> Result<Json, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("it is deeper than {MAX_DEPTH} levels"));
        }
        let value = match self.rest.peek() {
            Some('[') => {
                self.rest.next();
                let mut values = Vec::new();
                self.items(']', |reader| {
                    values.push(reader.explicit()?);
                    Ok(())
                })?;
                Json::Array(values)
            }
            Some('{') => {
                self.rest.next();
                let mut members = Map::new();
                self.items('}', |reader| {
                    let key = reader.key()?;
                    reader.expect('=')?;
                    let value = reader.explicit()?;
                    members.insert(key, value);
                    Ok(())
                })?;
                Json::Object(members)
            }
            _ => self.value(false)?,
        };
        self.depth -= 1;
        Ok(value)
    }

    fn items(
        &mut self,
        end: char,
        mut item: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        loop {
            self.blanks();
            if self.rest.next_if_eq(&end).is_some() {
                return Ok(());
            }
            item(self)?;
            self.blanks();
            if self.rest.next_if_eq(&',').is_none() && self.rest.peek() != Some(&end) {
                return Err(format!("`{end}` is missing"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::json;

    #[test]
    fn shorthand_is_read_as_the_cli_reads_it() {
        for (text, value) in [
            ("Name=a,Value=b", json!({"Name": "a", "Value": "b"})),
            (
                "Name=a,Values=x,y",
                json!({"Name": "a", "Values": ["x", "y"]}),
            ),
            (
                "Values=x,y,Name=a",
                json!({"Values": ["x", "y"], "Name": "a"}),
            ),
            ("a=[x,y],b={c=d}", json!({"a": ["x", "y"], "b": {"c": "d"}})),
            ("a={b=[{c=1}]}", json!({"a": {"b": [{"c": "1"}]}})),
            ("a='x, y',b=\"z\"", json!({"a": "x, y", "b": "z"})),
            ("a=x\\,y", json!({"a": "x,y"})),
            ("a=", json!({"a": ""})),
            ("a=b=c", json!({"a": "b=c"})),
            (
                "Name=tag:Name,Values=*acso*",
                json!({"Name": "tag:Name", "Values": "*acso*"}),
            ),
        ] {
            assert_eq!(parse(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for text in ["", "a", "a=[x", "a={b", "Name=a,Name=b", "a='x", "=x"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&format!("a={}", "[".repeat(100))).is_err());
    }
}
