//! Scalars as they are laid out.

/// A scalar of one line: single quotes become double ones where nothing within needs an escape.
pub(super) fn line(written: &str) -> String {
    let inner = written
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    match inner {
        Some(inner) if !inner.contains(['"', '\\']) => {
            format!("\"{}\"", inner.replace("''", "'"))
        }
        _ => written.to_owned(),
    }
}

/// Plain or quoted text of several lines, the second and later ones at a column.
pub(super) fn folded(written: &str, column: usize) -> String {
    let mut laid = String::new();
    let last = written.split('\n').count() - 1;
    for (at, line) in written.split('\n').enumerate() {
        let line = line.trim_end_matches('\r');
        let line = if at == 0 {
            line
        } else {
            laid.push('\n');
            line.trim_start_matches([' ', '\t'])
        };
        let trimmed = line.trim_end_matches([' ', '\t']);
        // A blank may be escaped.
        let line = if at == last || trimmed.ends_with('\\') {
            line
        } else {
            trimmed
        };
        if at > 0 && !line.is_empty() {
            laid.extend(std::iter::repeat_n(' ', column));
        }
        laid.push_str(line);
    }
    laid
}

/// Block text, its lines at a column below that of its parent; blanks within its lines stay.
///
/// `parent` is the column of the parent in the file, `laid` the one that it gets, and `column` that of the text.
pub(super) fn block(written: &str, parent: usize, laid: usize, column: usize) -> String {
    let (header, content) = written.split_once('\n').unwrap_or((written, ""));
    let mut text = header.trim_end().to_owned();
    if let Some((sign, comment)) = header.split_once('#') {
        text = format!("{} #{}", sign.trim_end(), comment.trim_end());
    }
    if !written.contains('\n') {
        return text;
    }
    let sign = header.split('#').next().unwrap_or_default();
    let stated = sign
        .chars()
        .find_map(|sign| sign.to_digit(10))
        .and_then(|digit| usize::try_from(digit).ok());
    let (indented, column) = if let Some(stated) = stated {
        (parent + stated, laid + stated)
    } else {
        let first = content.split('\n').find(|line| !line.trim().is_empty());
        let blanks = first.map_or(0, |line| line.len() - line.trim_start_matches(' ').len());
        (blanks, column)
    };
    for line in content.split('\n') {
        let line = line.trim_end_matches('\r');
        text.push('\n');
        let rest = line.get(indented..).unwrap_or_default();
        if !rest.is_empty() {
            text.extend(std::iter::repeat_n(' ', column));
            text.push_str(rest);
        }
    }
    text
}
