#include "gateway/evidence/frames.h"

#include "gateway/base/status.h"
#include "tests/support/catch.h"

namespace latchstring::evidence {
namespace {

const auto kAny = [](const FrameTime&) { return absl::OkStatus(); };

TEST_CASE("frames are written and read in order") {
  const Instant at = *from_rfc3339("2026-05-04T21:55:00.04Z");
  const std::string text = frames_csv({{at, "front-1"}, {at + std::chrono::milliseconds{40}, ""}});
  CHECK(text ==
        "frame,utc,source\n0,2026-05-04T21:55:00.040Z,front-1\n1,2026-05-04T21:55:00.080Z,\n");
  std::vector<FrameTime> seen;
  const auto rows = read_frames_csv(text, [&seen](const FrameTime& frame) {
    seen.push_back(frame);
    return absl::OkStatus();
  });
  REQUIRE(rows.ok());
  CHECK(*rows == 2);
  CHECK(seen[0].utc == at);
  CHECK(seen[0].source == "front-1");
  CHECK(*read_frames_csv(frames_csv({}), kAny) == 0);
}

TEST_CASE("rows that are not what they should be are refused by line") {
  const std::string head = "frame,utc,source\n";
  for (const char* rows : {"1,2026-05-04T21:55:00Z,a\n", "0,2026-05-04 21:55:00,a\n",
                           "0,2026-05-04T21:55:00Z,a,b\n", "0,2026-05-04T21:55:00Z,a", "0\n", "\n",
                           "0,2026-05-04T21:55:00Z,a\n0,2026-05-04T21:55:00Z,a\n"}) {
    INFO(rows);
    CHECK(absl::IsInvalidArgument(read_frames_csv(head + rows, kAny).status()));
  }
  CHECK(!read_frames_csv("", kAny).ok());
  CHECK(!read_frames_csv("frame,utc\n", kAny).ok());
  const auto refused = read_frames_csv(head + "0,2026-05-04T21:55:00Z,a\n",
                                       [](const FrameTime&) { return denied("no"); });
  CHECK(refused.status().message() == "line 2: no");
}

}  // namespace
}  // namespace latchstring::evidence
