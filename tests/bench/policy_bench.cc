// The policy engine at several numbers of rules: deciding, checking a file, comparing two. Fifteen
// of the rules, where there are so many, are about the purpose asked for.
#include <benchmark/benchmark.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "gateway/base/files.h"
#include "policy/analysis/analysis.h"
#include "policy/engine/decide.h"
#include "tests/support/policy.h"

namespace latchstring {
namespace {

// `count` rules, as short as they can be written: so 600 of them fit into one file.
std::string rules_text(int count, std::string_view hours = "22:00 to 06:00") {
  const int nevers = count / 3;
  std::string out = "allow:\n";
  for (int i = 0; i < count - nevers; ++i) {
    out += fmt::format(
        "- {{name: a{}, who: police, camera: front, basis: any, purpose: p{}, footage_days: "
        "every_day, footage_time: \"{}\", approval: ask_one, redact: none}}\n",
        i, i / 10, hours);
  }
  out += "never:\n";
  for (int i = 0; i < nevers; ++i) {
    out += fmt::format("- {{name: n{}, purpose: p{}, footage_days: sat}}\n", i, i / 5);
  }
  return out;
}

void decide(benchmark::State& state) {
  const auto policy = test::load(rules_text(static_cast<int>(state.range(0))));
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
  state.counters["p50"] = micros[micros.size() / 2];
  state.counters["p99"] = micros[micros.size() * 99 / 100];
}
BENCHMARK(decide)->Arg(6)->Arg(60)->Arg(600);

// A file of about so many KiB: the house of the other tests and as many rules as fill it.
std::string file_text(std::int64_t kib) {
  const auto size = static_cast<std::size_t>(kib) * 1024;
  std::string text;
  for (int count = 3;; ++count) {
    std::string more = std::string(test::kHouse) + rules_text(count);
    if (more.size() > size) return text;
    text = std::move(more);
  }
}

// As `policy check` does it: strict loading, the tests inside, overlaps, dead rules, warnings.
void check(benchmark::State& state) {
  const policy::Source source{file_text(state.range(0)), "f.yaml", test::some_key};
  const Instant now = test::at("2026-05-05T03:10:00Z");
  for (auto each : state) {
    static_cast<void>(each);
    const auto policy = policy::load_and_test(source);
    ensure(policy.ok());
    benchmark::DoNotOptimize(policy::warnings(**policy, now));
  }
}
BENCHMARK(check)->Arg(4)->Arg(64)->Unit(benchmark::kMillisecond);

// The same bytes through the YAML library alone: parsed, and nothing looked at.
void yaml_alone(benchmark::State& state) {
  const std::string text = file_text(state.range(0));
  for (auto each : state) {
    static_cast<void>(each);
    benchmark::DoNotOptimize(YAML::Load(text));
  }
}
BENCHMARK(yaml_alone)->Arg(4)->Arg(64)->Unit(benchmark::kMillisecond);

// Two files of so many rules, of which every allow rule has other hours in the second; as `policy
// diff` does it, from the files on.
void diff(benchmark::State& state) {
  const Path folder = std::filesystem::temp_directory_path() /
                      fmt::format("latchstring-policy-bench-{}", ::getpid());
  std::filesystem::create_directories(folder / "keys");
  for (const char* key : {"keys/police.jwk", "keys/fire.jwk"}) {
    ensure(write_file_durably(folder / key, *test::some_key(key)).ok());
  }
  const auto write = [&](const char* name, std::string_view hours) {
    const std::string rules = rules_text(static_cast<int>(state.range(0)), hours);
    ensure(write_file_durably(folder / name, std::string(test::kHouse) + rules).ok());
  };
  write("before.yaml", "22:00 to 06:00");
  write("after.yaml", "21:30 to 05:00");
  const Instant now = test::at("2026-05-05T03:10:00Z");
  for (auto each : state) {
    static_cast<void>(each);
    const policy::Output output =
        policy::diff(folder / "before.yaml", folder / "after.yaml", now, false);
    ensure(output.exit_code == 3);
  }
  std::filesystem::remove_all(folder);
}
BENCHMARK(diff)->Arg(60)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace latchstring

BENCHMARK_MAIN();
