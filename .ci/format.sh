#!/usr/bin/env bash
# Every C++ file is as clang-format would write it. `.ci/format.sh --fix` writes.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(find harness variants tasks tests -name '*.[ch]pp' | sort)
if [ "${1:-}" = --fix ]; then
  clang-format -i "${files[@]}"
else
  clang-format --dry-run -Werror "${files[@]}"
  echo "${#files[@]} files are formatted"
fi
