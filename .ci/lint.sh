#!/usr/bin/env bash
# clang-tidy over the sources (needs the asan preset to be configured: its compile commands are clang's own),
# and ShellCheck over the scripts.
set -euo pipefail
cd "$(dirname "$0")/.."
shellcheck -x reproduce.sh test.sh .ci/run .ci/*.sh tests/*/*.sh
cmake --preset asan >/dev/null
cmake --build --preset asan --target headcount_version_header >/dev/null
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! run-clang-tidy -quiet -p build/asan -j "$(nproc)" "$PWD/(harness|variants)/.*\.cpp$" >"$log" 2>&1; then
  grep -E 'error|warning|note' "$log" || cat "$log"
  exit 1
fi
echo "clang-tidy and shellcheck have no complaint"
