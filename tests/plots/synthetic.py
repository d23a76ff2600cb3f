"""Writes a made-up but plausible export, deterministic, for the tests of the figures."""
import csv
import json
import math
import os
import random

POINT_COLUMNS = ["point", "part", "group", "outcome", "reason", "variant", "backend", "task", "batch", "q_len", "kv_len",
                 "embed_dim", "num_heads", "num_kv_heads", "head_dim", "value_head_dim", "causal", "bias", "dtype",
                 "scope", "cached", "num_threads", "seed", "parameters", "kv_cache_bytes", "score_bytes", "workspace_bytes",
                 "peak_bytes", "process_peak_bytes", "inputs_bytes", "required_flops", "executed_flops",
                 "required_exps", "executed_exps", "n_rounds", "median_s", "low_s", "high_s", "p5_s", "p95_s", "ratio",
                 "ratio_low", "ratio_high", "ratio_base", "max_error", "error_bound", "product_flops", "compulsory_bytes", "bound_s",
                 "bound_by", "bound_lacks", "time_over_bound"]
FIELDS = [{"name": "variant", "type": "name", "facet": "who"}, {"name": "backend", "type": "name", "facet": "who"},
          {"name": "seq_len", "type": "integer", "facet": "size", "stands_for": ["q_len", "kv_len"]},
          *({"name": name, "type": "integer", "facet": "size"} for name in ("batch", "q_len", "kv_len")),
          *({"name": name, "type": "integer", "facet": "width"}
            for name in ("embed_dim", "num_heads", "num_kv_heads", "head_dim", "value_head_dim")),
          {"name": "task", "type": "name", "facet": "meaning"},
          {"name": "causal", "type": "boolean", "facet": "meaning"},
          {"name": "bias", "type": "boolean", "facet": "meaning"},
          {"name": "dtype", "type": "choice", "facet": "meaning"},
          {"name": "scope", "type": "choice", "facet": "meaning"},
          {"name": "cached", "type": "boolean", "facet": "meaning"},
          {"name": "num_threads", "type": "integer", "facet": "execution"},
          {"name": "seed", "type": "integer", "facet": "data"}]
TRAINING_COLUMNS = ["point", "group", "round", "learning_rate", "steps", "step_s", "validation_error", "test_error", "first_loss",
                    "last_loss"]
SAMPLE_COLUMNS = ["point", "group", "stratum", "round", "wall_s"]
EXPONENT_COLUMNS = ["point", "lengths", "paired", "exponent", "low", "high", "first_step", "last_step",
                    "median_exponent", "median_low", "median_high"]
ENVIRONMENT = {"cpu.model": "Example CPU <x> $5 & Co. @ 2.10GHz", "commit": "deadbeef" * 5, "dirty": "false",
               "version": "0.1.0"}
LIBRARIES = {"blas": "OpenBLAS 0.3.21 (Haswell kernels)", "simd": "headcount 0.1.0, AVX-512 (Ice Lake)"}
CLAIMS = ({"id": "R12", "kind": "within", "metric": "time", "across": ["num_heads"], "argument": "0.02", "part": ""},)
SHARES = {"projections": "projections", "scores": "scores Q K^T", "softmax": "softmax", "context": "context P V",
          "fused": "fused core", "copies": "layout copies", "other": ""}
SHARE_OF = {"scores": "scores", "weights": "softmax", "context": "context", "attend": "fused", "copy": "copies"}
VARIANTS = ("multi_head", "multi_head_split", "multi_head_looped", "streaming")


