//! The memory-leak workload: the shipped playbook and what its users would write without it, on moto and on a stub that gives
//! the same answers.

use super::Bench;
use super::peers::{Peer, Peers};
use super::process::{Program, Spent, in_turns, median, milliseconds};
use super::stub::{Request, Stub};
use super::table::Table;
use crate::test::endpoint::Server;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The most of the endpoint's own time that a run takes.
const OF_MOTO: f64 = 1.5;
/// The most of a whole process against the stub.
const PROCESS: Duration = Duration::from_millis(25);
/// The most of a step, beyond its calls.
const STEP: Duration = Duration::from_millis(1);

/// Measures it.
///
/// # Errors
/// A tool cannot be installed, or does not do its work.
pub fn measure(bench: &Bench) -> Result<Table, String> {
    let peers = Peers::install(bench)?;
    let moto = Server::start(&peers.python, &bench.root.join("target/bench/moto.log"))?;
    peers.seed(&moto.url()).once()?;
    hold_tasks(&moto.url())?;
    let mut table = Table::default();
    let requests = on_moto(bench, &peers, &moto.url(), &mut table)?;
    on_stub(bench, &peers, &moto, &requests, &mut table)?;
    table.note(format!(
        "Our run makes {} calls, those of the scripts 6 (Chaos Toolkit 5). Versions: {}.",
        requests.len(),
        versions(&peers)
    ));
    Ok(table)
}

/// The shipped playbook against an endpoint.
fn playbook(bench: &Bench, url: &str) -> Program {
    Program::new(bench.binary(), &bench.root.join("playbooks"))
        .args(["run", "acso/memory-leak", "--yes", "--no-verify"])
        .state(&bench.root.join("target/bench/state"))
        .against(url)
}

/// Against moto; the requests that our run makes.
fn on_moto(
    bench: &Bench,
    peers: &Peers,
    url: &str,
    table: &mut Table,
) -> Result<Vec<Request>, String> {
    let ours = playbook(bench, url);
    let requests = {
        let between = Stub::start(bench, Some(url.trim_start_matches("http://")))?;
        playbook(bench, &between.url).once()?;
        between.keep()?
    };
    let others = peers.against(url);
    let programs: Vec<Program> = std::iter::once(ours)
        .chain(others.iter().map(|peer| peer.program.clone()))
        .collect();
    let all = in_turns(bench.runs, &programs)?;
    let mut alone = Vec::new();
    for _ in 0..bench.runs {
        alone.push(Spent {
            wall: replayed(&requests, url)?,
            ..Spent::default()
        });
    }
    let (ours, alone) = (of(&all, 0), median(&alone).wall);
    table.row("playbook against moto", ours.shown());
    for (place, peer) in others.iter().enumerate() {
        compared(table, "moto", peer, &ours, &of(&all, place + 1));
    }
    let part = ours.wall.as_secs_f64() / alone.as_secs_f64();
    table.goal(
        "the same requests to moto in a bare loop: our run takes",
        format!("at most {OF_MOTO} × as long"),
        format!("{part:.2} × ({:.1} ms)", milliseconds(alone)),
        part <= OF_MOTO,
    );
    Ok(requests)
}

/// Against stubs that give the answers that moto gave: one each, for they ask for different things in different protocols.
fn on_stub(
    bench: &Bench,
    peers: &Peers,
    moto: &Server,
    requests: &[Request],
    table: &mut Table,
) -> Result<(), String> {
    let upstream = moto.url();
    let upstream = upstream.trim_start_matches("http://");
    let mut stubs = Vec::new();
    let mut programs = Vec::new();
    let count = peers.against("").len();
    for place in 0..=count {
        let stub = Stub::start(bench, Some(upstream))?;
        let program = match place.checked_sub(1) {
            None => playbook(bench, &stub.url),
            Some(place) => peers.against(&stub.url).swap_remove(place).program,
        };
        program.once()?;
        stub.keep()?;
        stubs.push(stub);
        programs.push(program);
    }
    let own = programs.first().map_or(&[][..], std::slice::from_ref);
    let ours = of(&in_turns(bench.runs, own)?, 0);
    table.goal(
        "playbook against the stub, whole process",
        format!("at most {} ms", PROCESS.as_millis()),
        ours.shown(),
        ours.wall <= PROCESS,
    );
    let url = stubs.first().map_or("", |stub| &stub.url);
    let within: Vec<Request> = requests
        .iter()
        .filter(|request| !request.holds("GetCallerIdentity"))
        .cloned()
        .collect();
    let (calls, within) = (replayed(requests, url)?, replayed(&within, url)?);
    let Run { steps, lasted } = run(bench, url)?;
    let each = lasted.saturating_sub(within) / steps.max(1);
    table.goal(
        format!(
            "a step of it beyond the calls ({steps} steps, from the run's first event to its last)"
        ),
        format!("at most {} ms", STEP.as_millis()),
        format!("{:.2} ms", milliseconds(each)),
        each <= STEP,
    );
    table.row(
        "the same with start and end of the process, and all that is read before the run",
        format!(
            "{:.2} ms",
            milliseconds(ours.wall.saturating_sub(calls) / steps.max(1))
        ),
    );
    let all = in_turns(bench.runs, &programs)?;
    let ours = of(&all, 0);
    table.row(
        "playbook against the stub, in turns with what follows",
        ours.shown(),
    );
    for (place, peer) in peers.against("").iter().enumerate() {
        let peer = Peer {
            name: peer.name.clone(),
            goal: 0,
            program: peer.program.clone(),
        };
        compared(table, "the stub", &peer, &ours, &of(&all, place + 1));
    }
    Ok(())
}

