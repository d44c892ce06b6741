"""Which playbooks do not run against moto, and why: `runbook test` proves those by their scenarios alone."""

import importlib
import pathlib
import unittest

import playbook_case

PLAYBOOKS = pathlib.Path(__file__).parents[2] / "playbooks"
HISTORY = "moto answers cloudwatch:DescribeAlarmHistory with HTTP 500"
SIMULATION = "moto answers iam:SimulatePrincipalPolicy with HTTP 500"
NOT_HERE = {
    "acso/alert-fatigue": HISTORY,
    "acso/authentication": SIMULATION,
    "acso/bedrock": "moto answers bedrock:ListFoundationModels with HTTP 500, and " + SIMULATION,
    "acso/escalation": "it runs in the others: `HotKey` reads what the other guide's has sent",
    "acso/image-pull": SIMULATION + ", and it builds images with Docker",
    "acso/memory-leak": "`test_memory_leak.py` runs it",
    "acso/recovery-complete": "all that it does is done by scripts of another repository",
    "agent-runtime/alert-fatigue": HISTORY,
    "agent-runtime/escalation": "it runs in the others: `HotKey` reads what it has sent",
    "agent-runtime/maintenance": "all that it does is done by people",
    "common/alarm-noise": HISTORY,
    "common/ecs-connect": "moto answers ecs:ExecuteCommand with HTTP 500",
    "common/role-may": SIMULATION,
}


class Covered(unittest.TestCase):
    """Each playbook runs here or has a reason."""

    def test_each_playbook_runs_or_has_a_reason(self):
        for file in pathlib.Path(__file__).parent.glob("test_playbooks_*.py"):
            importlib.import_module(file.stem)
        run = {case.playbook for case in playbook_case.Case.__subclasses__()}
        files = PLAYBOOKS.rglob("*.yaml")
        there = {str(file.relative_to(PLAYBOOKS))[: -len(".yaml")] for file in files if ".scenarios" not in file.name}
        self.assertEqual(run | NOT_HERE.keys(), there)
        self.assertEqual(run & NOT_HERE.keys(), set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