def seconds_by_operation(variant, backend, length, heads, embed_dim=512):
    """Projections and products do not see heads, exponentials do; a split variant copies."""
    rate = {"blas": 60e9, "naive": 1.5e9}[backend]
    exps = {"blas": 8e8, "naive": 1e8}[backend]
    parts = {"query": 2 * length * embed_dim**2 / rate}
    parts["key"] = parts["value"] = parts["output"] = parts["query"]
    slow = 1 + 0.02 * math.log2(heads)
    if variant == "streaming":
        parts["attend"] = (4 * length**2 * embed_dim * slow / rate + 0.8 * heads * length**2 / exps)
    else:
        parts["scores"] = parts["context"] = 2 * length**2 * embed_dim * slow / rate
        parts["weights"] = heads * length**2 / exps
    if variant == "multi_head_split" and heads > 1:
        parts["copy"] = 4 * length * embed_dim * 4 / 5e9
    return parts


LIMITS = {"fma_gflops.f32.threads=1": 250.0, "fma_gflops.f32.AVX2.threads=1": 125.0,
          "fma_gflops.f32.AVX3.threads=1": 251.0, "exp2_gops.f32.threads=1": 17.0, "read_gbps.threads=1": 40.0,
          "read_gbps.L1.threads=1": 500.0, "read_gbps.L2.threads=1": 240.0, "read_gbps.L3.threads=1": 100.0}


def seconds_at_peak(length, heads, embed_dim=512):
    return (8 * length * embed_dim**2 + 4 * length**2 * embed_dim + 10 * heads * length**2) / 250e9


def point_row(variant, backend, length, heads, **changes):
    embed_dim, seconds = 512, sum(seconds_by_operation(variant, backend, length, heads).values())
    base = sum(seconds_by_operation(variant, backend, length, 1).values())
    scores = {"streaming": 0, "multi_head_looped": 4 * length**2}.get(variant, 4 * heads * length**2)
    workspace = scores + 4 * 4 * length * embed_dim + (heads * length * 8 if variant == "streaming" else 0)
    flops = 8 * length * embed_dim**2 + 4 * length**2 * embed_dim + 3 * heads * length**2
    name = f"{variant}/{backend}/seq_len={length},embed_dim=512,num_heads={heads}"
    row = dict.fromkeys(POINT_COLUMNS, "")
    row.update(point=name, part="main", group=f"{variant}/{backend}/{length}", outcome="measured", variant=variant,
               backend=backend, task="none", batch=1, q_len=length, kv_len=length, embed_dim=embed_dim, num_heads=heads,
               num_kv_heads=heads, head_dim=embed_dim // heads, value_head_dim=embed_dim // heads, causal="false",
               bias="false", dtype="f32", scope="layer", cached="false", num_threads=1, seed=1, parameters=4 * embed_dim**2,
               kv_cache_bytes=8 * length * embed_dim, score_bytes=scores, workspace_bytes=workspace, peak_bytes=workspace,
               process_peak_bytes=int(workspace * 1.07) + 90000, inputs_bytes=4, required_flops=flops,
               executed_flops=flops if variant != "streaming" else int(flops * 1.02),
               required_exps=heads * length**2,
               executed_exps=heads * length**2 + (heads * length * 8 if variant == "streaming" else 0),
               n_rounds=20 if length < 1024 else 10, median_s=seconds, low_s=seconds * 0.985, high_s=seconds * 1.02,
               p5_s=seconds * 0.95, p95_s=seconds * 1.1, ratio=seconds / base,
               ratio_low=seconds / base * (1 if heads == 1 else 0.99),
               ratio_high=seconds / base * (1 if heads == 1 else 1.012),
               ratio_base=f"{variant}/{backend}/seq_len={length},embed_dim=512,num_heads=1", max_error=1e-7,
               error_bound=1e-6, product_flops=8 * length * embed_dim**2 + 4 * length**2 * embed_dim,
               compulsory_bytes=4 * (4 * embed_dim**2 + length * embed_dim), bound_s=seconds_at_peak(length, heads),
               bound_by="arithmetic", time_over_bound=seconds / seconds_at_peak(length, heads))
    row.update(changes)
    return row


