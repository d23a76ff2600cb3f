#!/usr/bin/env bash
# From a bare Debian 12 machine to verdicts, tables and figures: installs what is missing, builds a release,
# runs configs/equal_complexity.yaml, verifies, draws. A second run resumes and skips what is done.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=.ci/common.sh
. .ci/common.sh

usage() {
  cat <<'TEXT'
usage: ./reproduce.sh [--quick | --full | --smoke] [--fresh]
  --quick   about five minutes on two cores (the default)
  --full    the large grid
  --smoke   under 30 seconds once built: does the path work?
  --fresh   set an earlier result aside and measure again
exit: 0 exact claims as expected, 1 one is not, 2 something is missing, 3 a measured claim is inconclusive
TEXT
}

profile=quick
fresh=()
for argument in "$@"; do
  case $argument in
    --quick | --full | --smoke) profile=${argument#--} ;;
    --fresh) fresh=(--fresh) ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

install_packages run
say "building"
build release headcount
headcount=build/release/headcount

options=()
name=equal_complexity
if [ "$profile" != quick ]; then
  options=(--profile "$profile")
  name=equal_complexity-$profile
fi
machine=$(uname -n)
result=results/$machine/$name.jsonl
figures=out/$name

say "measuring: configs/equal_complexity.yaml ($profile)"
$headcount run configs/equal_complexity.yaml "${options[@]}" "${fresh[@]}" --output "$result"

say "drawing"
$headcount plot "$result" --output "$figures"
$headcount table "$result" --format markdown >"$figures/points.md"
$headcount table "$result" --format latex >"$figures/points.tex"
$headcount attribute "$result" >"$figures/attribution.txt"
for table in vaswani2017_table3 vaswani2017_table1 flashattention2022_table21; do
  $headcount table "$table" --format markdown >"$figures/$table.md"
done

say "verdicts"
status=0
$headcount verify "$result" || status=$?
echo
echo "result   $result"
echo "figures  $figures/*.png, *.svg"
echo "tables   $figures/*.md, *.tex"
echo "where the time of more heads goes   $figures/attribution.txt"
exit $status
