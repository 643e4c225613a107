// simulation [--seeds N] [--first S] [--verbose] [--expect-fault]
//   Runs the seeds S, S+1, ... and fails at the first invariant that does not hold, naming it and
//   the seed. A few are run twice: the same seed gives the same trace. Prints how often each
//   boundary and fault was hit; one that never was fails the run when there are kSeedsForAll seeds.
//   --expect-fault INVARIANT: for a seeded mutant, which must break exactly that invariant.
#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <filesystem>

#include "tests/sim/run.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::sim {
namespace {

constexpr std::uint64_t kSeedsForAll = 500;
constexpr std::uint64_t kTwiceEvery = 100;

struct Options {
  std::uint64_t seeds = kSeedsForAll;
  std::uint64_t first = 1;
  bool verbose = false;
  std::string expected;  // invariants that a mutant may break, separated by `|`
};

bool read_options(int argc, char** argv, Options& options) {
  const auto number = [](const char* text, std::uint64_t& out) {
    return std::from_chars(text, text + std::strlen(text), out).ec == std::errc{};
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--verbose") {
      options.verbose = true;
      continue;
    }
    if (++i == argc) return false;
    if (flag == "--expect-fault") {
      options.expected = argv[i];
    } else if (flag == "--seeds") {
      if (!number(argv[i], options.seeds)) return false;
    } else if (flag == "--first") {
      if (!number(argv[i], options.first)) return false;
    } else {
      return false;
    }
  }
  return true;
}

Result run_once(std::uint64_t seed, const Path& root, Tally& tally, bool verbose) {
  const Path folder = root / std::to_string(seed);
  std::filesystem::create_directories(folder);
  Result result = run(seed, folder, tally, verbose);
  std::filesystem::remove_all(folder);
  return result;
}

bool repeats_itself(std::uint64_t seed, const Path& root, const Result& first) {
  Tally unused;
  if (run_once(seed, root, unused, false).trace_sha256 == first.trace_sha256) return true;
  fmt::print("seed {}: a second run went another way\n", seed);
  return false;
}

// A mutant is caught by the invariant that it was made to break.
int judge_mutant(const Options& options, std::uint64_t seed, const Result& result) {
  const std::string listed = "|" + options.expected + "|";
  if (listed.find("|" + result.invariant + "|") == std::string::npos) {
    fmt::print("seed {}: the mutant broke another invariant: {}: {}\n", seed, result.invariant,
               result.what);
    return 1;
  }
  fmt::print("caught by seed {}: {}: {}\n", seed, result.invariant, result.what);
  return 0;
}

int run_all(const Options& options, const Path& root) {
  Tally tally;
  std::uint64_t delivered = 0;
  for (std::uint64_t seed = options.first; seed < options.first + options.seeds; ++seed) {
    const Result result = run_once(seed, root, tally, options.verbose);
    delivered += static_cast<std::uint64_t>(result.delivered);
    if (!result.invariant.empty()) {
      if (!options.expected.empty()) return judge_mutant(options, seed, result);
      fmt::print("seed {}: broken invariant: {}: {}\n", seed, result.invariant, result.what);
      return 1;
    }
    const bool twice = options.expected.empty() && seed % kTwiceEvery == 1;
    if (twice && !repeats_itself(seed, root, result)) return 1;
  }
  if (!options.expected.empty()) {
    fmt::print("the mutant survived {} seeds\n", options.seeds);
    return 1;
  }
  tally.print();
  fmt::print("\n{} seeds, {} deliveries completed, every invariant held\n", options.seeds,
             delivered);
  if (options.seeds < kSeedsForAll) return 0;
  return tally.complete() ? 0 : 1;
}

}  // namespace
}  // namespace latchstring::sim

int main(int argc, char** argv) {
  latchstring::sim::Options options;
  if (!latchstring::sim::read_options(argc, argv, options)) {
    fmt::print(stderr, "usage: simulation [--seeds N] [--first S] [--verbose]\n");
    return 2;
  }
  // A thousand databases that are synced at each commit want a disk in memory.
  if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
  const latchstring::test::TemporaryFolder folder;
  return latchstring::sim::run_all(options, folder.path());
}