def width_row(variant, backend, length, width, **changes):
    """A core of four heads; what does not divide by 8 takes a tenth longer."""
    row = point_row(variant, backend, length, 4)
    factor = width / 128 * (1.1 if width % 8 else 1)
    row.update({name: row[name] * factor for name in ("median_s", "low_s", "high_s", "p5_s", "p95_s")})
    name = f"{variant}/{backend}/seq_len={length},embed_dim={4 * width},num_heads=4,scope=core"
    row.update(point=name, ratio_base=name, ratio=1, ratio_low=1, ratio_high=1, embed_dim=4 * width, head_dim=width,
               value_head_dim=width, scope="core", product_flops=16 * length**2 * width)
    row.update(changes)
    return row


def decode_row(variant, backend, length, heads, num_kv_heads=None, **changes):
    """One query behind `length` keys in the core; the time is that of reading what is kept."""
    row = point_row(variant, backend, length, heads)
    kept = 2 * 4 * length * (num_kv_heads or heads) * row["head_dim"]
    seconds = {"blas": 1e-5, "naive": 1e-4}[backend] * (1 + 0.05 * heads) + kept / 5e9
    name = f"{variant}/{backend}/q_len=1,kv_len={length},embed_dim=512,num_heads={heads}"
    name += f",num_kv_heads={num_kv_heads},scope=core" if num_kv_heads else ",scope=core"
    row.update(point=name, ratio_base=name, ratio=1, ratio_low=1, ratio_high=1, q_len=1, scope="core",
               median_s=seconds, num_kv_heads=num_kv_heads or heads, kv_cache_bytes=kept, low_s=seconds * 0.985,
               high_s=seconds * 1.02, product_flops=4 * length * 512, compulsory_bytes=kept, bound_s=kept / 4e10)
    row.update(changes)
    return row


def exponent_rows(rows):
    """Slopes between the ends, for every series of three lengths or more."""
    series = {}
    for row in rows:
        if row["outcome"] == "measured":
            series.setdefault((row["variant"], row["backend"], row["num_heads"], row["embed_dim"], row["causal"], row["q_len"] == 1), []).append(row)
    for points in series.values():
        points.sort(key=lambda row: row["kv_len"])
        if len(points) < 3:
            continue
        slope = math.log(points[-1]["median_s"] / points[0]["median_s"]) / math.log(points[-1]["kv_len"] / points[0]["kv_len"])
        yield {"point": points[0]["point"], "lengths": len(points), "paired": "false", "exponent": slope,
               "low": slope - 0.01, "high": slope + 0.01, "first_step": slope - 0.2, "last_step": slope + 0.2,
               "median_exponent": slope, "median_low": slope - 0.02, "median_high": slope + 0.02}


def sample_rows(rows, noise=0.02):
    """Visits that scatter around the median of each point; all points stand in the same rounds."""
    for row in rows:
        if row["outcome"] == "measured" and row["n_rounds"] and row["median_s"]:
            draws = random.Random(row["point"])
            for number in range(row["n_rounds"]):
                yield {"point": row["point"], "group": "main", "stratum": 0, "round": number,
                       "wall_s": row["median_s"] * math.exp(draws.gauss(0, noise))}


def training_rows(rows):
    """Three seeds a point: more heads err less, and take longer."""
    for row in rows:
        if row["outcome"] != "measured" or not row["median_s"]:
            continue
        for seed in range(3):
            error = 0.9 / row["num_heads"] ** 2 * (1 + 0.2 * seed)
            yield {"point": row["point"], "group": row["group"], "round": seed, "learning_rate": 0.003, "steps": 100,
                   "step_s": row["median_s"] * (1 + 0.01 * seed), "validation_error": error, "test_error": error,
                   "first_loss": 1, "last_loss": error}


def curve_rows(rows):
    """Losses that fall over four stretches of the steps, lower with more heads."""
    for training in training_rows(rows):
        for stretch in range(1, 5):
            yield {"point": training["point"], "group": training["group"], "round": training["round"], "step": 25 * stretch,
                   "loss": training["test_error"] + 0.5 ** stretch}


