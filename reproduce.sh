#!/usr/bin/env bash
# From a bare Debian 12 machine to verdicts, tables and figures: installs what is missing, builds a release,
# runs configs/equal_complexity.yaml, verifies, draws; with --peers the engines and configs/peers.yaml. A second run
# resumes and skips what is done.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=.ci/common.sh
. .ci/common.sh

usage() {
  cat <<'TEXT'
usage: ./reproduce.sh [--quick | --full | --smoke] [--fresh]
       ./reproduce.sh --peers [--smoke] [--fresh]
  --quick   about five minutes on two cores (the default)
  --full    the large grid
  --smoke   under 30 seconds once built (with --peers about a minute): does the path work?
  --peers   other libraries beside ours: installs ONNX Runtime, PyTorch and oneDNN, about seven minutes on two cores
  --fresh   set an earlier result aside and measure again
exit: 0 exact claims as expected, 1 one is not, 2 something is missing, 3 a measured claim is inconclusive
TEXT
}

profile=quick
config=equal_complexity
fresh=()
for argument in "$@"; do
  case $argument in
    --quick | --full | --smoke) profile=${argument#--} ;;
    --peers) config=peers ;;
    --fresh) fresh=(--fresh) ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

if [ "$config" = peers ]; then
  [ "$profile" != full ] || { usage >&2; exit 2; }
  install_packages peers
  install_engines
  # Settings that a user's OpenBLAS has not; they would slow ours and PyTorch's alike, and only those.
  unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
else
  install_packages run
fi
say "building"
build release -DHEADCOUNT_TESTS=OFF headcount
headcount=build/release/headcount

options=()
name=$config
if [ "$profile" != quick ]; then
  options=(--profile "$profile")
  name=$config-$profile
fi
machine=$(uname -n)
result=results/$machine/$name.jsonl
figures=out/$name

say "measuring: configs/$config.yaml ($profile)"
$headcount run "configs/$config.yaml" "${options[@]}" "${fresh[@]}" --output "$result"

say "drawing"
$headcount plot "$result" --output "$figures"
$headcount table "$result" --format markdown >"$figures/points.md"
$headcount table "$result" --format latex >"$figures/points.tex"
if [ "$config" = peers ]; then
  $headcount table "$result" --beside --format markdown >"$figures/beside.md"
  $headcount table "$result" --beside
else
  $headcount attribute "$result" >"$figures/attribution.txt"
  for table in vaswani2017_table3 vaswani2017_table1 flashattention2022_table21; do
    $headcount table "$table" --format markdown >"$figures/$table.md"
  done
fi

say "verdicts"
status=0
$headcount verify "$result" || status=$?
echo
echo "result   $result"
echo "figures  $figures/*.png, *.svg"
echo "tables   $figures/*.md, *.tex"
[ "$config" = peers ] || echo "where the time of more heads goes   $figures/attribution.txt"
exit $status
