"""What there is in a moto server, read with boto3: a mapping of `service/kind/name` to its settings.

Two of them tell what a run has changed, and that it has changed nothing else. What changes by itself (times, counts of
requests) is left out, and identifiers that moto chose are replaced by the names that the state gives them.
"""

import json

import guide_state


def read(endpoint, names):
    """Reads everything that the guides' playbooks could change. `names`: identifier to name."""

    def client(service):
        return guide_state.connect(endpoint, service)

    found = {}
    for part in (_containers, _network, _watching, _data, _functions, _identity, _discovery, _settings):
        found.update(part(client))
    text = json.dumps(found, default=str, sort_keys=True)
    for identifier, name in names.items():
        text = text.replace(identifier, name)
    return json.loads(text)


def changes(before, after):
    """What differs: `service/kind/name.member` to (before, after). A thing that is new or gone differs as a whole."""
    differences = {}
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            differences[name] = (before.get(name), after.get(name))
            continue
        for member in sorted(before[name].keys() | after[name].keys()):
            pair = (before[name].get(member), after[name].get(member))
            if pair[0] != pair[1]:
                differences[f"{name}.{member}"] = pair
    return differences


def _containers(client):
    ecs = client("ecs")
    found = {}
    for cluster in ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"], include=["SETTINGS"])["clusters"]:
        name = cluster["clusterName"]
        found[f"ecs/cluster/{name}"] = {"settings": cluster.get("settings")}
        services = ecs.list_services(cluster=name)["serviceArns"]
        for service in ecs.describe_services(cluster=name, services=services)["services"] if services else ():
            members = ("status", "taskDefinition", "desiredCount", "healthCheckGracePeriodSeconds", "networkConfiguration")
            found[f"ecs/service/{service['serviceName']}"] = {member: service.get(member) for member in members} | {
                "deployments": [deployment["id"] for deployment in service["deployments"]]
            }
    for status in ("ACTIVE", "INACTIVE"):
        for arn in ecs.list_task_definitions(status=status)["taskDefinitionArns"]:
            definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
            definition.pop("registeredAt", None)
            found[f"ecs/task-definition/{arn.rsplit('/', 1)[1]}"] = definition
    for target in client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]:
        bounds = {member: target[member] for member in ("MinCapacity", "MaxCapacity")}
        found[f"scaling/target/{target['ResourceId']}"] = bounds
    for group in client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]:
        sizes = {member: group[member] for member in ("MinSize", "MaxSize", "DesiredCapacity")}
        found[f"autoscaling/group/{group['AutoScalingGroupName']}"] = sizes
    ecr = client("ecr")
    for repository in ecr.describe_repositories()["repositories"]:
        name = repository["repositoryName"]
        tags = [image.get("imageTag") for image in ecr.list_images(repositoryName=name)["imageIds"]]
        found[f"ecr/repository/{name}"] = {"tags": tags}
    return found


def _network(client):
    ec2, elb = client("ec2"), client("elbv2")
    found = {}
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        found[f"ec2/security-group/{group['GroupName']} of {group['VpcId']}"] = {
            "in": group["IpPermissions"],
            "out": group["IpPermissionsEgress"],
        }
    for table in ec2.describe_route_tables()["RouteTables"]:
        found[f"ec2/route-table/{table['RouteTableId']}"] = {
            route["DestinationCidrBlock"]: route.get("NatGatewayId") or route.get("GatewayId") for route in table["Routes"]
        }
    for acl in ec2.describe_network_acls()["NetworkAcls"]:
        found[f"ec2/network-acl/{acl['NetworkAclId']}"] = {"entries": acl["Entries"]}
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
            place = f"elbv2/listener/{balancer['LoadBalancerName']}:{listener['Port']}"
            found[place] = {member: listener.get(member) for member in ("Protocol", "Certificates", "DefaultActions")}
    for group in elb.describe_target_groups()["TargetGroups"]:
        found[f"elbv2/target-group/{group['TargetGroupName']}"] = group
    for certificate in client("acm").list_certificates()["CertificateSummaryList"]:
        found[f"acm/certificate/{certificate['CertificateArn']}"] = {"domain": certificate["DomainName"]}
    route53 = client("route53")
    for zone in route53.list_hosted_zones()["HostedZones"]:
        for record in route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]:
            found[f"route53/record/{record['Name']} {record['Type']}"] = record
    return found


