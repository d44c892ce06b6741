"""A Restate server, workers and a balancer before them, all on loopback, that can be killed at any moment."""

import json
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

RUNBOOK = os.environ["RUNBOOK"]
SERVER = os.environ["RESTATE_SERVER"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
START = 60
# Ports that are in use, or were.
GIVEN = set()


def free_port():
    """A port that nobody has, below those that the system gives to connections, and not given out before."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as tried:
            if port not in GIVEN and tried.connect_ex(("127.0.0.1", port)) != 0:
                GIVEN.add(port)
                return port


def until(what, seconds=START, every=0.1):
    """What `what` gives as soon as that is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"{what} did not come within {seconds} s")


def post(base, path, body=None, patience=60):
    """The answer, or (status, words) where it is refused."""
    data = None if body is None else json.dumps(body).encode()
    headers = {} if body is None else {"content-type": "application/json"}
    request = urllib.request.Request(base + path, data=data, method="POST", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=patience) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    try:
        return json.loads(text)
    except ValueError:
        return text


class Process:
    """A program that is started, killed without warning, and started again."""

    def __init__(self, log, env=None):
        self.log = log
        self.child = None
        self.env = env or {}

    def command(self):
        raise NotImplementedError

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.log.parent,
                env={**os.environ, "DO_NOT_TRACK": "1", "AWS_EC2_METADATA_DISABLED": "true", **self.env},
            )
        return self

    def signal(self, what):
        if self.child is not None and self.child.poll() is None:
            self.child.send_signal(what)
            self.child.wait()

    def kill(self):
        self.signal(signal.SIGKILL)

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Server(Process):
    """The server. Its disk outlives it, unless `lose_disk` is called."""

    def __init__(self, folder, key=None):
        super().__init__(folder / "server.log")
        self.data = folder / "restate"
        self.node, self.ingress_port, self.admin_port = free_port(), free_port(), free_port()
        self.ingress = f"http://127.0.0.1:{self.ingress_port}"
        self.admin = f"http://127.0.0.1:{self.admin_port}"
        self.config = folder / "restate.toml"
        self.config.write_text(
            "\n".join(
                [
                    f'base-dir = "{self.data}"',
                    'node-name = "one"',
                    'cluster-name = "tests"',
                    'listen-mode = "tcp"',
                    'bind-ip = "127.0.0.1"',
                    f"bind-port = {self.node}",
                    f'advertised-address = "http://127.0.0.1:{self.node}"',
                    "disable-telemetry = true",
                    "default-num-partitions = 8",
                    'rocksdb-total-memory-size = "512 MiB"',
                    *([f'request-identity-private-key-pem-file = "{key}"'] if key else []),
                    "[ingress]",
                    f"bind-port = {self.ingress_port}",
                    "[admin]",
                    f"bind-port = {self.admin_port}",
                ]
            )
        )

    def command(self):
        return [SERVER, "--no-logo", "-c", str(self.config)]

    def start(self):
        super().start()
        until(lambda: self.child.poll() is not None or self.is_ready())
        if self.child.poll() is not None:
            raise AssertionError(f"the server has ended: {self.said()[-2000:]}")
        return self

    def is_ready(self):
        try:
            for url in (f"{self.admin}/health", f"{self.ingress}/restate/health"):
                with urllib.request.urlopen(url, timeout=2):
                    pass
        except OSError:
            return False
        return True

    def lose_disk(self):
        shutil.rmtree(self.data)


