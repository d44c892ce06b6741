//! Messages over two streams: a header with the length, then JSON.

use serde_json::Value as Json;
use std::io::{self, BufRead, Read as _, Write};

/// The longest message that is read, in bytes; a playbook is at most a fraction of it.
const LONGEST: usize = 64 << 20;

/// What was read from the client.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A message.
    Message(Json),
    /// Something that is no JSON; the stream goes on behind it.
    Malformed(String),
    /// The stream has ended.
    End,
}

/// Reads the next message.
pub(crate) fn read(input: &mut impl BufRead) -> Incoming {
    let length = match header(input) {
        Ok(Header::Length(length)) => length,
        Ok(Header::Without) => {
            return Incoming::Malformed("a message without Content-Length".to_owned());
        }
        Ok(Header::End) | Err(_) => return Incoming::End,
    };
    if length > LONGEST {
        let skipped = io::copy(&mut input.take(length as u64), &mut io::sink());
        return match skipped {
            Ok(_) => Incoming::Malformed(format!("a message of {length} bytes")),
            Err(_) => Incoming::End,
        };
    }
    let mut body = vec![0; length];
    if input.read_exact(&mut body).is_err() {
        return Incoming::End;
    }
    match serde_json::from_slice(&body) {
        Ok(message) => Incoming::Message(message),
        Err(error) => Incoming::Malformed(error.to_string()),
    }
}

/// What the lines before a message said.
enum Header {
    Length(usize),
    Without,
    End,
}

fn header(input: &mut impl BufRead) -> io::Result<Header> {
    let mut length = None;
    let mut any = false;
    loop {
        let mut line = Vec::new();
        // A header line is short; what is longer is none.
        if input.by_ref().take(8192).read_until(b'\n', &mut line)? == 0 {
            return Ok(Header::End);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            match (length, any) {
                (Some(length), _) => return Ok(Header::Length(length)),
                (None, true) => return Ok(Header::Without),
                (None, false) => continue,
            }
        }
        any = true;
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
}

/// Writes a message.
///
/// # Errors
/// The stream is closed.
pub(crate) fn write(output: &mut impl Write, message: &Json) -> io::Result<()> {
    let body = message.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::{Incoming, read, write};
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_and_what_is_malformed_is_passed_over() {
        let mut bytes = b"Content-Length: 4\r\n\r\n{oopX-Other: 1\r\n\r\n".to_vec();
        write(&mut bytes, &json!({"text": "é"})).expect("written");
        let mut input = bytes.as_slice();
        assert!(matches!(read(&mut input), Incoming::Malformed(_)));
        assert!(matches!(read(&mut input), Incoming::Malformed(_)));
        let Incoming::Message(message) = read(&mut input) else {
            panic!("no message");
        };
        assert_eq!(message, json!({"text": "é"}));
        assert!(matches!(read(&mut input), Incoming::End));
    }
}
