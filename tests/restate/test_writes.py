"""Writes over HTTP whose worker dies between sending and the answer: with a token the same is sent again, without one nothing is."""

import json
import signal
import subprocess
import unittest

import kit
import stub

PLAYBOOK = """playbook: v1
title: One write
resolve:
  write:
    action: ACTION
    with: {cluster: shop, WITH}
"""


class Writes(unittest.TestCase):
    def setUp(self):
        self.aws = stub.Stub(slow=30)
        self.addCleanup(self.aws.close)
        self.cluster = kit.Cluster(workers=1, env=self.aws.env())
        self.addCleanup(self.cluster.close)

    def killed_in_flight(self, action, given):
        """A fleet of one target whose worker is killed while its write is under way; the fleet's id."""
        cluster = self.cluster
        (cluster.folder / "one.yaml").write_text(PLAYBOOK.replace("ACTION", action).replace("WITH", given))
        (cluster.folder / "targets.yaml").write_text("targets: v1\nlist: [{name: web}]\n")
        line = [kit.RUNBOOK, "fleet", "run", "one.yaml", "--targets", "targets.yaml", "--yes=write"]
        line += ["--on", f"restate={cluster.server.ingress}"]
        done = subprocess.run(line, capture_output=True, text=True, cwd=cluster.folder, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        kit.until(lambda: self.aws.writes)
        [worker] = cluster.workers
        worker.signal(signal.SIGKILL)
        worker.start()
        return done.stdout.split()[1].rstrip(":")

    def test_a_write_with_a_token_is_sent_again_with_the_same(self):
        fleet = self.killed_in_flight("ecs:RunTask", "taskDefinition: job")
        [target] = self.cluster.over(fleet, seconds=120)["targets"]
        self.assertEqual((target["verdict"], len(target["changes"])), ("done", 1), target)
        tokens = [write["clientToken"] for write in self.aws.writes]
        self.assertEqual(len(tokens), 2, self.aws.writes)
        self.assertEqual(len(set(tokens)), 1, tokens)
        self.assertTrue(target["changes"][0]["confirmed"], target)

    def test_a_write_without_a_token_is_asked_about_and_not_sent_again(self):
        fleet = self.killed_in_flight("ecs:UpdateService", "service: web, forceNewDeployment: true")
        board = kit.until(lambda: (self.cluster.board(fleet) or {}).get("waits") and self.cluster.board(fleet), 120)
        self.assertEqual(board["waits"], [0])
        self.assertEqual(len(self.aws.writes), 1, self.aws.writes)
        line = [kit.RUNBOOK, "fleet", "status", fleet, "--format", "json", "--on", f"restate={self.cluster.server.ingress}"]
        told = json.loads(subprocess.run(line, capture_output=True, text=True).stdout)
        self.assertIn("ecs:UpdateService", told["targets"][0]["person"]["question"], told)


if __name__ == "__main__":
    unittest.main()
