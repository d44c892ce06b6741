"""The memory-leak playbook against a real HTTP endpoint (moto).

The state is set up through `runbook call`; what came of it is read with boto3 and never taken from what was printed.
Environment: RUNBOOK (the binary), ENDPOINT (the URL of an empty moto server).
"""

import datetime
import json
import os
import subprocess
import tempfile
import time
import unittest
import unittest.mock
import urllib.request

import boto3

RUNBOOK = os.environ["RUNBOOK"]
ENDPOINT = os.environ["ENDPOINT"]
CLUSTER = "acso-production-cluster"
SERVICE = "acso-production-supervisor"
LOG_GROUP = "/aws/acso/production/agents"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAFAKE",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def runbook(*arguments, credentials=True, endpoint=ENDPOINT):
    """Runs the binary with nothing of the caller's AWS settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment.update(CREDENTIALS if credentials else {"AWS_DEFAULT_REGION": "us-east-1"})
    if not credentials:
        environment.update({name: CREDENTIALS[name] for name in CREDENTIALS if "ACCESS" not in name})
    environment["AWS_ENDPOINT_URL"] = endpoint
    environment["XDG_STATE_HOME"] = STATE.name
    return subprocess.run(
        [RUNBOOK, *arguments], env=environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )


def credentials_of(key):
    """As somebody else than usual."""
    names = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    return unittest.mock.patch.dict(CREDENTIALS, names)


def call(action, **arguments):
    """One set-up call; must succeed."""
    done = runbook("call", action, "--with", json.dumps(arguments), "--yes=write,permission,destroy,execute")
    if done.returncode != 0:
        raise AssertionError(f"{action}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout) if done.stdout.strip() else {}


def client(service):
    """boto3, the judge."""
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id="AKIAFAKE",
        aws_secret_access_key="x",
    )


def setUpModule():
    global STATE
    STATE = tempfile.TemporaryDirectory()


def tearDownModule():
    STATE.cleanup()


class MemoryLeak(unittest.TestCase):
    """A service whose memory climbs from 40 to 93 % within a day."""

    def setUp(self):
        urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/moto-api/reset", method="POST", data=b""))
        vpc = call("ec2:CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = call("ec2:CreateSubnet", VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        group = call("ec2:CreateSecurityGroup", GroupName="agents", Description="agents", VpcId=vpc)["GroupId"]
        call("ecs:CreateCluster", clusterName=CLUSTER)
        call(
            "ecs:RegisterTaskDefinition",
            family=SERVICE,
            cpu="512",
            memory="1024",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[
                {"name": "supervisor-agent", "image": "acso-supervisor:1.8", "memory": 768, "essential": True},
                {"name": "log-router", "image": "fluent-bit:3", "memory": 256, "essential": False},
            ],
            tags=[{"key": "team", "value": "acso"}],
        )
        call(
            "ecs:CreateService",
            cluster=CLUSTER,
            serviceName=SERVICE,
            taskDefinition=SERVICE,
            desiredCount=2,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}},
        )
        call("logs:CreateLogGroup", logGroupName=LOG_GROUP)
        call("logs:CreateLogStream", logGroupName=LOG_GROUP, logStreamName="agent")
        call(
            "logs:PutLogEvents",
            logGroupName=LOG_GROUP,
            logStreamName="agent",
            logEvents=[{"timestamp": int(time.time() * 1000) - 60_000, "message": "java.lang.OutOfMemoryError"}],
        )
        self.put_memory(lambda hours_ago: 40 + 2.3 * (23 - hours_ago))

    def put_memory(self, value_at):
        now = datetime.datetime.now(datetime.timezone.utc)
        call(
            "cloudwatch:PutMetricData",
            Namespace="AWS/ECS",
            MetricData=[
                {
                    "MetricName": "MemoryUtilization",
                    "Dimensions": [{"Name": "ClusterName", "Value": CLUSTER}, {"Name": "ServiceName", "Value": SERVICE}],
                    "Timestamp": (now - datetime.timedelta(hours=hours, minutes=1)).isoformat(),
                    "Value": value_at(hours),
                    "Unit": "Percent",
                }
                for hours in range(23, -1, -1)
            ],
        )

    def service(self):
        return client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]

    def run_playbook(self, *arguments, **options):
        done = runbook(
            "run", "acso/memory-leak.yaml", "--yes", "--no-verify", "--format", "json", *arguments, **options
        )
        return done, json.loads(done.stdout) if done.stdout.strip() else None

    def test_replaces_the_tasks(self):
        before = self.service()["deployments"][0]["id"]
        done, report = self.run_playbook()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(report["verdict"], "done")
        after = self.service()
        self.assertNotEqual(after["deployments"][0]["id"], before, "the service got a new deployment")
        revisions = client("ecs").list_task_definitions(familyPrefix=SERVICE)["taskDefinitionArns"]
        self.assertEqual(len(revisions), 1, "no revision was registered")

    def test_gives_more_memory_and_keeps_the_rest(self):
        done, report = self.run_playbook("-i", "permanent=true")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(report["verdict"], "done")
        arn = self.service()["taskDefinition"]
        self.assertTrue(arn.endswith(f"{SERVICE}:2"), arn)
        answer = client("ecs").describe_task_definition(taskDefinition=arn, include=["TAGS"])
        definition = answer["taskDefinition"]
        self.assertEqual((definition["memory"], definition["cpu"]), ("4096", "1024"))
        self.assertEqual(definition["networkMode"], "awsvpc")
        containers = {container["name"]: container for container in definition["containerDefinitions"]}
        self.assertEqual(containers["supervisor-agent"]["memory"], 3840)
        self.assertEqual(containers["supervisor-agent"]["image"], "acso-supervisor:1.8")
        self.assertEqual(containers["log-router"]["memory"], 256)
        self.assertEqual(answer["tags"], [{"key": "team", "value": "acso"}])

    def test_without_an_answer_nothing_is_written(self):
        before = self.service()["deployments"][0]["id"]
        done = runbook("run", "acso/memory-leak.yaml", "--no-verify", "--format", "json")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout)["verdict"], "paused")
        self.assertEqual(self.service()["deployments"][0]["id"], before)

    def test_level_memory_is_absent(self):
        urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/moto-api/reset", method="POST", data=b""))
        self.put_memory(lambda _: 41)
        done, report = self.run_playbook()
        self.assertEqual((done.returncode, report["verdict"]), (0, "absent"), done.stdout + done.stderr)

    def test_no_credentials_is_the_environments_fault(self):
        done = runbook("run", "acso/memory-leak.yaml", "--yes", credentials=False)
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertIn("credentials", done.stdout + done.stderr)

    def test_an_endpoint_out_of_reach_is_named(self):
        done = runbook("run", "acso/memory-leak.yaml", "--yes", endpoint="http://127.0.0.1:9")
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertIn("127.0.0.1:9", done.stdout + done.stderr)

    def test_preflight_says_that_the_endpoint_does_not_simulate(self):
        client("iam").create_user(UserName="operator")
        key = client("iam").create_access_key(UserName="operator")["AccessKey"]
        with credentials_of(key):
            done = runbook("preflight", "acso/memory-leak.yaml")
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 4, said)
        self.assertIn("principal  arn:aws:iam::123456789012:user/operator", said)
        self.assertIn("the endpoint does not offer the simulation", said)
        self.assertIn("compare what one is granted with `runbook policy acso/memory-leak`", said)
        self.assertNotIn("<html", said.lower())

    def test_html_where_json_is_due(self):
        done = runbook("call", "cloudtrail:LookupEvents", "--with", "{}")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("html", (done.stdout + done.stderr).lower())
        self.assertNotIn("panicked", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
