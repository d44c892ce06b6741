//! A process that lives through a run once, and waits at each point: what it has written by then is what it would leave if it
//! were killed there, and is copied. So the way to a point is gone once for all points.

use super::process::Process;
use super::subject::{Subject, Until, Whole};
use super::{failure, read};
use crate::exit::Failure;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// The process, as the one that started it sees it.
pub struct Leader {
    folder: PathBuf,
    process: Process,
    line: UnixStream,
}

impl Leader {
    /// Starts a life in an empty folder; it waits at the points that are wanted.
    ///
    /// # Errors
    /// There can be no more processes.
    pub fn start(
        subject: &Subject<'_>,
        folder: &Path,
        wanted: &dyn Fn(u64) -> bool,
    ) -> Result<Self, Failure> {
        let (line, other) = UnixStream::pair().map_err(|error| failure(&error))?;
        let process = Self::process(folder, || {
            let watch = |point: u64| {
                let told = wanted(point)
                    .then(|| (&other).write_all(&point.to_le_bytes()))
                    .map(|told| told.and_then(|()| (&other).read_exact(&mut [0])));
                // Nobody listens any more.
                if matches!(told, Some(Err(_))) {
                    super::process::die();
                }
            };
            subject.live(folder, Until::Watched(&watch))
        })?;
        drop(other);
        Ok(Self {
            folder: folder.to_owned(),
            process,
            line,
        })
    }

    /// Starts a process that lives in a folder, and says there what became of it.
    ///
    /// # Errors
    /// There can be no more processes.
    pub fn process(
        folder: &Path,
        life: impl FnOnce() -> Result<Option<Whole>, Failure>,
    ) -> Result<Process, Failure> {
        Process::start(|| {
            let lived = life().map_err(|failure| failure.message);
            let text = serde_json::to_string(&lived).unwrap_or_default();
            u8::from(std::fs::write(file(folder), text).is_err())
        })
    }

    /// What became of a life in a folder.
    ///
    /// # Errors
    /// It could not be lived, or did not come to its end.
    pub fn said(folder: &Path) -> Result<Option<Whole>, Failure> {
        read::<Result<_, String>>(&file(folder))?.map_err(Failure::wrong)
    }

    /// The next point at which it waits; `None` when its life has ended.
    ///
    /// # Errors
    /// It does not say.
    pub fn next(&mut self) -> Result<Option<u64>, Failure> {
        let mut point = [0; 8];
        match self.line.read_exact(&mut point) {
            Ok(()) => Ok(Some(u64::from_le_bytes(point))),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(failure(&error)),
        }
    }

    /// Copies what it has written so far.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub fn copy(&self, to: &Path) -> Result<(), Failure> {
        copy(&self.folder, to)
    }

    /// Lets it go on from where it waits.
    ///
    /// # Errors
    /// It does not listen.
    pub fn go_on(&mut self) -> Result<(), Failure> {
        self.line.write_all(&[1]).map_err(|error| failure(&error))
    }

    /// Waits for its end, and says how it came to it.
    ///
    /// # Errors
    /// It did not live to its end.
    pub fn end(self) -> Result<Option<Whole>, Failure> {
        self.process.end()?;
        Self::said(&self.folder)
    }
}

/// Where a process says how it ended.
fn file(folder: &Path) -> PathBuf {
    folder.join("said.json")
}

/// Copies the files of a life.
///
/// # Errors
/// A file cannot be copied.
pub fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    for entry in std::fs::read_dir(from).map_err(|error| failure(&error))? {
        let entry = entry.map_err(|error| failure(&error))?;
        std::fs::copy(entry.path(), to.join(entry.file_name())).map_err(|error| failure(&error))?;
    }
    Ok(())
}
