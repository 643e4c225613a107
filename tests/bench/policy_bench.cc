// Loading and deciding at several numbers of rules; ten of them and a never rule are about the
// purpose asked for.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "policy/engine/decide.h"
#include "tests/support/policy.h"

namespace latchstring {
namespace {

std::string rules_text(int count) {
  std::string out = "allow:\n";
  for (int i = 0; i < count; ++i) {
    out += fmt::format(
        "  - {{name: r{}, who: police, camera: front, basis: consent, purpose: p{}, "
        "footage_days: every_day, footage_time: \"22:00 to 06:00\", approval: ask_one, "
        "redact: [people], part_outside: trim}}\n",
        i, i / 10);
  }
  out += "never:\n";
  for (int i = 0; i < count / 6; ++i) {
    out += fmt::format("  - {{name: n{}, purpose: p{}, footage_days: [sat]}}\n", i, i);
  }
  return out;
}

void decide(benchmark::State& state) {
  const auto policy = test::load(rules_text(static_cast<int>(state.range(0)) * 5 / 6));
  policy::Question question;
  question.agency = "police";
  question.officer = "4711";
  question.camera = "front";
  question.purpose = "p0";
  question.footage = {test::at("2026-05-05T02:50:00Z"), test::at("2026-05-05T03:10:00Z")};
  policy::Facts facts;
  facts.now = question.received = question.footage.to + std::chrono::hours(1);
  std::vector<double> micros;
  for (auto each : state) {
    static_cast<void>(each);
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(policy::decide(*policy, question, facts));
    micros.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::sort(micros.begin(), micros.end());
  state.counters["p50_us"] = micros[micros.size() / 2];
  state.counters["p99_us"] = micros[micros.size() * 99 / 100];
}
BENCHMARK(decide)->Arg(6)->Arg(60)->Arg(300);

void load(benchmark::State& state) {
  const std::string rules = rules_text(static_cast<int>(state.range(0)) * 5 / 6);
  for (auto each : state) {
    static_cast<void>(each);
    benchmark::DoNotOptimize(test::load(rules));
  }
  state.counters["bytes"] = static_cast<double>(rules.size());
}
BENCHMARK(load)->Arg(6)->Arg(20)->Arg(60)->Arg(300)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace latchstring

BENCHMARK_MAIN();
