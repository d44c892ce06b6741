"""The state that the guides assume, made with boto3 in a moto server: two clusters, their logs, metrics and all around.

The clusters have no instances of their own: all services run on Fargate.
"""

import datetime
import functools
import io
import json
import os
import time
import urllib.request
import zipfile

import boto3
from botocore.config import Config

REGION = "us-east-1"
KEY = "AKIAFAKE"
SECRET = "x"
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]}
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
ACCOUNT = "123456789012"
TABLE, FUNCTION, BUCKET = "aar-governance-policies", "aar-governance", "acso-log-archive-bucket"
LOG_GROUPS = (
    "/aws/acso/production/agents",
    "/aws/lambda/aar-governance",
    "CloudTrail/AcsoAuditLog",
    "/aws/cloudwatch/alarms",
    "/ecs/aar-axon",
)
MESSAGES = (
    "INFO started",
    "ERROR memory heap OutOfMemory killed",
    "memory at 91%",
    "FATAL heap exhausted",
    "bedrock authentication failed",
    "slow request timeout performance",
    "database connection pool exhausted",
    "é \"quoted\" <b>&amp;</b>\ttab",
    "ERROR OR FATAL literal",
    "DENIED by policy",
)


def post(endpoint, path, body=b""):
    """Asks moto itself for something."""
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/{path}", method="POST", data=body)).read()


@functools.cache
def connect(endpoint, service):
    """A client of boto3; one for all, because making it takes longer than most calls."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(retries={"max_attempts": 1}),
    )


def environment(endpoint, folder):
    """What a program needs to find the server, and nothing of the caller's AWS settings; runs are kept in the folder."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ENDPOINT_URL": endpoint,
        "XDG_STATE_HOME": folder,
    }


def make(endpoint):
    """Empties the server and fills it; returns the identifiers that moto chose. The same ones each time: moto's choices
    are seeded."""
    post(endpoint, "reset")
    post(endpoint, "seed?a=42")
    post(endpoint, "config", json.dumps({"lambda": {"use_docker": False}}).encode())
    # Without this, each DescribeTasks would move a task on to its next state.
    post(
        endpoint,
        "state-manager/set-transition",
        json.dumps({"model_name": "ecs::task", "transition": {"progression": "manual", "times": 1_000_000}}).encode(),
    )

    def client(service):
        return connect(endpoint, service)

    ids = _network(client("ec2"))
    ids |= _roles(client("iam"))
    ids |= _clusters(client("ecs"), ids)
    ids |= _front(client("elbv2"), client("acm"), ids)
    _watch(client("logs"), client("cloudwatch"))
    ids |= _data(client("dynamodb"), client("lambda"), client("rds"), client("s3"), ids)
    ids |= _rest(client, ids)
    return ids


def _network(ec2):
    vpc = ec2.create_vpc(
        CidrBlock="10.0.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "acso-vpc"}]}],
    )["Vpc"]["VpcId"]
    # Tasks of moto want the private DNS name of their network interface.
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
        for n, zone in enumerate("ab")
    ]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    groups = [
        ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]
        for name in ("aar-alb", "acso-agents", "aar-ecs")
    ]
    return {"vpc": vpc, "subnets": subnets, "gateway": gateway, "route table": table, "groups": groups}


def _roles(iam):
    roles = {
        name: iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        for name in ("acso-production-execution-role", "acso-production-task-role", "aar-ecs-task-role", "lam")
    }
    iam.put_role_policy(RoleName="acso-production-execution-role", PolicyName="ECRAccessPolicy", PolicyDocument=POLICY)
    policy = iam.create_policy(PolicyName="tasks", PolicyDocument=POLICY)["Policy"]["Arn"]
    for role in ("acso-production-task-role", "aar-ecs-task-role"):
        iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    return {"roles": roles, "policy": policy}


def _clusters(ecs, ids):
    network = {"awsvpcConfiguration": {"subnets": ids["subnets"], "securityGroups": [ids["groups"][1]]}}
    tasks = []
    for cluster, services, container in (
        ("aar-cluster", ("aar-axon", "aar-orbit"), "axon"),
        ("acso-production-cluster", ("acso-production-supervisor",), "supervisor-agent"),
    ):
        ecs.create_cluster(clusterName=cluster)
        ecs.register_task_definition(
            family=services[0],
            cpu="512",
            memory="1024",
            executionRoleArn=ids["roles"]["acso-production-execution-role"],
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[
                {"name": container, "image": "acso-supervisor:latest", "cpu": 256, "memory": 512, "essential": True}
            ],
        )
        for service in services:
            ecs.create_service(
                cluster=cluster,
                serviceName=service,
                taskDefinition=services[0],
                desiredCount=2,
                launchType="FARGATE",
                networkConfiguration=network,
            )
        started = ecs.run_task(
            cluster=cluster, taskDefinition=services[0], launchType="FARGATE", networkConfiguration=network
        )
        tasks.append(started["tasks"][0]["taskArn"])
    return {"tasks": tasks}


