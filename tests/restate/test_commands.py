"""`runbook fleet … --on restate=URL`: starting, answering, pausing and cancelling, and what is said where something is wrong."""

import json
import os
import pwd
import signal
import subprocess
import time
import unittest

import kit

# A person is the user of the system, whatever the environment says.
ME = pwd.getpwuid(os.getuid()).pw_name


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = kit.Cluster(workers=1)
        cls.addClassCleanup(cls.cluster.close)

    def runbook(self, *words, ingress=None, code=0):
        line = [kit.RUNBOOK, "fleet", *words, "--on", f"restate={ingress or self.cluster.server.ingress}"]
        done = subprocess.run(line, capture_output=True, text=True, cwd=kit.ROOT, timeout=120)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code != 2 and code != 4 else done.stderr

    def start(self, names, *words):
        return self.cluster.start("examples/each", "two_groups", names, more=words)

    def told(self, fleet):
        return json.loads(self.runbook("status", fleet, "--format", "json"))

    def standing(self, fleet, status, count):
        def stand():
            told = self.told(fleet)
            return told if [target["status"] for target in told["targets"]].count(status) == count else None

        return kit.until(stand, 60)

    def test_a_fleet_is_started_followed_and_told(self):
        fleet = self.start(["a", "b"], "--yes=write,destroy")
        said = self.runbook("watch", fleet)
        self.assertIn("2 of 2 ended, 0 badly", said)
        told = self.told(fleet)
        self.assertEqual([target["verdict"] for target in told["targets"]], ["resolved", "resolved"])
        self.assertIn("all 2 targets ended well", self.runbook("report", fleet))

    def test_answers_that_were_given_before_a_crash_count(self):
        fleet = self.start(["p", "q"])
        self.standing(fleet, "paused", 2)
        asked = self.runbook("approve", fleet, "--show")
        self.assertIn("logs:PutRetentionPolicy", asked)
        worker, server = self.cluster.workers[0], self.cluster.server
        worker.kill()
        told = self.told_without_worker(fleet)
        self.answer(told["p"], True)
        self.answer(told["q"], False)
        server.kill()
        server.start()
        worker.start()
        told = self.standing(fleet, "ended", 2)
        self.assertEqual([target["verdict"] for target in told["targets"]], ["resolved", "unresolved"])
        self.assertEqual([len(target["changes"]) for target in told["targets"]], [2, 0])

    def told_without_worker(self, fleet):
        """The awakeables of targets, straight from the server: no worker is there to tell them."""
        query = "select service_key, value_utf8 from state where service_name = 'RunbookTarget' and key = 'waiting'"
        rows = self.cluster.query(query)
        return {row["service_key"].rsplit(": ")[-1]: json.loads(row["value_utf8"])[0] for row in rows}

    def answer(self, waiting, yes):
        vote = {"approves": yes, "by": "ann", "at": "2026-01-01T00:00:00Z"}
        kit.post(self.cluster.server.ingress, f"/restate/awakeables/{waiting['awakeable']}/resolve", vote)

    def test_a_yes_and_a_no_from_the_command_line(self):
        fleet = self.start(["yes", "no"])
        self.standing(fleet, "paused", 2)
        self.assertIn(f"approved 1 question by {ME}", self.runbook("approve", fleet, "--target", "yes", "--yes"))
        self.assertIn(f"declined 1 question by {ME}", self.runbook("approve", fleet, "--target", "no", "--deny"))
        told = self.standing(fleet, "ended", 2)
        self.assertEqual([target["verdict"] for target in told["targets"]], ["resolved", "unresolved"])
        said = self.runbook("approve", fleet, "--yes", code=2)
        self.assertIn(f"fleet {fleet} waits for no answer", said)

    def test_fleets_are_listed_and_found_by_the_beginning_of_their_ids(self):
        first, second = self.start(["l1"]), self.start(["l2"])
        self.standing(second, "paused", 1)
        listed = json.loads(self.runbook("status", "--format", "json"))["fleets"]
        ids = [fleet["fleet"] for fleet in listed]
        self.assertEqual(ids[:2], [second, first])
        self.assertEqual((listed[0]["playbook"], listed[0]["targets"]), ("each", 1))
        self.assertIn(second, self.runbook("status"))
        told = json.loads(self.runbook("status", "last", "--format", "json"))
        self.assertEqual(told["fleet"], second)
        self.runbook("cancel", first[:12])
        self.runbook("cancel", "last")
        kit.until(lambda: self.told(first)["status"] == self.told(second)["status"] == "stopped")

    def test_each_targets_own_report_is_one_click_away(self):
        fleet = self.start(["r1", "r/2"], "--yes=write,destroy")
        self.runbook("watch", fleet)
        folder = self.cluster.folder / "report"
        self.runbook("report", fleet, "--out", str(folder))
        document = json.loads((folder / "report.json").read_text())
        index = (folder / "index.html").read_text()
        for target in document["targets"]:
            self.assertIn(f'href="{target["page"]}"', index)
            page = (folder / target["page"]).read_text()
            for due in ["resolved", "logs:PutRetentionPolicy", "logs:DescribeLogGroups", target["run"]]:
                self.assertIn(due, page)
        self.assertTrue((folder / "junit.xml").exists())

    def test_calendars_of_whoever_starts_a_fleet_hold_it_back(self):
        calendar = self.cluster.folder / "here.ics"
        event = "BEGIN:VEVENT\nSUMMARY:Year end\nDTSTART:20000101T000000Z\nDTEND:20990101T000000Z\nEND:VEVENT"
        calendar.write_text(f"BEGIN:VCALENDAR\n{event}\nEND:VCALENDAR\n")
        frozen = ["--yes=write,destroy", "--freeze", str(calendar)]
        fleet = self.start(["f1"], *frozen)
        self.runbook("watch", fleet, code=3)
        self.assertIn("Year end", self.told(fleet)["targets"][0]["person"]["why"])
        fleet = self.start(["f2"], *frozen, "--override", "freeze=the board knows")
        self.runbook("watch", fleet)
        self.assertEqual(self.told(fleet)["targets"][0]["verdict"], "resolved")

    def test_waves_wait_for_a_yes(self):
        fleet = self.start(["w1", "w2", "w3"], "--yes=write,destroy", "--waves", "1,100%", "--approve-waves")
        kit.until(lambda: self.told(fleet)["status"] == "waiting")
        self.assertIn("wave 2 may begin?", self.runbook("approve", fleet, "--show"))
        self.runbook("approve", fleet, "--wave", "--yes")
        told = self.standing(fleet, "ended", 3)
        self.assertEqual(told["waves"][1]["answer"]["by"], ME)

    def test_what_is_paused_starts_nothing_and_what_is_cancelled_ends(self):
        fleet = self.start(["c1", "c2", "c3"], "--waves", "1,100%", "--approve-waves")
        self.standing(fleet, "paused", 1)
        self.runbook("pause", fleet)
        kit.until(lambda: self.told(fleet)["status"] == "paused")
        self.runbook("resume", fleet)
        kit.until(lambda: self.told(fleet)["status"] == "waiting")
        self.runbook("cancel", fleet)
        kit.until(lambda: self.told(fleet)["status"] == "stopped")
        told = self.told(fleet)
        self.assertEqual(told["stopped"], {"code": "cancelled", "message": f"cancelled by {ME}"})
        self.assertEqual([target["status"] for target in told["targets"]], ["ended", "not_run", "not_run"])
        self.assertEqual(told["targets"][0]["verdict"], "aborted")
        self.assertIn("is over", self.runbook("pause", fleet, code=2))

    def test_one_run_at_a_time_for_a_playbook_and_a_target(self):
        first, second = self.start(["same"]), self.start(["same"])
        self.standing(first, "paused", 1)
        # Whoever has waited asks, before it begins, whether its fleet has been stopped meanwhile.
        time.sleep(3)
        self.assertEqual(self.told(second)["targets"][0]["status"], "running")
        self.runbook("cancel", second)
        self.runbook("approve", first, "--yes")
        self.standing(first, "ended", 1)
        told = self.standing(second, "not_run", 1)
        self.assertEqual(told["targets"][0]["not_run"]["code"], "stopped")

    def test_a_server_that_is_down_is_said_with_the_fleet(self):
        said = self.runbook("status", "f", ingress=f"http://127.0.0.1:{kit.free_port()}", code=4)
        self.assertIn("fleet f: no Restate server answers at http://127.0.0.1:", said)

    def test_a_fleet_that_the_server_does_not_know_is_said(self):
        self.assertIn("knows no fleet nothing", self.runbook("status", "nothing", code=2))


