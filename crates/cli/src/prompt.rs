//! Lines that a person types.

use crate::console::Stream;
use std::io::{BufRead, Write};

/// A person at a terminal.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// Where questions are shown.
    pub stream: Stream,
    /// Who is asked.
    pub user: String,
}

impl Prompt {
    /// Shows a question and waits for a line; `None` when standard input has ended. The wait holds nothing else up.
    pub async fn line(&self, question: &str) -> Option<String> {
        let mut out = (self.stream.open)();
        let _ = out.write_all(question.as_bytes());
        let _ = out.flush();
        let (send, receive) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            let _ = send.send(read.ok().filter(|read| *read > 0).map(|_| line));
        });
        let line = receive.await.ok().flatten();
        if line.is_none() {
            self.stream.line("");
        }
        line.map(|line| line.trim().to_owned())
    }
}
