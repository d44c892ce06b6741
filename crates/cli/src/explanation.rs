//! Pages of the documentation on a terminal.

use runbook_report::terminal::Look;
use unicode_width::UnicodeWidthStr;

/// The widest text that reads well.
const WIDEST: usize = 100;

/// A Markdown page as lines of text: headings in bold, paragraphs wrapped, examples as they stand.
#[must_use]
pub fn page(markdown: &str, look: Look) -> Vec<String> {
    let width = look.width.unwrap_or(WIDEST).min(WIDEST);
    let mut lines = Vec::new();
    let mut paragraph = String::new();
    let mut example = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            example = !example;
            continue;
        }
        if example {
            lines.push(format!("    {line}").trim_end().to_owned());
            continue;
        }
        if line.is_empty() || line.starts_with('#') {
            wrap(&std::mem::take(&mut paragraph), width, &mut lines);
        }
        if line.starts_with('#') {
            lines.push(bold(line.trim_start_matches('#').trim(), look));
        } else if line.is_empty() {
            lines.push(String::new());
        } else {
            paragraph.push(' ');
            paragraph.push_str(line);
        }
    }
    wrap(&paragraph, width, &mut lines);
    lines
}

/// Breaks text between words.
pub fn wrap(text: &str, width: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
}

/// Text that stands out where there are colours.
#[must_use]
pub fn bold(text: &str, look: Look) -> String {
    if look.colour {
        format!("\u{1b}[1m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::page;
    use runbook_report::terminal::Look;

    #[test]
    fn paragraphs_are_wrapped_and_examples_are_not() {
        let look = Look {
            width: Some(12),
            colour: false,
        };
        let text = "# a-code\n\nOne two three\nfour.\n\n```yaml\na: long line that stays\n```\n\n## Why\n\nSo.\n";
        assert_eq!(
            page(text, look),
            [
                "a-code",
                "",
                "One two",
                "three four.",
                "",
                "    a: long line that stays",
                "",
                "Why",
                "",
                "So."
            ]
        );
        let colour = Look {
            width: None,
            colour: true,
        };
        assert_eq!(page("# a\n", colour), ["\u{1b}[1ma\u{1b}[0m"]);
    }
}
