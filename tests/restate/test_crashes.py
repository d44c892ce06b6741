"""Fleets whose workers and server die at any moment: every target ends with its verdict, nothing is lost, nothing is doubled."""

import os
import random
import threading
import time
import unittest

import kit

TARGETS = int(os.environ.get("RESTATE_TARGETS", "1000"))
SEED = int(os.environ.get("RESTATE_SEED", "1"))


class Crashes(unittest.TestCase):
    def setUp(self):
        self.cluster = kit.Cluster(workers=2)
        self.addCleanup(self.cluster.close)

    def test_a_fleet_outlives_workers_and_server(self):
        cluster, chance = self.cluster, random.Random(SEED)
        targets = [f"t{number}" for number in range(TARGETS)]
        many = ["--concurrency", "100", "--max-errors", "100%"]
        fleet = cluster.start("examples/each", "two_groups", targets, consent=["write", "destroy"], more=many)
        over = threading.Event()
        killed = []

        def kill():
            while not over.wait(chance.uniform(0.1, 1.5)):
                what = chance.choice(["worker", "worker", "workers", "server"])
                if what == "server":
                    cluster.server.kill()
                    time.sleep(chance.uniform(0, 1))
                    cluster.server.start()
                else:
                    count = 2 if what == "workers" else 1
                    dying = chance.sample(cluster.workers, count)
                    for worker in dying:
                        worker.kill()
                    time.sleep(chance.uniform(0, 1))
                    for worker in dying:
                        worker.start()
                killed.append(what)

        killer = threading.Thread(target=kill)
        killer.start()
        # The killing stops after a while, so that the rest is seen to come to its end.
        timer = threading.Timer(45, over.set)
        timer.start()
        try:
            outcome = cluster.over(fleet, seconds=600)
        finally:
            over.set()
            timer.cancel()
            killer.join()
        print(f"killed: {', '.join(killed)}")
        self.assertGreaterEqual(len(killed), 2)
        self.assertEqual(outcome["status"], "ended", outcome["stopped"])
        self.assertEqual([target["name"] for target in outcome["targets"]], targets)
        for target in outcome["targets"]:
            with self.subTest(target["name"]):
                self.assertEqual((target["verdict"], target["explanation"]), ("resolved", "the symptom is gone"))
                self.assertEqual([change["confirmed"] for change in target["changes"]], [True, False])
                self.writes_once(target)

    def writes_once(self, target):
        """Each write that is reported was made, and was made once; it has no token, so it must not be repeated."""
        writes = [call for call in self.cluster.world(target["run"]) if "read" not in call["effects"]]
        sent = [call["arguments"]["logGroupName"] for call in writes if not call["repeat"]]
        self.assertEqual(sent, ["/aws/acso/agents", "/aws/acso/old"])


if __name__ == "__main__":
    unittest.main()