def _watching(client):
    logs, cloudwatch = client("logs"), client("cloudwatch")
    found = {}
    for group in logs.describe_log_groups()["logGroups"]:
        found[f"logs/group/{group['logGroupName']}"] = {"retention": group.get("retentionInDays")}
    for filtered in logs.describe_metric_filters()["metricFilters"]:
        filtered.pop("creationTime", None)
        found[f"logs/filter/{filtered['filterName']}"] = filtered
    for task in logs.describe_export_tasks()["exportTasks"]:
        found[f"logs/export/{task['taskName']}"] = {member: task[member] for member in ("logGroupName", "destination")}
    alarms = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    for alarm in alarms["MetricAlarms"] + alarms["CompositeAlarms"]:
        for member in [name for name in alarm if "Timestamp" in name]:
            alarm.pop(member)
        found[f"cloudwatch/alarm/{alarm['AlarmName']}"] = alarm
    for topic in client("sns").list_topics()["Topics"]:
        found[f"sns/topic/{topic['TopicArn'].rsplit(':', 1)[1]}"] = {}
    return found


def _data(client):
    dynamodb, s3 = client("dynamodb"), client("s3")
    found = {}
    for name in dynamodb.list_tables()["TableNames"]:
        table = dynamodb.describe_table(TableName=name)["Table"]
        throughput = table["ProvisionedThroughput"]
        found[f"dynamodb/table/{name}"] = {
            "billing": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "capacity": [throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]],
            "ceiling": table.get("OnDemandThroughput"),
            "stream": table.get("StreamSpecification", {}).get("StreamEnabled", False),
            "items": table["ItemCount"],
        }
    for backup in dynamodb.list_backups()["BackupSummaries"]:
        found[f"dynamodb/backup/{backup['BackupName']}"] = {"of": backup["TableName"]}
    for instance in client("rds").describe_db_instances()["DBInstances"]:
        settings = {member: instance[member] for member in ("DBInstanceClass", "DBInstanceStatus")}
        found[f"rds/instance/{instance['DBInstanceIdentifier']}"] = settings
    for bucket in s3.list_buckets()["Buckets"]:
        keys = [thing["Key"] for thing in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ())]
        found[f"s3/bucket/{bucket['Name']}"] = {"keys": keys}
    return found


def _functions(client):
    functions = client("lambda")
    found = {}
    for function in functions.list_functions()["Functions"]:
        name = function["FunctionName"]
        found[f"lambda/function/{name}"] = {
            "memory": function["MemorySize"],
            "timeout": function["Timeout"],
            "environment": function.get("Environment"),
            "concurrency": functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions"),
        }
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        found[f"lambda/mapping/{mapping['UUID']}"] = {
            "function": mapping["FunctionArn"].rsplit(":", 1)[1],
            "from": mapping["EventSourceArn"],
            "state": mapping["State"],
            "parallel": mapping.get("ParallelizationFactor"),
        }
    return found


def _identity(client):
    return {
        f"iam/role/{role['RoleName']}": {
            "trust": role["AssumeRolePolicyDocument"],
            "inline": {policy["PolicyName"]: policy["PolicyDocument"] for policy in role["RolePolicyList"]},
            "managed": sorted(policy["PolicyName"] for policy in role["AttachedManagedPolicies"]),
        }
        for role in client("iam").get_account_authorization_details(Filter=["Role"])["RoleDetailList"]
    }


def _discovery(client):
    discovery = client("servicediscovery")
    return {
        f"servicediscovery/service/{service['Name']}": {
            instance["Id"]: instance["Attributes"]
            for instance in discovery.list_instances(ServiceId=service["Id"])["Instances"]
        }
        for service in discovery.list_services()["Services"]
    }


def _settings(client):
    found = {
        f"ssm/parameter/{parameter['Name']}": {"value": parameter["Value"], "type": parameter["Type"]}
        for parameter in client("ssm").get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
    }
    for stack in client("cloudformation").describe_stacks()["Stacks"]:
        found[f"cloudformation/stack/{stack['StackName']}"] = {"status": stack["StackStatus"]}
    for rule in client("config").describe_config_rules()["ConfigRules"]:
        found[f"config/rule/{rule['ConfigRuleName']}"] = {"source": rule["Source"]["SourceIdentifier"]}
    return found
