//! A secret as programs write it on: quoted in JSON, percent-encoded, in Base64.

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value as Json;
use std::fmt::Write as _;

/// Shorter pieces of Base64 stand in unrelated text.
const SHORTEST: usize = 8;

/// The other forms of a text that differ from it.
pub(super) fn forms(text: &str) -> Vec<String> {
    let mut found = vec![
        in_json(text),
        percent(text, "%20", false),
        percent(text, "%20", true),
        percent(text, "+", false),
        percent(text, "+", true),
    ];
    for before in 0..3 {
        found.extend(base64(text, before, &STANDARD_NO_PAD));
        found.extend(base64(text, before, &URL_SAFE_NO_PAD));
    }
    found.sort();
    found.dedup();
    found.retain(|form| form != text);
    found
}

fn in_json(text: &str) -> String {
    let quoted = Json::from(text).to_string();
    quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(&quoted)
        .to_owned()
}

fn percent(text: &str, space: &str, small: bool) -> String {
    let mut form = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => form.push_str(space),
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => {
                form.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            byte if small => {
                let _ = write!(form, "%{byte:02x}");
            }
            byte => {
                let _ = write!(form, "%{byte:02X}");
            }
        }
    }
    form
}

/// The characters that tell of the text alone where `before` bytes, of every three, stand before it: `user:secret` in
/// Base64 has them in its midst.
fn base64(text: &str, before: usize, engine: &impl base64::Engine) -> Option<String> {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(text.as_bytes());
    let whole = engine.encode(&bytes);
    // What mixes with the bytes before, and what would mix with bytes behind.
    let skipped = (before * 8).div_ceil(6);
    let own = bytes.len() * 8 / 6;
    let part = whole.get(skipped..own)?;
    (part.len() >= SHORTEST).then(|| part.to_owned())
}
