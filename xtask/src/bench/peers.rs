//! The same work with other tools: the scripts of another folder, and what they need.

use super::Bench;
use super::process::Program;
use crate::test::{debian, python};
use std::fs;
use std::path::{Path, PathBuf};

/// What the peers need, pinned.
const PINS: &str = "tests/bench/requirements.txt";

/// The AWS CLI v2 of Debian's package `awscli`; `PyPI` has v1 only.
const AWS_CLI: &str = "/usr/bin/aws";

/// Tools that are ready to be measured.
pub struct Peers {
    /// The interpreter of their environment.
    pub python: PathBuf,
    /// A copy of the scripts, so that nothing is written beside them.
    pub scripts: PathBuf,
    /// The AWS CLI v2, where it is or could be installed.
    aws_cli: Option<PathBuf>,
}

/// One tool.
pub struct Peer {
    pub name: String,
    /// How many times as fast the program must be at least; 0 where nothing is promised.
    pub goal: u32,
    pub program: Program,
}

impl Peers {
    /// Installs what is pinned and copies the scripts.
    ///
    /// # Errors
    /// The environment cannot be made, or there are no scripts.
    pub fn install(bench: &Bench) -> Result<Self, String> {
        let python = python::environment(&bench.root, "bench-venv", PINS)?;
        let scripts = bench.folder("peers")?;
        let failed = |why: std::io::Error| {
            format!(
                "{}: {why}; name the folder with --peers",
                bench.peers.display()
            )
        };
        for entry in fs::read_dir(&bench.peers).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if let (true, Some(name)) = (path.is_file(), path.file_name()) {
                let text = fs::read(&path).map_err(failed)?;
                fs::write(scripts.join(name), text).map_err(failed)?;
            }
        }
        let aws_cli = match debian::have(AWS_CLI, "awscli") {
            Ok(()) => Some(PathBuf::from(AWS_CLI)),
            Err(why) => {
                println!("not reached: the AWS CLI v2: {why}");
                None
            }
        };
        Ok(Self {
            python,
            scripts,
            aws_cli,
        })
    }

    /// The state that the scripts assume.
    pub fn seed(&self, url: &str) -> Program {
        Program::new(&self.python, &self.scripts)
            .args(["seed.py", url])
            .against(url)
    }

    /// The tools, against an endpoint.
    pub fn against(&self, url: &str) -> Vec<Peer> {
        let in_environment = |name: &str| self.python.with_file_name(name);
        let of_pypi = in_environment("aws");
        let program = |program: &Path, aws: &Path| {
            Program::new(program, &self.scripts)
                .against(url)
                .env("URL", url)
                .env("AWS", aws)
                .env("BENCH", &self.scripts)
                .env("AWS_PAGER", "")
        };
        let script = |name: &str, goal, aws: &Path| Peer {
            name: name.to_owned(),
            goal,
            program: program(Path::new("/bin/bash"), aws).args(["a_memleak.sh"]),
        };
        let mut peers = Vec::new();
        if let Some(aws) = &self.aws_cli {
            peers.push(script("bash with the AWS CLI v2", 40, aws));
        }
        peers.push(script("bash with the AWS CLI v1 of PyPI", 40, &of_pypi));
        peers.push(Peer {
            name: "one boto3 script".to_owned(),
            goal: 7,
            program: program(&self.python, &of_pypi).args(["d_memleak.py"]),
        });
        peers.push(Peer {
            name: "Chaos Toolkit".to_owned(),
            goal: 8,
            program: program(&in_environment("chaos"), &of_pypi)
                .env("PYTHONPATH", &self.scripts)
                .args(["--no-version-check", "run", "--journal-path", "j.json"])
                .args(["c_experiment.json"]),
        });
        peers.push(Peer {
            name: "Ansible, running the AWS CLI".to_owned(),
            goal: 80,
            program: program(
                &in_environment("ansible-playbook"),
                self.aws_cli.as_deref().unwrap_or(&of_pypi),
            )
            .env("ANSIBLE_HOME", self.scripts.join("ansible"))
            .env("ANSIBLE_LOCALHOST_WARNING", "False")
            .env("ANSIBLE_INVENTORY_UNPARSED_WARNING", "False")
            .args(["-i", "localhost,", "b_cmd.yml", "-e"])
            // What it would find by itself depends on the machine.
            .args([format!(
                "ansible_python_interpreter={}",
                self.python.display()
            )]),
        });
        peers
    }
}
