#!/usr/bin/env bash
# From a bare Debian 12 machine to verdicts, tables and figures: installs what is missing, builds a release,
# runs configs/equal_complexity.yaml, verifies, draws; with --peers the engines and configs/peers.yaml, with
# --expressiveness the trainings of configs/expressiveness.yaml and a study of the heads of a pretrained model; with
# --tables what papers print. A second run resumes and skips what is done.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=.ci/common.sh
. .ci/common.sh

usage() {
  cat <<'TEXT'
usage: ./reproduce.sh [--quick | --full | --smoke] [--fresh]
       ./reproduce.sh --peers [--smoke] [--fresh]
       ./reproduce.sh --expressiveness [--full | --smoke] [--fresh]
       ./reproduce.sh --tables [--smoke] [--fresh]
  --quick   about five minutes on two cores (the default)
  --full    the large grid (with --expressiveness about an hour)
  --smoke   under 30 seconds once built (with --peers about a minute): does the path work?
  --peers   other libraries beside ours: installs ONNX Runtime, PyTorch and oneDNN, about seven minutes on two cores
  --expressiveness   what heads buy: trains small models on five tasks, and masks each head of a pretrained encoder
            (90 MB are installed), about eleven minutes
  --tables  published tables from counts, cell by cell, and the shape of published times measured here: about eight
            minutes on two cores once built
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
    --expressiveness) config=expressiveness ;;
    --tables) config=published_times ;;
    --fresh) fresh=(--fresh) ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

if [ "$config" = peers ] || [ "$config" = published_times ]; then
  [ "$profile" != full ] || { usage >&2; exit 2; }
fi
if [ "$config" = peers ]; then
  install_packages peers
  install_engines
  # Settings that a user's OpenBLAS has not; they would slow ours and PyTorch's alike, and only those.
  unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
else
  install_packages run
fi
say "building"
build release -DHEADCOUNT_TESTS=OFF -DHEADCOUNT_KERNELS=here -DHEADCOUNT_PRECOMPILE=ON headcount
headcount=build/release/headcount

options=()
name=$config
if [ "$config" = expressiveness ]; then
  # Its config is the full grid.
  case $profile in
    quick) options=(--profile reduced) name=$config-reduced ;;
    smoke) options=(--profile smoke) name=$config-smoke ;;
  esac
elif [ "$profile" != quick ]; then
  options=(--profile "$profile")
  name=$config-$profile
fi
machine=${HEADCOUNT_HOST:-$(uname -n)}
result=results/$machine/$name.jsonl
figures=out/$name

# A point that failed (exit 1) stops nothing: what was measured is shown, what failed stands beside it, and the exit code
# comes last.
failed=0
measure() {
  local code=0
  "$@" || code=$?
  [ "$code" -le 1 ] || exit "$code"
  [ "$code" -eq 0 ] || failed=1
}

# Trainings keep one core busy, and errors do not depend on what else runs: a shard a core, up to four, then merged.
# Times of a step are those beside the other shards.
train_in_shards() {
  local shards part parts=() pids=() pid
  shards=$(nproc)
  [ "$shards" -le 4 ] || shards=4
  for ((part = 1; part <= shards; part++)); do
    parts+=("${result%.jsonl}.part$part-of-$shards.jsonl")
    local options_of_part=(--shard "$part/$shards" --output "${parts[-1]}")
    [ "$part" -eq "$shards" ] || options_of_part+=(--quiet)
    $headcount run "configs/$config.yaml" "${options[@]}" "${fresh[@]}" "${options_of_part[@]}" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do measure wait "$pid"; done
  rm -f "$result" # made from the parts, which stay
  $headcount merge "${parts[@]}" --output "$result"
}

say "measuring: configs/$config.yaml ($profile)"
if [ "$config" = expressiveness ] && [ "$(nproc)" -gt 1 ]; then
  train_in_shards
else
  measure $headcount run "configs/$config.yaml" "${options[@]}" "${fresh[@]}" --output "$result"
fi

say "drawing"
$headcount plot "$result" --output "$figures"
$headcount table "$result" --format markdown >"$figures/points.md"
$headcount table "$result" --format latex >"$figures/points.tex"
if [ "$config" = peers ]; then
  $headcount table "$result" --beside --format markdown >"$figures/beside.md"
  $headcount table "$result" --beside
elif [ "$config" = equal_complexity ]; then
  $headcount attribute "$result" >"$figures/attribution.txt"
  for table in vaswani2017_table3 vaswani2017_table1 flashattention2022_table21; do
    $headcount table "$table" --format markdown >"$figures/$table.md"
  done
elif [ "$config" = published_times ]; then
  say "published tables, from counts"
  measure $headcount table all
  measure $headcount table all --format markdown >"$figures/tables.md"
fi

say "verdicts"
status=0
$headcount verify "$result" || status=$?
if [ "$config" = expressiveness ]; then
  say "heads of a pretrained model ($profile)"
  install_model minilm
  study=results/$machine/heads-minilm-$profile.jsonl texts=$figures/heads
  case $profile in
    quick) pairs=120 tokens=48 orders=1 ;;
    full) pairs=2000 tokens=64 orders=2 ;;
    smoke) pairs=12 tokens=16 orders=0 ;;
  esac
  mkdir -p "$texts"
  build/models/venv/bin/python harness/pretrained/pairs.py --texts "$texts/texts.jsonl" --count "$pairs"
  build/models/venv/bin/python harness/pretrained/pairs.py --tokens "$texts/texts.jsonl" "$texts/tokens.jsonl" \
    --max-tokens "$tokens"
  of_heads=0
  $headcount heads minilm --pairs "$texts/tokens.jsonl" --random-orders "$orders" --num-threads "$(nproc)" \
    "${fresh[@]}" --output "$study" || of_heads=$?
  $headcount plot "$study" --output "$texts"
  [ "$of_heads" -le "$status" ] || status=$of_heads
  echo
  echo "study    $study"
  echo "figures  $texts/*.png, *.svg, *.pdf"
fi
echo
echo "result   $result"
echo "figures  $figures/*.png, *.svg, *.pdf"
echo "tables   $figures/*.md, *.tex"
[ "$config" != equal_complexity ] || echo "where the time of more heads goes   $figures/attribution.txt"
[ "$failed" -eq 0 ] || status=1
exit "$status"
