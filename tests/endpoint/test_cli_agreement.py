"""The JSON of `runbook call` beside that of the AWS CLI v2, for the operations of the two guides that moto answers.

Each tool is given the same arguments, and the AWS CLI the models of the pinned botocore, which the catalogue is made of:
names and their order are then the models' and differences are the tools' own. Reads are made side by side against the
same state; writes each against a state of its own, made alike. `docs/aws-cli-differences.md` lists where the two differ
on purpose. Environment: RUNBOOK (the binary), ENDPOINT (the URL of a moto server).
"""

import base64
import collections
import concurrent.futures
import datetime
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import botocore
import guide_state

RUNBOOK = os.environ["RUNBOOK"]
ENDPOINT = os.environ["ENDPOINT"]
SERVICE = {"cluster": "acso-production-cluster", "service": "acso-production-supervisor"}
LOGS, TABLE, FUNCTION, BUCKET = guide_state.LOG_GROUPS[0], guide_state.TABLE, guide_state.FUNCTION, guide_state.BUCKET


def reads(ids):
    """Action, arguments and, where pages are to be joined, how many items a page has (and the member that says so)."""
    end = datetime.datetime.now(datetime.timezone.utc)
    yield "acm:ListCertificates", {}
    yield "appmesh:DescribeMesh", {"meshName": "aar-mesh"}
    yield "cloudformation:DescribeStacks", {"StackName": "acso-production-infrastructure"}
    yield "cloudwatch:DescribeAlarms", {"AlarmNamePrefix": "ACSO-"}
    yield "cloudwatch:GetMetricStatistics", {
        "Namespace": "AWS/ECS",
        "MetricName": "MemoryUtilization",
        "Dimensions": [
            {"Name": "ClusterName", "Value": SERVICE["cluster"]},
            {"Name": "ServiceName", "Value": SERVICE["service"]},
        ],
        "StartTime": (end - datetime.timedelta(hours=24)).isoformat(),
        "EndTime": end.isoformat(),
        "Period": 3600,
        "Statistics": ["Average", "Maximum"],
    }
    yield "dynamodb:DescribeTable", {"TableName": TABLE}
    yield "dynamodb:Scan", {"TableName": TABLE}
    yield "dynamodbstreams:DescribeStream", {"StreamArn": ids["stream"]}
    yield "ec2:DescribeFlowLogs", {}
    yield "ec2:DescribeNetworkAcls", {"Filters": [{"Name": "vpc-id", "Values": [ids["vpc"]]}]}
    yield "ec2:DescribeRouteTables", {"RouteTableIds": [ids["route table"]]}
    yield "ec2:DescribeSecurityGroups", {"GroupIds": ids["groups"]}
    yield "ec2:DescribeVpcs", {"VpcIds": [ids["vpc"]]}
    yield "ecr:DescribeRepositories", {}
    yield "ecr:ListImages", {"repositoryName": "acso-supervisor"}
    yield "ecs:DescribeClusters", {"clusters": [SERVICE["cluster"]], "include": ["STATISTICS", "TAGS"]}
    yield "ecs:DescribeServices", {"cluster": SERVICE["cluster"], "services": [SERVICE["service"], "none"]}
    yield "ecs:DescribeTaskDefinition", {"taskDefinition": SERVICE["service"]}
    yield "ecs:DescribeTasks", {"cluster": SERVICE["cluster"], "tasks": ids["tasks"][1:]}
    yield "ecs:ListClusters", {}
    yield "ecs:ListServices", {"cluster": "aar-cluster"}
    yield "ecs:ListTasks", {"cluster": SERVICE["cluster"]}
    yield "elbv2:DescribeLoadBalancers", {"Names": ["aar-alb"]}
    yield "elbv2:DescribeTargetHealth", {"TargetGroupArn": ids["targets"]}
    yield "iam:GetRole", {"RoleName": "acso-production-task-role"}
    yield "iam:GetRolePolicy", {"RoleName": "acso-production-execution-role", "PolicyName": "ECRAccessPolicy"}
    yield "iam:ListAttachedRolePolicies", {"RoleName": "acso-production-task-role"}
    yield "iam:ListRolePolicies", {"RoleName": "acso-production-execution-role"}
    yield "lambda:GetFunction", {"FunctionName": FUNCTION}
    yield "lambda:ListEventSourceMappings", {"FunctionName": FUNCTION}
    yield "logs:DescribeLogGroups", {"logGroupNamePrefix": "/aws"}
    yield "logs:DescribeMetricFilters", {"logGroupName": LOGS}
    yield "logs:FilterLogEvents", {"logGroupName": LOGS}
    yield "rds:DescribeDBInstances", {}
    yield "servicediscovery:ListInstances", {"ServiceId": ids["service"]}
    yield "servicediscovery:ListServices", {}
    yield "ssm:GetParametersByPath", {"Path": "/acso/production", "Recursive": True}
    yield "sts:GetCallerIdentity", {}
    # Beyond the guides: pages that must be joined, XML bodies and headers, embedded policies.
    yield "iam:ListRoles", {}, 1, "MaxItems"
    yield "iam:GetAccountAuthorizationDetails", {}
    yield "iam:ListPolicyTags", {"PolicyArn": ids["policy"]}
    yield "logs:DescribeLogGroups", {}, 2, "limit"
    yield "ssm:GetParametersByPath", {"Path": "/acso", "Recursive": True}, 1, "MaxResults"
    yield "s3api:ListBuckets", {}
    yield "s3api:GetBucketLocation", {"Bucket": BUCKET}
    yield "s3api:ListObjectsV2", {"Bucket": BUCKET}
    yield "s3api:ListObjectsV2", {"Bucket": BUCKET}, 1, "MaxKeys"
    yield "s3api:HeadObject", {"Bucket": BUCKET, "Key": "a b/é.txt"}


