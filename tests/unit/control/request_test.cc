#include "gateway/control/request.h"

#include <set>

#include "gateway/base/status.h"
#include "tests/support/catch.h"

using namespace latchstring;
using namespace latchstring::control;

namespace {

absl::Status refusal(std::string_view line) {
  return parse_request(std::string(line)).status();
}

bool says(const absl::Status& status, std::string_view words) {
  return message_of(status).find(words) != std::string_view::npos;
}

}  // namespace

TEST_CASE("the table is sound") {
  std::set<std::string_view> names;
  for (const Operation& operation : operations()) {
    CHECK(names.insert(operation.name).second);
    CHECK_FALSE(operation.sentence.empty());
    CHECK(operation.answer_within.count() > 0);
    std::set<std::string_view> arguments;
    for (const Argument& argument : operation.arguments)
      CHECK(arguments.insert(argument.name).second);
    CHECK(find_operation(operation.name) == &operation);
  }
  CHECK(find_operation("request") == nullptr);
}

TEST_CASE("a request is read with its arguments and PINs") {
  auto request = parse_request(
      R"({"v":1,"op":"share.file","args":{"camera":"front_door","from":"2026-05-04T21:50:00-05:00")"
      R"(,"to":"2026-05-05T03:00:00Z"},"pins":[{"resident":"alex","pin":"482\u0031aé"},)"
      R"({"pin":"x","resident":"sam"}],"passphrase":"correct horse"})");
  INFO(message_of(request.status()));
  REQUIRE(request.ok());
  CHECK(request->operation->name == "share.file");
  CHECK(request->arguments.text("camera") == "front_door");
  CHECK(to_rfc3339(request->arguments.instant("from")) == "2026-05-05T02:50:00Z");
  REQUIRE(request->pins.size() == 2);
  CHECK(request->pins[0].resident == "alex");
  CHECK(request->pins[0].pin.view() == "4821aé");
  CHECK(request->pins[1].pin.view() == "x");
  CHECK(request->passphrase.view() == "correct horse");
  CHECK(request->new_pin.empty());
}

TEST_CASE("arguments that may be missing have their defaults") {
  const auto request =
      parse_request(R"({"v":1,"op":"log.show","args":{"count":9007199254740991}})");
  REQUIRE(request.ok());
  CHECK(request->arguments.number("count", 50) == 9007199254740991u);
  CHECK(request->arguments.number("from", 7) == 7);
  CHECK(request->arguments.text("event").empty());
  CHECK_FALSE(request->arguments.has("id"));
  const auto list = parse_request(R"({"v":1,"op":"request.list"})");
  REQUIRE(list.ok());
  CHECK_FALSE(list->arguments.flag("open"));
}

TEST_CASE("a request that does not fit its row is refused") {
  struct Wrong {
    std::string_view line;
    std::string_view words;
  };
  const Wrong wrongs[] = {
      {"", "request"},
      {"[]", "must be an object"},
      {R"({"v":2,"op":"status"})", "version 1"},
      {R"({"op":"status"})", "version 1"},
      {R"({"v":1})", "name its operation"},
      {R"({"v":1,"op":7})", "name its operation"},
      {R"({"v":1,"op":"status","op":"pause"})", "op"},
      {R"({"v":1,"op":"status","now":true})", "no member `now`"},
      {R"({"v":1,"op":"status","args":[]})", "`args` must be an object"},
      {R"({"v":1,"op":"status","args":{"x":1}})", "takes no argument `x`"},
      {R"({"v":1,"op":"camera.test"})", "needs the argument `camera`"},
      {R"({"v":1,"op":"camera.test","args":{"camera":"Front"}})", "must be a name"},
      {R"({"v":1,"op":"camera.test","args":{"camera":"../x"}})", "must be a name"},
      {R"({"v":1,"op":"camera.test","args":{"camera":""}})", "must be a name"},
      {R"({"v":1,"op":"camera.test","args":{"camera":7}})", "must be text"},
      {R"({"v":1,"op":"request.show","args":{"id":"aaaaaaaaa1"}})", "must be an id"},
      {R"({"v":1,"op":"request.show","args":{"id":"aaaaaaaaaaa"}})", "must be an id"},
      {R"({"v":1,"op":"request.list","args":{"open":"yes"}})", "true or false"},
      {R"({"v":1,"op":"log.show","args":{"count":-1}})", "whole number"},
      {R"({"v":1,"op":"log.show","args":{"count":9007199254740992}})", "whole number"},
      {R"({"v":1,"op":"log.show","args":{"event":"a\nb"}})", "control characters"},
      {R"({"v":1,"op":"request.approve","args":{"id":"aaaaaaaaaa"}})", "needs the PIN"},
      {R"({"v":1,"op":"request.approve","args":{"id":"aaaaaaaaaa"},"pins":[]})", "needs the PIN"},
      {R"({"v":1,"op":"status","pins":[{"resident":"alex","pin":"1"}]})", "takes no PIN"},
      {R"({"v":1,"op":"pause","pins":{"resident":"alex","pin":"1"}})", "must be a list"},
      {R"({"v":1,"op":"pause","pins":[{"resident":"alex"}]})", "`resident` and `pin`"},
      {R"({"v":1,"op":"pause","pins":[{"resident":"alex","pin":1}]})", "must be text"},
      {R"({"v":1,"op":"pause","pins":[{"resident":"alex","pin":""}]})", "must be text"},
      {R"({"v":1,"op":"pause","pins":[{"resident":"Al ex","pin":"1"}]})", "must be a name"},
      {R"({"v":1,"op":"pause","pins":[{"resident":"alex","pim":"1"}]})", "no member `pim`"},
      {R"({"v":1,"op":"pause","pins":[{"resident":"alex","pin":"1"},)"
       R"({"resident":"alex","pin":"2"}]})",
       "named twice"},
      {R"({"v":1,"op":"pause","pins":[{"resident":"alex","pin":"1"}],"new_pin":"2"})",
       "takes no `new_pin`"},
      {R"({"v":1,"op":"resident.add","args":{"resident":"kim"}})", "needs a `new_pin`"},
      {R"({"v":1,"op":"share.agency","pins":[{"resident":"alex","pin":"1"}],)"
       R"("args":{"camera":"a","agency":"pd","from":"yesterday","to":"today"}})",
       "argument `from`"},
  };
  for (const Wrong& wrong : wrongs) {
    const absl::Status status = refusal(wrong.line);
    INFO(wrong.line << " -> " << message_of(status));
    CHECK(absl::IsInvalidArgument(status));
    CHECK(says(status, wrong.words));
  }
  CHECK(absl::IsNotFound(refusal(R"({"v":1,"op":"house.burn"})")));
}

