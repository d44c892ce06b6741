//! The command in a pseudo-terminal, and what the terminal shows.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

/// How long something may take to show.
const PATIENCE: Duration = Duration::from_secs(60);

/// Columns and lines.
#[derive(Debug, Clone, Copy)]
pub struct Size(pub u16, pub u16);

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A command that runs in a terminal.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Mutex<Seen>>,
    reader: Option<JoinHandle<()>>,
}

struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
}

/// A command that has ended.
pub struct Ended {
    pub code: u32,
    pub screen: String,
    /// The cursor is shown.
    pub cursor: bool,
    /// All that was written.
    pub raw: String,
}

fn size(Size(columns, lines): Size) -> PtySize {
    PtySize {
        rows: lines,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

impl Pty {
    /// Starts the command, with an environment of its own.
    pub fn start(of: Size, line: &[&str], variables: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(size(of)).expect("a pty");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_runbook"));
        command.args(line);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        for (name, value) in variables {
            command.env(name, value);
        }
        command.cwd(root());
        let child = pair.slave.spawn_command(command).expect("it starts");
        drop(pair.slave);
        let number = |number| NonZero::new(number).expect("a size");
        let seen = Arc::new(Mutex::new(Seen {
            parser: vt100::Parser::new(number(of.1), number(of.0), 0),
            raw: Vec::new(),
        }));
        let mut output = pair.master.try_clone_reader().expect("its output");
        let shown = Arc::clone(&seen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // At the end of the other side reading fails.
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                let mut seen = shown.lock().expect("one writer");
                seen.parser.process(&bytes[..read]);
                seen.raw.extend_from_slice(&bytes[..read]);
            }
        });
        Self {
            writer: pair.master.take_writer().expect("its input"),
            master: pair.master,
            child,
            seen,
            reader: Some(reader),
        }
    }

    /// What the terminal shows now.
    pub fn screen(&self) -> String {
        let seen = self.seen.lock().expect("one writer");
        let text = seen.parser.screen().contents();
        let rows: Vec<&str> = text.lines().map(str::trim_end).collect();
        rows.join("\n").trim_end().to_owned()
    }

    /// Waits until something shows; the screen at that time.
    pub fn until(&self, what: &str) -> String {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(what) {
                return screen;
            }
            assert!(began.elapsed() < PATIENCE, "{what} does not show: {screen}");
            sleep(Duration::from_millis(5));
        }
    }

    pub fn types(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).expect("it is typed");
        self.writer.flush().expect("it is typed");
    }

    pub fn resize(&self, of: Size) {
        self.master.resize(size(of)).expect("it is resized");
        let number = |number| NonZero::new(number).expect("a size");
        let mut seen = self.seen.lock().expect("one writer");
        seen.parser
            .screen_mut()
            .set_size(number(of.1), number(of.0));
    }

    /// Waits for the end.
    pub fn end(&mut self) -> Ended {
        self.end_with(&[])
    }

    /// Waits for the end and answers what is asked until then.
    pub fn end_with(&mut self, answers: &[(&str, &str)]) -> Ended {
        let began = Instant::now();
        let mut answered = 0;
        let code = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status.exit_code();
            }
            let raw = self.raw();
            let after = raw.get(answered..).unwrap_or_default().to_owned();
            for (question, answer) in answers {
                if after.ends_with(question) {
                    // Nobody answers before what runs beside the question has come to its end.
                    sleep(Duration::from_millis(300));
                    answered = raw.len();
                    self.types(answer);
                }
            }
            assert!(
                began.elapsed() < PATIENCE,
                "it does not end: {}",
                self.screen()
            );
            sleep(Duration::from_millis(5));
        };
        if let Some(reader) = self.reader.take() {
            reader.join().expect("all is read");
        }
        let seen = self.seen.lock().expect("one writer");
        let cursor = !seen.parser.screen().hide_cursor();
        drop(seen);
        Ended {
            code,
            screen: self.screen(),
            cursor,
            raw: self.raw(),
        }
    }

    fn raw(&self) -> String {
        let seen = self.seen.lock().expect("one writer");
        String::from_utf8_lossy(&seen.raw).into_owned()
    }
}