def write(directory, lengths=(128, 512, 2048), heads=(1, 2, 4, 8, 16, 32), variants=VARIANTS,
          backends=("blas", "naive"), widths=(), decode=(), claims=CLAIMS, **changes):
    """`widths`: of four heads each, beside those that `heads` make of one embedding; `decode`: keys of one query."""
    os.makedirs(directory, exist_ok=True)
    rows, spans = [], []
    for variant in variants:
        for backend in backends:
            for length in lengths:
                if backend == "naive" and length == 2048:
                    continue
                for h in heads:
                    row = point_row(variant, backend, length, h, **changes)
                    rows.append(row)
                    if row["outcome"] != "measured":
                        continue
                    for role, seconds in seconds_by_operation(variant, backend, length, h).items():
                        verb = {"weights": "softmax_rows", "attend": "attend", "copy": "copy"}.get(role, "matmul")
                        spans.append({"point": row["point"], "verb": verb, "share": SHARE_OF.get(role, "projections"),
                                      "role": {"copy": "query", "attend": "core"}.get(role, role), "seconds": seconds})
    rows += [width_row(variants[0], backend, lengths[0], width, **changes) for backend in backends for width in widths]
    rows += [decode_row(variant, backend, length, h, 1 if variant == variants[-1] else None, **changes)
             for variant in variants for backend in backends for length in decode for h in heads]
    rows.append(point_row("multi_head", "blas", 96, 7, outcome="skipped", reason="7 heads do not divide 512",
                          median_s="", low_s="", high_s="", ratio="", required_flops="", n_rounds=""))
    write_rows(directory, rows, spans, claims)


def write_rows(directory, rows, spans=(), claims=CLAIMS):
    """An export of these points and traced spans."""
    rows = list(rows)
    os.makedirs(directory, exist_ok=True)
    write_csv(directory, "points.csv", POINT_COLUMNS, rows)
    write_csv(directory, "samples.csv", SAMPLE_COLUMNS, sample_rows(rows))
    write_csv(directory, "trainings.csv", TRAINING_COLUMNS, training_rows(rows))
    write_csv(directory, "curves.csv", ["point", "group", "round", "step", "loss"], curve_rows(rows))
    write_csv(directory, "breakdown.csv", ["point", "verb", "role", "seconds", "share", "low_s", "high_s"],
              [{"low_s": 0.97 * span["seconds"], "high_s": 1.02 * span["seconds"]} | span for span in spans])
    write_csv(directory, "shares.csv", ["share", "label"], [{"share": s, "label": label} for s, label in SHARES.items()])
    write_csv(directory, "libraries.csv", ["backend", "library"],
              [{"backend": backend, "library": LIBRARIES.get(backend, f"{backend} 1.0")}
               for backend in sorted({row["backend"] for row in rows})])
    write_csv(directory, "instruction_sets.csv", ["instruction_set", "label"],
              [{"instruction_set": "AVX3", "label": "AVX-512"}, {"instruction_set": "AVX3_DL", "label": "AVX-512 (Ice Lake)"}])
    write_csv(directory, "exponents.csv", EXPONENT_COLUMNS, exponent_rows(rows))
    with open(os.path.join(directory, "run.json"), "w", encoding="utf-8") as file:
        json.dump({"name": "equal_complexity", "question": "Does splitting cost anything?", "config_hash": "0123abcd" * 4,
                   "fields": FIELDS,
                   "claims": list(claims),
                   "environment": ENVIRONMENT, "limits": LIMITS}, file)


