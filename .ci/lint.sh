#!/usr/bin/env bash
# clang-tidy over the sources (with the compile commands of the lint preset: clang's own), and
# ShellCheck over the scripts.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=.ci/common.sh
. .ci/common.sh
install_tidy
shellcheck -x reproduce.sh test.sh .ci/run .ci/*.sh tests/*/*.sh
cmake --preset lint >/dev/null
cmake --build --preset lint --target headcount_version_header >/dev/null
.ci/tidy.py
echo "clang-tidy and shellcheck have no complaint"
