"""One set of runs on both implementations of a run's record: the journal of this machine and the server's. Each is killed again and again,
and what comes out is what comes out of a run that nobody disturbs."""

import json
import random
import re
import signal
import subprocess
import time
import unittest

import kit

# A playbook, its scenario, and what is consented to.
RUNS = [
    ("examples/each", "two_groups"),
    ("examples/elements", None),
    ("examples/retry", None),
    ("examples/until", None),
    ("examples/undo", None),
    ("examples/finally", None),
    ("examples/parent", None),
    ("examples/order", None),
    ("examples/truth", None),
    ("examples/captures", None),
    ("examples/health-check", None),
    ("examples/series", None),
    ("examples/guards", None),
    ("examples/escalate", None),
    ("playbooks/acso/memory-leak", None),
]
CONSENT = ["write", "destroy", "permission", "execute", "notify"]


def cases():
    for playbook, scenario in RUNS:
        text = (kit.ROOT / f"{playbook}.scenarios.yaml").read_text()
        block = re.split(r"^scenarios:\s*$", text, flags=re.M)[1]
        names = re.findall(r"^  (\w+):", block, flags=re.M)
        yield from ((playbook, name) for name in names if scenario in (None, name))


def shape(verdict, reason, causes, changes):
    return {
        "verdict": verdict,
        "reason": reason,
        "causes": sorted(causes),
        "changes": [(change["step"], change["action"], change["confirmed"], change["undone"]) for change in changes],
    }


class Local:
    """`runbook run` and `runbook resume` with the journal of this machine."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, playbook, scenario, chance=None):
        state = self.folder / f"{playbook.replace('/', '-')}-{scenario}-{chance is not None}"
        line = [kit.RUNBOOK, "run", f"{playbook}.yaml", "--scenario", scenario, f"--yes={','.join(CONSENT)}"]
        more = ["--state-dir", str(state), "--format", "json"]
        document = self.go([*line, *more], chance)
        while document is None:
            line = [kit.RUNBOOK, "resume", "last", f"--yes={','.join(CONSENT)}"]
            document = self.go([*line, *more], chance)
        causes = [cause["name"] for cause in document["causes"] if cause["found"] is True]
        return shape(document["verdict"], document["reason"], causes, document["changes"])

    def go(self, line, chance):
        child = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=kit.ROOT)
        try:
            out, err = child.communicate(timeout=chance.uniform(0.02, 0.4) if chance and chance.random() < 0.7 else 60)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.communicate()
            return None
        if not out.strip():
            # Killed before the run was on record, or after its end: it is begun, or told, as it stands.
            raise AssertionError(err)
        return json.loads(out)


class OnRestate:
    """A fleet of one target on a server."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.number = 0

    def run(self, playbook, scenario, chance=None):
        self.number += 1
        fleet = self.cluster.start(playbook, scenario, [f"t{self.number}"], consent=CONSENT)
        worker = self.cluster.workers[0]
        while chance and chance.random() < 0.7:
            time.sleep(chance.uniform(0.02, 0.4))
            worker.kill()
            worker.start()
        [target] = self.cluster.over(fleet, seconds=90)["targets"]
        causes = [cause["name"] for cause in target["causes"]]
        return shape(target["verdict"], target["reason"], causes, target["changes"])


class Agreement(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        # The calendars of the examples are files, which workers have.
        cls.cluster = kit.Cluster(workers=1, more=["--root", str(kit.ROOT / "examples")])
        cls.addClassCleanup(cls.cluster.close)
        cls.local, cls.restate = Local(cls.cluster.folder), OnRestate(cls.cluster)

    def test_both_come_to_the_same_undisturbed(self):
        for playbook, scenario in cases():
            with self.subTest(playbook=playbook, scenario=scenario):
                self.assertEqual(self.restate.run(playbook, scenario), self.local.run(playbook, scenario))

    def test_a_worker_that_is_killed_changes_nothing(self):
        chance = random.Random(3)
        for playbook, scenario in cases():
            with self.subTest(playbook=playbook, scenario=scenario):
                self.assertEqual(self.restate.run(playbook, scenario, chance), self.local.run(playbook, scenario))


if __name__ == "__main__":
    unittest.main()
