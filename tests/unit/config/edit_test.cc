#include "gateway/config/edit.h"

#include "gateway/base/status.h"
#include "tests/support/catch.h"

using namespace latchstring;
using namespace latchstring::config;

namespace {

constexpr std::string_view kFile = "house-rules.yaml";

constexpr std::string_view kBlock =
    "# head\n"
    "agencies:   # who\n"
    "  pd: {name: \"Police, with } and #\", key_file: keys/pd.jwk}  # the police\n"
    "  fire:\n"
    "    name: Fire\n"
    "    key_file: keys/fire.jwk\n"
    "\n"
    "# the cameras\n"
    "cameras: {}\n";

}  // namespace

TEST_CASE("an entry is added behind the last one, comments stay") {
  const auto text = insert_entry(kBlock, kFile, "agencies", "court", "{a: 1}");
  REQUIRE(text.ok());
  CHECK(*text ==
        "# head\n"
        "agencies:   # who\n"
        "  pd: {name: \"Police, with } and #\", key_file: keys/pd.jwk}  # the police\n"
        "  fire:\n"
        "    name: Fire\n"
        "    key_file: keys/fire.jwk\n"
        "  court: {a: 1}\n"
        "\n"
        "# the cameras\n"
        "cameras: {}\n");
  CHECK(absl::IsFailedPrecondition(insert_entry(kBlock, kFile, "agencies", "pd", "x").status()));
}

TEST_CASE("a section on one line gets a line for each entry, and so does a new one") {
  CHECK(insert_entry(kBlock, kFile, "cameras", "door", "{a: 1}")
            .value()
            .ends_with("cameras:\n  door: {a: 1}\n"));
  CHECK(insert_entry("c: {a: \"} # \", b: [1, 2]} # end\ne: 1\n", kFile, "c", "d", "3").value() ==
        "c: # end\n  a: \"} # \"\n  b: [1, 2]\n  d: 3\ne: 1\n");
  CHECK(insert_entry("c:\n  {a: {x: 1,\n    y: 2}}", kFile, "c", "d", "3").value() ==
        "c:\n  a: {x: 1,\n    y: 2}\n  d: 3\n");
  CHECK(insert_entry("{c: {a: 1}, e: 2}\n", kFile, "c", "d", "3").value() ==
        "{c: {a: 1, d: 3}, e: 2}\n");
  CHECK(insert_entry("c: {a: it's, # a } there\n  b: 'x'\n}\n", kFile, "c", "d", "3").value() ==
        "c: {a: it's, # a } there\n  b: 'x', d: 3\n}\n");
  CHECK(insert_entry("c: {a: 1,\n}\n", kFile, "c", "d", "3").value() == "c:\n  a: 1\n  d: 3\n");
  CHECK(insert_entry("c: # note: mine\n  {a: 1}\n", kFile, "c", "d", "3").value() ==
        "c: # note: mine\n  {a: 1, d: 3}\n");
  CHECK(insert_entry("a: b", kFile, "c", "d", "3").value() == "a: b\nc:\n  d: 3\n");
  CHECK(absl::IsFailedPrecondition(insert_entry("c: x\n", kFile, "c", "d", "3").status()));
  CHECK(insert_entry("\xc3\xa4\xc3\xb6: {\xc3\xbc: \"\xe2\x82\xac\", b: 1}\n", kFile,
                     "\xc3\xa4\xc3\xb6", "d", "3")
            .value() == "\xc3\xa4\xc3\xb6:\n  \xc3\xbc: \"\xe2\x82\xac\"\n  b: 1\n  d: 3\n");
}

TEST_CASE("a member is set where it stands, added and taken out, comments stay") {
  const auto set = [](std::string_view text, std::string_view id, std::string_view member,
                      std::string_view value) {
    return set_member(text, kFile, "c", id, member, value).value();
  };
  constexpr std::string_view kFlow = "c:\n  a: {x: \"1, }\", y: 2}  # one\n  b: {x: 3}\n";
  CHECK(set(kFlow, "a", "x", "9") == "c:\n  a: {x: 9, y: 2}  # one\n  b: {x: 3}\n");
  CHECK(set(kFlow, "a", "z", "9") == "c:\n  a: {x: \"1, }\", y: 2, z: 9}  # one\n  b: {x: 3}\n");
  CHECK(set(kFlow, "a", "x", "") == "c:\n  a: {y: 2}  # one\n  b: {x: 3}\n");
  CHECK(set(kFlow, "a", "z", "") == kFlow);
  constexpr std::string_view kLines = "c:\n  a:\n    x: 1  # x\n    # y\n    y: 2\n  b: {x: 3}\n";
  CHECK(set(kLines, "a", "x", "9") == "c:\n  a:\n    x: 9  # x\n    # y\n    y: 2\n  b: {x: 3}\n");
  CHECK(set(kLines, "a", "z", "9") ==
        "c:\n  a:\n    x: 1  # x\n    # y\n    y: 2\n    z: 9\n  b: {x: 3}\n");
  CHECK(set(kLines, "a", "y", "") == "c:\n  a:\n    x: 1  # x\n    # y\n  b: {x: 3}\n");
  CHECK(absl::IsNotFound(set_member(kFlow, kFile, "c", "d", "x", "1").status()));
  CHECK(absl::IsNotFound(set_member(kFlow, kFile, "e", "a", "x", "1").status()));
  CHECK(absl::IsFailedPrecondition(
      set_member("c: {a: {x: [1]}}\n", kFile, "c", "a", "x", "1").status()));
}