def writes(ids):
    """Action and arguments, in an order in which each finds what it needs."""
    yield "cloudwatch:PutMetricAlarm", {
        "AlarmName": "new",
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/ECS",
        "Statistic": "Average",
        "Period": 300,
        "Threshold": 85,
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
    }
    yield "cloudwatch:PutMetricData", {"Namespace": "Acso", "MetricData": [{"MetricName": "m", "Value": 1.5}]}
    yield "dynamodb:RestoreTableFromBackup", {"TargetTableName": "restored", "BackupArn": ids["backup"]}
    yield "dynamodb:UpdateTable", {
        "TableName": TABLE,
        "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
    }
    yield "ec2:AuthorizeSecurityGroupIngress", {
        "GroupId": ids["groups"][0],
        "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        ],
    }
    yield "ec2:CreateRoute", {
        "RouteTableId": ids["route table"],
        "DestinationCidrBlock": "0.0.0.0/0",
        "GatewayId": ids["gateway"],
    }
    yield "ecs:RegisterTaskDefinition", {
        "family": "acso-production-supervisor",
        "cpu": "1024",
        "memory": "4096",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "containerDefinitions": [{"name": "supervisor-agent", "image": "i", "cpu": 256, "memory": 512}],
    }
    yield "ecs:UpdateService", SERVICE | {"desiredCount": 3, "forceNewDeployment": True}
    yield "elbv2:ModifyListener", {
        "ListenerArn": ids["listener"],
        "Certificates": [{"CertificateArn": ids["certificates"][1]}],
    }
    yield "iam:AttachRolePolicy", {"RoleName": "acso-production-execution-role", "PolicyArn": ids["policy"]}
    yield "iam:CreateRole", {"RoleName": "new", "AssumeRolePolicyDocument": guide_state.TRUST}
    yield "iam:PutRolePolicy", {"RoleName": "new", "PolicyName": "p", "PolicyDocument": guide_state.POLICY}
    yield "iam:UpdateAssumeRolePolicy", {"RoleName": "new", "PolicyDocument": guide_state.TRUST}
    yield "lambda:Invoke", {"FunctionName": FUNCTION, "Payload": "eyJhIjogMX0="}
    yield "logs:CreateExportTask", {"logGroupName": LOGS, "from": 1, "to": 2, "destination": BUCKET}
    yield "logs:CreateLogGroup", {"logGroupName": "new"}
    yield "logs:PutMetricFilter", {
        "logGroupName": "new",
        "filterName": "f",
        "filterPattern": "ERROR",
        "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
    }
    yield "logs:PutRetentionPolicy", {"logGroupName": "new", "retentionInDays": 30}
    yield "rds:ModifyDBInstance", {"DBInstanceIdentifier": "acso-production-db", "DBInstanceClass": "db.t3.large"}
    yield "ssm:DeleteParameter", {"Name": "/acso/production/incorrect-param"}
    yield "ssm:PutParameter", {"Name": "/acso/production/new", "Value": "x", "Type": "String"}


def find_cli():
    """The AWS CLI v2 on PATH, or why there is none."""
    found = []
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        candidate = shutil.which("aws", path=folder)
        if not candidate:
            continue
        version = subprocess.run([candidate, "--version"], capture_output=True, text=True).stdout.split(" ")[0]
        if version.startswith("aws-cli/2."):
            return candidate, version
        found.append(f"{candidate} is {version or 'something else'}")
    return None, "; ".join(found) or "no `aws` on PATH"


# What the server itself changes between two calls, or writes as AWS would not.
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?"
VOLATILE = {
    # A time of day in a form that is no API's: ours is shown as it came, theirs without a zone.
    "appmesh:DescribeMesh": {r'"\d\d/\d\d/\d{4}, [\d:]+"|"' + TIME + '"': '"(time)"'},
    # CloudWatch's newer protocol counts milliseconds, its older one microseconds.
    "cloudwatch:DescribeAlarms": {
        r"(\.\d{3})\d{3}\+": r"\1+",
        # A JSON document: a text there, what it holds here.
        r'("StateReasonData": )"\{\}"': r"\1{}",
    },
    "cloudwatch:GetMetricStatistics": {r"(\.\d{3})\d{3}\+": r"\1+"},
    "dynamodb:RestoreTableFromBackup": {TIME: "(time)", r"backup/\d+": "backup/(number)"},
    "dynamodb:UpdateTable": {TIME: "(time)"},
    "ecs:RegisterTaskDefinition": {TIME: "(time)"},
    "ecs:UpdateService": {TIME: "(time)", r"ecs-svc/\d+": "ecs-svc/(number)"},
    "elbv2:ModifyListener": {TIME: "(time)"},
    "iam:CreateRole": {TIME: "(time)"},
    "logs:CreateExportTask": {r"[0-9a-f]{8}-[0-9a-f-]{27}": "(id)"},
    "rds:DescribeDBInstances": {r'(LatestRestorableTime": )"' + TIME: r'\1"(time)'},
    "rds:ModifyDBInstance": {TIME: "(time)"},
}


