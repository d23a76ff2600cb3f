#!/usr/bin/env bash
# Installs what is missing, builds with both compilers (warnings are errors), runs every test twice, once
# under address and undefined-behaviour sanitizers. Ends with the test runner's summary.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=.ci/common.sh
. .ci/common.sh

install_packages test

say "g++ release"
build release
ctest --preset release --parallel "$(nproc)"

say "figures of the simulations and of the fault suite (what they mean: docs/measurement.md)"
grep -hE '^\| (noise|none|drift|spikes|bimodal|auto)|percent of [0-9]+ experiments|^[a-z]+_test: ' \
  build/release/Testing/Temporary/LastTest.log

say "clang++ with sanitizers"
build asan
ctest --preset asan --label-exclude once --parallel "$(nproc)"
