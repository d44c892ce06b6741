"""Playbooks about ECS services, against moto."""

import guide_state
import playbook_case
from playbook_case import ANY, Having, client, put_points

SUPERVISOR = "acso-production-supervisor"
SCALING = f"scaling/target/service/acso-production-cluster/{SUPERVISOR}"
# A revision that was deregistered stays, and starts no tasks.
GONE = (None, Having(status="INACTIVE"))
HERE = [{"name": "AWS_REGION", "value": guide_state.REGION}]
AXON = ("-i", "cluster=aar-cluster", "-i", "service=aar-axon")


def revision(family, number):
    """The ARN of a task definition."""
    return f"arn:aws:ecs:{guide_state.REGION}:{guide_state.ACCOUNT}:task-definition/{family}:{number}"


class Restarted(playbook_case.Case):
    """The shared restart gives the service a new deployment of what it runs."""

    playbook = "common/ecs-restart"
    arguments = ("--yes", *AXON)
    changes = {"ecs/service/aar-axon.deployments": (ANY, ANY)}


class Resized(playbook_case.Case):
    """The shared resize registers a larger revision and rolls it out."""

    playbook = "common/ecs-resize"
    arguments = ("--yes=write,permission", *AXON, "-i", "container=axon", "-i", "cpu=1024", "-i", "memory=4096")
    changes = {
        "ecs/service/aar-axon.taskDefinition": (revision("aar-axon", 1), revision("aar-axon", 2)),
        "ecs/task-definition/aar-axon:2": (None, Having(cpu="1024", memory="4096", networkMode="awsvpc", status="ACTIVE")),
    }
    left = {"ecs/task-definition/aar-axon:2": GONE}


class NoSuchSize(playbook_case.Case):
    """Fargate has no task of that size: nothing is registered."""

    playbook = "common/ecs-resize"
    arguments = ("--yes=write,permission", *AXON, "-i", "container=axon", "-i", "cpu=1024", "-i", "memory=3000")
    verdict = "failed"
    exit = 1


class RolledBack(playbook_case.Case):
    """The shared roll-back gives the service the task definition that is named."""

    playbook = "common/ecs-roll-back"
    arguments = ("--yes", *AXON, "-i", "task_definition=aar-axon:1")
    changes = {"ecs/service/aar-axon.taskDefinition": ("aar-axon", "aar-axon:1")}
    left = {}

    def arrange(self):
        new_revision("aar-cluster", "aar-axon", "axon")


class ScaledOut(playbook_case.Case):
    """The shared scale-out asks for more tasks, and auto scaling lets them be."""

    playbook = "common/ecs-scale-out"
    arguments = ("--yes", "-i", "cluster=acso-production-cluster", "-i", f"service={SUPERVISOR}", "-i", "tasks=4")
    changes = {
        f"ecs/service/{SUPERVISOR}.desiredCount": (2, 4),
        f"{SCALING}.MinCapacity": (1, 4),
        f"{SCALING}.MaxCapacity": (3, 4),
    }
    left = {}

    def arrange(self):
        let_scale()


class MoreTasks(playbook_case.Case):
    """All tasks are busy: there are more of them, and auto scaling lets them be."""

    playbook = "acso/high-cpu"
    arguments = ("--yes", "--no-verify", "-i", "tasks=5")
    causes = ("too_little_cpu",)
    changes = {
        f"ecs/service/{SUPERVISOR}.desiredCount": (2, 5),
        f"{SCALING}.MinCapacity": (1, 5),
        f"{SCALING}.MaxCapacity": (3, 5),
    }

    def arrange(self):
        let_scale()


class MoreCpu(playbook_case.Case):
    """All tasks are busy: each gets more CPU, by a new revision."""

    playbook = "acso/high-cpu"
    arguments = ("--yes=write,permission", "--no-verify", "-i", "scale=up")
    causes = ("too_little_cpu",)
    changes = {
        f"ecs/service/{SUPERVISOR}.taskDefinition": (revision(SUPERVISOR, 1), revision(SUPERVISOR, 2)),
        f"ecs/task-definition/{SUPERVISOR}:2": (None, Having(cpu="1024", memory="2048", networkMode="awsvpc", status="ACTIVE")),
    }


class MemoryOfTheRuntime(playbook_case.Case):
    """Axon's memory is high and level: its tasks get more."""

    playbook = "agent-runtime/memory"
    arguments = ("--yes=write,permission", "--no-verify")
    causes = ("too_small",)
    changes = {
        "ecs/service/aar-axon.taskDefinition": (revision("aar-axon", 1), revision("aar-axon", 2)),
        "ecs/task-definition/aar-axon:2": (None, Having(cpu="512", memory="4096", networkMode="awsvpc", status="ACTIVE")),
    }

    def arrange(self):
        points = [(minutes, 92) for minutes in range(2, 360, 5)]
        put_points("AWS/ECS/MemoryUtilization", {"ClusterName": "aar-cluster", "ServiceName": "aar-axon"}, points)


