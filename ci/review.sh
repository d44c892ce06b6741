#!/usr/bin/env bash
# Reviews the playbooks that a change touches: checks them, runs their scenarios, plans them, and says what changes when they
# run. Needs bash, git and runbook. Writes comment.md, annotations.txt and failed (1 where something failed) to RUNBOOK_OUT.
#
# Everything comes in by the environment, and nothing of it is ever evaluated:
#   RUNBOOK_BASE      the revision that the change is compared with, such as origin/main (required)
#   RUNBOOK_HEAD      the revision under review; what is checked out where it is not given
#   RUNBOOK_PATHS     folders with playbooks, one a line [playbooks]
#   RUNBOOK           the program [runbook]
#   RUNBOOK_OUT       the folder for the results [a new one in TMPDIR]
#   RUNBOOK_LIVE      1: with credentials, make the reads that the base's version makes too
#   RUNBOOK_FAIL_ON   none, or weakened: fail where safety is weakened [none]
set -euo pipefail

runbook=${RUNBOOK:-runbook}
base=${RUNBOOK_BASE:?set RUNBOOK_BASE to the revision to compare with}
head=${RUNBOOK_HEAD:-HEAD}
paths=${RUNBOOK_PATHS:-playbooks}
out=${RUNBOOK_OUT:-$(mktemp -d)}
fail_on=${RUNBOOK_FAIL_ON:-none}
most=65536
mkdir -p "$out"
failed=0

die() {
  printf 'error: %s\n' "$1" >&2
  exit 2
}

git rev-parse --git-dir >/dev/null 2>&1 || die "this is no git repository"
git rev-parse --verify --quiet --end-of-options "$base^{commit}" >/dev/null \
  || die "the base $base is not here; fetch it, with the history (fetch-depth: 0)"
parted=$(git merge-base "$base" "$head") \
  || die "$base and $head have no commit in common; fetch the whole history (fetch-depth: 0)"

# Code stands between fences that are longer than any in it, so that it cannot end them.
fenced() {
  local longest
  longest=$(grep -o '`\+' "$1" | awk '{ if (length($0) > most) most = length($0) } END { print most + 0 }' || true)
  local fence
  fence=$(printf '%*s' $((longest > 2 ? longest + 1 : 3)) '' | tr ' ' '`')
  printf '%stext\n' "$fence"
  cut -c1-400 "$1" | head -n "$2"
  printf '%s\n' "$fence"
}

escaped() {
  printf '%s' "$1" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/@/\&#64;/g'
}

# What the change touches: playbooks, and those whose scenarios it touches.
touched=()
while IFS= read -r -d '' file; do
  case $file in
    *.scenarios.yaml) file=${file%.scenarios.yaml}.yaml ;;
  esac
  case $file in
    *.yaml | *.yml) ;;
    *) continue ;;
  esac
  [ -f "$file" ] && [ ! -L "$file" ] || continue
  grep -q '^playbook:' -- "$file" || continue
  case " ${touched[*]-} " in *" $file "*) continue ;; esac
  touched+=("$file")
done < <(
  while IFS= read -r folder; do
    [ -n "$folder" ] && git diff --name-only -z --diff-filter=ACMR "$parted" -- "$folder"
  done <<<"$paths"
)

# check
: >"$out/annotations.txt"
: >"$out/check.txt"
if [ "${#touched[@]}" -gt 0 ]; then
  "$runbook" check -- "${touched[@]}" >"$out/check.txt" 2>&1 || failed=1
  "$runbook" check --format github -- "${touched[@]}" >"$out/annotations.txt" 2>/dev/null || true
fi

# test
: >"$out/test.txt"
with_scenarios=()
for file in ${touched[@]+"${touched[@]}"}; do
  [ -f "${file%.*}.scenarios.yaml" ] && with_scenarios+=("$file")
done
if [ "${#with_scenarios[@]}" -gt 0 ]; then
  "$runbook" test -- "${with_scenarios[@]}" >"$out/test.txt" 2>&1 || failed=1
fi

# diff
: >"$out/diff.md"
weakened=0
while IFS= read -r folder; do
  [ -n "$folder" ] || continue
  if ! git cat-file -e "$parted:$folder" 2>/dev/null || [ ! -d "$folder" ]; then
    printf '`%s` is not in both versions; it is not compared.\n\n' "$(escaped "$folder")" >>"$out/diff.md"
    continue
  fi
  "$runbook" diff --format markdown --most 30000 -- "$parted:$folder" "$folder" >>"$out/diff.md"
  if "$runbook" diff --format json -- "$parted:$folder" "$folder" | grep -q '"weight": "weakened"'; then
    weakened=1
  fi
done <<<"$paths"
[ "$fail_on" = weakened ] && [ "$weakened" = 1 ] && failed=1

# the comment
comment=$out/comment.md
{
  printf '<!-- runbook-review -->\n'
  cat "$out/diff.md"
  if [ -s "$out/check.txt" ]; then
    printf '\n<details><summary>Check</summary>\n\n'
    fenced "$out/check.txt" 100
    printf '\n</details>\n'
  fi
  if [ -s "$out/test.txt" ]; then
    printf '\n<details><summary>Scenarios: %s</summary>\n\n' "$(escaped "$(tail -n 1 "$out/test.txt")")"
    fenced "$out/test.txt" 200
    printf '\n</details>\n'
  fi
} >"$comment"

for file in ${touched[@]+"${touched[@]}"}; do
  plan=$out/plan.md
  live=()
  if [ "${RUNBOOK_LIVE:-0}" = 1 ] && git cat-file -e "$parted:$file" 2>/dev/null; then
    # Only reads that the reviewed version makes too; never a program, HTTP or a read that discloses secrets.
    live=(--live --live-only-as "$parted:$file")
  fi
  if ! "$runbook" plan ${live[@]+"${live[@]}"} --format markdown -- "$file" >"$plan" 2>"$out/plan.err"; then
    fenced "$out/plan.err" 20 >"$plan"
  fi
  size=$(($(wc -c <"$comment") + $(wc -c <"$plan") + 400))
  if [ "$size" -gt "$most" ]; then
    printf '\nThe plan of `%s` does not fit here; `runbook plan` shows it.\n' "$(escaped "$file")" >>"$comment"
    continue
  fi
  {
    printf '\n<details><summary>Plan: %s</summary>\n\n' "$(escaped "$file")"
    cat "$plan"
    printf '\n</details>\n'
  } >>"$comment"
done

printf '%s\n' "$failed" >"$out/failed"
printf '%s\n' "$out"
