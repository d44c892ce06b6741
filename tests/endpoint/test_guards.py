"""Alarms of `guards` over HTTP: a run stops before its next write while an alarm is on.

Environment: RUNBOOK (the binary), ENDPOINT (a moto server).
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

import boto3

RUNBOOK = os.environ["RUNBOOK"]
ENDPOINT = os.environ["ENDPOINT"]
REGION = "us-east-1"
ALARM = "guards-api-errors"
PLAYBOOK = f"""playbook: v1
title: Two writes that an alarm looks after
guards: {{alarms: [{ALARM}]}}
resolve:
  first:
    action: cloudwatch:SetAlarmState
    with: {{AlarmName: {ALARM}, StateValue: "${{{{ inputs.state }}}}", StateReason: 5 errors}}
  second:
    action: sns:CreateTopic
    with: {{Name: "${{{{ inputs.topic }}}}"}}
inputs:
  state: {{type: string}}
  topic: {{type: string}}
"""


class Alarms(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "alarms.yaml").write_text(PLAYBOOK)
        given = {"endpoint_url": ENDPOINT, "region_name": REGION, "aws_access_key_id": "x", "aws_secret_access_key": "x"}
        self.cloudwatch = boto3.client("cloudwatch", **given)
        self.sns = boto3.client("sns", **given)
        self.cloudwatch.put_metric_alarm(
            AlarmName=ALARM,
            MetricName="Errors",
            Namespace="Api",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        self.addCleanup(self.cloudwatch.delete_alarms, AlarmNames=[ALARM])

    def run_with(self, state, topic, *words):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AWS_ENDPOINT_URL": ENDPOINT,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        command = [RUNBOOK, "run", "alarms", "--yes", "-i", f"state={state}", "-i", f"topic={topic}", *words]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def topics(self):
        return [topic["TopicArn"].rsplit(":", 1)[1] for topic in self.sns.list_topics()["Topics"]]

    def test_a_run_goes_on_while_the_alarm_is_off(self):
        self.cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue="OK", StateReason="fine")
        ended = self.run_with("OK", "guards-off")
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertIn("guards-off", self.topics())

    def test_an_alarm_that_goes_off_after_a_write_stops_the_next_one(self):
        self.cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue="OK", StateReason="fine")
        ended = self.run_with("ALARM", "guards-on")
        said = ended.stdout + ended.stderr
        self.assertEqual(ended.returncode, 1, said)
        self.assertIn(f"the alarm `{ALARM}` is on: 5 errors", said)
        self.assertNotIn("guards-on", self.topics())

    def test_nothing_is_written_while_an_alarm_is_on_unless_somebody_says_why(self):
        self.cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue="ALARM", StateReason="5 errors")
        ended = self.run_with("OK", "guards-before")
        self.assertEqual(ended.returncode, 1, ended.stdout + ended.stderr)
        state = self.cloudwatch.describe_alarms(AlarmNames=[ALARM])["MetricAlarms"][0]["StateValue"]
        self.assertEqual(state, "ALARM")
        ended = self.run_with("OK", "guards-before", "--override", "alarms=known and looked at")
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertIn("guards-before", self.topics())

    def test_an_alarm_that_is_not_there_holds_writes_back(self):
        self.cloudwatch.delete_alarms(AlarmNames=[ALARM])
        ended = self.run_with("OK", "guards-none")
        said = ended.stdout + ended.stderr
        self.assertEqual(ended.returncode, 3, said)
        self.assertIn(f"there is no alarm `{ALARM}`", said)
        self.assertIn("--override alarms=REASON", said)
        self.assertNotIn("guards-none", self.topics())


if __name__ == "__main__":
    unittest.main()
