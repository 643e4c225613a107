#include "gateway/cli/request_words.h"

#include <fmt/format.h>

#include "gateway/cli/files.h"
#include "tests/support/catch.h"

using namespace latchstring;
using namespace latchstring::cli;

namespace {

json::Value value_of(std::string_view text) {
  auto value = json::parse(text);
  REQUIRE(value.ok());
  return *std::move(value);
}

}  // namespace

TEST_CASE("of what was taken back before anything left it is said that nothing left") {
  for (const std::string_view state : {"revoked", "refused", "failed"}) {
    const json::Value piece = value_of(fmt::format(
        R"({{"state":"{}","clip":1,"size_bytes":4096,"sent_bytes":0,"receipts":[]}})", state));
    CHECK(progress_words(piece) == ", nothing of it was sent");
    CHECK(clip_words(piece) == "was on offer as clip 1");
  }
}

TEST_CASE("many cameras, and long names, do not fill the line") {
  CHECK(camera_words(value_of(R"({"cameras":["front_door","garage"]})")) == "front_door, garage");
  CHECK(camera_words(value_of(R"({"cameras":[]})")).empty());
  std::string all;
  for (int i = 0; i < 64; ++i) all += fmt::format("{}\"{:ä>32}\"", i == 0 ? "" : ",", i);
  const std::string words = camera_words(value_of(fmt::format(R"({{"cameras":[{}]}})", all)));
  CHECK(words.size() < 64);
  CHECK(words.find("ää… and 63 more") != std::string::npos);
  CHECK(camera_words(value_of(R"({"cameras":["a","b","a side of the house with a long name"]})")) ==
        "a, b and 1 more");
}

TEST_CASE("a gift in a file is for nobody by name") {
  CHECK(who_words(value_of(R"({"gift":true,"agency":""})")) == "a file");
  CHECK(who_words(value_of(R"({"gift":true,"agency":"river_pd"})")) == "river_pd");
  CHECK(who_words(value_of(R"({"gift":false,"agency":"river_pd"})")) == "river_pd");
}

TEST_CASE("of what is on offer, or was sent in part, it is said how much was sent") {
  const json::Value offered =
      value_of(R"({"state":"offered","clip":2,"size_bytes":4096,"sent_bytes":0})");
  CHECK(progress_words(offered) == ", 0 bytes of 4.0 KiB sent (0 %)");
  CHECK(clip_words(offered) == "on offer as clip 2");
  const json::Value begun =
      value_of(R"({"state":"revoked","clip":2,"size_bytes":4096,"sent_bytes":1024})");
  CHECK(progress_words(begun) == ", 1.0 KiB of 4.0 KiB sent (25 %)");
  CHECK(clip_words(begun) == "left in part as clip 2");
  const json::Value sent =
      value_of(R"({"state":"revoked","clip":2,"size_bytes":4096,"sent_bytes":4096})");
  CHECK(clip_words(sent) == "left as clip 2");
}

TEST_CASE("nothing hidden is said only of a clip that was made, or would be") {
  CHECK(hidden_words(value_of(R"({"state":"waiting","redact":[]})")) == "nothing");
  CHECK(hidden_words(value_of(R"({"state":"waiting","redact":["audio","faces"]})")) ==
        "audio, faces");
  CHECK(hidden_words(value_of(R"({"state":"refused"})")).empty());
  CHECK(hidden_words(value_of(R"({"state":"waiting","not_judged":"paused"})")) ==
        "not known now: paused");
}

TEST_CASE("where nobody knows any more how much was sent, nothing is said of it") {
  const json::Value old = value_of(R"({"state":"expired","clip":3,"receipts":[]})");
  CHECK(progress_words(old).empty());
  CHECK(clip_words(old) == "was on offer as clip 3");
  const json::Value signed_for =
      value_of(R"({"state":"revoked","clip":3,"receipts":[{"signed":"2026-05-05T02:50:00Z"}]})");
  CHECK(clip_words(signed_for) == "left as clip 3");
  CHECK(clip_words(value_of(R"({"state":"delivered","clip":3})")) == "left as clip 3");
  CHECK(clip_words(value_of(R"({"state":"waiting"})")).empty());
}

TEST_CASE("a camera is not called unshared where the rules cannot be read") {
  const auto note = [](std::string_view in_rules) {
    const json::Value cameras =
        value_of(fmt::format(R"([{{"camera":"door","state":"recording"{}}}])", in_rules));
    return camera_table(*cameras.as<json::List>(), cli::Zone());
  };
  CHECK(note("").find("the rules are broken: nothing is shared") != std::string::npos);
  CHECK(note(R"(,"in_rules":false)").find("not in the rules: never shared") != std::string::npos);
  CHECK(note(R"(,"in_rules":true)").find("rules") == std::string::npos);
}