fn of(all: &[Vec<Spent>], place: usize) -> Spent {
    all.get(place).map(|all| median(all)).unwrap_or_default()
}

fn compared(table: &mut Table, place: &str, peer: &Peer, ours: &Spent, theirs: &Spent) {
    let times = theirs.wall.as_secs_f64() / ours.wall.as_secs_f64();
    let what = format!("{} against {place}", peer.name);
    let measured = format!("{times:.1} × ({})", theirs.shown());
    if peer.goal == 0 {
        table.row(what, measured);
    } else {
        let goal = format!("at least {} ×", peer.goal);
        table.goal(what, goal, measured, times >= f64::from(peer.goal));
    }
}

/// Makes the requests one after the other, each on a connection of its own, as moto has it.
fn replayed(requests: &[Request], url: &str) -> Result<Duration, String> {
    let started = Instant::now();
    for request in requests {
        request.send(url)?;
    }
    Ok(started.elapsed())
}

/// What is on record of a run.
struct Run {
    /// How many steps it has, those of the playbooks that it runs among them.
    steps: u32,
    /// From its first event to its last.
    lasted: Duration,
}

/// Our run, as its own record tells of it: the median.
fn run(bench: &Bench, url: &str) -> Result<Run, String> {
    let state = bench.folder("counted")?;
    let mut runs = (0..bench.runs)
        .map(|_| {
            playbook(bench, url).state(&state).once()?;
            recorded(bench, &state)
        })
        .collect::<Result<Vec<Run>, String>>()?;
    runs.sort_by_key(|run| run.lasted);
    let middle = runs.len() / 2;
    (middle < runs.len())
        .then(|| runs.swap_remove(middle))
        .ok_or_else(|| "there was no run".to_owned())
}

/// The newest run of a folder.
fn recorded(bench: &Bench, state: &Path) -> Result<Run, String> {
    let output = Command::new(bench.binary())
        .args(["show", "last", "--format", "json"])
        .env("XDG_STATE_HOME", state)
        .output()
        .map_err(|why| why.to_string())?;
    let run: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|why| format!("runbook show: {why}"))?;
    let events = run["events"].as_array().ok_or("the run has no events")?;
    let ended = |event: &&serde_json::Value| event["event"] == "step_ended";
    let at = |event: Option<&serde_json::Value>| -> Result<jiff::Timestamp, String> {
        let at = event.and_then(|event| event["at"].as_str()).unwrap_or("");
        at.parse().map_err(|why: jiff::Error| why.to_string())
    };
    let lasted = at(events.last())?.duration_since(at(events.first())?);
    Ok(Run {
        steps: u32::try_from(events.iter().filter(ended).count()).map_err(|why| why.to_string())?,
        lasted: lasted.unsigned_abs(),
    })
}

/// By itself moto moves a task on whenever somebody looks at it.
fn hold_tasks(url: &str) -> Result<(), String> {
    let body =
        r#"{"model_name": "ecs::task", "transition": {"progression": "manual", "times": 1000000}}"#;
    let request = format!(
        "POST /moto-api/state-manager/set-transition HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    Request::of(request).send(url).map(drop)
}

/// What the tools call themselves.
fn versions(peers: &Peers) -> String {
    let folder = peers.python.parent().unwrap_or(Path::new(""));
    let mut said = Vec::new();
    for (program, argument) in [
        ("/usr/bin/aws".to_owned(), "--version"),
        (folder.join("aws").display().to_string(), "--version"),
        (
            folder.join("ansible-playbook").display().to_string(),
            "--version",
        ),
    ] {
        if let Ok(output) = Command::new(program).arg(argument).output() {
            let text = String::from_utf8_lossy(&output.stdout);
            let line = text.lines().next().unwrap_or_default();
            said.push(line.split(" Python").next().unwrap_or(line).to_owned());
        }
    }
    format!(
        "{}; the rest as `tests/bench/requirements.txt` pins it",
        said.join(", ")
    )
}
