//! A Restate server, workers, and the balancer of connections before them, on loopback; all end when they are dropped.

use super::http::ask;
use serde_json::json;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long something may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// How the system counts processor time.
const TICK: Duration = Duration::from_millis(10);

/// A program that runs beside this one.
pub struct Process {
    child: Child,
}

impl Process {
    fn start(command: &mut Command) -> Result<Self, String> {
        let child = command.spawn();
        let child = child.map_err(|why| format!("cannot start {command:?}: {why}"))?;
        Ok(Self { child })
    }

    /// The processor time that it has taken.
    pub fn busy(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.unwrap_or_default();
        // After the name in brackets: utime and stime are the 12th and 13th (proc_pid_stat(5)).
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        let ticks = after.split_whitespace().skip(11).take(2);
        TICK * ticks
            .filter_map(|text| text.parse::<u32>().ok())
            .sum::<u32>()
    }

    /// The most memory that it has had, in KiB.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kib.unwrap_or(0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has already ended is as good as one that is stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that says where it is in its first line, and ends with its standard input.
pub struct Served {
    process: Process,
    /// Where it answers.
    pub url: String,
}

impl Served {
    /// Starts one.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(program: &Path, arguments: &[&str]) -> Result<Self, String> {
        let mut command = Command::new(program);
        let command = command.args(arguments).stdin(Stdio::piped());
        let mut process = Process::start(command.stdout(Stdio::piped()))?;
        let mut url = String::new();
        if let Some(output) = process.child.stdout.take() {
            let read = BufReader::new(output).read_line(&mut url);
            read.map_err(|why| format!("{} says nothing: {why}", program.display()))?;
        }
        Ok(Self {
            process,
            url: url.trim().to_owned(),
        })
    }

    /// The processor time that it has taken.
    pub fn busy(&self) -> Duration {
        self.process.busy()
    }
}

/// The server.
pub struct Server {
    process: Process,
    /// Its ingress, `HOST:PORT`.
    pub ingress: String,
    /// Its admin address, `HOST:PORT`.
    pub admin: String,
}

impl Server {
    /// Starts one with an empty disk in this folder.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(program: &Path, folder: &Path) -> Result<Self, String> {
        let failed = |why: std::io::Error| format!("{}: {why}", folder.display());
        let data = folder.join("restate");
        if data.exists() {
            fs::remove_dir_all(&data).map_err(failed)?;
        }
        let [node, ingress, admin] = [free_port()?, free_port()?, free_port()?];
        let configuration = format!(
            "base-dir = {:?}\nnode-name = \"one\"\ncluster-name = \"measured\"\nlisten-mode = \"tcp\"\nbind-ip = \"127.0.0.1\"\n\
             bind-port = {node}\nadvertised-address = \"http://127.0.0.1:{node}\"\ndisable-telemetry = true\n\
             default-num-partitions = 8\nrocksdb-total-memory-size = \"512 MiB\"\n\
             [ingress]\nbind-port = {ingress}\n[admin]\nbind-port = {admin}\n",
            data.display().to_string()
        );
        let file = folder.join("restate.toml");
        fs::write(&file, configuration).map_err(failed)?;
        let said = File::create(folder.join("server.log")).map_err(failed)?;
        let also = said.try_clone().map_err(failed)?;
        let mut command = Command::new(program);
        let command = command.args(["--no-logo", "-c"]).arg(&file);
        let command = command.env("DO_NOT_TRACK", "1").stdin(Stdio::null());
        let server = Self {
            process: Process::start(command.stdout(said).stderr(also))?,
            ingress: format!("127.0.0.1:{ingress}"),
            admin: format!("127.0.0.1:{admin}"),
        };
        until("the server", || {
            let admin = ask(&server.admin, "GET", "/health", None);
            admin.is_ok() && ask(&server.ingress, "GET", "/restate/health", None).is_ok()
        })?;
        Ok(server)
    }

    /// Makes a deployment known.
    ///
    /// # Errors
    /// The server does not take it.
    pub fn register(&self, url: &str) -> Result<(), String> {
        let body = json!({"uri": url, "force": true});
        ask(&self.admin, "POST", "/deployments", Some(&body)).map(drop)
    }

    /// The processor time that it has taken.
    pub fn busy(&self) -> Duration {
        self.process.busy()
    }

    /// The most memory that it has had, in KiB.
    pub fn memory(&self) -> u64 {
        self.process.memory()
    }
}

