#!/usr/bin/env bash
# Installs what is missing, builds with both compilers (warnings are errors), runs every test twice, once
# under address and undefined-behaviour sanitizers, and the kernels' tests under the thread sanitizer and on an
# emulated Arm processor too. Ends with the test runner's summary.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=.ci/common.sh
. .ci/common.sh

stage() { say "$1 ($SECONDS s so far)"; }

install_packages test
install_tidy
install_model minilm
install_model use-lite

stage "g++ release"
build release -DHEADCOUNT_TESTS=ON -DHEADCOUNT_KERNELS=all -DHEADCOUNT_PRECOMPILE=OFF
ctest --preset release --parallel "$(nproc)"

say "figures of the simulations and of the fault suite (what they mean: docs/measurement.md)"
grep -hE '^\| (noise|none|drift|spikes|bimodal|auto)|percent of [0-9]+ experiments|^[a-z]+_test: ' \
  build/release/Testing/Temporary/LastTest.log

stage "kernels under the thread sanitizer"
build tsan test_core test_backend
ctest --preset tsan --tests-regex '^(core|backend)$'

stage "kernels for Arm (NEON), emulated"
if ! command -v aarch64-linux-gnu-g++ >/dev/null; then
  echo "skipped: no aarch64-linux-gnu-g++ (package g++-aarch64-linux-gnu)"
elif ! command -v qemu-aarch64 >/dev/null; then
  echo "skipped: no qemu-aarch64 (package qemu-user)"
else
  build neon
  ctest --preset neon --parallel "$(nproc)"
fi

stage "clang++ with sanitizers"
build asan
ctest --preset asan --label-exclude once --parallel "$(nproc)"
