#include "gateway/archive/segment.h"

#include "gateway/archive/day_keys.h"
#include "gateway/base/status.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::archive {
namespace {

TEST_CASE("names of segments have one spelling") {
  for (const char* id :
       {"front/2026-05-04/1777888800000000-abcdefghij", "a_1/2026-05-04/-5-abcdefghij",
        "front/2026-05-04/1777888800000000-abcdefghij-recovered"}) {
    const auto name = SegmentName::parse(id);
    if (std::string_view(id).find("/-5") != std::string_view::npos) {
      CHECK(!name);  // before 1970: no such footage
      continue;
    }
    REQUIRE(name);
    CHECK(name->id() == id);
  }
  for (const char* id :
       {"", "front", "front/2026-05-04", "front/2026-05-04/12", "front/2026-05-04/12-abc",
        "../2026-05-04/12-abcdefghij", "Front/2026-05-04/12-abcdefghij",
        "front/2026-5-04/12-abcdefghij", "front/2026-05-04/012-abcdefghij",
        "front/2026-05-04/12-abcdefghi1", "front/2026-05-04/+12-abcdefghij",
        "front/2026-05-04/12-abcdefghij-recovered-recovered", "front/2026-05-04//12-abcdefghij",
        "front/2026-05-04/12-abcdefghij/x", "front/2026-05-04/99999999999999999999-abcdefghij"}) {
    INFO(id);
    CHECK(!SegmentName::parse(id));
  }
}

TEST_CASE("the box tells segments apart, and a recovered one is the same footage") {
  const auto name = *SegmentName::parse("front/2026-05-04/12-abcdefghij");
  const auto other = *SegmentName::parse("back/2026-05-04/12-abcdefghij");
  auto recovered = name;
  recovered.recovered = true;
  CHECK(name.box() == recovered.box());
  CHECK(name.box() != other.box());
  const Bytes box = name.box();
  CHECK(box[3] == box.size());
  CHECK(as_text(ByteView(box).subspan(4, 4)) == "uuid");
}

TEST_CASE("a damaged key of the day says what to do, and doing it works") {
  const test::TemporaryFolder folder;
  const auto keyring = crypto::Keyring::open(folder.path());
  REQUIRE(keyring.ok());
  const std::string before = DayKeys(**keyring).recipient("2026-05-04")->text();
  const Path file = folder.path() / "day-2026-05-04.key";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  DayKeys keys(**keyring);
  const absl::Status damaged = keys.recipient("2026-05-04").status();
  CHECK(absl::IsDataLoss(damaged));
  for (const std::string& words :
       {file.string(), std::string("from a copy"), std::string("move it away")})
    CHECK(message_of(damaged).find(words) != std::string::npos);
  std::filesystem::remove(file);
  REQUIRE(keys.recipient("2026-05-04").ok());
  CHECK(keys.recipient("2026-05-04")->text() != before);
}

TEST_CASE("a forgotten day stays forgotten: reading never makes a key") {
  crypto::start();
  const test::TemporaryFolder folder;
  const auto keyring = *crypto::Keyring::open(folder.path() / "keyring");
  DayKeys keys(*keyring);
  CHECK(absl::IsNotFound(keys.identity("2026-05-04").status()));
  const auto recipient = keys.recipient("2026-05-04");
  REQUIRE(recipient.ok());
  CHECK(keys.identity("2026-05-04")->recipient() == *recipient);
  CHECK(*keys.recipient("2026-05-04") == *recipient);
  CHECK(keys.days() == std::vector<std::string>{"2026-05-04"});
  REQUIRE(keys.destroy("2026-05-04").ok());
  CHECK(absl::IsNotFound(keys.identity("2026-05-04").status()));
  CHECK(keys.days().empty());
  CHECK(!(*keys.recipient("2026-05-04") == *recipient));
  CHECK(!keys.recipient("../kek").ok());
}

}  // namespace
}  // namespace latchstring::archive
