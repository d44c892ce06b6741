"""A new version beside the old one: what has begun stays where it began, and the query of the documentation says what is left there."""

import json
import re
import subprocess
import unittest

import kit


def documented():
    """The query of docs/operations.md."""
    page = (kit.ROOT / "docs/operations.md").read_text()
    [query] = re.findall(r"--json '(\{\"query\": .*\})'", page)
    return json.loads(query.replace("'\\''", "'"))["query"]


class Draining(unittest.TestCase):
    def test_old_workers_keep_what_they_have_begun_until_nothing_is_left(self):
        cluster = kit.Cluster(workers=1)
        self.addCleanup(cluster.close)
        left = lambda: {row["endpoint"].rstrip("/"): row["unfinished"] for row in cluster.query(documented())}
        old = cluster.start("examples/each", "two_groups", ["a"])
        kit.until(lambda: (cluster.board(old) or {}).get("waits"))
        new_worker = kit.Worker(cluster.folder, "new", cluster.server)
        self.addCleanup(new_worker.kill)
        new_worker.start()
        new = cluster.start("examples/each", "two_groups", ["b"])
        kit.until(lambda: (cluster.board(new) or {}).get("waits"))
        # The fleet, and the run of its target.
        self.assertEqual(left(), {cluster.balancer.url: 2, new_worker.advertise: 2})
        line = [kit.RUNBOOK, "fleet", "approve", old, "--yes", "--on", f"restate={cluster.server.ingress}"]
        subprocess.run(line, check=True, capture_output=True)
        self.assertEqual(cluster.over(old)["targets"][0]["verdict"], "resolved")
        kit.until(lambda: left() == {cluster.balancer.url: 0, new_worker.advertise: 2})
        [ended] = [row["id"] for row in cluster.query(documented()) if row["unfinished"] == 0]
        cluster.workers[0].kill()
        line = ["curl", "--silent", "--fail", "-X", "DELETE", f"{cluster.server.admin}/deployments/{ended}?force=true"]
        subprocess.run(line, check=True, capture_output=True)
        self.assertEqual(left(), {new_worker.advertise: 2})
        self.assertEqual(cluster.outcome(old)["status"], "ended")


if __name__ == "__main__":
    unittest.main()
