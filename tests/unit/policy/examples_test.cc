#include <filesystem>

#include "policy/analysis/analysis.h"
#include "tests/support/catch.h"
#include "tests/support/policy.h"

namespace latchstring::policy {
namespace {

const Path kExamples = Path(LATCHSTRING_SOURCE) / "policy" / "examples";

TEST_CASE("every example loads, its tests hold and reach every rule") {
  int examples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kExamples)) {
    if (entry.path().extension() != ".yaml") continue;
    ++examples;
    INFO(entry.path());
    const auto policy = load_and_test(entry.path());
    INFO(policy.status().ToString());
    REQUIRE(policy.ok());
    CHECK(untested_rules(**policy).empty());
    CHECK(warnings(**policy, test::at("2026-10-01T00:00:00Z")).empty());
    const Output output = check({entry.path()}, test::at("2026-10-01T00:00:00Z"), false);
    CHECK(output.exit_code == 0);
    CHECK(output.err.empty());
    CHECK(policy::test(entry.path(), false).exit_code == 0);
  }
  CHECK(examples >= 8);
}

}  // namespace
}  // namespace latchstring::policy
