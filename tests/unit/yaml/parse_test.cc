#include <fmt/format.h>

#include "gateway/yaml/yaml.h"
#include "tests/support/catch.h"

namespace latchstring::yaml {
namespace {

std::string faults_of(std::string_view text) {
  Faults faults("f.yaml", text);
  const auto root = parse(text, faults);
  CHECK(root.has_value() == faults.empty());
  return faults.text();
}

TEST_CASE("a plain file becomes a tree with places") {
  const std::string text =
      "# a comment with an apostrophe: don't\n"
      "name: \"14 Maple: Street\"  # it's here\n"
      "days: [sat, 'sun']\n"
      "rules:\n"
      "  - {who: äb, when: \"22:00 to 06:00\"}\n"
      "  - plain: don't worry\n";
  Faults faults("f.yaml", text);
  const auto root = parse(text, faults);
  INFO(faults.text());
  REQUIRE(root.has_value());
  REQUIRE(root->keys.size() == 3);
  CHECK(root->find("name")->text == "14 Maple: Street");
  CHECK(root->find("name")->quoted);
  CHECK(root->find("name")->place.line == 2);
  CHECK(root->find("name")->place.column == 7);
  CHECK(root->find("name")->place.width == 18);
  REQUIRE(root->find("days")->items.size() == 2);
  CHECK(!root->find("days")->items[0].quoted);
  const Node& rule = root->find("rules")->items.at(0);
  CHECK(rule.find("who")->text == "äb");
  CHECK(rule.keys.at(1).place.column == 15);  // characters, not bytes
  CHECK(root->find("rules")->items.at(1).find("plain")->text == "don't worry");
  CHECK(root->find("nothing") == nullptr);
}

TEST_CASE("a message names file, line and column, quotes the line and points") {
  CHECK(faults_of("a: 1\nbb: 2\n  \nbb: 3\n") ==
        "f.yaml:4:1: \"bb\" is here twice (first at line 2).\n"
        "    4 | bb: 3\n"
        "      | ^^   move what stands here up to line 2, both under one \"bb\"");
}

TEST_CASE("what nobody sees in a quoted line is named, and the caret still points") {
  CHECK(faults_of("a: b\xe2\x80\xae"
                  "c\n") ==
        "f.yaml:1:5: There is an invisible character here.\n"
        "    1 | a: b<U+202E>c\n"
        "      |     ^^^^^^^^   delete this place and type it anew");
  CHECK(faults_of("\xef\xbb\xbf"
                  "a: 1\n")
            .find("    1 | <U+FEFF>a: 1\n      | ^^^^^^^^   save") != std::string::npos);
  CHECK(faults_of("ä: \xe2\x80\x9cx\n").find("    1 | ä: \xe2\x80\x9cx\n      |    ^   type") !=
        std::string::npos);
}

TEST_CASE("a bracket that is not closed is the fault, not what follows it") {
  CHECK(faults_of("a: 1\nb: [x, {y: 2}, \"]\", # ]\nc: 3\nd: 4\n") ==
        "f.yaml:2:4: This \"[\" is not closed.\n"
        "    2 | b: [x, {y: 2}, \"]\", # ]\n"
        "      |    ^   close it with ]");
  CHECK(faults_of("a: [").find("f.yaml:1:4: This \"[\" is not closed.") == 0);
  CHECK(faults_of("a: {b: [1]\n").find("f.yaml:1:4: This \"{\" is not closed.") == 0);
}

TEST_CASE("limits have a hint") {
  CHECK(faults_of("a: [[[[[[[[[[[[[1]]]]]]]]]]]]]\n").find("^   nothing here needs so many") !=
        std::string::npos);
  CHECK(faults_of("a: " + std::string(kBytesMax, 'x')).find("take out what is not needed") !=
        std::string::npos);
}

TEST_CASE("Windows line ends are read as line ends") {
  Faults faults("f.yaml", "");
  const auto root = parse("a: 1\r\nb: x y\r\n", faults);
  REQUIRE(root.has_value());
  CHECK(root->find("b")->text == "x y");
}

struct Trap {
  std::string text;
  std::string at;      // line:column
  std::string phrase;  // of the message
};

TEST_CASE("whatever could mean two things is refused at its place") {
  const std::vector<Trap> traps{
      {"a: 1\na: 2\n", "2:1", "twice"},
      {"m: {x: 1, x: 2}\n", "1:11", "twice"},
      {"a: \"open\nb: 2\nc: \"3\"\n", "1:4", "not closed"},
      {"a: 'open\nb: 2\n", "1:4", "not closed"},
      {"a: [\"x\", 'y]\n", "1:10", "not closed"},
      {"a: \"one\n  two\"\n", "1:4", "not closed"},
      {"a: 1\n---\nb: 2\n", "2:1", "second document"},
      {"a: 1\n...\nb: 2\n", "3:1", "second document"},
      {"a: 1\n---\n", "2:1", "second document"},
      {"a: &x 1\n", "1:4", "Anchors"},
      {"a: &x [1]\n", "1:4", "Anchors"},
      {"b: &x 1\na: *x\n", "1:4", "Anchors"},
      {"a: *x\n", "1:4", "References"},
      {"a: !!str 1\n", "1:4", "Tags"},
      {"a: ! 1\n", "1:4", "Tags"},
      {"a: !x {b: 1}\n", "1:4", "Tags"},
      {"a: !!binary aGVsbG8=\n", "1:4", "Tags"},
      {"%YAML 1.2\n---\na: 1\n", "1:1", "%"},
      {"a:\nb: 2\n", "1:1", "\"a\" is missing"},
      {"a: ~\n", "1:1", "missing"},
      {"a: null\n", "1:1", "missing"},
      {"a: [1, ]\nb: {x: }\n", "2:5", "\"x\" is missing"},
      {"a: {x, y}\n", "1:5", "missing"},
      {": 1\n", "1:1", "key is missing"},
      {"[a, b]: 1\n", "1:1", "key must be a plain word"},
      {"{a: 1}: 1\n", "1:1", "key must be a plain word"},
      {"a: |\n  text\n", "1:4", "block of text"},
      {"a: >\n  text\n", "1:4", "block of text"},
      {"a: one\n  two\n", "1:4", "next line"},
      {"a: [one\n  two]\n", "1:5", "next line"},
      {"a:\t1\n", "1:3", "a tab"},
      {"a: 1 # x\ty\n", "1:9", "a tab"},
      {"a: \"x\ty\"\n", "1:6", "a tab"},
      {"a: \xE2\x80\x9Cx\xE2\x80\x9D\n", "1:4", "curly quote"},
      {"a: \xE2\x80\x98x\n", "1:4", "curly quote"},
      {"a:\xC2\xA0x\n", "1:3", "no-break space"},
      {"\xEF\xBB\xBF"
       "a: 1\n",
       "1:1", "byte order mark"},
      {std::string("a: x\0y\n", 7), "1:5", "control character"},
      {"a: \xE2\x80\xAEx\n", "1:4", "invisible"},
      {"a: \xFF\n", "1:4", "UTF-8"},
      {"a: \xC0\xAF\n", "1:4", "UTF-8"},
      {"a: \xED\xA0\x80\n", "1:4", "UTF-8"},
      {"a: b: c\n", "1:5", "second colon"},
      {"a: [1, 2\nb: 3\n", "", ""},
      {"a: 1\n  b: 2\n", "2:3", "indented more than the one above"},
      {"a: @x\n", "1:4", "must not begin with \"@\""},
      {"a: {b: 1}}\n", "1:10", "closes nothing"},
      {"a: [1]]\n", "1:7", "closes nothing"},
      {"- 1\n- 2\n", "1:1", "must be keys with values"},
      {"just words\n", "1:1", "must be keys with values"},
      {"", "1:1", "empty"},
      {"# only a comment\n", "1:1", "empty"},
      {"a: [[[[[[[[[[[[[1]]]]]]]]]]]]]\n", "1:15", "nested"},
      {"a: x\ry\n", "1:5", "carriage return"},
      {std::string("a: ") + std::string(70'000, 'x'), "1:1", "65536"},
  };
  for (const Trap& trap : traps) {
    INFO(trap.text);
    const std::string message = faults_of(trap.text);
    INFO(message);
    CHECK(!message.empty());
    if (!trap.at.empty()) CHECK(message.find("f.yaml:" + trap.at + ":") == 0);
    CHECK(message.find(trap.phrase) != std::string::npos);
  }
}

TEST_CASE("a leading document mark is allowed; faults beyond the limit are counted") {
  CHECK(faults_of("---\na: 1\n") == "");
  std::string many;
  for (int i = 0; i < 30; ++i) many += fmt::format("k{}:\n", i);
  const std::string message = faults_of(many);
  CHECK(message.find("... and 10 more") != std::string::npos);
  CHECK(message.find("f.yaml:20:1:") != std::string::npos);
  CHECK(message.find("f.yaml:21:1:") == std::string::npos);
}

}  // namespace
}  // namespace latchstring::yaml
