#!/usr/bin/env bash
# One new file variants/mine.cpp is enough to be listed, counted, checked, timed, plotted and compared.
# usage: scratch_variant.sh SOURCE_DIR
set -euo pipefail
source_dir=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mkdir "$scratch/source"
(cd "$source_dir" && tar -c --exclude=./build* --exclude=./out --exclude=./.git .) | tar -x -C "$scratch/source"
cd "$scratch/source"

# With the preset's flags and build folder the objects of test.sh's own release build fit, whatever the path.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

# The example of docs/adding.md, verbatim: documentation that stops compiling fails here.
awk '/^```cpp title=variants.mine.cpp/ { on = 1; next } /^```$/ { on = 0 } on' docs/adding.md >variants/mine.cpp
test -s variants/mine.cpp

cmake --preset release -DHEADCOUNT_TESTS=OFF >/dev/null
cmake --build --preset release --parallel "$(nproc)" --target headcount
headcount=build/release/headcount

$headcount list variants | grep -q '^ *mine '
$headcount count --variant mine --seq-len 16 --embed-dim 32 --num-heads 4 --format json | grep -q '"multiplies"'

cat >mine.yaml <<'YAML'
question: Is my variant counted, checked, timed, plotted and compared?
problem: {embed_dim: 32, seq_len: 16}
axes:
  variant: [multi_head, mine]
  backend: [naive, blas]
  num_heads: [1, 2, 4]
compare_by: num_heads
protocol: {min_rounds: 10, max_rounds: 10, min_sample_s: 0.0002, budget_s: 20}
claims:
  - {id: same, says: the core products cost the same, metric: core.multiplies, across: num_heads,
     expect: {equal: exactly}, outcome: supported}
YAML
$headcount run mine.yaml --output mine.jsonl
# Outcome of all twelve points: measured means it agreed with the reference and was timed.
test "$(grep '"kind":"point"' mine.jsonl | grep -c '"outcome":"measured"')" -eq 12
test "$(grep '"kind":"point"' mine.jsonl | grep -c '"point":"mine/')" -eq 6
$headcount verify mine.jsonl | grep -q supported
$headcount plot mine.jsonl --output figures
ls figures/*.png >/dev/null
$headcount table mine.jsonl --format csv | grep -q '^mine\|,mine,\|mine/'
echo "variants/mine.cpp alone was listed, counted, checked, timed, plotted and compared"
