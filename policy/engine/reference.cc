// The reference of the language, from its tables.
#include <fmt/format.h>

#include "policy/engine/language.h"

namespace latchstring::policy {
namespace {

std::string default_text(const yaml::KeyRow& row) {
  if (row.need == yaml::Need::mandatory) return "must be written";
  return row.fallback.empty() ? "-" : fmt::format("`{}`", row.fallback);
}

}  // namespace

std::string reference_text() {
  std::string out =
      "# Keys of house-rules.yaml\n\n"
      "Made from the loader's own tables (`policy_test [.update]` writes it anew); semantics:\n"
      "[policy.md](policy.md). `-`: absent unless written.\n";
  for (const Table& each : language()) {
    out += fmt::format("\n## {}\n\n| key | default | meaning |\n|---|---|---|\n", each.title);
    for (const yaml::KeyRow& row : each.rows) {
      out += fmt::format("| `{}` | {} | {} |\n", row.name, default_text(row), row.sentence);
    }
  }
  return out;
}

}  // namespace latchstring::policy
