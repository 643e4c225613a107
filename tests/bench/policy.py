"""The policy engine, inside one process: one decision among 6, 60 and 600 rules, checking a file of
4 and of 64 KiB beside the YAML library alone, comparing two files of 60 rules."""

import json

from measure import below

DECIDE_MAX_US = {6: 10, 60: 10, 600: 100}
CHECK_MAX_MS = {4: 5, 64: 80}
DIFF_MAX_MS = 1000


def names(_bench):
    return [*(f"policy_time_{part}_{rules}_rules" for rules in DECIDE_MAX_US
              for part in ("p50", "p99")),
            *(f"policy_time_check_{kib}KiB" for kib in CHECK_MAX_MS), "policy_time_diff_60_rules"]


def one_run(bench):
    """All of it once: a value by name."""
    command = [bench.program("policy_bench"), "--benchmark_format=json"]
    if bench.quick:
        command.append("--benchmark_min_time=0.01")
    found = {}
    for each in json.loads(bench.run(*command))["benchmarks"]:
        found[each["name"]] = each["real_time"]
        for part in ("p50", "p99"):
            if part in each:
                found[f"{each['name']}/{part}"] = each[part]
    return found


def rows(bench):
    bench.say(f"deciding, checking and comparing rules, {bench.runs} times")
    runs = [one_run(bench) for _ in range(bench.runs)]

    def values(name):
        return [run[name] for run in runs]

    out = [below(f"policy_time_{part}_{rules}_rules", "us", values(f"decide/{rules}/{part}"), most)
           for rules, most in DECIDE_MAX_US.items() for part in ("p50", "p99")]
    out += [below(f"policy_time_check_{kib}KiB", "ms", values(f"check/{kib}"), most,
                  "yaml-cpp alone, the same file", values(f"yaml_alone/{kib}"))
            for kib, most in CHECK_MAX_MS.items()]
    return [*out, below("policy_time_diff_60_rules", "ms", values("diff/60"), DIFF_MAX_MS)]
