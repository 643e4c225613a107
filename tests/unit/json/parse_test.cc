#include "gateway/json/json.h"

#include "tests/support/catch.h"

namespace latchstring::json {
namespace {

std::string round_trip(std::string_view text) {
  const auto value = parse(text);
  return value.ok() ? to_text(*value) : std::string(value.status().message());
}

TEST_CASE("values keep their order, kind and exact integers") {
  const std::string text =
      R"({"z":1,"a":[true,false,null,"x"],"min":-9223372036854775808,"max":18446744073709551615})";
  CHECK(round_trip(text) == text);
  const auto value = parse(text);
  const Object& object = *value->as<Object>();
  CHECK(*object[2].second.as<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
  CHECK(*object[3].second.as<std::uint64_t>() == std::numeric_limits<std::uint64_t>::max());
  CHECK(parse("null")->is_null());
}

TEST_CASE("what is not strict JSON is refused") {
  const std::string_view wrong[] = {
      "",
      " ",
      "{",
      "{}x",
      "{} {}",
      "[1,]",
      "{\"a\":1,}",
      "{'a':1}",
      "{a:1}",
      "// c\n{}",
      "{/**/}",
      "NaN",
      "Infinity",
      "-",
      "01",
      "+1",
      "1.",
      ".5",
      "\"\x01\"",
      "\"\\x41\"",
      "\"\\ud800\"",
      "\"\\udc00\\ud800\"",
      "\"\xff\"",
      "\"\xc0\xaf\"",
      "\"\xed\xa0\x80\"",
      "\xEF\xBB\xBF{}",
      "\"\\u0000\"",
      "{\"\\u0000\":1}",
      std::string_view("{}\0", 3),
      std::string_view("{}\0{\"a\":1}", 10),
  };
  for (const std::string_view text : wrong) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(parse(text).status()));
  }
}

TEST_CASE("a name may stand once, however it is written") {
  CHECK(absl::IsInvalidArgument(parse(R"({"alg":1,"alg":1})").status()));
  CHECK(absl::IsInvalidArgument(parse(R"({"alg":1,"\u0061lg":2})").status()));
  CHECK(absl::IsInvalidArgument(parse(R"({"x":{"b":1,"c":2,"b":3}})").status()));
  CHECK(parse(R"({"x":{"b":1},"b":1})").ok());
}

TEST_CASE("integers do not silently become fractions") {
  for (const std::string_view text :
       {"1.0", "1e3", "18446744073709551616", "-9223372036854775809"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(parse(text).status()));
  }
  Limits limits;
  limits.fractions = true;
  CHECK(*parse("0.25", limits)->as<double>() == 0.25);
  CHECK(*parse("7", limits)->as<std::int64_t>() == 7);
  CHECK(absl::IsInvalidArgument(parse("1e999", limits).status()));
}

TEST_CASE("size and depth are limited") {
  Limits limits;
  limits.bytes = 10;
  CHECK(parse("\"12345678\"", limits).ok());
  CHECK(absl::IsResourceExhausted(parse("\"123456789\"", limits).status()));
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(parse(nested(kDepthMax)).ok());
  CHECK(absl::IsInvalidArgument(parse(nested(kDepthMax + 1)).status()));
  CHECK(absl::IsInvalidArgument(parse(std::string(60'000, '[')).status()));
  const auto wide = [](std::size_t members) {
    Writer object;
    for (std::size_t i = 0; i < members; ++i) object.boolean(std::to_string(i), true);
    return object.text();
  };
  CHECK(parse(wide(kMembersMax)).ok());
  CHECK(absl::IsInvalidArgument(parse(wide(kMembersMax + 1)).status()));
}

}  // namespace
}  // namespace latchstring::json
