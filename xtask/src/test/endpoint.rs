//! The playbooks against moto, a real HTTP endpoint, installed by itself in a virtual environment under `target/`.

use super::{binary, debian, python, run};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the server may take until it answers.
const START: Duration = Duration::from_mins(1);

/// Starts a server, runs the tests in `tests/endpoint` against it, and stops it.
pub(super) fn check(root: &Path) -> Result<(), String> {
    let python = python::environment(root, "endpoint-venv", "tests/endpoint/requirements.txt")?;
    install_aws_cli();
    let server = Server::start(&python, &root.join("target/moto.log"))?;
    run(Command::new(&python)
        .current_dir(root)
        .args([
            "-m",
            "unittest",
            "discover",
            "--start-directory",
            "tests/endpoint",
            "--verbose",
        ])
        .env("RUNBOOK", binary(root).get_program())
        .env("ENDPOINT", server.url()))
}

/// Installs the AWS CLI v2, whose JSON ours is compared with. Where it cannot be installed, the test itself says that it could
/// not reach it.
fn install_aws_cli() {
    if let Err(why) = debian::have("/usr/bin/aws", "awscli") {
        println!("not reached: the AWS CLI could not be installed: {why}");
    }
}

/// A moto server; stopped when dropped.
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts one on a free port, and waits until it answers.
    ///
    /// # Errors
    /// It does not start; its log says why.
    pub(crate) fn start(python: &Path, log: &Path) -> Result<Self, String> {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|why| format!("no free port: {why}"))?
            .port();
        let output = std::fs::File::create(log)
            .map_err(|why| format!("cannot write {}: {why}", log.display()))?;
        let errors = output.try_clone().map_err(|why| why.to_string())?;
        let child = Command::new(python.with_file_name("moto_server"))
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .env("MOTO_ECS_SERVICE_RUNNING", "2")
            .env("AWS_ACCESS_KEY_ID", "x")
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|why| format!("cannot start moto: {why}"))?;
        let server = Self { child, port };
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if server.answers() {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!(
            "moto did not answer within {} s; see {}",
            START.as_secs(),
            log.display()
        ))
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return false;
        };
        let asked =
            stream.write_all(b"GET /moto-api/data.json HTTP/1.0\r\nHost: localhost\r\n\r\n");
        let mut answer = [0; 12];
        asked.is_ok() && stream.read_exact(&mut answer).is_ok() && answer.ends_with(b"200")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that has already ended is as good as one that is stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