class SwitchedOff(playbook_case.Case):
    """Somebody set Axon to no tasks: that is nothing to mend by itself, and the service is left as it is."""

    playbook = "agent-runtime/service-pending"
    arguments = ("--yes", "--no-verify")
    verdict = "unresolved"
    causes = ("switched_off",)
    exit = 1

    def arrange(self):
        client("ecs").update_service(cluster="aar-cluster", service="aar-axon", desiredCount=0)


class Hanging(playbook_case.Case):
    """A task of a deployment that was healthy failed its health checks: the tasks are replaced."""

    playbook = "agent-runtime/container-health-checks"
    arguments = ("--yes", "--no-verify")
    causes = ("hanging",)
    changes = {"ecs/service/aar-axon.deployments": (ANY, ANY)}

    def arrange(self):
        task, reason = self.ids["tasks"][0], "Task failed container health checks"
        client("ecs").stop_task(cluster="aar-cluster", task=task, reason=reason)


class WrongClock(playbook_case.Case):
    """Signatures are refused as expired: the tasks are replaced, and so get hosts with a right clock."""

    playbook = "agent-runtime/sigv4-verification"
    arguments = ("--yes", "--no-verify")
    causes = ("clock",)
    changes = {"ecs/service/aar-axon.deployments": (ANY, ANY)}

    def arrange(self):
        log("/ecs/aar-axon", "SignatureDoesNotMatch: Signature expired: 20260101T000000Z is now earlier")


class WrongRegion(playbook_case.Case):
    """The container signs for another region: a revision signs for this one."""

    playbook = "agent-runtime/sigv4-verification"
    arguments = ("--yes=write,permission", "--no-verify")
    causes = ("wrong_region",)
    changes = {
        "ecs/service/aar-axon.taskDefinition": ("aar-axon", revision("aar-axon", 3)),
        "ecs/task-definition/aar-axon:3": (
            None,
            Having(cpu="512", memory="1024", containerDefinitions=[Having(environment=HERE)]),
        ),
    }

    def arrange(self):
        log("/ecs/aar-axon", "InvalidSignatureException: Credential should be scoped to a valid region")
        new_revision("aar-cluster", "aar-axon", "axon", environment=[{"name": "AWS_REGION", "value": "eu-west-1"}])


class ServicesMissing(playbook_case.Case):
    """The cluster is there, the supervisor is not: the deployment script makes it."""

    playbook = "acso/service-not-found"
    causes = ("services_missing",)
    changes = {
        f"ecs/service/{SUPERVISOR}.status": ("INACTIVE", "ACTIVE"),
        f"ecs/service/{SUPERVISOR}.deployments": (ANY, ANY),
    }

    def arrange(self):
        client("ecs").delete_service(cluster="acso-production-cluster", service=SUPERVISOR, force=True)
        members = {
            "cluster": "acso-production-cluster",
            "serviceName": SUPERVISOR,
            "taskDefinition": SUPERVISOR,
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": {
                "awsvpcConfiguration": {"subnets": self.ids["subnets"], "securityGroups": self.ids["groups"][1:2]}
            },
        }
        script = "#!/bin/sh\n" + self.call("ecs:CreateService", members)
        folder = playbook_case.repository(self, {"scripts/deploy-to-ecs.sh": script})
        self.arguments = ("--yes=write,execute", "--no-verify", "-i", f"repository={folder}")


class StoppedAndForgotten(playbook_case.Case):
    """The supervisor wants no tasks: it gets as many as are asked for, and the repository's test passes."""

    playbook = "acso/recovery-partial"
    causes = ("stopped_and_forgotten",)
    changes = {f"ecs/service/{SUPERVISOR}.desiredCount": (0, 2)}

    def arrange(self):
        client("ecs").update_service(cluster="acso-production-cluster", service=SUPERVISOR, desiredCount=0)
        folder = playbook_case.repository(self, {"scripts/service-validation.py": "print('fine')\n"})
        self.arguments = ("--yes=write,execute", "--no-verify", "-i", "tasks=2", "-i", f"repository={folder}")


class PoolsTooLarge(playbook_case.Case):
    """The database has no connections left: each task gets a smaller pool, and the tasks read it."""

    playbook = "acso/database-connections"
    arguments = ("--yes", "--no-verify", "-i", "pool_now=80", "-i", "connections=100")
    causes = ("exhausted",)
    changes = {
        "ssm/parameter//acso/production/database/max_connections.value": ("10", "40"),
        f"ecs/service/{SUPERVISOR}.deployments": (ANY, ANY),
    }

    def arrange(self):
        busy(30)


class DatabaseTooSmall(playbook_case.Case):
    """The database is busy all the time: a person is asked whether it gets a larger class."""

    playbook = "acso/database-connections"
    arguments = ("--yes", "--no-verify", "-i", "connections=1000", "--skip", "resolve.pools")
    verdict = "paused"
    exit = 3
    causes = ("too_small", "pool_too_small")

    def arrange(self):
        busy(95)


