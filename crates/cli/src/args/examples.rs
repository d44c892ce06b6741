//! The examples that `--help` and the man pages show. Tests read each one as the command line it is, and run those that need
//! nothing but the project's own files.

use super::Arguments;
use clap::{Command, CommandFactory};
use std::fmt::Write as _;

/// One example: what it is for, and what is typed.
type Example = (&'static str, &'static str);

/// The examples of each command, by its name.
const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "",
        &[
            (
                "See a run without an account: a scenario stands for AWS",
                "runbook run acso/memory-leak --scenario leaking --yes",
            ),
            ("See whether this machine is fit for runs", "runbook doctor"),
            (
                "Find the playbook for an error message",
                "runbook triage --text 'OutOfMemoryError: Java heap space'",
            ),
        ],
    ),
    (
        "run",
        &[
            (
                "Run it, and be asked before each write",
                "runbook run acso/memory-leak -i cluster=prod -i service=api",
            ),
            (
                "Only find the cause; nothing is changed",
                "runbook run acso/memory-leak --until diagnose",
            ),
            (
                "Answer yes to writes, in a role, and write a report",
                "runbook run acso/high-cpu --yes --role arn:aws:iam::123456789012:role/ops \\\n      --report run.html",
            ),
            (
                "Try it in a scenario: no account, no network",
                "runbook run acso/memory-leak --scenario leaking --yes -v",
            ),
        ],
    ),
    (
        "resume",
        &[
            ("Go on with the newest run", "runbook resume last"),
            (
                "Go on with another, by the beginning of its id, and give its secret again",
                "runbook resume 0197f3c2 -i token=env:TOKEN",
            ),
        ],
    ),
    (
        "approve",
        &[
            ("See what a run waits for", "runbook approve last --show"),
            (
                "Say yes to a step, and why",
                "runbook approve 0197f3c2 restart --yes --reason 'CHG-1234'",
            ),
            (
                "Say no",
                "runbook approve 0197f3c2 restart --deny --reason 'peak hours'",
            ),
        ],
    ),
    (
        "undo",
        &[(
            "Take back what the newest run changed, and be asked before each write",
            "runbook undo last",
        )],
    ),
    (
        "runs",
        &[
            ("List all runs, the newest first", "runbook runs"),
            (
                "Those of a week that wait for somebody",
                "runbook runs --since 7d --verdict waiting",
            ),
        ],
    ),
    (
        "show",
        &[
            ("Show the newest run", "runbook show last"),
            (
                "Show one of its steps, with what was sent and answered",
                "runbook show last diagnose.memory_errors",
            ),
        ],
    ),
    (
        "logs",
        &[
            ("Show what happened", "runbook logs last"),
            (
                "Watch a run that another terminal or machine goes on with",
                "runbook logs 0197f3c2 --follow",
            ),
        ],
    ),
    (
        "report",
        &[
            (
                "Write a page for a browser",
                "runbook report last --out run.html",
            ),
            (
                "Print it for an issue",
                "runbook report last --format markdown",
            ),
            (
                "Put the evidence together for whoever takes over",
                "runbook report last --out run.html --bundle evidence.zip",
            ),
        ],
    ),
    (
        "prune",
        &[
            (
                "See what would be forgotten",
                "runbook prune --older-than 90d --dry-run",
            ),
            (
                "Forget it, but keep the newest hundred",
                "runbook prune --older-than 90d --keep 100",
            ),
        ],
    ),
    (
        "plan",
        &[
            (
                "Say what a run would do, without a call",
                "runbook plan acso/memory-leak -i cluster=prod",
            ),
            (
                "Make the reads, hold the writes, and save the plan",
                "runbook plan acso/memory-leak --live --out plan.json",
            ),
        ],
    ),
    (
        "preflight",
        &[(
            "Say what of a playbook one may not do",
            "runbook preflight acso/memory-leak --role arn:aws:iam::123456789012:role/ops",
        )],
    ),
    (
        "policy",
        &[
            (
                "Print what it needs, step by step",
                "runbook policy acso/memory-leak",
            ),
            (
                "The policy document alone, for one account and region",
                "runbook policy acso/memory-leak --account 123456789012 \\\n      --region us-east-1 --format iam",
            ),
        ],
    ),
    (
        "diff",
        &[
            (
                "Say what changed since a git revision",
                "runbook diff main:playbooks playbooks",
            ),
            (
                "Compare two files",
                "runbook diff playbooks/acso/memory-leak.yaml playbooks/acso/high-cpu.yaml",
            ),
        ],
    ),
    (
        "list",
        &[
            ("List all playbooks", "runbook list"),
            (
                "Those of a folder that are severe",
                "runbook list acso --severity critical,high",
            ),
        ],
    ),
    (
        "triage",
        &[
            (
                "Read the symptoms of all playbooks of a folder",
                "runbook triage acso -i environment=production",
            ),
            (
                "Find playbooks for an error message, without a call",
                "runbook triage --text 'OutOfMemoryError: Java heap space'",
            ),
        ],
    ),
    (
        "fleet",
        &[(
            "Run it on many targets, one first, then a tenth, then the rest",
            "runbook fleet run restart.yaml --targets prod.yaml --waves 1,10%,100%",
        )],
    ),
    (
        "fleet plan",
        &[
            (
                "See what would run where, and what it needs",
                "runbook fleet plan restart.yaml --targets prod.yaml",
            ),
            (
                "Make the reads that find targets, for a pull request",
                "runbook fleet plan restart.yaml --targets prod.yaml --live \\\n      --format markdown",
            ),
        ],
    ),
    (
        "fleet run",
        &[
            (
                "Answer yes to writes, and let one target in twenty end badly",
                "runbook fleet run restart.yaml --targets prod.yaml --yes --max-errors 5%",
            ),
            (
                "Try it in a scenario: no account, no network",
                "runbook fleet run restart.yaml --targets prod.yaml --scenario stuck",
            ),
        ],
    ),
    (
        "fleet status",
        &[(
            "See where the newest fleet stands",
            "runbook fleet status last",
        )],
    ),
    (
        "fleet approve",
        &[
            (
                "Look at what the newest fleet waits for, and answer",
                "runbook fleet approve last",
            ),
            (
                "Let the next wave begin",
                "runbook fleet approve last --wave --yes --reason 'the canary is well'",
            ),
        ],
    ),
    (
        "fleet pause",
        &[("Start nothing more for now", "runbook fleet pause last")],
    ),
    (
        "fleet resume",
        &[
            ("Go on with the newest fleet", "runbook fleet resume last"),
            (
                "Go on although more targets ended badly than might",
                "runbook fleet resume last --max-errors 10%",
            ),
        ],
    ),
    (
        "fleet cancel",
        &[(
            "Start nothing more, and end what runs",
            "runbook fleet cancel last",
        )],
    ),
    (
        "fleet watch",
        &[(
            "Follow the newest fleet on a Restate server until it ends",
            "runbook fleet watch last --on restate=http://restate:8080",
        )],
    ),
    (
        "worker",
        &[
            (
                "Serve fleets to the Restate server whose admin port this is",
                "runbook worker --restate http://restate:9070",
            ),
            (
                "The same behind a balancer",
                "runbook worker --restate http://restate:9070 \\\n      --listen 0.0.0.0:9080 --advertise http://workers:9080",
            ),
        ],
    ),
    (
        "fleet report",
        &[(
            "Tell the newest fleet to programs",
            "runbook fleet report last --format json",
        )],
    ),
    (
        "test",
        &[
            (
                "Run all scenarios of a folder",
                "runbook test playbooks/acso",
            ),
            (
                "Say what they reach, and fail below a share",
                "runbook test acso/memory-leak --coverage-min steps=95,causes=100",
            ),
            ("Test again whenever a file changes", "runbook test --watch"),
        ],
    ),
    (
        "check",
        &[
            ("Check all playbooks", "runbook check"),
            (
                "Take warnings for errors, and write findings for code scanning",
                "runbook check playbooks --deny warnings --format sarif",
            ),
        ],
    ),
    (
        "fmt",
        &[
            (
                "Name the files that are not laid out",
                "runbook fmt --check playbooks examples",
            ),
            ("Lay one out", "runbook fmt playbooks/acso/memory-leak.yaml"),
        ],
    ),
    (
        "new",
        &[(
            "Begin a health check of a service",
            "runbook new queue-is-empty --for sqs --kind check",
        )],
    ),
    (
        "import",
        &[
            (
                "Make playbooks of a page",
                "runbook import TROUBLESHOOTING.md --out playbooks/drafts",
            ),
            (
                "Say what is wrong with a command",
                "runbook import -- aws ecs describe-services --cluster main --services api",
            ),
        ],
    ),
    (
        "explain",
        &[
            ("List all codes", "runbook explain"),
            ("Explain one", "runbook explain unknown-member"),
        ],
    ),
    (
        "lsp",
        &[("What an editor starts; see docs/editors.md", "runbook lsp")],
    ),
    (
        "call",
        &[
            (
                "Read, as the AWS CLI does",
                "runbook call ecs:ListClusters --region eu-west-1",
            ),
            (
                "With arguments; a call that writes asks first",
                "runbook call ecs:UpdateService \\\n      --with '{\"cluster\": \"prod\", \"service\": \"api\", \"desiredCount\": 4}'",
            ),
            (
                "Without an account: what differs between two documents",
                "runbook call data:Diff --with '{\"expected\": {\"a\": 1}, \"actual\": {\"a\": 2}}'",
            ),
        ],
    ),
    (
        "actions",
        &[(
            "Find an action, then see its inputs, effects and permissions",
            "runbook actions search ecs update service",
        )],
    ),
    (
        "actions list",
        &[
            ("List the services", "runbook actions list"),
            ("List the actions of one", "runbook actions list ecs"),
        ],
    ),
    (
        "actions show",
        &[(
            "Show an action, with a step to paste",
            "runbook actions show ecs:UpdateService",
        )],
    ),
    (
        "actions search",
        &[(
            "Find actions by words",
            "runbook actions search scale service",
        )],
    ),
    (
        "fleet",
        &[("See where all fleets stand", "runbook fleet status")],
    ),
    (
        "fleet plan",
        &[(
            "Say what would run where, in which waves, and with which permissions",
            "runbook fleet plan acso/memory-leak --targets services.yaml",
        )],
    ),
    (
        "fleet run",
        &[
            (
                "One target first, then a tenth, then the rest; a person says yes between",
                "runbook fleet run acso/memory-leak --targets services.yaml --yes \\\n      --waves 1,10%,100% --approve-waves --max-errors 2%",
            ),
            (
                "Only look: which of them leak?",
                "runbook fleet run acso/memory-leak --targets services.yaml \\\n      --until diagnose --concurrency 50 --max-errors 100%",
            ),
        ],
    ),
    (
        "fleet status",
        &[
            ("List all fleets", "runbook fleet status"),
            (
                "Show the newest one, target by target",
                "runbook fleet status last",
            ),
        ],
    ),
    (
        "fleet approve",
        &[
            ("See what it waits for", "runbook fleet approve last --show"),
            (
                "Let the next wave begin",
                "runbook fleet approve last --wave --yes --reason 'the canary is well'",
            ),
        ],
    ),
    (
        "fleet pause",
        &[("Start nothing more for now", "runbook fleet pause last")],
    ),
    (
        "fleet resume",
        &[
            ("Go on", "runbook fleet resume last"),
            (
                "Go on after too many errors, and allow more",
                "runbook fleet resume last --max-errors 5%",
            ),
        ],
    ),
    (
        "fleet cancel",
        &[("End it in order", "runbook fleet cancel last")],
    ),
    (
        "fleet report",
        &[
            (
                "What came of it, on the terminal",
                "runbook fleet report last",
            ),
            (
                "A folder with a page for each target behind one for all",
                "runbook fleet report last --out report",
            ),
            ("For CI", "runbook fleet report last --format junit"),
        ],
    ),
    (
        "doctor",
        &[
            ("Look at everything", "runbook doctor"),
            (
                "As a profile, in a region, for programs",
                "runbook doctor --profile ops --region eu-west-1 --format json",
            ),
            ("Look only at this machine", "runbook doctor --offline"),
        ],
    ),
    (
        "completions",
        &[
            ("For this shell", "source <(runbook completions bash)"),
            (
                "For all that begin",
                "runbook completions fish > ~/.config/fish/completions/runbook.fish",
            ),
        ],
    ),
];

/// The command line, with the examples of each command in its help: the short one names them, the long one says what each is for.
#[must_use]
pub fn command() -> Command {
    with_examples(Arguments::command(), "")
}

fn with_examples(mut command: Command, path: &str) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    for name in names {
        let inner = format!("{path} {name}").trim_start().to_owned();
        command = command.mut_subcommand(name, |command| with_examples(command, &inner));
    }
    let Some((_, examples)) = EXAMPLES.iter().find(|(known, _)| *known == path) else {
        return command;
    };
    let (mut short, mut long) = ("Examples:".to_owned(), "Examples:".to_owned());
    for (about, line) in *examples {
        // Writing to a string cannot fail.
        let _ = write!(short, "\n  {line}");
        let _ = write!(long, "\n  # {about}\n  {line}\n");
    }
    if let Some(more) = command.get_after_help() {
        let _ = write!(long, "\n{more}");
    }
    command
        .after_help(short)
        .after_long_help(long.trim_end().to_owned())
}

#[cfg(test)]
mod tests;