class Balancer:
    """One address for several workers: connections are copied to those that take them, in turn."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.ports = []
        self.turn = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                taken, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(taken,), daemon=True).start()

    def reach(self):
        for _ in self.ports:
            self.turn += 1
            port = self.ports[self.turn % len(self.ports)]
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=2)
            except OSError:
                continue
        return None

    def carry(self, taken):
        worker = self.reach()
        with taken:
            if worker is None:
                return
            with worker:
                for end in (taken, worker):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    end.settimeout(None)
                other = {taken: worker, worker: taken}
                while True:
                    try:
                        for end in select.select([taken, worker], [], [])[0]:
                            data = end.recv(1 << 16)
                            if not data:
                                return
                            other[end].sendall(data)
                    except OSError:
                        return

    def close(self):
        self.listener.close()


class Worker(Process):
    """A worker behind a balancer, or by itself."""

    def __init__(self, folder, name, server, advertise=None, state=None, more=(), env=None):
        super().__init__(folder / f"{name}.log", env)
        self.port = free_port()
        self.server = server
        self.advertise = advertise or f"http://127.0.0.1:{self.port}"
        self.state = state or folder / "state"
        self.more = list(more)

    def command(self):
        address = f"127.0.0.1:{self.port}"
        line = [RUNBOOK, "worker", "--restate", self.server.admin, "--listen", address]
        return [*line, "--advertise", self.advertise, "--state-dir", str(self.state), *self.more]

    def start(self):
        before = self.said().count("known to Restate")
        super().start()
        until(lambda: self.said().count("known to Restate") > before or self.child.poll() is not None)
        return self


def head(playbook, scenario, targets, policy=None):
    """What a fleet is."""
    return {
        "playbook": playbook,
        "title": playbook,
        "severity": None,
        "scenario": scenario,
        "policy": policy or {"concurrency": 100, "max_errors": "100%"},
        "targets": [{"name": target} for target in targets],
    }


class Cluster:
    """A server, workers behind a balancer, and fleets on them."""

    def __init__(self, workers=1, more=(), env=None, signed=None):
        self.temporary = tempfile.TemporaryDirectory(prefix="runbook-restate-", ignore_cleanup_errors=True)
        self.folder = pathlib.Path(self.temporary.name)
        key = self.folder / "private.pem" if signed else None
        if signed:
            subprocess.run([signed, "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True, capture_output=True)
        self.server = Server(self.folder, key).start()
        self.balancer = Balancer()
        self.workers = [
            Worker(self.folder, f"worker-{number}", self.server, advertise=self.balancer.url, more=more, env=env)
            for number in range(workers)
        ]
        self.balancer.ports = [worker.port for worker in self.workers]
        for worker in self.workers:
            worker.start()

    def close(self):
        for worker in self.workers:
            worker.kill()
        self.server.kill()
        self.balancer.close()
        self.temporary.cleanup()

    @property
    def state(self):
        return self.folder / "state"

    def start(self, playbook, scenario, targets, consent=(), more=()):
        """Starts a fleet in the world of a scenario; its id."""
        file = self.folder / f"targets-{time.monotonic_ns()}.yaml"
        file.write_text(json.dumps({"targets": "v1", "list": [{"name": target} for target in targets]}))
        line = [RUNBOOK, "fleet", "run", f"{playbook}.yaml", "--targets", str(file), "--scenario", scenario]
        line += [*(["--yes=" + ",".join(consent)] if consent else []), *more, "--on", f"restate={self.server.ingress}"]
        done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, timeout=120)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.stdout.split()[1].rstrip(":")

    def board(self, fleet):
        try:
            board = post(self.server.ingress, f"/RunbookFleet/{fleet}/board", patience=5)
        except OSError:
            return None
        return board if isinstance(board, dict) else None

    def over(self, fleet, seconds=300):
        def ended():
            board = self.board(fleet)
            if not board:
                return None
            rests = board["status"] == "waiting" and not (board["running"] or board["waits"] or board["asks"])
            return board if rests or board["status"] in ("ended", "stopped") else None

        until(ended, seconds, every=0.25)
        return self.outcome(fleet)

    def outcome(self, fleet):
        def told():
            try:
                return post(self.server.ingress, f"/RunbookFleet/{fleet}/outcome")
            except OSError:
                # Somebody may be killing the server, and starts it again.
                return None

        return until(told)

    def of_target(self, place, handler, body=None):
        key = urllib.parse.quote(place, safe="")
        return post(self.server.ingress, f"/RunbookTarget/{key}/{handler}", body)

    def world(self, run):
        """The calls that a run made in its scenario's world."""
        calls = []
        for line in (self.state / "runs" / f"{run}.world.jsonl").read_text().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if "call" in entry:
                calls.append(entry["call"])
        return calls

    def query(self, query):
        """Rows of the server's own tables."""
        request = urllib.request.Request(
            f"{self.server.admin}/query",
            data=json.dumps({"query": query}).encode(),
            headers={"content-type": "application/json", "accept": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["rows"]

    def unfinished(self):
        """What the server has not finished, and why it failed last."""
        return self.query("select target, status, retry_count, last_failure from sys_invocation where status <> 'completed'")