def write_heads(directory, layers=6, heads=12, left=(72, 66, 60, 54, 48, 36, 24, 18, 12, 6, 2), seconds=True):
    """A study of a trained model's heads: few matter, they differ more than random ones."""
    os.makedirs(directory, exist_ok=True)
    places = [(layer, head) for layer in range(layers) for head in range(heads)]
    masked = []
    for layer, head in places:
        loss = 0.004 * math.sin(3 * layer + 5 * head) + (0.031 if head == layer + 2 else 0)
        harmful = "yes" if loss > 0.02 else "helpful" if loss < -0.00398 else "no"
        masked.append({"layer": layer, "head": head, "recall": 0.8 - loss, "loss": loss, "loss_low": loss - 0.006,
                       "loss_high": loss + 0.006, "adjusted_p": 1 if harmful == "no" else 0.01, "harmful": harmful})
    write_csv(directory, "heads_masked.csv", list(masked[0]), masked)
    pruned = []
    for order, half in (("importance", 15), ("random", 35)):
        for count in left:
            recall, time = 0.8 * count**2 / (count**2 + half**2 * (72 - count) / 72), 0.004 + 0.00009 * count
            times = (time, time * 0.98, time * 1.03) if seconds and order == "importance" else ("", "", "")
            pruned.append({"order": order, "heads_left": count, "recall": recall, "recall_low": recall - 0.02,
                           "recall_high": recall + 0.02,
                           **dict(zip(("seconds_per_text", "seconds_low", "seconds_high"), times))})
    write_csv(directory, "heads_pruned.csv", list(pruned[0]), pruned)
    alike, effective = [], []
    for model, apart in (("trained", 0.4), ("random", 0.03)):
        for layer in range(layers):
            value = heads * (0.45 + apart / 2 + 0.03 * layer)
            effective.append({"layer": layer, "model": model, "effective_heads": value, "low": value * 0.97,
                              "high": value * 1.03})
            for a in range(heads):
                for b in range(a + 1, heads):
                    spread = 1 + 0.5 * math.sin(7 * a + 3 * b + layer)
                    for measure, much in (("js_divergence", apart), ("cka", 0.6 - apart), ("subspace", 0.083)):
                        alike.append({"layer": layer, "model": model, "measure": measure, "head_a": a, "head_b": b,
                                      "value": much * spread})
    write_csv(directory, "heads_alike.csv", ["layer", "model", "measure", "head_a", "head_b", "value"], alike)
    write_csv(directory, "heads_effective.csv", ["layer", "model", "effective_heads", "low", "high"], effective)
    with open(os.path.join(directory, "run.json"), "w", encoding="utf-8") as file:
        json.dump({"kind": "heads", "model": "all-MiniLM-L6-v2", "pairs": 2000, "max_tokens": 64, "num_heads": heads,
                   "num_layers": layers, "variant": "multi_head", "backend": "simd", "environment": ENVIRONMENT}, file)


def write_pruning(directory, heads=8, left=(8, 6, 4, 2, 0), seconds=True, ends=True):
    """A study of models that were trained and pruned: what was trained small errs less than what was pruned."""
    os.makedirs(directory, exist_ok=True)
    rows = []
    for model, worse in (("importance", 0.1), ("random", 0.2), ("small", 0.01)):
        for count in left:
            error, time = 0.004 + worse * (heads - count), 0.0001 * (1 + count)
            bounds = (error * 0.9, error * 1.2) if ends else ("", "")
            times = (time, time * 0.98, time * 1.03) if seconds else ("", "", "")
            rows.append({"model": model, "heads_left": count, "error": error, "error_low": bounds[0],
                         "error_high": bounds[1], **dict(zip(("pass_s", "pass_low", "pass_high"), times))})
    write_csv(directory, "pruning_curve.csv", list(rows[0]), rows)
    with open(os.path.join(directory, "run.json"), "w", encoding="utf-8") as file:
        json.dump({"kind": "pruning", "task": "k_lookup", "unit": "NMSE", "seeds": 8, "examples": 2048, "batch": 64,
                   "num_heads": heads, "num_layers": 1, "variant": "multi_head", "backend": "simd",
                   "environment": ENVIRONMENT}, file)


def write_csv(directory, name, columns, rows):
    with open(os.path.join(directory, name), "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
