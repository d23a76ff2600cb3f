#!/usr/bin/env bash
# One new file each is enough for a variant with two options, a mask and a function of its own; for a verb; for a
# backend with an option; and for a task: listed, counted, checked, timed, plotted and compared, the options as flags, axes, keys and ids.
# usage: scratch_variant.sh SOURCE_DIR
set -euo pipefail
# Output goes to a file before grep -q reads it: grep leaves at the first hit, and under pipefail SIGPIPE fails the test.
source_dir=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mkdir "$scratch/source"
(cd "$source_dir" && tar -c --exclude=./build* --exclude=./out --exclude=./.git .) | tar -x -C "$scratch/source"
cd "$scratch/source"

# With the preset's flags and build folder the objects of test.sh's own release build fit, whatever the path.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

# The examples of docs/adding.md, verbatim: documentation that stops compiling fails here.
for file in variants/mine.cpp harness/backend/verbs/scale_by.hpp harness/backend/backends/tiled.cpp tasks/pick.cpp; do
  awk -v fence="^\`\`\`cpp title=$file\$" '$0 ~ fence { on = 1; next } /^```$/ { on = 0 } on' docs/adding.md >"$file"
  test -s "$file"
done

cmake --preset release -DHEADCOUNT_TESTS=OFF >/dev/null
cmake --build --preset release --parallel "$(nproc)" --target headcount
headcount=build/release/headcount

$headcount list variants >printed
grep -q '^ *mine ' printed
$headcount list backends >printed
grep -q '^ *tiled ' printed
flags=(--seq-len 16 --embed-dim 32 --num-heads 4 --format json)
$headcount count --variant mine "${flags[@]}" >printed
grep -q '"multiplies"' printed
# The options are flags, and count: a query of a window of 4 sees fewer keys than one of 16; the verb stands in the rows.
exps() { $headcount count --variant mine "${flags[@]}" "$@" | python3 -c 'import json, sys; print(json.load(sys.stdin)["total"]["exps"])'; }
test "$(exps --window 4)" -eq $((4 * (16 * 4 - 6)))
test "$(exps --window 4 --sink)" -eq $((4 * (16 * 4 - 6 + 12)))
test "$(exps --window 16)" -eq $((4 * 16 * 17 / 2))
$headcount count --variant mine "${flags[@]}" >printed
grep -q '"damped"' printed
if $headcount count --variant multi_head --sink "${flags[@]}" 2>refused; then exit 1; fi
grep -q 'sink is an option of variant mine' refused
$headcount list schema | python3 -c 'import json, sys
axes = json.load(sys.stdin)["\x24defs"]["axes"]["properties"]
assert {"window", "sink", "tile_keys"} <= axes.keys(), axes.keys()'

cat >mine.yaml <<'YAML'
question: Is my variant counted, checked, timed, plotted and compared?
problem: {embed_dim: 32, seq_len: 16}
axes:
  variant: [multi_head, mine]
  backend: [naive, blas, tiled]
  num_heads: [1, 2, 4]
  window: [4, 8]
  sink: [false, true]
compare_by: num_heads
protocol: {min_rounds: 10, max_rounds: 10, min_sample_s: 0.0002, budget_s: 60}
claims:
  - {id: same, says: the core products cost the same, metric: core.multiplies, across: num_heads,
     expect: {equal: exactly}, outcome: supported}
parts:
  tiles:
    problem: {variant: streaming, backend: tiled, num_heads: 2}
    axes: {tile_keys: [1, 5, 16]}
    compare_by: tile_keys
YAML
$headcount run mine.yaml --output mine.jsonl
# multi_head: 3 backends x 3 heads; mine: four times as many, because its options vary for it alone; 3 sizes of tiles.
# Measured means that the point agreed with its definition and was timed.
test "$(grep '"kind":"point"' mine.jsonl | grep -c '"outcome":"measured"')" -eq $((9 + 36 + 3))
test "$(grep '"kind":"point"' mine.jsonl | grep -c '"point":"mine/')" -eq 36
test "$(grep '"kind":"point"' mine.jsonl | grep -c '"point":"mine/.*sink=true,window=4"')" -eq 9
test "$(grep '"kind":"point"' mine.jsonl | grep -c 'tile_keys=5"')" -eq 1
$headcount verify mine.jsonl --explain >printed
grep -q supported printed
$headcount plot mine.jsonl --output figures
ls figures/*window-4*.png >/dev/null
$headcount table mine.jsonl --format csv >printed
grep -q '^mine\|,mine,\|mine/' printed

# Behind a cache: project_qkv() is all it takes, and the same answer is checked.
cat >step.yaml <<'YAML'
question: Does my variant decode?
problem: {variant: mine, batch: 2, q_len: 2, kv_len: 16, embed_dim: 32, cached: true}
axes: {backend: [naive, blas], num_heads: [1, 2]}
compare_by: num_heads
protocol: {min_rounds: 2, max_rounds: 2, min_sample_s: 0.0002, budget_s: 60}
claims:
  - {id: step, says: new tokens alone are projected, metric: projections.multiplies, across: num_heads,
     expect: {equals: 4 * batch * q_len * embed_dim^2}, outcome: supported}
YAML
$headcount run step.yaml --output step.jsonl
test "$(grep '"kind":"point"' step.jsonl | grep -c '"outcome":"measured"')" -eq 4
$headcount verify step.jsonl --explain >printed
grep -q supported printed

$headcount list tasks >printed
grep -q '^ *pick ' printed
cat >pick.yaml <<'YAML'
question: Is my task trained, counted, judged and drawn?
problem: {variant: streaming, backend: simd, task: pick, batch: 16, q_len: 1, kv_len: 5, embed_dim: 8, steps: 400,
          learning_rates: 2, train_examples: 256, test_examples: 64}
axes: {items: [1, 3], num_heads: [1, 2]}
compare_by: num_heads
protocol: {min_rounds: 2, max_rounds: 2, budget_s: 60}
claims:
  - {id: learned, says: two heads are no ten times worse, metric: test_error, across: num_heads, expect: {at_most: 10}}
YAML
$headcount run pick.yaml --output pick.jsonl
test "$(grep '"kind":"point"' pick.jsonl | grep -c '"outcome":"measured"')" -eq 4
test "$(grep -c '"kind":"tuning"' pick.jsonl)" -eq 4
python3 - <<'PY'
import json
rounds = [json.loads(line) for line in open("pick.jsonl") if '"kind":"round"' in line]
errors = [sample["results"]["test_error"] for one in rounds for sample in one["samples"]]
assert len(errors) == 8 and max(errors) < 0.5, errors  # 1 would be as good as the mean of the targets
PY
$headcount verify pick.jsonl --explain >printed || test $? -eq 3
grep -q learned printed
$headcount plot pick.jsonl --only error_over_heads --output figures
ls figures/error_over_heads*.png >/dev/null
"$source_dir"/tests/journeys/extension.sh "$PWD/$headcount" "$source_dir/docs/adding.md"
echo "one file each: a task; a variant with options, mask and function; a verb; a backend with an option"