def _front(elb, acm, ids):
    balancer = elb.create_load_balancer(Name="aar-alb", Subnets=ids["subnets"], SecurityGroups=ids["groups"][:1])
    balancer = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    targets = elb.create_target_group(Name="aar-tg", Protocol="HTTP", Port=80, VpcId=ids["vpc"], TargetType="ip")
    targets = targets["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=targets, Targets=[{"Id": "10.0.0.5", "Port": 80}])
    certificates = [
        acm.request_certificate(DomainName=f"{name}.yourdomain.com")["CertificateArn"] for name in ("*", "new")
    ]
    listener = elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificates[0]}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": targets}],
    )["Listeners"][0]["ListenerArn"]
    return {"balancer": balancer, "targets": targets, "certificates": certificates, "listener": listener}


def _watch(logs, cloudwatch):
    now = int(time.time() * 1000)
    for group in LOG_GROUPS:
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s1")
        logs.put_log_events(
            logGroupName=group,
            logStreamName="s1",
            logEvents=[
                {"timestamp": now - 60_000 * (10 - place), "message": message}
                for place, message in enumerate(MESSAGES)
            ],
        )
    logs.put_metric_filter(
        logGroupName=LOG_GROUPS[0],
        filterName="errors",
        filterPattern="ERROR",
        metricTransformations=[{"metricName": "Errors", "metricNamespace": "Acso", "metricValue": "1"}],
    )
    dimensions = {"ClusterName": "acso-production-cluster", "ServiceName": "acso-production-supervisor"}
    put_points(cloudwatch, "AWS/ECS/MemoryUtilization", dimensions, [(60 * hours + 1, 92.9 - 2.3 * hours) for hours in range(24)])
    put_points(cloudwatch, "AWS/ECS/CPUUtilization", dimensions, [(minutes, 80 + minutes / 10) for minutes in range(2, 60, 5)])
    database = {"DBInstanceIdentifier": "acso-production-db"}
    put_points(cloudwatch, "AWS/RDS/DatabaseConnections", database, [(minutes, 90 + minutes) for minutes in range(2, 60, 5)])
    for name in ("ACSO-HighCPU", "ACSO-HighMemory", "aar-x"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            MetricName="MemoryUtilization",
            Namespace="AWS/ECS",
            Statistic="Average",
            Period=300,
            Threshold=85,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        )


def put_points(cloudwatch, metric, dimensions, points):
    """Publishes (minutes ago, value) as data of `NAMESPACE/Metric`."""
    namespace, name = metric.rsplit("/", 1)
    now = datetime.datetime.now(datetime.timezone.utc)
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                "Timestamp": now - datetime.timedelta(minutes=minutes),
                "Value": value,
            }
            for minutes, value in points
        ],
    )


def _data(dynamodb, functions, rds, s3, ids):
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    for item in (
        {"id": {"S": "p1"}, "rule": {"S": "deny"}, "weight": {"N": "1.50"}, "raw": {"B": b"\x00\xff"}},
        {"id": {"S": "p2"}, "on": {"BOOL": True}, "none": {"NULL": True}, "tags": {"SS": ["a", "b"]}},
    ):
        dynamodb.put_item(TableName=TABLE, Item=item)
    # Only now: moto cannot hand the bytes above to a function that reads the stream.
    table = dynamodb.update_table(
        TableName=TABLE, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    )["TableDescription"]
    backup = dynamodb.create_backup(TableName=TABLE, BackupName="backup1")["BackupDetails"]["BackupArn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo("m.py"), "def h(event, context):\n    return event\n")
    for function in (FUNCTION, "test-signer"):
        functions.create_function(
            FunctionName=function,
            Runtime="python3.11",
            Role=ids["roles"]["lam"],
            Handler="m.h",
            Code={"ZipFile": archive.getvalue()},
            MemorySize=256,
            Timeout=7,
            Environment={"Variables": {"STAGE": "production"}},
        )
    functions.create_event_source_mapping(
        EventSourceArn=table["LatestStreamArn"], FunctionName=FUNCTION, StartingPosition="LATEST"
    )
    rds.create_db_instance(
        DBInstanceIdentifier="acso-production-db",
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="u",
        MasterUserPassword="passw0rd1",
    )
    s3.create_bucket(Bucket=BUCKET)
    for key in ("a b/é.txt", "plain", "x//y"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"text", Metadata={"owner": "acso"})
    return {"stream": table["LatestStreamArn"], "backup": backup}


def _rest(client, ids):
    ssm = client("ssm")
    for name in ("database/max_connections", "incorrect-param"):
        ssm.put_parameter(Name=f"/acso/production/{name}", Value="10", Type="String")
    ecr = client("ecr")
    ecr.create_repository(repositoryName="acso-supervisor")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": 1,
            "digest": "sha256:" + "a" * 64,
        },
        "layers": [],
    }
    ecr.put_image(repositoryName="acso-supervisor", imageManifest=json.dumps(manifest), imageTag="latest")
    client("cloudformation").create_stack(
        StackName="acso-production-infrastructure",
        TemplateBody=json.dumps(
            {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
        ),
    )
    client("appmesh").create_mesh(meshName="aar-mesh")
    discovery = client("servicediscovery")
    discovery.create_private_dns_namespace(Name="aar.local", Vpc=ids["vpc"])
    namespace = discovery.list_namespaces()["Namespaces"][0]["Id"]
    service = discovery.create_service(
        Name="axon", NamespaceId=namespace, DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 10}]}
    )["Service"]["Id"]
    discovery.register_instance(ServiceId=service, InstanceId="i1", Attributes={"AWS_INSTANCE_IPV4": "10.0.0.5"})
    return {"service": service}
