#include "gateway/archive/segment.h"

#include "tests/support/catch.h"

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

}  // namespace
}  // namespace latchstring::archive
