// The real film: people who walk must be hidden where they were seen by eye. The boxes were drawn
// on the source's pictures before the redaction was looked at.
#include <cstdlib>

#include "gateway/base/status.h"
#include "gateway/redact/core.h"
#include "tests/support/catch.h"
#include "tests/unit/redact/made_footage.h"

namespace latchstring::redact {
namespace {

struct Person {
  std::size_t frame;  // of 10 a second
  int left, top, right, bottom;
};

constexpr Person kWalking[] = {
    {0, 254, 219, 282, 308},  {0, 500, 157, 530, 232},  {0, 641, 240, 684, 322},
    {40, 379, 178, 400, 259}, {40, 575, 236, 605, 333}, {40, 602, 232, 634, 325},
    {40, 735, 282, 767, 399},
};

// A leak: the head (top quarter, middle three fifths) is less than 80 % filled.
bool leaks(const media::Picture& picture, const Person& person) {
  const int width = person.right - person.left;
  const int height = person.bottom - person.top;
  return filled_part(picture, person.left + width / 5, person.top, width * 3 / 5, height / 4) < 0.8;
}

TEST_CASE("people walking through the film are hidden") {
  MemoryFootage footage = film(0, 6);
  INFO(
      "LATCHSTRING_FILM names vtest.avi of Debian's opencv-doc; ctest's fixture `film` fetches it");
  REQUIRE(!footage.units.empty());
  const auto source = decoded(footage.stream.video_caps, footage.units);
  Job job;
  job.plan.classes = {"moving"};
  Collected out;
  REQUIRE(run(job, footage, out).ok());
  const auto pictures = decoded(out);
  REQUIRE(pictures.size() == 60);
  for (const Person& person : kWalking) {
    INFO("frame " << person.frame << " at " << person.left << "," << person.top);
    CHECK(!leaks(pictures[person.frame], person));
    CHECK(filled_part(source[person.frame], person.left, person.top, person.right - person.left,
                      person.bottom - person.top) < 0.8);
  }
  double filled = 0;
  for (const media::Picture& picture : pictures) {
    filled += filled_part(picture, 0, 0, 768, 576) / 60;
  }
  CHECK(filled < 0.3);  // people included
}

}  // namespace
}  // namespace latchstring::redact
