"""Targets whose places are not to be had: each is said with its name, and the others go on within `max_errors`."""

import json
import subprocess
import unittest

import kit
import stub

TARGETS = [
    {"name": "denied", "account": "1" * 12, "region": "eu-west-1", "role": stub.DENIED},
    {"name": "elsewhere", "account": "2" * 12, "region": "eu-west-1", "role": "arn:aws:iam::222222222222:role/runbook"},
    {"name": "off", "account": "1" * 12, "region": stub.OFF},
    {"name": "vanished", "account": "1" * 12, "region": "eu-west-1", "inputs": {"service": stub.GONE}},
    {"name": "well", "account": "1" * 12, "region": "eu-west-1"},
]
PLAYBOOK = kit.ROOT / "crates/cli/tests/fixtures/fleets/counted.yaml"


class Places(unittest.TestCase):
    def test_what_cannot_be_reached_is_said_and_the_others_go_on(self):
        aws = stub.Stub()
        self.addCleanup(aws.close)
        cluster = kit.Cluster(workers=1, env=aws.env())
        self.addCleanup(cluster.close)
        file = cluster.folder / "targets.yaml"
        file.write_text(json.dumps({"targets": "v1", "list": TARGETS}))
        line = [kit.RUNBOOK, "fleet", "run", str(PLAYBOOK), "--targets", str(file), "--concurrency", "1", "--max-errors", "4"]
        done = subprocess.run([*line, "--on", f"restate={cluster.server.ingress}"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        outcome = cluster.over(done.stdout.split()[1].rstrip(":"))
        self.assertEqual(outcome["status"], "ended", outcome["stopped"])
        denied, elsewhere, off, vanished, well = outcome["targets"]
        for target, due in [
            (denied, ["role/denied", "you may not assume it"]),
            (elsewhere, ["its account is 222222222222", "the credentials are of 999999999999"]),
            (off, ["me-south-1", "may be switched off in this account"]),
        ]:
            with self.subTest(target["name"]):
                self.assertEqual(target["not_run"]["code"], "place", target)
                for words in due:
                    self.assertIn(words, target["not_run"]["message"])
                self.assertEqual((target["run"], target["calls"]), (None, 0))
        self.assertEqual((vanished["verdict"], well["verdict"]), ("failed", "healthy"), vanished)


if __name__ == "__main__":
    unittest.main()
