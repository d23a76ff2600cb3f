#!/usr/bin/env python3
"""A worker in another language: speaks the parent's protocol, and has the accidents its points ask for.

The parent starts it as it starts any worker. A point's seed says what happens: 1 nothing, 2 a crash at the third
visit, 3 a hang at the second, 4 a wrong result, 5 an answer that is no JSON, 6 a line on standard error and exit.
"""
import json
import os
import sys
import time

visits = {}


def seed_of(point):
    fields = dict(f.split("=", 1) for f in point.split("/", 2)[2].split(","))
    return int(fields.get("seed", "1"))


def answer(request):
    verb, point = request["do"], request.get("point", "")
    if verb == "visit":
        n = visits[point] = visits.get(point, 0) + 1
        seed = seed_of(point)
        if seed == 2 and n == 3:
            os.abort()
        if seed == 3 and n == 2:
            time.sleep(600)
        if seed == 5:
            return None
        if seed == 6:
            print("worker: the assertion x > 0 failed", file=sys.stderr, flush=True)
            os._exit(9)
        return {"wall_s": 0.001, "cpu_s": 0.001, "iterations": 1}
    if verb in ("check", "check_again"):
        wrong = seed_of(point) == 4
        return {"done": True, "passed": not wrong, "max_error": 2.0 if wrong else 0.0, "bound": 1.0, "worst": "row 7"}
    if verb == "trace":
        return {"seconds": 0.1, "breakdown": [{"verb": "matmul", "role": "scores", "seconds": 0.1}]}
    if verb == "memory":
        return {"peak_bytes": 1, "process_peak_bytes": 2, "note": ""}
    return {"calibrate": 0.001, "limits": {}}.get(verb)


for line in sys.stdin:
    print("stray output must not disturb the protocol")
    request = json.loads(line)
    reply = {"ok": answer(request)}
    text = "no json" if reply["ok"] is None and request["do"] == "visit" else json.dumps(reply)
    os.write(3, (text + "\n").encode())
