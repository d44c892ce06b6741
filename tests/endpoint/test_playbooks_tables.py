"""Playbooks about DynamoDB, and about what reads its streams, against moto."""

import json

import guide_state
import playbook_case
from playbook_case import client, put_points

TABLE = "dynamodb/table/aar-governance-policies"


class CapacityUsedUp(playbook_case.Case):
    """Reads are throttled while all of the provisioned capacity is used: the table is switched to on-demand."""

    playbook = "agent-runtime/dynamodb-throttling"
    arguments = ("--yes", "--no-verify")
    causes = ("capacity_used_up",)
    changes = {f"{TABLE}.billing": ("PROVISIONED", "PAY_PER_REQUEST")}
    left = {}

    def arrange(self):
        throttle()
        consume(300)


class CapacityRaised(playbook_case.Case):
    """The same, with more capacity for the table instead."""

    playbook = "agent-runtime/dynamodb-throttling"
    arguments = ("--yes", "--no-verify", "-i", "remedy=raise", "-i", "read_units=40")
    causes = ("capacity_used_up",)
    changes = {f"{TABLE}.capacity": ([5, 5], [40, 50])}
    left = {}

    def arrange(self):
        throttle()
        consume(300)


class HotKey(playbook_case.Case):
    """Reads are throttled with capacity to spare: nothing is changed, and the on-call is told."""

    playbook = "agent-runtime/dynamodb-throttling"
    arguments = ("--yes=write,notify", "--no-verify")
    verdict = "unresolved"
    causes = ("hot_key",)
    exit = 1

    def arrange(self):
        throttle()
        consume(3)
        subscribe("aar-oncall")
        subscribe("aar-management")

    def judge(self, report):
        told = ["P1 DynamoDB throttling: unresolved", "Evidence of P1 DynamoDB throttling"]
        for topic in ("aar-oncall", "aar-management"):
            self.assertEqual(subjects(topic), told)


class NotThrottled(playbook_case.Case):
    """Nothing was throttled: nothing is done."""

    playbook = "agent-runtime/dynamodb-throttling"
    arguments = ("--yes",)
    verdict = "absent"


class MappingDisabled(playbook_case.Case):
    """Somebody disabled the mapping between the stream and the function: it is enabled again."""

    playbook = "agent-runtime/data-consistency"
    arguments = ("--yes", "--no-verify")
    causes = ("mapping_disabled",)
    changes = {"lambda/mapping/the-mapping.state": ("Disabled", "Enabled")}
    afterwards = "absent"

    def arrange(self):
        self.mapping = client("lambda").list_event_source_mappings()["EventSourceMappings"][0]["UUID"]
        client("lambda").update_event_source_mapping(UUID=self.mapping, Enabled=False)

    def names(self):
        return super().names() | {self.mapping: "the-mapping"}


class NotConnected(playbook_case.Case):
    """Nothing reads the table's stream: the function is connected to it."""

    playbook = "agent-runtime/data-consistency"
    arguments = ("--yes", "--no-verify")
    causes = ("not_connected",)
    afterwards = "absent"
    changes = {
        "lambda/mapping/the-new-mapping": (
            None,
            {"function": guide_state.FUNCTION, "from": "the-stream", "state": "Enabled", "parallel": None},
        )
    }
    left = {}

    def arrange(self):
        for mapping in client("lambda").list_event_source_mappings()["EventSourceMappings"]:
            client("lambda").delete_event_source_mapping(UUID=mapping["UUID"])

    def names(self):
        mappings = client("lambda").list_event_source_mappings()["EventSourceMappings"]
        return super().names() | {mapping["UUID"]: "the-new-mapping" for mapping in mappings}


class BackupIsGood(playbook_case.Case):
    """The newest backup is restored, counted, and the test table is gone afterwards."""

    playbook = "agent-runtime/backup-verification"
    arguments = ("--yes=write,destroy",)


class BackupIsEmpty(playbook_case.Case):
    """A backup without items is no backup; the test table is gone afterwards here too."""

    playbook = "agent-runtime/backup-verification"
    arguments = ("--yes=write,destroy",)
    verdict = "failed"
    exit = 1

    def arrange(self):
        for key in ("p1", "p2"):
            client("dynamodb").delete_item(TableName=guide_state.TABLE, Key={"id": {"S": key}})
        client("dynamodb").create_backup(TableName=guide_state.TABLE, BackupName="backup2")


class PoliciesDeny(playbook_case.Case):
    """Governance works and its policies deny: after a backup the users' own script writes others."""

    playbook = "agent-runtime/governance-denials"
    causes = ("policies_deny",)
    changes = {
        "dynamodb/backup/aar-before-policy-update": (None, {"of": guide_state.TABLE}),
        f"{TABLE}.items": (2, 3),
    }

    def arrange(self):
        members = {"TableName": guide_state.TABLE, "Item": {"id": {"S": "p3"}, "rule": {"S": "allow"}}}
        call = self.call("dynamodb:PutItem", members)
        script = f"import subprocess\nsubprocess.run({call!r}, shell=True, check=True)\n"
        folder = playbook_case.repository(self, {"update-policies.py": script})
        self.arguments = ("--yes=write,execute", "--no-verify", "-i", "usual=0", "-i", f"script={folder}/update-policies.py")


def throttle():
    """Five minutes of reads that were throttled."""
    put_points("AWS/DynamoDB/ReadThrottleEvents", {"TableName": guide_state.TABLE}, [(minutes, 30) for minutes in range(2, 8)])


def consume(units):
    """As many units of read capacity a minute were used."""
    points = [(minutes, units) for minutes in range(2, 8)]
    put_points("AWS/DynamoDB/ConsumedReadCapacityUnits", {"TableName": guide_state.TABLE}, points)


def subscribe(topic):
    """A topic, and a queue that keeps what the topic is told."""
    arn = client("sns").create_topic(Name=topic)["TopicArn"]
    client("sqs").create_queue(QueueName=topic)
    client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{guide_state.ACCOUNT}:{topic}")


def subjects(topic):
    """Of what the topic was told."""
    queue = client("sqs").get_queue_url(QueueName=topic)["QueueUrl"]
    messages = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", ())
    return [json.loads(message["Body"])["Subject"] for message in messages]
