#include "gateway/evidence/sheet.h"

#include "tests/support/catch.h"
#include "tests/support/release.h"

namespace latchstring::evidence {
namespace {

std::string sample() {
  const test::TemporaryFolder folder;
  test::SampleRelease release;
  release.leave_evidence(folder.path());
  return test::get(folder.path() / "release-1.html");
}

TEST_CASE("the sheet says who, what, when and how to verify") {
  const test::TemporaryFolder folder;
  const test::SampleRelease release;
  release.leave_evidence(folder.path());
  const std::string html = test::get(folder.path() / "release-1.html");
  const auto says = [&html](std::string_view text) {
    INFO(text);
    CHECK(html.find(text) != std::string::npos);
  };
  says("River Police");
  says("26-001234");
  says("front_door");
  says("2026-05-05 09:30:00 UTC to 2026-05-05 09:30:02 UTC");
  says(release.gateway.verify_key().thumbprint());
  says(crypto::sha256_hex(test::get(folder.path() / "clip-1.mp4")));
  says("latchstring-request verify");
  says("902(13)");
}

TEST_CASE("the sheet needs nothing else and runs nothing") {
  const std::string html = sample();
  for (const char* never : {"<script", "http://", "https://", "src=", "href=", "@import", "url(",
                            "javascript:", "onload"}) {
    INFO(never);
    CHECK(html.find(never) == std::string::npos);
  }
}

TEST_CASE("words from outside are text in the sheet") {
  const std::string html = sample();
  CHECK(html.find("badge <4711>") == std::string::npos);
  CHECK(html.find("badge &lt;4711&gt;") != std::string::npos);
  CHECK(html.find("hedge &amp; &lt;gate&gt;") != std::string::npos);
}

}  // namespace
}  // namespace latchstring::evidence
