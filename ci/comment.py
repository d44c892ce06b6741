"""Sends the comment of a review: the one with the marker line is replaced, else a new one is made."""

import json
import os
import pathlib
import re
import sys
import urllib.error
import urllib.request

MARKER = "<!-- runbook-review -->"
MOST = 65_536
PAGES = 30


def request(method: str, url: str, body: dict | None = None) -> object:
    call = urllib.request.Request(url, method=method)
    call.add_header("Authorization", f"Bearer {os.environ['GITHUB_TOKEN']}")
    call.add_header("Accept", "application/vnd.github+json")
    call.add_header("User-Agent", "runbook-review")
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        call.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(call, data=data, timeout=30) as answer:
        return json.load(answer)


def main() -> int:
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    repository = os.environ["GITHUB_REPOSITORY"]
    number = os.environ["RUNBOOK_NUMBER"]
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository) or not number.isdecimal():
        print("error: GITHUB_REPOSITORY must be owner/name and RUNBOOK_NUMBER a number", file=sys.stderr)
        return 2
    body = (pathlib.Path(os.environ["RUNBOOK_OUT"]) / "comment.md").read_text(encoding="utf-8")
    body = body[:MOST]
    base = f"{api}/repos/{repository}/issues"
    try:
        for page in range(1, PAGES + 1):
            comments = request("GET", f"{base}/{number}/comments?per_page=100&page={page}")
            for comment in comments:
                if (comment.get("body") or "").startswith(MARKER):
                    if comment["body"] != body:
                        request("PATCH", f"{base}/comments/{comment['id']}", {"body": body})
                    return 0
            if len(comments) < 100:
                break
        request("POST", f"{base}/{number}/comments", {"body": body})
    except urllib.error.HTTPError as error:
        if error.code in (401, 403, 404):
            # The token of a fork's pull request may only read.
            print(f"the token may not comment ({error.code}); the summary has it all", file=sys.stderr)
            return 0
        print(f"error: the comment was not sent: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