class Deployed(playbook_case.Case):
    """The deployment script runs, and the service is stable."""

    playbook = "acso/deploy"

    def arrange(self):
        folder = playbook_case.repository(self, {"scripts/deploy-to-ecs.sh": "#!/bin/sh\necho deployed\n"})
        self.arguments = ("--yes=write,execute", "-i", f"repository={folder}")


class RolledBackInAnEmergency(playbook_case.Case):
    """The smoke tests fail after a deployment: the users' script goes back, and the supervisor runs the old revision."""

    playbook = "acso/emergency"
    causes = ("recent_deployment",)
    changes = {f"ecs/service/{SUPERVISOR}.taskDefinition": (SUPERVISOR, f"{SUPERVISOR}:1")}

    def arrange(self):
        new_revision("acso-production-cluster", SUPERVISOR, "supervisor-agent")
        members = {"cluster": "acso-production-cluster", "service": SUPERVISOR, "taskDefinition": f"{SUPERVISOR}:1"}
        scripts = {
            "scripts/smoke-tests.py": "raise SystemExit(1)\n",
            "scripts/deploy-to-ecs.sh": '#!/bin/sh\n[ "$1" = status ] && exit 0\n' + self.call("ecs:UpdateService", members),
        }
        folder = playbook_case.repository(self, scripts)
        self.arguments = ("--yes=write,execute", "--no-verify", "-i", f"repository={folder}")


class NamesOfAService(playbook_case.Case):
    """The shared lookup of what a service runs."""

    playbook = "common/ecs-service-definition"
    arguments = (*AXON, "-i", "container=axon")


class SettingsOfAService(playbook_case.Case):
    """The shared lookup of where a service runs."""

    playbook = "common/ecs-service-settings"
    arguments = AXON


class TasksOfAService(playbook_case.Case):
    """The shared lookup of a service's tasks."""

    playbook = "common/ecs-stopped-tasks"
    arguments = AXON


class ServiceShortOfTasks(playbook_case.Case):
    """A service that wants five tasks and has two, one of which could not pull its image."""

    playbook = "common/ecs-service-health"
    arguments = AXON
    verdict = "diagnosed"
    causes = ("image_pull",)

    def arrange(self):
        ecs = client("ecs")
        ecs.delete_service(cluster="aar-cluster", service="aar-axon", force=True)
        # moto gives a new service two tasks whatever it wants.
        network = {"awsvpcConfiguration": {"subnets": self.ids["subnets"], "securityGroups": self.ids["groups"][1:2]}}
        ecs.create_service(
            cluster="aar-cluster",
            serviceName="aar-axon",
            taskDefinition="aar-axon",
            desiredCount=5,
            launchType="FARGATE",
            networkConfiguration=network,
        )
        ecs.stop_task(cluster="aar-cluster", task=self.ids["tasks"][0], reason="CannotPullContainerError: not found")


class FunctionThrottled(playbook_case.Case):
    """The function's reserved concurrency is too low: it gets twice as much.

    moto answers with HTTP 500 where a percentile is asked for, so that the symptom is left out.
    """

    playbook = "agent-runtime/high-latency"
    arguments = ("--yes", "--no-verify", "--skip", "symptom.slow", "--force")
    causes = ("reserved_too_low",)
    changes = {"lambda/function/aar-governance.concurrency": (5, 10)}
    left = {}

    def arrange(self):
        minutes = range(2, 20)
        axon = {"ClusterName": "aar-cluster", "ServiceName": "aar-axon"}
        put_points("AWS/ECS/CPUUtilization", axon, [(minute, 20) for minute in minutes])
        put_points("AWS/Lambda/Throttles", {"FunctionName": guide_state.FUNCTION}, [(minute, 4) for minute in minutes])
        client("lambda").put_function_concurrency(FunctionName=guide_state.FUNCTION, ReservedConcurrentExecutions=5)


def let_scale():
    """Auto scaling looks after the supervisor, between one task and three."""
    client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/acso-production-cluster/{SUPERVISOR}",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=3,
    )


def busy(percent):
    """The database's CPU in the last hour."""
    points = [(minutes, percent) for minutes in range(2, 60, 5)]
    put_points("AWS/RDS/CPUUtilization", {"DBInstanceIdentifier": "acso-production-db"}, points)


def log(group, message):
    """A line of a minute ago."""
    moment = playbook_case.milliseconds(minutes_ago=1)
    client("logs").create_log_stream(logGroupName=group, logStreamName="s2")
    client("logs").put_log_events(logGroupName=group, logStreamName="s2", logEvents=[{"timestamp": moment, "message": message}])


def new_revision(cluster, service, container, **members):
    """Registers a revision of the service's task definition and rolls it out."""
    ecs = client("ecs")
    definition = ecs.describe_task_definition(taskDefinition=service)["taskDefinition"]
    ecs.register_task_definition(
        family=service,
        cpu=definition["cpu"],
        memory=definition["memory"],
        executionRoleArn=definition["executionRoleArn"],
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[
            {"name": container, "image": "acso-supervisor:2", "cpu": 256, "memory": 512, "essential": True} | members
        ],
    )
    ecs.update_service(cluster=cluster, service=service, taskDefinition=service)
