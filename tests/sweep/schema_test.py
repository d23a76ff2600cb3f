"""The JSON Schema agrees with the decoder: every shipped config passes it, and what the decoder refuses for its
shape the schema refuses too.

usage: schema_test.py HEADCOUNT SOURCE_DIR [SCHEMA_FILE]   (without a file: the output of `HEADCOUNT schema`)
"""
import copy
import json
import pathlib
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    sys.exit(f"schema_test.py: {missing}; install the packages of packages.txt")


def read_schema(arguments):
    if len(arguments) > 3:
        return json.loads(pathlib.Path(arguments[3]).read_text())
    return json.loads(subprocess.run([arguments[1], "list", "schema"], check=True, capture_output=True, text=True).stdout)


def claim(config, name):
    return next(entry for entry in config["claims"] if entry["id"] == name)


# Each breaks the main config in one way; the decoder's own test has the same kinds with their messages.
MUTATIONS = {
    "unknown key": lambda c: c.update(problm={}),
    "unknown field": lambda c: c["axes"].update(num_haeds=[1]),
    "unknown key of protocol": lambda c: c["protocol"].update(budget=1),
    "unknown key of a part": lambda c: c["parts"]["core"].update(axis={}),
    "unknown key of a profile": lambda c: c["profiles"]["smoke"].update(seed=1),
    "unknown key of a claim": lambda c: claim(c, "R3").update(expects={}),
    "missing question": lambda c: c.pop("question"),
    "blank question": lambda c: c.update(question=" "),
    "question not text": lambda c: c.update(question=5),
    "missing metric": lambda c: claim(c, "R3").pop("metric"),
    "unknown variant": lambda c: c["axes"].update(variant=["multi_hed"]),
    "unknown metric": lambda c: claim(c, "R3").update(metric="core.multiply"),
    "unknown claim kind": lambda c: claim(c, "R3").update(expect={"same": "exactly"}),
    "two kinds": lambda c: claim(c, "R12").update(expect={"within": 1, "exponent": 2}),
    "unknown preset": lambda c: c["problem"].update(preset="bert"),
    "empty axis": lambda c: c["axes"].update(num_heads=[]),
    "no axes": lambda c: c.update(axes={}),
    "axis not a list": lambda c: c["axes"].update(num_heads=8),
    "number as text": lambda c: c["axes"].update(num_heads=["8"]),
    "number not whole": lambda c: c["axes"].update(num_heads=[2.5]),
    "boolean as text": lambda c: c["axes"].update(causal=["true"]),
    "zero heads": lambda c: c["axes"].update(num_heads=[0]),
    "too many threads": lambda c: c["axes"].update(num_threads=[5000]),
    "range of names": lambda c: c["axes"].update(variant={"from": 1, "to": 2, "step": 1}),
    "range with step and times": lambda c: c["axes"].update(num_heads={"from": 1, "to": 2, "step": 1, "times": 2}),
    "range without end": lambda c: c["axes"].update(num_heads={"from": 1, "step": 1}),
    "both lengths": lambda c: c["problem"].update(seq_len=4, q_len=4),
    "empty exclude": lambda c: c.update(exclude=[{}]),
    "list in include": lambda c: c.update(include=[{"num_heads": [1, 2]}]),
    "negative seed": lambda c: c.update(seed=-1),
    "budget not a number": lambda c: c["protocol"].update(budget_s="long"),
    "width out of range": lambda c: c["protocol"].update(target_rel_ci=-1),
    "exact claim without outcome": lambda c: claim(c, "R3").pop("outcome"),
    "measured claim with outcome": lambda c: claim(c, "R12").update(outcome="supported"),
    "either kind, exact metric, no outcome": lambda c: (
        claim(c, "R3").update(expect={"ordering": "rising"}), claim(c, "R3").pop("outcome")),
    "either kind, measured metric, outcome": lambda c: claim(c, "R12").update(
        expect={"peaks_at": 8}, outcome="supported"),
    "unknown outcome": lambda c: claim(c, "R3").update(outcome="yes"),
    "unknown ledger": lambda c: claim(c, "R3").update(ledger="both"),
    "bad id": lambda c: claim(c, "R3").update(id="R 3"),
    "oversubscription by number": lambda c: c["protocol"].update(oversubscribe=8),
    "bad part name": lambda c: c["parts"].update({"Big Part": {}}),
}

# Each changes the main config into another valid one.
VARIATIONS = {
    "range by factor": lambda c: c["axes"].update(num_heads={"from": 1, "to": 8, "times": 2}),
    "range by step": lambda c: c["axes"].update(num_heads={"from": 1, "to": 8, "step": 1}),
    "list of zips": lambda c: c.update(zip=[{"batch": [1, 2], "num_threads": [2, 1]}]),
    "include": lambda c: c.update(include=[{"num_heads": 3, "head_dim": 64}]),
    "either kind of an exact metric": lambda c: claim(c, "R3").update(expect={"ordering": "rising"}, outcome="refuted"),
    "either kind of a measured metric": lambda c: claim(c, "R12").update(expect={"peaks_at": 8}),
    "preset": lambda c: c["problem"].update(preset="bert-base"),
    "several axes compared": lambda c: c.update(compare_by=["num_heads", "variant"]),
    "oversubscription by name": lambda c: c["protocol"].update(oversubscribe=True),
    "seed and limits": lambda c: (c.update(seed=7), c["protocol"].update(cold_cache=True, memory_limit_bytes=1 << 30)),
}


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    schema = read_schema(sys.argv)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = []
    configs = sorted((pathlib.Path(sys.argv[2]) / "configs").glob("*.yaml"))
    for path in configs:
        for error in validator.iter_errors(yaml.safe_load(path.read_text())):
            failures.append(f"{path.name}: {error.json_path}: {error.message[:200]}")
    base = yaml.safe_load((pathlib.Path(sys.argv[2]) / "configs" / "equal_complexity.yaml").read_text())
    for wanted, changes in ((False, MUTATIONS), (True, VARIATIONS)):
        for name, change in changes.items():
            config = copy.deepcopy(base)
            change(config)
            if validator.is_valid(config) != wanted:
                failures.append(f"'{name}' is {'refused' if wanted else 'accepted'} by the schema")
    for failure in failures:
        print(failure)
    if len(configs) < 4 or failures:
        sys.exit(f"schema test failed: {len(failures)} failures, {len(configs)} configs")
    print(f"schema: {len(configs)} configs pass, {len(MUTATIONS)} broken ones are refused")


if __name__ == "__main__":
    main()
