#include "gateway/json/json.h"
#include "tests/support/catch.h"

namespace latchstring::json {
namespace {

TEST_CASE("members stand in the order written, on one line") {
  Writer inner;
  inner.string("t", "x");
  Writer w;
  w.string("z", "1").integer("a", -2).natural("n", 18446744073709551615ULL).boolean("b", false);
  w.real("r", 0.1).strings("l", {"p", "q"}).strings("e", {}).integers("i", {1, 2});
  w.object("o", inner).objects("os", {inner, Writer{}}).optional_string("no", "").json("j", "[]");
  CHECK(w.text() ==
        R"({"z":"1","a":-2,"n":18446744073709551615,"b":false,"r":0.1,"l":["p","q"],"e":[],)"
        R"("i":[1,2],"o":{"t":"x"},"os":[{"t":"x"},{}],"j":[]})");
  CHECK(Writer{}.text() == "{}");
  CHECK(Writer{}.real("r", -0.0).text() == R"({"r":0})");
}

TEST_CASE("text is escaped so that it reads back the same") {
  std::string all;
  for (int c = 1; c < 128; ++c) all += static_cast<char>(c);
  all += "äöü€𝄞\u2028";
  const std::string quoted = quote(all);
  CHECK(quoted.find('\n') == std::string::npos);
  CHECK(*parse(quoted)->as<std::string>() == all);
  CHECK(quote("a\"b\\c\n\x1f") == R"("a\"b\\c\n\u001f")");
}

TEST_CASE("bytes that are not UTF-8 never leave") {
  for (const std::string_view bad :
       {"\xff", "a\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
    const std::string quoted = quote(bad);
    CHECK(parse(quoted).ok());
    CHECK(quoted.find("\xEF\xBF\xBD") != std::string::npos);
  }
}

}  // namespace
}  // namespace latchstring::json
