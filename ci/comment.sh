#!/usr/bin/env bash
# Writes one comment on a pull request and keeps it up to date: the one that begins with the marker line is replaced.
# Needs bash, curl and python3 (for JSON). Everything comes in by the environment:
#   GITHUB_TOKEN        without it nothing is sent, and the summary says all
#   GITHUB_REPOSITORY   owner/name
#   RUNBOOK_NUMBER      the pull request
#   RUNBOOK_OUT         the folder that review.sh wrote
#   GITHUB_API_URL      [https://api.github.com]
#   GITHUB_STEP_SUMMARY the file of the job's summary, where there is one
set -euo pipefail

out=${RUNBOOK_OUT:?set RUNBOOK_OUT to the folder that review.sh wrote}
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat "$out/comment.md" >>"$GITHUB_STEP_SUMMARY"
fi
if [ -z "${GITHUB_TOKEN:-}" ] || [ -z "${RUNBOOK_NUMBER:-}" ]; then
  echo "no token or no pull request: the comment is not sent" >&2
  exit 0
fi
exec python3 "$(dirname "$0")/comment.py"
