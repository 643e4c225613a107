#include "gateway/base/status.h"
#include "gateway/base/time.h"
#include "gateway/json/json.h"
#include "tests/support/catch.h"

namespace latchstring::json {
namespace {

std::string said(const absl::Status& status) {
  return std::string(message_of(status));
}

TEST_CASE("a whole object is read") {
  Limits limits;
  limits.fractions = true;
  const auto value = parse(
      R"({"s":"äö","o":"","i":-3,"n":18446744073709551615,"r":0.5,"b":true,"l":["a","b"],
          "k":[1,2],"in":{"t":"2026-05-04T21:50:00Z"},"fs":[{"x":1},{"x":2}],"j":{"kty":"OKP"}})",
      limits);
  Reader r(*value);
  CHECK(r.string("s", 2) == "äö");
  CHECK(r.optional_string("o", 5).empty());
  CHECK(r.optional_string("absent", 5).empty());
  CHECK(r.integer("i", -3, 3) == -3);
  CHECK(!r.optional_integer("absent", 0, 1));
  CHECK(r.natural("n") == std::numeric_limits<std::uint64_t>::max());
  CHECK(r.real("r", 0, 1) == 0.5);
  CHECK(r.boolean("b"));
  CHECK(r.optional_boolean("absent", true));
  CHECK(r.strings("l", 2, 1) == std::vector<std::string>{"a", "b"});
  CHECK(r.integers("k", 2, 1, 2) == std::vector<std::int64_t>{1, 2});
  CHECK(to_rfc3339(r.object("in").string_as("t", 40, from_rfc3339)) == "2026-05-04T21:50:00Z");
  std::int64_t sum = 0;
  for (Reader& file : r.objects("fs", 2)) sum += file.integer("x", 0, 9);
  CHECK(sum == 3);
  CHECK(r.text_of("j") == R"({"kty":"OKP"})");
  CHECK(r.done().ok());
}

TEST_CASE("unknown members are refused, also in inner objects that are still open") {
  const auto value = parse(R"({"a":{"b":1,"evil":2}})");
  Reader r(*value);
  Reader inner = r.object("a");
  CHECK(inner.integer("b", 0, 9) == 1);
  CHECK(said(r.done()) == "`a.evil` is not a known member");
  CHECK(r.failed());

  const auto list = parse(R"({"fs":[{},{"x":1}]})");
  Reader s(*list);
  (void)s.objects("fs", 5);
  CHECK(said(s.done()) == "`fs[1].x` is not a known member");
}

TEST_CASE("the first error is kept and says which member") {
  const auto value = parse(R"({"a":{"b":"x"},"c":7})");
  Reader r(*value);
  CHECK(r.object("a").integer("b", 0, 9) == 0);
  CHECK(r.string("c", 9).empty());
  CHECK(said(r.done()) == "`a.b`: must be an integer from 0 to 9");
}

absl::Status fault(std::string_view text, void (*read)(Reader&)) {
  const auto value = parse(text);
  Reader r(*value);
  read(r);
  return r.done();
}

TEST_CASE("wrong kinds, ranges and missing members are InvalidArgument") {
  CHECK(said(fault("[]", [](Reader&) {})) == "not a JSON object");
  CHECK(said(fault("{}", [](Reader& r) { r.string("a", 9); })) == "`a`: is missing");
  CHECK(said(fault("{}", [](Reader& r) { r.integer("a", 0, 9); })) == "`a`: is missing");
  CHECK(said(fault("{}", [](Reader& r) { r.boolean("a"); })) == "`a`: is missing");
  CHECK(said(fault("{}", [](Reader& r) { r.object("a").string("b", 1); })) == "`a`: is missing");
  CHECK(!fault(R"({"a":"xx"})", [](Reader& r) { r.string("a", 1); }).ok());
  CHECK(!fault(R"({"a":""})", [](Reader& r) { r.string("a", 1); }).ok());
  CHECK(!fault(R"({"a":null})", [](Reader& r) { r.optional_string("a", 1); }).ok());
  CHECK(!fault(R"({"a":-1})", [](Reader& r) { r.natural("a"); }).ok());
  CHECK(!fault(R"({"a":10})", [](Reader& r) { r.natural("a", 9); }).ok());
  CHECK(!fault(R"({"a":18446744073709551615})", [](Reader& r) { r.integer("a", 0, 9); }).ok());
  CHECK(!fault(R"({"a":1})", [](Reader& r) { r.boolean("a"); }).ok());
  CHECK(!fault(R"({"a":2})", [](Reader& r) { r.real("a", 0, 1); }).ok());
  CHECK(!fault(R"({"a":[1,2]})", [](Reader& r) { r.strings("a", 2, 9); }).ok());
  CHECK(!fault(R"({"a":["x","y"]})", [](Reader& r) { r.strings("a", 1, 9); }).ok());
  CHECK(!fault(R"({"a":["x"]})", [](Reader& r) { r.integers("a", 2, 0, 9); }).ok());
  CHECK(!fault(R"({"a":[1,2,3]})", [](Reader& r) { r.integers("a", 2, 0, 9); }).ok());
  CHECK(!fault(R"({"a":{}})", [](Reader& r) { r.integers("a", 2, 0, 9); }).ok());
  CHECK(!fault(R"({"a":[{},{}]})", [](Reader& r) { r.objects("a", 1); }).ok());
  CHECK(!fault(R"({"a":[{},1]})", [](Reader& r) { r.objects("a", 2); }).ok());
  CHECK(!fault(R"({"a":1})", [](Reader& r) { r.object("a"); }).ok());
  CHECK(!fault(R"({"a":"x"})", [](Reader& r) { r.string_as("a", 40, from_rfc3339); }).ok());
}

}  // namespace
}  // namespace latchstring::json
