//! Lines that a person types.

use crate::console::Stream;
use std::io::{BufRead, Write};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// How long a person may take to see that a question has been replaced by another.
const JUST_NOW: Duration = Duration::from_secs(2);

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
        let input = input();
        let mut input = input.lock().await;
        self.show(question);
        // A line that was typed while the question before was answered elsewhere is no answer to this one.
        let (outstanding, shown) = (input.asked, Instant::now());
        let line = input.next().await;
        if outstanding && line.is_some() && shown.elapsed() < JUST_NOW {
            self.stream.line(
                "the question before is over; this line is not taken for an answer to another",
            );
            self.show(question);
            return self.end(input.next().await);
        }
        self.end(line)
    }

    fn end(&self, line: Option<String>) -> Option<String> {
        if line.is_none() {
            self.stream.line("");
        }
        line.map(|line| line.trim().to_owned())
    }

    fn show(&self, question: &str) {
        let mut out = (self.stream.open)();
        let _ = out.write_all(question.as_bytes());
        let _ = out.flush();
    }
}

/// Standard input, read a line at a time, and only when somebody asks for one.
struct Input {
    requests: Sender<()>,
    lines: UnboundedReceiver<Option<String>>,
    /// A line was asked for that nobody has taken.
    asked: bool,
}

impl Input {
    async fn next(&mut self) -> Option<String> {
        if !self.asked {
            self.requests.send(()).ok()?;
            self.asked = true;
        }
        let line = self.lines.recv().await.flatten();
        self.asked = false;
        line
    }
}

fn input() -> Arc<tokio::sync::Mutex<Input>> {
    static INPUT: OnceLock<Mutex<Option<Arc<tokio::sync::Mutex<Input>>>>> = OnceLock::new();
    let slot = INPUT.get_or_init(Mutex::default);
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(slot.get_or_insert_with(|| Arc::new(tokio::sync::Mutex::new(reader()))))
}

fn reader() -> Input {
    let (requests, asked) = std::sync::mpsc::channel();
    let (send, lines) = unbounded_channel();
    std::thread::spawn(move || {
        while asked.recv().is_ok() {
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            let line = read.ok().filter(|read| *read > 0).map(|_| line);
            if send.send(line).is_err() {
                return;
            }
        }
    });
    Input {
        requests,
        lines,
        asked: false,
    }
}
