"""What GitHub, GitLab and pre-commit read of this project, judged by their own schemas and by pre-commit itself.

Environment: RUNBOOK (the binary). Works in the project's folder.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROJECT = pathlib.Path.cwd()
TOOLS = pathlib.Path(sys.executable).parent
RUNBOOK = pathlib.Path(os.environ["RUNBOOK"]).resolve()
GOOD = "playbook: v1\ntitle: Queues\ndiagnose:\n  read: {action: sqs:ListQueues}\n"


def tool(name, *arguments, folder=PROJECT, **environment):
    done = subprocess.run(
        [TOOLS / name, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout + done.stderr


def examples(language_of):
    """The YAML blocks of the page about pull requests, below a heading."""
    page = (PROJECT / "docs/pull-requests.md").read_text()
    section = page.split(f"\n## {language_of}\n")[1].split("\n## ")[0]
    return re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)


class Files(unittest.TestCase):
    def judged(self, text, *how):
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            file.write(text)
            file.flush()
            code, said = tool("check-jsonschema", *how, file.name)
        return code, said

    def test_the_action_is_one_of_github(self):
        how = ["--builtin-schema", "vendor.github-actions"]
        text = (PROJECT / "action.yml").read_text()
        code, said = self.judged(text, *how)
        self.assertEqual(code, 0, said)
        code, _ = self.judged(text.replace("using: composite", "using: bash"), *how)
        self.assertEqual(code, 1, "the schema refuses what is none")

    def test_every_input_of_the_action_is_documented(self):
        text = (PROJECT / "action.yml").read_text()
        inputs = re.findall(r"^  ([a-z-]+):\n    description", text.split("\noutputs:")[0], re.MULTILINE)
        self.assertIn("fail-on", inputs)
        page = (PROJECT / "docs/pull-requests.md").read_text()
        for name in inputs:
            self.assertIn(f"`{name}`", page)

    def test_the_workflow_of_the_page_is_one_of_github(self):
        (workflow,) = examples("GitHub")
        code, said = self.judged(workflow, "--builtin-schema", "vendor.github-workflows")
        self.assertEqual(code, 0, said)

    def test_the_job_of_the_page_is_one_of_gitlab(self):
        (job,) = examples("GitLab")
        how = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
        code, said = self.judged(job, *how)
        self.assertEqual(code, 0, said)

    def test_pre_commit_takes_the_hooks(self):
        code, said = tool("pre-commit", "validate-manifest", ".pre-commit-hooks.yaml")
        self.assertEqual(code, 0, said)


class Hooks(unittest.TestCase):
    """The hooks as pre-commit runs them, from a clone of a repository that has them."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.hooks = self.repository("hooks")
        shutil.copy(PROJECT / ".pre-commit-hooks.yaml", self.hooks)
        self.commit(self.hooks)
        self.work = self.repository("work")
        bin_ = self.folder / "bin"
        bin_.mkdir()
        (bin_ / "runbook").symlink_to(RUNBOOK)
        self.environment = {
            "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
            "PRE_COMMIT_HOME": str(self.folder / "cache"),
        }

    def repository(self, name):
        folder = self.folder / name
        folder.mkdir()
        self.git(folder, "init", "-q", "-b", "main")
        return folder

    def git(self, folder, *words):
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)

    def commit(self, folder):
        self.git(folder, "add", "-A")
        self.git(folder, "commit", "-q", "-m", "Change playbooks")

    def run_hook(self, name):
        arguments = ["try-repo", str(self.hooks), name, "--all-files", "--color", "never"]
        return tool("pre-commit", *arguments, folder=self.work, **self.environment)

    def write(self, name, text):
        file = self.work / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.git(self.work, "add", "-A")

    def test_a_playbook_is_checked(self):
        self.write("playbooks/queues.yaml", GOOD)
        self.write("other/no-playbook.yaml", "a: 1\n")
        code, said = self.run_hook("runbook-check")
        self.assertEqual(code, 0, said)
        self.assertIn("Passed", said)
        self.write("playbooks/queues.yaml", GOOD.replace("ListQueues", "ListQueue"))
        code, said = self.run_hook("runbook-check")
        self.assertEqual(code, 1, said)
        self.assertIn("sqs:ListQueue", said)

    def test_scenarios_are_run(self):
        self.write("playbooks/queues.yaml", GOOD)
        answer = "scenarios:\n  none:\n    actions:\n      sqs:ListQueues: [{return: {}}]\n    expect: {verdict: VERDICT}\n"
        self.write("playbooks/queues.scenarios.yaml", answer.replace("VERDICT", "done"))
        code, said = self.run_hook("runbook-test")
        self.assertEqual(code, 0, said)
        self.assertIn("Passed", said)
        self.write("playbooks/queues.yaml", GOOD.replace("ListQueues}", "ListQueues, with: {QueueNamePrefix: a}}"))
        broken = answer.replace("{return: {}}", "{with: {QueueNamePrefix: b}, return: {}}")
        self.write("playbooks/queues.scenarios.yaml", broken.replace("VERDICT", "done"))
        code, said = self.run_hook("runbook-test")
        self.assertEqual(code, 1, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
