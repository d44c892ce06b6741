//! Whole processes, and what they take.

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a process took, with those that it started.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// By the clock.
    pub wall: Duration,
    /// User and system time.
    pub processor: Duration,
    /// The most resident memory of the largest process, in KiB.
    pub memory: u64,
}

impl Spent {
    /// For a table.
    pub fn shown(&self) -> String {
        format!(
            "{:.1} ms, {:.1} ms of processor time, {:.1} MB",
            milliseconds(self.wall),
            milliseconds(self.processor),
            megabytes(self.memory)
        )
    }
}

/// A process that can be started again and again.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    folder: PathBuf,
    environment: Vec<(String, OsString)>,
    code: i32,
}

impl Program {
    /// A program that is started in this folder.
    pub fn new(program: impl Into<PathBuf>, folder: &Path) -> Self {
        Self {
            path: program.into(),
            arguments: Vec::new(),
            folder: folder.to_path_buf(),
            environment: Vec::new(),
            code: 0,
        }
    }

    /// With these arguments too.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// With the journal and what else is kept below this folder.
    pub fn state(self, folder: &Path) -> Self {
        self.env("XDG_STATE_HOME", folder)
    }

    /// With this variable. Only those that are given are there, and `PATH` and `HOME`.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// With fake credentials, a region, and this endpoint for all services.
    pub fn against(self, url: &str) -> Self {
        self.env("AWS_ACCESS_KEY_ID", "AKIAFAKE")
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", url)
    }

    /// It ends with this code when it does what is measured.
    pub fn ends_with(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// Runs it once.
    ///
    /// # Errors
    /// It cannot be started, or ends otherwise than it should; what it said is in the message.
    pub fn once(&self) -> Result<Spent, String> {
        let said = tempfile::NamedTempFile::new().map_err(|why| why.to_string())?;
        let told = tempfile::NamedTempFile::new().map_err(|why| why.to_string())?;
        let errors = said.reopen().map_err(|why| why.to_string())?;
        let output = errors.try_clone().map_err(|why| why.to_string())?;
        let itself = std::env::current_exe().map_err(|why| why.to_string())?;
        let kept = ["PATH", "HOME"]
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        let status = Command::new(itself)
            .arg("measured")
            .arg(told.path())
            .arg(&self.path)
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(kept)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .status()
            .map_err(|why| format!("cannot start itself: {why}"))?;
        let told = fs::read_to_string(told.path()).unwrap_or_default();
        let numbers: Vec<u64> = told
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        match numbers[..] {
            [wall, processor, memory] if status.code() == Some(self.code) => Ok(Spent {
                wall: Duration::from_nanos(wall),
                processor: Duration::from_micros(processor),
                memory,
            }),
            _ => {
                let said = fs::read_to_string(said.path()).unwrap_or_default();
                Err(format!(
                    "{} {:?} ended with {status}, not {}: {}",
                    self.path.display(),
                    self.arguments,
                    self.code,
                    said.lines().take(20).collect::<Vec<_>>().join("\n")
                ))
            }
        }
    }
}

/// Runs each program so often, in turns, so that what else the machine does hits all alike, and each as often after each
/// other one, since what ran before decides what the processor's memory holds; once before it counts.
///
/// # Errors
/// See [`Program::once`].
pub fn in_turns(runs: usize, programs: &[Program]) -> Result<Vec<Vec<Spent>>, String> {
    let mut all = vec![Vec::new(); programs.len()];
    for program in programs {
        program.once()?;
    }
    for round in 0..runs {
        for place in turns(programs.len(), round) {
            if let (Some(program), Some(spent)) = (programs.get(place), all.get_mut(place)) {
                spent.push(program.once()?);
            }
        }
    }
    Ok(all)
}

/// The order of a round, by a balanced Latin square (E. J. Williams, 1949): in as many rounds as there are places each comes
/// after each other one once; an odd number takes twice as many.
fn turns(places: usize, round: usize) -> Vec<usize> {
    let zigzag = (0..places).map(|turn| match turn % 2 {
        0 => (places - turn / 2) % places,
        _ => turn.div_ceil(2),
    });
    let mut order: Vec<usize> = zigzag.map(|place| (place + round) % places).collect();
    if places % 2 == 1 && (round / places) % 2 == 1 {
        order.reverse();
    }
    order
}

/// The medians of time by the clock, of processor time and of memory, each for itself.
pub fn median(all: &[Spent]) -> Spent {
    fn middle<T: Ord + Copy + Default>(values: impl Iterator<Item = T>) -> T {
        let mut values: Vec<T> = values.collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or_default()
    }
    Spent {
        wall: middle(all.iter().map(|spent| spent.wall)),
        processor: middle(all.iter().map(|spent| spent.processor)),
        memory: middle(all.iter().map(|spent| spent.memory)),
    }
}

/// `cargo xtask measured FILE PROGRAM ARGUMENT…`: one process, as the only child of this one, so that what the system says of
/// children is what it took. The nanoseconds by the clock, the microseconds of the processor and the KiB go into the file.
///
/// # Errors
/// It cannot be started. Its own exit code becomes that of this process.
pub fn measured(arguments: &[String]) -> Result<(), String> {
    let [file, program, arguments @ ..] = arguments else {
        return Err("usage: cargo xtask measured FILE PROGRAM ARGUMENT…".to_owned());
    };
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .status()
        .map_err(|why| format!("cannot start {program}: {why}"))?;
    let wall = started.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|why| why.to_string())?;
    let processor = microseconds(&usage);
    let told = format!("{} {processor} {}", wall.as_nanos(), usage.max_rss());
    fs::write(file, told).map_err(|why| format!("cannot write {file}: {why}"))?;
    std::process::exit(status.code().unwrap_or(255));
}

fn microseconds(usage: &Usage) -> i64 {
    (usage.user_time() + usage.system_time()).num_microseconds()
}

/// Milliseconds, with digits.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Megabytes of KiB.
#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
pub fn megabytes(kib: u64) -> f64 {
    kib as f64 * 1.024 / 1e3
}

#[cfg(test)]
mod tests {
    use super::turns;
    use std::collections::BTreeMap;

    #[test]
    fn each_comes_as_often_after_each_other_one() {
        for (places, rounds, often) in [(2, 2, 1), (6, 6, 1), (5, 10, 2), (3, 6, 2)] {
            let mut after = BTreeMap::new();
            for round in 0..rounds {
                let order = turns(places, round);
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..places), "each has its turn");
                for pair in order.windows(2) {
                    *after.entry((pair[0], pair[1])).or_insert(0) += 1;
                }
            }
            assert_eq!(after.len(), places * (places - 1), "{places}");
            assert!(after.values().all(|count| *count == often), "{places}");
        }
    }
}