TEST_CASE("limits of a request hold") {
  const std::string pin(kPinMax, 'p');
  const auto with_pin = [](const std::string& text) {
    return R"({"v":1,"op":"pause","pins":[{"resident":"alex","pin":")" + text + R"("}]})";
  };
  CHECK(parse_request(with_pin(pin)).ok());
  CHECK(says(refusal(with_pin(pin + "p")), "more than 128 bytes"));

  std::string many = R"({"v":1,"op":"pause","pins":[)";
  for (std::size_t i = 0; i <= kResidentsMax; ++i)
    many += fmt::format(R"({}{{"resident":"r{}","pin":"1"}})", i == 0 ? "" : ",", i);
  CHECK(says(refusal(many + "]}"), "more than 32 PINs"));

  const auto with_text = [](std::size_t size) {
    return R"({"v":1,"op":"log.show","args":{"event":")" + std::string(size, 'e') + R"("}})";
  };
  CHECK(parse_request(with_text(kTextMax)).ok());
  CHECK(says(refusal(with_text(kTextMax + 1)), "at most 2000 bytes"));
  CHECK_FALSE(refusal(with_text(kLineMax)).ok());
  CHECK_FALSE(refusal(R"({"v":1,"op":"status","args":)" + std::string(100, '[') + "}").ok());
}

TEST_CASE("a refusal never repeats a PIN") {
  for (const std::string_view line :
       {R"({"v":1,"op":"status","pins":[{"resident":"alex","pin":"481516"}]})",
        R"({"v":1,"op":"pause","pins":[{"resident":"alex","pin":"481516","x":1}]})",
        R"({"v":1,"op":"pause","pins":["481516"]})", R"({"v":1,"op":"pause","pins":"481516"})",
        R"({"v":1,"op":"pause","new_pin":"481516"})"})
    CHECK_FALSE(says(refusal(line), "481516"));
}

TEST_CASE("a PIN is moved, wiped and never shared") {
  Pin first("482913");
  Pin second(std::move(first));
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): that is the point
  CHECK(second.view() == "482913");
  Pin third;
  third = std::move(second);
  CHECK(third.view() == "482913");
  std::string text = "482913";
  const char* memory = text.data();
  wipe(text);
  CHECK(text.empty());
  CHECK(memory[1] == '\0');
}

namespace {

class Caught final : public Reply::Target {
 public:
  void answer(std::string line) override { lines.push_back(std::move(line)); }
  std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("a reply answers exactly once") {
  const auto caught = std::make_shared<Caught>();
  {
    const Reply reply(caught);
    const Reply copy = reply;
    copy.ok(json::Writer().integer("n", 1));
    reply.fail(denied("too late"));
  }
  REQUIRE(caught->lines.size() == 1);
  CHECK(caught->lines[0] == "{\"v\":1,\"ok\":{\"n\":1}}\n");
}

TEST_CASE("a reply that was forgotten says so, and one that is too long too") {
  const auto caught = std::make_shared<Caught>();
  { const Reply reply(caught); }
  Reply(caught).ok(json::Writer().string("s", std::string(kLineMax, 'x')));
  Reply(caught).fail(denied("`{}`", std::string(kLineMax, 'x')), "a hint");
  REQUIRE(caught->lines.size() == 3);
  CHECK(caught->lines[0].find("without an answer") != std::string::npos);
  CHECK(caught->lines[1].find("resource_exhausted") != std::string::npos);
  CHECK(caught->lines[2].size() < kLineMax);
}