TEST_CASE("an entry is removed with its lines") {
  CHECK(remove_entry(kBlock, kFile, "agencies", "fire").value() ==
        "# head\n"
        "agencies:   # who\n"
        "  pd: {name: \"Police, with } and #\", key_file: keys/pd.jwk}  # the police\n"
        "\n"
        "# the cameras\n"
        "cameras: {}\n");
  CHECK(remove_entry("c:  # two\n  a:\n    b: 1\n# end\nd: 1\n", kFile, "c", "a").value() ==
        "c: {}  # two\n# end\nd: 1\n");
  CHECK(remove_entry("c: {a: 1, b: [x, y], d: 3}\n", kFile, "c", "b").value() ==
        "c: {a: 1, d: 3}\n");
  CHECK(remove_entry("c: {a: 1, b: 2}\n", kFile, "c", "b").value() == "c: {a: 1}\n");
  CHECK(remove_entry("c: {a: 1}\n", kFile, "c", "a").value() == "c: {}\n");
  CHECK(absl::IsNotFound(remove_entry(kBlock, kFile, "cameras", "x").status()));
}

TEST_CASE("words go into lists and out of them") {
  constexpr std::string_view kFlow = "household: {name: x, residents: [alex, sam]}\n";
  CHECK(insert_word(kFlow, kFile, "household", "residents", "kim").value() ==
        "household: {name: x, residents: [alex, sam, kim]}\n");
  CHECK(remove_word(kFlow, kFile, "household", "residents", "alex").value() ==
        "household: {name: x, residents: [sam]}\n");
  CHECK(remove_word(kFlow, kFile, "household", "residents", "sam").value() ==
        "household: {name: x, residents: [alex]}\n");
  constexpr std::string_view kLines =
      "household:\n  residents:\n    - alex  # me\n    - sam\n  name: x\n";
  CHECK(insert_word(kLines, kFile, "household", "residents", "kim").value() ==
        "household:\n  residents:\n    - alex  # me\n    - sam\n    - kim\n  name: x\n");
  CHECK(remove_word(kLines, kFile, "household", "residents", "alex").value() ==
        "household:\n  residents:\n    - sam\n  name: x\n");
  CHECK(absl::IsNotFound(remove_word(kLines, kFile, "household", "residents", "kim").status()));
  CHECK(absl::IsFailedPrecondition(
      insert_word(kFlow, kFile, "household", "residents", "sam").status()));
  CHECK(absl::IsFailedPrecondition(
      remove_word("household: {residents: [alex]}\n", kFile, "household", "residents", "alex")
          .status()));
  CHECK(absl::IsFailedPrecondition(insert_word(kFlow, kFile, "household", "pets", "cat").status()));
}

TEST_CASE("comments inside brackets swallow nothing") {
  CHECK(insert_entry("c: {a: 1, # one\n}\n", kFile, "c", "d", "3").value() ==
        "c: {a: 1, d: 3 # one\n}\n");
  CHECK(insert_entry("c: {a: 1 # one, }\n}\n", kFile, "c", "d", "3").value() ==
        "c: {a: 1, d: 3 # one, }\n}\n");
  CHECK(insert_entry("c: { # none }\n}\n", kFile, "c", "d", "3").value() ==
        "c: { # none }\nd: 3}\n");
  CHECK(remove_entry("c: {a: 1, # one\n  b: 2}\n", kFile, "c", "b").value() ==
        "c: {a: 1, # one\n  }\n");
  CHECK(remove_entry("c: {a: 1, # one\n  b: 2}\n", kFile, "c", "a").value() ==
        "c: {# one\n  b: 2}\n");
  CHECK(remove_entry("c: {a: 1, b: 2, # two\n}\n", kFile, "c", "b").value() ==
        "c: {a: 1, # two\n}\n");
}

TEST_CASE("a broken file is not edited") {
  CHECK(absl::IsInvalidArgument(insert_entry("a: {b\n", kFile, "c", "d", "3").status()));
  CHECK(absl::IsInvalidArgument(remove_entry("a: 1\na: 2\n", kFile, "a", "d").status()));
}

TEST_CASE("a camera is replaced without touching what stays the same") {
  Camera before;
  before.id = "door";
  before.url = "rtsp://a/1";
  before.user = "me";
  before.audio = true;
  Camera after = before;
  after.url = "rtsp://b/2";
  after.audio = false;
  after.label = "street";
  CHECK(replace_camera("cameras:\n  door: {user: me, url: 'rtsp://a/1', audio: yes}  # old\n",
                       "gateway.yaml", before, after)
            .value() ==
        "cameras:\n  door: {user: me, url: \"rtsp://b/2\", label: \"street\"}  # old\n");
}

TEST_CASE("a camera that was written as text is read back as it was") {
  Camera camera;
  camera.id = "door";
  camera.url = "rtsp://192.168.1.2:8554/a?b=c#d";
  camera.user = "me, \"myself\" \\ {us}";
  camera.password_credential = "door";
  camera.audio = true;
  camera.label = "street: side";
  Fresh fresh;
  fresh.name = "x";
  const std::string text = fresh_gateway_yaml(fresh);
  const auto edited = insert_entry(text, "gateway.yaml", "cameras", "door", camera_value(camera));
  REQUIRE(edited.ok());
  const auto config = load(*edited, "gateway.yaml");
  INFO(*edited << message_of(config.status()));
  REQUIRE(config.ok());
  REQUIRE(config->cameras.size() == 1);
  CHECK(config->cameras[0] == camera);
  CHECK(remove_entry(*edited, "gateway.yaml", "cameras", "door").value() == text);
}