class CliAgreement(unittest.TestCase):
    """Same names, same order, same values."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.cli, version = find_cli()
        if not cls.cli:
            raise unittest.SkipTest(f"not reached: the AWS CLI v2, so its JSON was not compared with ours ({version})")
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.environment = guide_state.environment(ENDPOINT, cls.folder.name) | {
            "AWS_PAGER": "",
            "AWS_DATA_PATH": give_models(pathlib.Path(cls.folder.name) / "models"),
            # The AWS CLI shows times in the local zone where the wire has seconds.
            "TZ": "UTC",
        }

    def output(self, command):
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def ours(self, action, arguments, page=None, page_member=None):
        if page:
            arguments = arguments | {page_member: page}
        action = action.replace("s3api:", "s3:")
        return self.output([RUNBOOK, "call", action, "--with", json.dumps(arguments), "--yes=write,permission,destroy,execute"])

    def theirs(self, action, arguments, page=None, _=None):
        service, operation = action.split(":")
        command = [self.cli, "--endpoint-url", ENDPOINT, "--output", "json", service, command_name(operation)]
        if action == "lambda:Invoke":
            return self.invoke(command, arguments)
        command += ["--cli-input-json", json.dumps(arguments)]
        if page:
            command += ["--page-size", str(page)]
        return self.output(command)

    def invoke(self, command, arguments):
        """`aws lambda invoke` takes no JSON, and writes what the function returns to a file: the answer with it put in."""
        file = pathlib.Path(self.folder.name) / "payload"
        command += ["--function-name", arguments["FunctionName"], "--payload", arguments["Payload"], str(file)]
        answer = json.loads(self.output(command))
        payload = base64.b64encode(file.read_bytes()).decode()
        return json.dumps(answer | {"Payload": payload})

    def compare(self, action, ours, theirs):
        self.assertEqual(normal(action, ours), normal(action, theirs))

    def test_reads(self):
        ids = guide_state.make(ENDPOINT)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            calls = [(call, pool.submit(self.ours, *call), pool.submit(self.theirs, *call)) for call in reads(ids)]
            for call, ours, theirs in calls:
                with self.subTest(call[0], pages=call[2:]):
                    self.compare(call[0], ours.result(), theirs.result())

    def test_writes(self):
        answers = []
        for tool in (self.ours, self.theirs):
            ids = guide_state.make(ENDPOINT)
            answers.append({})
            for call in writes(ids):
                try:
                    answers[-1][call[0]] = tool(*call)
                except AssertionError as problem:
                    answers[-1][call[0]] = problem
        for action in answers[0]:
            with self.subTest(action):
                for answer in answers:
                    if isinstance(answer[action], AssertionError):
                        raise answer[action]
                self.compare(action, answers[0][action], answers[1][action])


def command_name(operation):
    """The AWS CLI's name of an operation: `describe-db-instances`."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1-\2", operation)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", words).lower()


def give_models(folder):
    """The pinned botocore's models of the services that are called, as an older AWS CLI can read them."""
    source = pathlib.Path(botocore.__file__).parent / "data"
    calls = [*reads(collections.defaultdict(list)), *writes(collections.defaultdict(lambda: ["", ""]))]
    for service in {call[0].split(":")[0].replace("s3api", "s3") for call in calls}:
        version = max((source / service).iterdir())
        into = folder / service / version.name
        into.mkdir(parents=True)
        for file in version.glob("paginators-1*"):
            shutil.copy(file, into)
        model = json.loads(gzip.decompress((version / "service-2.json.gz").read_bytes()))
        metadata = model["metadata"]
        known = [name for name in metadata.get("protocols", []) if "cbor" not in name]
        metadata["protocol"] = "query" if "query" in known else known[0] if known else metadata["protocol"]
        (into / "service-2.json").write_text(json.dumps(model))
    return str(folder)


def normal(action, text):
    """The JSON without what tells two calls apart, and without the differences that are meant."""
    if action == "lambda:Invoke":
        members = json.loads(text)
        # The file's content has no place among the members of the AWS CLI's answer.
        text = json.dumps({name: members[name] for name in sorted(members)})
    for pattern, name in VOLATILE.get(action, {}).items():
        text = re.sub(pattern, name, text)
    return text


if __name__ == "__main__":
    unittest.main(verbosity=2)
