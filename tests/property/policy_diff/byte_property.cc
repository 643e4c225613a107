// One byte of a file changed, by a slip or a bad disk: the file is refused, or shares no more than
// before, or `policy diff` tells that it shares more.
#include <fmt/format.h>

#include "gateway/base/files.h"
#include "policy/analysis/analysis.h"
#include "tests/property/policy/answers.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::policy {
namespace {

using test::Asked;
using test::Model;

constexpr int kChanges = 3;  // to each file
constexpr int kLooser = 3;   // exit code of `policy diff`
constexpr std::string_view kNow = "2026-05-04T12:00:00Z";

// Half of the time a digit by another one: that is what loads and means something else.
std::string changed(std::string text) {
  const auto at = static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(text.size())));
  const int how = *rc::gen::inRange(0, 6);
  const auto byte = static_cast<char>(*rc::gen::inRange(0, 256));
  if (how == 0) {
    text.erase(at, 1);
  } else if (how == 1) {
    text.insert(at, 1, byte);
  } else if (how == 2) {
    text[at] = byte;
  } else {
    const std::size_t digit = text.find_first_of("0123456789", at);
    if (digit != std::string::npos) text[digit] = static_cast<char>(*rc::gen::inRange('0', ':'));
  }
  return text;
}

// Files for `policy diff`, with the key files that they name.
struct Folder {
  Folder() {
    REQUIRE(std::filesystem::create_directory(folder.path() / "keys"));
    for (const char* key : {"keys/police.jwk", "keys/fire.jwk", "keys/court.jwk"}) {
      write(key, *test::some_key(key));
    }
  }
  Path write(const std::string& name, const std::string& text) const {
    Path path = folder.path() / name;
    REQUIRE(write_file_durably(path, text, 0600).ok());
    return path;
  }

  const test::TemporaryFolder folder;
};

struct Seen {
  int refused = 0;
  int same_or_stricter = 0;
  int looser = 0;
};

TEST_CASE("one byte changed: an error, or no looser, or told by diff") {
  const Folder folder;
  Seen seen;
  CHECK(rc::check("any byte", [&] {
    const Model model = test::draw_model();
    const auto before = test::loaded(model);
    const auto questions = test::ask_all_sorts(model, *before);
    for (int i = 0; i < kChanges; ++i) {
      const std::string text = changed(model.text());
      const auto after = load(text, "f.yaml", test::some_key);
      if (!after.ok()) {
        RC_ASSERT(after.status().message().find("f.yaml:") != std::string::npos);
        ++seen.refused;
        continue;
      }
      const bool looser = std::any_of(questions.begin(), questions.end(), [&](const Asked& each) {
        const auto now = test::verdicts(**after, each.question, each.facts);
        return !test::all_no_looser(now, each.verdicts);
      });
      ++(looser ? seen.looser : seen.same_or_stricter);
      if (!looser) continue;
      const Output told = diff(folder.write("before.yaml", model.text()),
                               folder.write("after.yaml", text), test::at(kNow), false);
      RC_ASSERT(told.exit_code == kLooser);
    }
  }));
  INFO(seen.refused << " refused, " << seen.same_or_stricter << " no looser, " << seen.looser
                    << " looser");
  CHECK(seen.refused > 0);
  CHECK(seen.same_or_stricter > 0);
  CHECK(seen.looser > 0);
}

}  // namespace
}  // namespace latchstring::policy
