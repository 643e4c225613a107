"""One decision of the policy engine among 60 rules, 99th percentile, inside one process."""

import json

from measure import below

P99_MAX_US = 10
NAME = "policy_time_p99_60_rules"


def names(_bench):
    return [NAME]


def rows(bench):
    bench.say(f"deciding by 60 rules, {bench.runs} times some 100,000 times")
    command = [bench.program("policy_bench"), "--benchmark_filter=decide/60$",
               "--benchmark_format=json"]
    if bench.quick:
        command.append("--benchmark_min_time=0.01")
    found = [json.loads(bench.run(*command))["benchmarks"][0]["p99_us"] for _ in range(bench.runs)]
    return [below(NAME, "us", found, P99_MAX_US)]
