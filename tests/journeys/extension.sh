#!/usr/bin/env bash
# A newcomer has a variant and an engine of their own and wants them timed side by side: from docs/adding.md alone.
# usage: extension.sh HEADCOUNT ADDING_MD     (a program that was built with the page's variants/mine.cpp)
# The scratch build calls it, because the program has to be built with the variant.
set -euo pipefail
headcount=$1 page=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The engine is two files in a folder of one's own, as the page has them.
mkdir "$folder/engines"
for file in mine_in_python.yaml mine_in_python.py; do
  awk -v fence="^\`\`\`[a-z]* title=variants/external/$file\$" '$0 ~ fence { on = 1; next } /^```$/ { on = 0 } on' "$page" \
    >"$folder/engines/$file"
  test -s "$folder/engines/$file"
done
export HEADCOUNT_ENGINES=$folder/engines
$headcount list engines >"$folder/printed"
grep -q '^ *mine_in_python ' "$folder/printed"

cat >"$folder/side.yaml" <<'YAML'
question: Is my variant faster than my engine?
problem: {embed_dim: 64, seq_len: 64, scope: core, num_heads: 4}
axes:
  variant: [streaming, mine, external]
  backend: [naive, mine_in_python]
compare_by: [variant, backend]
protocol: {min_rounds: 10, max_rounds: 10, min_sample_s: 0.0005, budget_s: 60}
claims:
  - {id: faster, says: my variant is faster than my engine, metric: time, across: [variant, backend],
     base: {variant: external, backend: mine_in_python}, where: {variant: mine}, expect: {faster_than: 1}}
YAML
$headcount run "$folder/side.yaml" --output "$folder/side.jsonl"
$headcount verify "$folder/side.jsonl" --explain >"$folder/printed" || test $? -eq 3
grep -q '^faster  *\(supported\|refuted\|inconclusive\)' "$folder/printed"

# One row a shape, theirs beside ours, paired by round.
$headcount table "$folder/side.jsonl" --beside mine/naive >"$folder/printed"
grep -q 'mine/naive, ms' "$folder/printed"
grep -q 'mine_in_python' "$folder/printed"
# And each as a row, with the ratio to the engine, checked against the definition.
$headcount table "$folder/side.jsonl" --base variant=external --base backend=mine_in_python --format csv >"$folder/side.csv"
/usr/bin/python3 - "$folder/side.csv" <<'PY'
import csv, sys
rows = {row["variant"]: row for row in csv.DictReader(open(sys.argv[1])) if row["outcome"] == "measured"}
assert set(rows) == {"streaming", "mine", "external"}, rows.keys()
assert rows["mine"]["ratio_base"] == rows["external"]["point"], rows["mine"]["ratio_base"]
assert float(rows["mine"]["ratio_low"]) <= float(rows["mine"]["ratio"]) <= float(rows["mine"]["ratio_high"])
assert all(float(row["max_error"]) < 1e-4 for row in rows.values())
PY
$headcount plot "$folder/side.jsonl" --output "$folder/figures" >"$folder/printed"
ls "$folder"/figures/*.png >/dev/null
echo "a variant and an engine of one's own, timed side by side"
