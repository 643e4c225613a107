#include "gateway/evidence/ustar.h"

#include "gateway/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::evidence {
namespace {

const Instant kNow = *from_rfc3339("2026-05-05T10:00:00Z");
const std::vector<std::string> kNames{"manifest-1.jws", "frames-1.csv"};

std::string archive(const std::vector<TarFile>& files, std::uint64_t padding = 0) {
  std::string text;
  const auto put = [&text](ByteView bytes) {
    text += as_text(bytes);
    return absl::OkStatus();
  };
  REQUIRE(write_ustar(files, kNow, ustar_size(files) + padding, put).ok());
  return text;
}

std::string sample(std::uint64_t padding = 0) {
  return archive({{"manifest-1.jws", "a.b.c"}, {"frames-1.csv", std::string_view("x\n")}}, padding);
}

TEST_CASE("what is written is read again, padded or not") {
  for (const std::uint64_t padding : {0u, 512u, 51'200u}) {
    const std::string text = sample(padding);
    CHECK(text.size() == 6 * kTarBlock + padding);
    const auto files = read_ustar(text, kNames);
    REQUIRE(files.ok());
    CHECK((*files)[0].content == "a.b.c");
    CHECK((*files)[1].content == "x\n");
  }
  const std::string whole(kTarBlock * 3, 'x');
  CHECK(read_ustar(archive({{"a", whole}, {"b", ""}}), {"a", "b"})->at(0).content == whole);
}

TEST_CASE("tar lists and unpacks it") {
  const test::TemporaryFolder folder;
  REQUIRE(write_file_durably(folder.path() / "a.tar", sample(1024)).ok());
  const std::string in = "cd " + folder.path().string() + " && ";
  REQUIRE(std::system((in + "tar tf a.tar > list && tar xf a.tar").c_str()) == 0);
  CHECK(*read_file(folder.path() / "list", 1000) == "manifest-1.jws\nframes-1.csv\n");
  CHECK(*read_file(folder.path() / "frames-1.csv", 1000) == "x\n");
}

TEST_CASE("no byte of it can be changed but in its contents") {
  const std::string good = sample(512);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    const auto files = read_ustar(bad, kNames);
    if (!files.ok()) continue;
    const bool in_content = (*files)[0].content != "a.b.c" || (*files)[1].content != "x\n";
    // The time is not checked against anything: it needs its checksum to be right, though.
    INFO(at);
    CHECK(in_content);
  }
}

TEST_CASE("other files, orders, kinds and ends are refused") {
  const std::string good = sample();
  CHECK(!read_ustar(good, {"frames-1.csv", "manifest-1.jws"}).ok());
  CHECK(!read_ustar(good, {"manifest-1.jws"}).ok());
  CHECK(!read_ustar(good, {"manifest-1.jws", "frames-1.csv", "more"}).ok());
  CHECK(!read_ustar(good, {}).ok());
  CHECK(!read_ustar("", kNames).ok());
  CHECK(!read_ustar(good.substr(0, good.size() - 512), kNames).ok());
  CHECK(!read_ustar(good.substr(0, good.size() - 1), kNames).ok());
  CHECK(!read_ustar(good.substr(0, 700), kNames).ok());
  CHECK(!read_ustar(good.substr(0, 1024), kNames).ok());
  CHECK(!read_ustar(archive({{"../evil", "x"}}), {"evil"}).ok());
  std::string link = good;
  link[156] = '2';
  CHECK(!read_ustar(link, kNames).ok());
}

TEST_CASE("over its limits it is neither written nor read") {
  const std::string large(kInnerFileMax + 1, 'x');
  const auto put = [](ByteView) { return absl::OkStatus(); };
  const std::vector<TarFile> files{{"a", large}};
  CHECK(absl::IsResourceExhausted(write_ustar(files, kNow, ustar_size(files), put)));
  CHECK(absl::IsResourceExhausted(write_ustar({}, kNow, kTarMax + kTarBlock, put)));
}

}  // namespace
}  // namespace latchstring::evidence
