"""A stub of AWS: it counts what it is asked to change, by token, and takes its time over the first."""

import http.server
import json
import threading
import time
import urllib.parse

STS = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
# A role that nobody may assume, a region that is switched off, a service that is not there.
DENIED = "arn:aws:iam::111111111111:role/denied"
OFF = "me-south-1"
GONE = "gone"


class Stub:
    """Serves on loopback; `writes` are the bodies that it was asked to carry out, in order."""

    def __init__(self, slow=0.0):
        self.slow = slow
        self.writes = []
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                status, kind, answer = stub.answer(self.headers, body)
                data = answer.encode()
                try:
                    self.send_response(status)
                    self.send_header("content-type", kind)
                    self.send_header("content-length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    # Whoever asked has died meanwhile.
                    self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def env(self):
        """What workers are given so that they ask here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "OWN",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }

    def answer(self, headers, body):
        target = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        asked = urllib.parse.parse_qs(body)
        operation = target or asked.get("Action", [""])[0]
        # Credentials are written as KEY/DAY/REGION/SERVICE.
        scope = headers.get("authorization", "").partition("Credential=")[2].split("/")
        if len(scope) > 2 and scope[2] == OFF:
            return self.refused("InvalidClientTokenId", "The security token included in the request is invalid")
        if operation == "AssumeRole":
            if asked["RoleArn"] == [DENIED]:
                return self.refused("AccessDenied", "you may not assume it")
            keys = "<AccessKeyId>OTHER</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
            until = "<Expiration>2099-01-01T00:00:00Z</Expiration>"
            return self.said(operation, f"<Credentials>{keys}{until}</Credentials>")
        if operation == "GetCallerIdentity":
            account = "9" * 12 if scope[0] == "OTHER" else "1" * 12
            arn = f"arn:aws:sts::{account}:assumed-role/ops/x"
            return self.said(operation, f"<Arn>{arn}</Arn><UserId>U</UserId><Account>{account}</Account>")
        if operation in ("RunTask", "UpdateService"):
            self.writes.append(json.loads(body))
            if len(self.writes) == 1:
                time.sleep(self.slow)
            return 200, "application/x-amz-json-1.1", json.dumps({"tasks": [], "failures": [], "service": {}})
        gone = operation == "DescribeServices" and GONE in body
        services = [] if gone else [{"serviceName": "web", "runningCount": 2}]
        return 200, "application/x-amz-json-1.1", json.dumps({"services": services, "tasks": [], "failures": []})

    @staticmethod
    def said(operation, result):
        text = f"<{operation}Response {STS}><{operation}Result>{result}</{operation}Result></{operation}Response>"
        return 200, "text/xml", text

    @staticmethod
    def refused(code, message):
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        return 403, "text/xml", f"<ErrorResponse {STS}>{error}<RequestId>r</RequestId></ErrorResponse>"
