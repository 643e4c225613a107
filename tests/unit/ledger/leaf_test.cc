#include "gateway/ledger/leaf.h"

#include "tests/support/catch.h"
#include "tests/unit/ledger/house.h"

namespace latchstring::ledger {
namespace {

using test::kHash;
using test::kMay;

std::string line(Event event) {
  return *leaf_line({kMay, std::move(event), "", ""}, "00", "");
}

TEST_CASE("each event has exactly the members that docs/ref/ledger.md names") {
  const std::string start = R"({"v":1,"at":"2026-05-04T13:06:40Z","event":)";
  const std::string end = R"(,"salt":"00"})";
  const std::string h = "\"" + kHash + "\"";
  const Interval hour{from_unix_seconds(0), from_unix_seconds(3600)};
  const std::string span = R"("from":"1970-01-01T00:00:00Z","to":"1970-01-01T01:00:00Z")";

  CHECK(line(Start{true}) == start + R"("start","clock_right":true)" + end);
  CHECK(line(Stop{}) == start + R"("stop")" + end);
  CHECK(line(CameraChange{"added", kHash}) ==
        start + R"("camera","change":"added","config":)" + h + end);
  CHECK(line(PolicyChange{"broken", ""}) == start + R"("policy","change":"broken")" + end);
  CHECK(line(TrustChange{"agency_added", kHash}) ==
        start + R"("trust","change":"agency_added","key":)" + h + end);
  CHECK(line(Request{kHash, "received"}) ==
        start + R"("request","request":)" + h + R"(,"state":"received")" + end);
  CHECK(line(Decision{kHash, "ask_one", kHash}) ==
        start + R"("decision","request":)" + h + R"(,"outcome":"ask_one","policy":)" + h + end);
  CHECK(line(Approval{kHash, "yes"}) ==
        start + R"("approval","request":)" + h + R"(,"answer":"yes")" + end);
  CHECK(line(Hold{"", "made"}) == start + R"("hold","change":"made")" + end);
  CHECK(line(ReleaseCommit{"", 2, kHash, kHash}) ==
        start + R"("release_commit","piece":2,"delivery":)" + h + R"(,"manifest":)" + h + end);
  // A gift in a file: nothing was delivered to anybody.
  CHECK(line(ReleaseCommit{"", 1, "", kHash}) ==
        start + R"("release_commit","piece":1,"manifest":)" + h + end);
  CHECK(line(Done{kHash, 1, kHash, kHash}) == start + R"("done","request":)" + h +
                                                  R"(,"piece":1,"delivery":)" + h +
                                                  R"(,"receipt":)" + h + end);
  CHECK(line(Abort{kHash, 1, "no_footage"}) ==
        start + R"("abort","request":)" + h + R"(,"piece":1,"reason":"no_footage")" + end);
  // The whole request: no piece is named.
  CHECK(line(Abort{kHash, 0, "cancelled"}) ==
        start + R"("abort","request":)" + h + R"(,"reason":"cancelled")" + end);
  CHECK(line(Revoke{kHash, 0, ""}) == start + R"("revoke","request":)" + h + end);
  CHECK(line(Revoke{kHash, 1, kHash}) ==
        start + R"("revoke","request":)" + h + R"(,"piece":1,"delivery":)" + h + end);
  CHECK(line(SegmentRoot{hour, 12, kHash}) ==
        start + R"("segment_root",)" + span + R"(,"segments":12,"root":)" + h + end);
  CHECK(line(Unverified{hour, 3, 4}) ==
        start + R"("unverified",)" + span + R"(,"malformed":3,"denied":4)" + end);
  CHECK(line(Shred{"day", hour}) == start + R"("shred","what":"day",)" + span + end);
  CHECK(line(ClockJump{-1500}) == start + R"("clock_jump","by_ms":-1500)" + end);
  CHECK(line(Heartbeat{}) == start + R"("heartbeat")" + end);
  CHECK(line(Filler{}) == start + R"("filler")" + end);
  CHECK(*leaf_line({kMay, Stop{}, "", ""}, "00", "ff") ==
        start + R"("stop","detail":"ff","salt":"00"})");
  CHECK(event_of(line(Heartbeat{})) == "heartbeat");
}

TEST_CASE("nothing but words, hashes, numbers and times gets into a leaf") {
  const std::vector<Event> bad = {Request{"", "received"},
                                  Request{kHash, "Alex Miller said no"},
                                  Request{kHash, ""},
                                  Request{kHash, std::string(33, 'a')},
                                  Request{"alex", "received"},
                                  Request{std::string(64, 'A'), "received"},
                                  Approval{kHash, "yes\",\"x"},
                                  Decision{kHash, "refuse", "rules"},
                                  Abort{kHash, -1, "no_footage"},
                                  Revoke{kHash, -1, ""},
                                  Done{kHash, 1, kHash, ""},
                                  ReleaseCommit{kHash, 1, "", kHash}};
  for (const Event& event : bad) {
    CHECK(absl::IsInvalidArgument(leaf_line({kMay, event, "", ""}, "00", "").status()));
  }
}

}  // namespace
}  // namespace latchstring::ledger
