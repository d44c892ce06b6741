"""A playbook that runs against moto, as data: what there is, how it is run, what must come of it, and what has changed."""

import json
import os
import pathlib
import shlex
import subprocess
import tempfile
import time
import unittest
import unittest.mock

import guide_state
import snapshot

RUNBOOK = os.environ["RUNBOOK"]
ENDPOINT = os.environ["ENDPOINT"]
ANY = unittest.mock.ANY


def client(service):
    """boto3, which makes the state and judges it."""
    return guide_state.connect(ENDPOINT, service)


def put_points(metric, dimensions, points):
    """Publishes (minutes ago, value) as data of `NAMESPACE/Metric`."""
    guide_state.put_points(client("cloudwatch"), metric, dimensions, points)


class Having:
    """Equal to whatever mapping has these members."""

    def __init__(self, **members):
        self.members = members

    def __eq__(self, other):
        return isinstance(other, dict) and all(other.get(name) == value for name, value in self.members.items())

    def __repr__(self):
        return f"Having({self.members})"


class Case(unittest.TestCase):
    """One run of one playbook; a subclass says which.

    Everything else in the server must be as it was before: what changed and is not in `changes` fails the case, and so does
    what is in it and has not changed.
    """

    # The playbook's id, and the arguments of `runbook run` after it.
    playbook = None
    arguments = ()
    # What must come out: verdict, the causes that were found, exit code.
    verdict = "done"
    causes = ()
    exit = 0
    # The verdict of the symptom when it is read once more afterwards, where moto can show it mended.
    afterwards = None
    # `service/kind/name.member` to (before, after), as in `snapshot.changes`; `{name}` stands for an identifier of the state.
    changes = {}
    # What `runbook undo` leaves of them; None: it is not tried. It does not reach into playbooks that the playbook runs, and has no
    # value of a secret that it could put back.
    left = None

    maxDiff = None

    def __init_subclass__(cls):
        cls.test = cls.run_and_judge

    def arrange(self):
        """Adds what the case needs to the state of the guides."""

    def names(self):
        """Identifier to name, for what moto names by itself."""
        ids = self.ids
        groups = dict(zip(ids["groups"], ("sg-balancer", "sg-agents", "sg-tasks")))
        return groups | {
            ids["vpc"]: "the-vpc",
            ids["route table"]: "the-table",
            ids["stream"]: "the-stream",
            ids["certificates"][0]: "the-certificate",
            ids["certificates"][1]: "the-new-certificate",
        }

    def judge(self, report):
        """Looks at what the snapshots do not show."""

    def runbook(self, *arguments):
        """Runs the binary with nothing of the caller's AWS settings; returns its exit code and its report."""
        environment = guide_state.environment(ENDPOINT, self.folder)
        command = [RUNBOOK, *arguments, "--format", "json"]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
        )
        if not done.stdout.strip():
            raise AssertionError(f"{command}: exit {done.returncode}\n{done.stderr}")
        return done.returncode, json.loads(done.stdout)

    def call(self, action, members):
        """A shell command that a script of the users can make: it knows nothing of this run but region and credentials."""
        command = [RUNBOOK, "call", action, "--with", json.dumps(members), "--yes=write,destroy"]
        return shlex.join([*command, "--endpoint-url", ENDPOINT, "--state-dir", self.folder])

    def run_and_judge(self):
        self.ids = guide_state.make(ENDPOINT)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.arrange()
        before = snapshot.read(ENDPOINT, self.names())
        code, report = self.runbook("run", self.playbook, *(argument.format(**self.ids) for argument in self.arguments))
        told = json.dumps({"explanation": report["explanation"], "failed": failures(report)}, indent=1)
        found = sorted(cause["name"] for cause in report["causes"] if cause["found"] is True)
        self.assertEqual((report["verdict"], found, code), (self.verdict, sorted(self.causes), self.exit), told)
        self.assertEqual(snapshot.changes(before, snapshot.read(ENDPOINT, self.names())), self.changes, told)
        self.judge(report)
        if self.afterwards:
            _, again = self.runbook("run", self.playbook, *self.arguments, "--until", "symptom")
            self.assertEqual(again["verdict"], self.afterwards, failures(again))
        if self.left is not None:
            _, undone = self.runbook("undo", report["run"], "--yes=write,destroy,permission,execute")
            self.assertEqual(snapshot.changes(before, snapshot.read(ENDPOINT, self.names())), self.left, undone["explanation"])


def repository(case, files):
    """A folder as the users' own repository, with these scripts; it is gone when the case ends."""
    folder = tempfile.TemporaryDirectory()
    case.addCleanup(folder.cleanup)
    for name, text in files.items():
        path = pathlib.Path(folder.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    return folder.name


def milliseconds(minutes_ago=0):
    """A time as CloudWatch Logs counts it."""
    return int((time.time() - 60 * minutes_ago) * 1000)


def failures(report):
    """The steps that failed, with what they say."""
    return {step["id"]: step["error"] for step in report["steps"] if step["status"] in ("failed", "blocked")}
