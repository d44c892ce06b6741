"""Playbooks about roles, images and task definitions, against moto."""

import json

import guide_state
import playbook_case
from playbook_case import Having


class Granted(playbook_case.Case):
    """The shared grant adds one inline policy. That IAM needs a while is no matter of moto's."""

    playbook = "common/role-grant"
    arguments = (
        "--yes=write,permission",
        *("-i", "role=aar-ecs-task-role", "-i", "policy=Metrics"),
        *("-i", 'actions=["cloudwatch:PutMetricData"]', "-i", 'resources=["*"]'),
        *("--skip", "resolve.grant.settle"),
    )
    changes = {
        "iam/role/aar-ecs-task-role.inline": (
            {},
            {
                "Metrics": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": ["cloudwatch:PutMetricData"], "Resource": ["*"]}],
                }
            },
        )
    }
    left = {}


class PolicyThere(playbook_case.Case):
    """A policy of that name is there: it is not overwritten."""

    playbook = "common/role-grant"
    arguments = (
        "--yes=write,permission",
        *("-i", "role=acso-production-execution-role", "-i", "policy=ECRAccessPolicy"),
        *("-i", 'actions=["s3:GetObject"]', "-i", 'resources=["*"]'),
    )
    verdict = "failed"
    exit = 1


class TaskRoleMissing(playbook_case.Case):
    """The definition names a task role that is not there: it is made, for ECS to assume, and the definition registered."""

    playbook = "acso/task-definition"
    causes = ("task_role_missing",)
    changes = {
        "iam/role/acso-new-role": (None, Having(inline={}, managed=[])),
        "ecs/task-definition/acso-new:1": (None, Having(cpu="512", memory="1024", status="ACTIVE")),
    }
    left = {"ecs/task-definition/acso-new:1": (None, Having(status="INACTIVE"))}

    def arrange(self):
        definition = {
            "family": "acso-new",
            "cpu": "512",
            "memory": "1024",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "taskRoleArn": f"arn:aws:iam::{guide_state.ACCOUNT}:role/acso-new-role",
            "containerDefinitions": [{"name": "new", "image": "acso-supervisor:latest"}],
        }
        file = f"{playbook_case.repository(self, {'definition.json': json.dumps(definition)})}/definition.json"
        self.arguments = ("--yes=write,permission,execute", "--no-verify", "-i", "register=true", "-i", f"file={file}")
