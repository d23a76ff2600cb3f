#!/usr/bin/env bash
# Installs what is missing, builds with both compilers (warnings are errors), runs every test twice, once
# under address and undefined-behaviour sanitizers. Ends with the test runner's summary.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=.ci/common.sh
. .ci/common.sh

install_packages test

say "clang++ with sanitizers"
build asan
ctest --preset asan --label-exclude once --parallel "$(nproc)"

say "g++ release"
build release
ctest --preset release --parallel "$(nproc)"
