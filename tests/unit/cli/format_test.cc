#include "gateway/cli/format.h"

#include "tests/support/catch.h"

using namespace latchstring;
using namespace latchstring::cli;

TEST_CASE("what a stranger wrote cannot move the cursor or turn text around") {
  CHECK(shown("plain, \xc3\xa4\xe2\x82\xac\xf0\x9f\x8f\xa0") ==
        "plain, \xc3\xa4\xe2\x82\xac\xf0\x9f\x8f\xa0");
  CHECK(shown("a\x1b[2Jb\nc\td\x7f") == "a?[2Jb?c?d?");
  CHECK(shown("a\xe2\x80\xae"
              "b\xe2\x81\xa6"
              "c") == "a?b?c");  // U+202E, U+2066
  CHECK(shown("\xc2\x9b"
              "31m") == "?31m");            // C1 CSI
  CHECK(shown("\xff\xc3") == "??");         // no UTF-8
  CHECK(shown("\xf3\xa0\x81\x81") == "?");  // a tag character
  CHECK(shown_lines("a\nb\r") == "a\nb?");
}

TEST_CASE("columns are aligned by characters, not by bytes") {
  Table table({"A", "B"});
  table.row({"\xc3\xa4\xc3\xa4\xc3\xa4", "x"});
  table.row({"b", "\x1b"});
  table.row({"only one"});
  CHECK(table.text() == "A         B\n\xc3\xa4\xc3\xa4\xc3\xa4       x\nb         ?\nonly one\n");
}

TEST_CASE("sizes, counts and lengths of time are read aloud") {
  CHECK(size_text(0) == "0 bytes");
  CHECK(size_text(1023) == "1023 bytes");
  CHECK(size_text(1024) == "1.0 KiB");
  CHECK(size_text(3ull << 39) == "1.5 TiB");
  CHECK(size_text(~0ull) == "16777216.0 TiB");
  CHECK(count_text(1, "entry", "entries") == "1 entry");
  CHECK(count_text(0, "entry", "entries") == "0 entries");
  CHECK(span_text(std::chrono::seconds(0)) == "0 seconds");
  CHECK(span_text(std::chrono::seconds(59)) == "59 seconds");
  CHECK(span_text(std::chrono::seconds(90'061)) == "1 day 1 hour");
  CHECK(span_text(std::chrono::seconds(86'400 + 61)) == "1 day 1 minute");
}

TEST_CASE("times are shown by the household's clock") {
  const Zone zone = Zone::named("America/Chicago");
  CHECK(zone.time("2026-05-05T02:50:00Z") == "2026-05-04 21:50:00 CDT");
  CHECK(zone.time("2026-01-05T02:50:00Z") == "2026-01-04 20:50:00 CST");
  CHECK(zone.span("2026-05-05T02:50:00Z", "2026-05-05T03:10:00Z") ==
        "2026-05-04 21:50:00 to 22:10:00 CDT");
  CHECK(zone.span("2026-05-05T02:50:00Z", "2026-05-05T06:10:00Z") ==
        "2026-05-04 21:50:00 to 2026-05-05 01:10:00 CDT");
  CHECK(zone.time("soon\x1b") == "soon?");
  CHECK(zone.time("9999-12-31T00:00:00Z") == "9999-12-30 18:00:00 CST");
  CHECK(Zone::named("Nowhere/AtAll").time("2026-05-05T02:50:00Z") == "2026-05-05 02:50:00 UTC");
}

TEST_CASE("a missing member of an answer reads as empty") {
  const auto value = json::parse(R"({"n":5,"t":"x","f":true,"l":["a",1,"b"],"neg":-1})");
  REQUIRE(value.ok());
  CHECK(number(*value, "n") == 5);
  CHECK(number(*value, "neg") == 0);
  CHECK(number(*value, "t") == 0);
  CHECK(real(*value, "n") == 5.0);
  CHECK(text(*value, "t") == "x");
  CHECK(text(*value, "none").empty());
  CHECK(flag(*value, "f"));
  CHECK_FALSE(flag(*value, "none"));
  CHECK(joined(texts(*value, "l")) == "a, b");
  CHECK(list(*value, "t").empty());
  CHECK(member(json::Value(), "x") == nullptr);
}

TEST_CASE("a path in a command line to copy stays one word") {
  CHECK(shell_word("/srv/my_house") == "/srv/my_house");
  CHECK(shell_word("my house/gateway.yaml") == "'my house/gateway.yaml'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("$HOME") == "'$HOME'");
  CHECK(shell_word("") == "''");
}