class Wrong(unittest.TestCase):
    def test_a_server_without_workers_is_said(self):
        cluster = kit.Cluster(workers=0)
        self.addCleanup(cluster.close)
        done = subprocess.run(
            [kit.RUNBOOK, "fleet", "status", "f", "--on", f"restate={cluster.server.ingress}"], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("knows no runbook workers", done.stderr)

    def test_a_disk_that_is_lost_is_said_with_the_fleet(self):
        cluster = kit.Cluster(workers=1)
        self.addCleanup(cluster.close)
        fleet = cluster.start("examples/each", "two_groups", ["a"])
        kit.until(lambda: (cluster.board(fleet) or {}).get("waits"))
        cluster.workers[0].kill()
        cluster.server.kill()
        cluster.server.lose_disk()
        cluster.server.start()
        cluster.workers[0].start()
        done = subprocess.run(
            [kit.RUNBOOK, "fleet", "status", fleet, "--on", f"restate={cluster.server.ingress}"], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(f"knows no fleet {fleet}", done.stderr)

    def test_a_run_of_another_version_is_refused_and_not_lost(self):
        cluster = kit.Cluster(workers=1)
        self.addCleanup(cluster.close)
        start = {"package": {"version": "0.0.1+other", "body": {}}, "head": kit.head("each", "two_groups", ["a"])}
        kit.post(cluster.server.ingress, "/RunbookFleet/old/run/send", start)
        rows = kit.until(lambda: [row for row in cluster.unfinished() if row.get("last_failure")])
        self.assertIn("fleet old was begun by runbook 0.0.1+other", rows[0]["last_failure"])

    def test_an_address_of_another_version_is_not_taken(self):
        cluster = kit.Cluster(workers=1)
        self.addCleanup(cluster.close)
        worker = kit.Worker(cluster.folder, "other", cluster.server, advertise=f"http://127.0.0.1:{kit.free_port()}")
        body = {"uri": cluster.balancer.url, "force": True, "metadata": {"runbook": "0.0.1+other"}}
        kit.post(cluster.server.admin, "/deployments", body)
        worker.advertise = cluster.balancer.url
        worker.start()
        self.assertEqual(worker.child.wait(30), 4)
        self.assertIn("runbook 0.0.1+other is registered at", worker.said())

    def test_a_worker_ends_in_order_on_sigterm(self):
        cluster = kit.Cluster(workers=1)
        self.addCleanup(cluster.close)
        fleet = cluster.start("examples/each", "two_groups", ["a"])
        kit.until(lambda: (cluster.board(fleet) or {}).get("waits"))
        worker = cluster.workers[0]
        began = time.monotonic()
        worker.child.send_signal(signal.SIGTERM)
        self.assertEqual(worker.child.wait(60), 0, worker.said())
        self.assertLess(time.monotonic() - began, 40)
        worker.start()
        self.assertEqual(cluster.board(fleet)["waits"], [0])


if __name__ == "__main__":
    unittest.main()
