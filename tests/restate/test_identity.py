"""A worker that was given a server's public key serves what that server has signed, and nothing else."""

import re
import shutil
import subprocess
import unittest

import kit


class Identity(unittest.TestCase):
    def setUp(self):
        openssl = shutil.which("openssl")
        if openssl is None:
            self.skipTest("there is no openssl to make keys with")
        self.openssl = openssl

    def cluster(self, **more):
        cluster = kit.Cluster(workers=0, signed=self.openssl, **more)
        self.addCleanup(cluster.close)
        [key] = set(re.findall(r"publickeyv1_[A-Za-z0-9]+", cluster.server.said()))
        return cluster, key

    def worker(self, cluster, key):
        worker = kit.Worker(cluster.folder, f"worker-{key[-4:]}", cluster.server, more=["--identity-key", key])
        self.addCleanup(worker.kill)
        return worker.start()

    def test_what_the_server_has_signed_is_served(self):
        cluster, key = self.cluster()
        self.worker(cluster, key)
        fleet = cluster.start("examples/each", "two_groups", ["a"], consent=["write", "destroy"])
        [target] = cluster.over(fleet)["targets"]
        self.assertEqual(target["verdict"], "resolved")

    def test_what_nobody_has_signed_is_refused(self):
        cluster, key = self.cluster()
        worker = self.worker(cluster, key)
        # The way by which a server asks, as far as it is known without a key.
        line = ["curl", "--silent", "--http2-prior-knowledge", "--output", "/dev/null", "--write-out", "%{http_code}"]
        asked = subprocess.run([*line, f"http://127.0.0.1:{worker.port}/discover"], capture_output=True, text=True)
        self.assertEqual(asked.stdout, "401", asked.stderr)

    def test_what_another_server_has_signed_is_refused(self):
        _, key = self.cluster()
        other, _ = self.cluster()
        worker = kit.Worker(other.folder, "worker", other.server, more=["--identity-key", key])
        self.addCleanup(worker.kill)
        kit.Process.start(worker)
        kit.until(lambda: "401" in str(kit.post(other.server.admin, "/deployments", {"uri": worker.advertise})))

    def test_what_is_no_key_is_said(self):
        line = [kit.RUNBOOK, "worker", "--restate", "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--identity-key", "x"]
        done = subprocess.run(line, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("begins with `publickeyv1_`", done.stderr)


if __name__ == "__main__":
    unittest.main()
