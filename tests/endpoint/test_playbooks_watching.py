"""Playbooks about logs, metrics and alarms, against moto."""

import json

import guide_state
import playbook_case
from playbook_case import ANY, Having, client, put_points

AGENTS = "/aws/acso/production/agents"
ERRORS = {"metricName": "Errors", "metricNamespace": "Acso", "metricValue": "1"}
TOPIC = f"arn:aws:sns:us-east-1:{guide_state.ACCOUNT}:oncall"


class LogGroupMissing(playbook_case.Case):
    """The agents' log group was deleted: it is made again, with a retention and its metric filter."""

    playbook = "acso/missing-metrics"
    arguments = ("--yes=write,destroy", "--no-verify")
    causes = ("log_group_missing",)
    changes = {
        f"logs/group/{AGENTS}": (None, {"retention": 30}),
        "logs/filter/ErrorCount": (None, Having(filterPattern="ERROR", logGroupName=AGENTS)),
    }
    left = {}

    def arrange(self):
        client("logs").delete_log_group(logGroupName=AGENTS)


class FilterSilent(playbook_case.Case):
    """The metric filter publishes nothing while no line matches: it gets 0, and keeps the rest."""

    playbook = "acso/missing-metrics"
    arguments = ("--yes", "--no-verify", "-i", "metric=Errors", "-i", "namespace=Acso")
    causes = ("filter_silent",)
    changes = {
        "logs/filter/errors.metricTransformations": ([ERRORS], [ERRORS | {"defaultValue": 0}]),
    }
    left = {}


class LogGroupsOfTheRuntimeMissing(playbook_case.Case):
    """Orbit has no log group: it gets one, and Axon's tasks are replaced."""

    playbook = "agent-runtime/missing-metrics"
    arguments = ("--yes=write,destroy", "--no-verify")
    causes = ("group_missing", "logs_elsewhere")
    changes = {
        "logs/group//ecs/aar-orbit": (None, {"retention": 30}),
        "ecs/service/aar-axon.deployments": (ANY, ANY),
    }
    left = {"ecs/service/aar-axon.deployments": (ANY, ANY)}


class RetentionTooShort(playbook_case.Case):
    """One log group keeps its events a week: it keeps them 90 days; others are none of its business."""

    playbook = "acso/log-retention"
    arguments = ("--yes=write,destroy",)
    verdict = "resolved"
    causes = ("too_short",)
    changes = {f"logs/group/{AGENTS}.retention": (7, 90)}
    left = {}

    def arrange(self):
        client("logs").put_retention_policy(logGroupName=AGENTS, retentionInDays=7)


class KeyAlarms(playbook_case.Case):
    """The four alarms are made, and tell the topic.

    moto counts no confirmed subscriptions, so that the step that asks for one is left out.
    """

    playbook = "agent-runtime/key-alarms"
    arguments = ("--yes", "-i", f"topic={TOPIC}", "--skip", "resolve.alarms.topic")
    changes = {
        f"cloudwatch/alarm/aar-{name}": (None, Having(AlarmActions=[TOPIC], ActionsEnabled=True))
        for name in ("system-health", "answers-5xx", "governance-errors", "governance-throttles")
    }
    left = {}


class ErrorsInTheLog(playbook_case.Case):
    """The shared search finds what is in the log, and changes nothing."""

    playbook = "common/recent-errors"
    arguments = ("-i", f"log_group={AGENTS}", "-i", "pattern=ERROR")
    verdict = "diagnosed"


class AlarmGoneOff(playbook_case.Case):
    """One of three alarms has gone off."""

    playbook = "common/alarms-in-alarm"
    arguments = ("-i", "prefix=ACSO-")
    verdict = "diagnosed"

    def arrange(self):
        client("cloudwatch").set_alarm_state(AlarmName="ACSO-HighCPU", StateValue="ALARM", StateReason="test")


class RuntimeHealthy(playbook_case.Case):
    """All is well."""

    playbook = "agent-runtime/health-check"
    verdict = "healthy"


class RuntimeUnhealthy(playbook_case.Case):
    """A target is gone and Orbit is down."""

    playbook = "agent-runtime/health-check"
    verdict = "unhealthy"
    exit = 1

    def arrange(self):
        client("ecs").delete_service(cluster="aar-cluster", service="aar-orbit", force=True)


class PerformanceGood(playbook_case.Case):
    """CPU is fine, nothing was throttled."""

    playbook = "agent-runtime/performance-check"
    arguments = ("-i", "no_errors=zero")
    verdict = "healthy"

    def arrange(self):
        for service in ("aar-axon", "aar-orbit"):
            dimensions = {"ClusterName": "aar-cluster", "ServiceName": service}
            put_points("AWS/ECS/CPUUtilization", dimensions, [(minutes, 30) for minutes in range(2, 60, 5)])


class ParametersDrifted(playbook_case.Case):
    """One parameter has another value, one is missing, one nobody declared: all three are as the file says."""

    playbook = "acso/configuration-drift"
    causes = ("changed_parameters", "missing_parameters", "unknown_parameters")
    changes = {
        "ssm/parameter//acso/production/database/max_connections.value": ("10", "25"),
        "ssm/parameter//acso/production/incorrect-param": ({"type": "String", "value": "10"}, None),
        "ssm/parameter//acso/production/region": (None, {"type": "String", "value": "us-east-1"}),
    }

    def arrange(self):
        declared = [
            {"Name": f"/acso/production/{name}", "Type": "String", "Value": value}
            for name, value in (("database/max_connections", "25"), ("region", "us-east-1"))
        ]
        folder = playbook_case.repository(self, {"expected-config.json": json.dumps({"Parameters": declared})})
        self.arguments = ("--yes=write,destroy", "--no-verify", "-i", "delete=true", "-i", f"repository={folder}")
