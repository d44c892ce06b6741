"""The manifests in examples/deploy/kubernetes are what Kubernetes' own schemas ask for, and agree with each other."""

import pathlib
import unittest

import kubernetes_validate
import yaml

FOLDER = pathlib.Path(__file__).parents[2] / "examples" / "deploy" / "kubernetes"


def documents():
    for file in sorted(FOLDER.glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            yield file.name, document


def find(kind, name):
    return next(one for _, one in documents() if one["kind"] == kind and one["metadata"]["name"] == name)


class Manifests(unittest.TestCase):
    def test_each_is_what_its_schema_asks_for(self):
        version = kubernetes_validate.latest_version()
        for file, document in documents():
            with self.subTest(file=file, kind=document["kind"], name=document["metadata"]["name"]):
                kubernetes_validate.validate(document, version, strict=True)

    def test_the_judge_is_awake(self):
        wrong = find("Service", "restate")
        wrong["spec"]["ports"][0]["prot"] = "TCP"
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)

    def test_services_and_budgets_select_the_pods_that_there_are(self):
        for name in ["restate", "runbook-worker-0-1-0"]:
            pods = find("StatefulSet" if name == "restate" else "Deployment", name)["spec"]["template"]
            selector = find("Service", name)["spec"]["selector"]
            self.assertLessEqual(selector.items(), pods["metadata"]["labels"].items())
            ports = {port["name"] for port in pods["spec"]["containers"][0]["ports"]}
            for port in find("Service", name)["spec"]["ports"]:
                self.assertIn(port["targetPort"], ports)
        worker = find("Deployment", "runbook-worker-0-1-0")["spec"]["template"]
        budget = find("PodDisruptionBudget", "runbook-worker-0-1-0")["spec"]["selector"]["matchLabels"]
        self.assertLessEqual(budget.items(), worker["metadata"]["labels"].items())

    def test_every_pod_is_bounded_by_a_network_policy(self):
        policies = [one["spec"]["podSelector"]["matchLabels"] for _, one in documents() if one["kind"] == "NetworkPolicy"]
        for _, one in documents():
            if one["kind"] in ("Deployment", "StatefulSet"):
                labels = one["spec"]["template"]["metadata"]["labels"]
                self.assertTrue(any(policy.items() <= labels.items() for policy in policies), labels)


if __name__ == "__main__":
    unittest.main()