/// Workers behind one address.
pub struct Workers {
    all: Vec<Process>,
}

impl Workers {
    /// Starts so many, whose calls go to `endpoint`.
    ///
    /// # Errors
    /// One does not start.
    pub fn start(
        binary: &Path,
        folder: &Path,
        server: &Server,
        endpoint: &str,
        count: usize,
        more: &[&str],
    ) -> Result<Self, String> {
        let failed = |why: std::io::Error| format!("{}: {why}", folder.display());
        let ports: Vec<u16> = (0..count).map(|_| free_port()).collect::<Result<_, _>>()?;
        let address = balanced(ports.clone())?;
        let mut all = Vec::new();
        let mut logs: Vec<PathBuf> = Vec::new();
        for (number, port) in ports.iter().enumerate() {
            let log = folder.join(format!("worker-{number}.log"));
            let said = File::create(&log).map_err(failed)?;
            let also = said.try_clone().map_err(failed)?;
            let mut command = Command::new(binary);
            command
                .current_dir(folder)
                .args(["worker", "--restate", &format!("http://{}", server.admin)])
                .args(["--listen", &format!("127.0.0.1:{port}")])
                .args(["--advertise", &format!("http://{address}")])
                .arg("--state-dir")
                .arg(folder.join("state"))
                .args(more)
                .env("AWS_ACCESS_KEY_ID", "AKIAFAKE")
                .env("AWS_SECRET_ACCESS_KEY", "x")
                .env("AWS_REGION", "eu-west-3")
                .env("AWS_CONFIG_FILE", "/dev/null")
                .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
                .env("AWS_EC2_METADATA_DISABLED", "true")
                .env("AWS_ENDPOINT_URL", endpoint)
                .stdin(Stdio::null())
                .stdout(said)
                .stderr(also);
            all.push(Process::start(&mut command)?);
            logs.push(log);
        }
        let known = |log: &PathBuf| {
            let said = fs::read_to_string(log).unwrap_or_default();
            said.contains("known to Restate")
        };
        until("a worker", || logs.iter().all(known))?;
        Ok(Self { all })
    }

    /// The processor time that each has taken.
    pub fn busy(&self) -> Vec<Duration> {
        self.all.iter().map(Process::busy).collect()
    }

    /// The most memory that one of them has had, in KiB.
    pub fn memory(&self) -> u64 {
        self.all.iter().map(Process::memory).max().unwrap_or(0)
    }
}

/// The URL of a balancer before what answers at this URL.
///
/// # Errors
/// There is no free port.
pub fn before(url: &str) -> Result<String, String> {
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok());
    let port = port.ok_or_else(|| format!("`{url}` has no port"))?;
    Ok(format!("http://{}", balanced(vec![port])?))
}

/// An address whose connections are carried to these ports in turn, for as long as this process lives.
fn balanced(ports: Vec<u16>) -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|why| why.to_string())?;
    let address = listener.local_addr().map_err(|why| why.to_string())?;
    let turn = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for taken in listener.incoming().flatten() {
            let next = turn.fetch_add(1, Ordering::Relaxed);
            let Some(port) = ports.get(next % ports.len()) else {
                return;
            };
            if let Ok(worker) = TcpStream::connect(("127.0.0.1", *port)) {
                carry(taken, worker);
            }
        }
    });
    Ok(address)
}

/// Copies what comes from either end to the other.
fn carry(taken: TcpStream, worker: TcpStream) {
    let ways = [
        (taken.try_clone(), worker.try_clone()),
        (Ok(worker), Ok(taken)),
    ];
    for (from, to) in ways {
        if let (Ok(mut from), Ok(mut to)) = (from, to) {
            // A socket that stays slow is measured as such.
            let _ = to.set_nodelay(true);
            thread::spawn(move || {
                // However it ends, both ends are told.
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
        }
    }
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|why| why.to_string())?;
    let address = listener.local_addr().map_err(|why| why.to_string())?;
    Ok(address.port())
}

fn until(what: &str, is: impl Fn() -> bool) -> Result<(), String> {
    let began = Instant::now();
    while !is() {
        if began.elapsed() > PATIENCE {
            return Err(format!(
                "{what} has not started within {} s; its log is in target/fleet-rate",
                PATIENCE.as_secs()
            ));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
