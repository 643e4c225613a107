// The finished files: counted, timed and looked at by ffprobe, which knows nothing of us.
#include <cstdio>
#include <fstream>

#include "gateway/base/status.h"
#include "gateway/crypto/secret.h"
#include "gateway/redact/spool.h"
#include "gateway/redact/video.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/redact/made_footage.h"

namespace latchstring::redact {
namespace {

void bars(media::Picture& picture, int n) {
  for (const media::Plane& plane : picture.planes()) {
    std::fill(plane.data, plane.data + plane.stride * plane.height, std::uint8_t{128});
  }
  const media::Plane& luma = picture.planes()[0];
  for (int y = 20; y < 60; ++y) {
    for (int x = 0; x < 40; ++x) luma.data[y * luma.stride + (n * 5 + x) % luma.width] = 220;
  }
}

MemoryFootage footage(int count = 40) {
  return footage_of({320, 240, 1, 1, "bt709"}, count, 20, bars);
}

struct Scene {
  Scene() {
    crypto::start();
    settings.spool_folder = folder.path() / "spool";
    settings.worker_program = LATCHSTRING_WORKER;
    terms.interval = {kStart, kStart + std::chrono::seconds{60}};
    terms.redaction.classes = {"moving"};
  }
  absl::StatusOr<ReleasedVideo> redacted(MemoryFootage& source) {
    return redacted_video(settings, terms, source, sources, {}, cancel);
  }
  // `frames codec has_audio`, counted by decoding without an edit list.
  std::string probed(const ReleasedVideo& video) const {
    Bytes bytes(video.mp4->size_bytes());
    REQUIRE(video.mp4->read(0, bytes).ok());
    const Path file = folder.path() / "out.mp4";
    REQUIRE(write_file_durably(file, as_text(bytes)).ok());
    const std::string command = fmt::format(
        "ffprobe -v error -ignore_editlist 1 -count_frames -show_entries "
        "stream=codec_name,nb_read_frames -select_streams v -of csv=p=0 {}",
        file.string());
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    char line[200] = {};
    REQUIRE(std::fgets(line, sizeof line, pipe) != nullptr);
    ::pclose(pipe);
    return line;
  }

  test::TemporaryFolder folder;
  Settings settings;
  GrantTerms terms;
  std::vector<SourceSegment> sources{{"seg-a", "aa", 1}, {"seg-b", "bb", 2}};
  worker::Cancel cancel;
};

TEST_CASE("a redacted clip holds exactly the kept frames, at their own times") {
  Scene scene;
  MemoryFootage source = footage();
  for (std::size_t i = 0; i < 40; ++i) {
    source.units[i].keep = i >= 5;
    source.units[i].source = i < 20 ? 0 : 1;
  }
  const auto video = scene.redacted(source);
  INFO(video.status().ToString());
  REQUIRE(video.ok());
  REQUIRE(video->frames.size() == 35);
  for (std::size_t i = 0; i < 35; ++i) CHECK(video->frames[i].utc == source.units[i + 5].utc);
  CHECK(video->frames[0].source == "seg-a");
  CHECK(video->frames[34].source == "seg-b");
  CHECK(video->given.from == source.units[5].utc);
  CHECK(video->given.to == source.units[39].utc + std::chrono::milliseconds{50});
  CHECK(video->codec.substr(0, 7) == "avc1.64");
  CHECK(video->reencoded);
  CHECK(!video->has_audio);
  CHECK(video->redacted == std::vector<std::string>{"audio", "moving"});
  CHECK(video->notes.empty());
  CHECK(video->regions_json.find("\"fill\":\"#000000\"") != std::string::npos);
  CHECK(scene.probed(*video).substr(0, 7) == "h264,35");
}

TEST_CASE("what no model can find is said in the notes") {
  Scene scene;
  scene.terms.redaction.classes = {"faces"};
  MemoryFootage source = footage(10);
  const auto video = scene.redacted(source);
  REQUIRE(video.ok());
  REQUIRE(video->notes.size() == 1);
  CHECK(video->notes[0].find("finds faces") != std::string::npos);
}

TEST_CASE("kept sound is in the file, other sound is not") {
  Scene scene;
  MemoryFootage source = footage();
  add_sound(source);
  CHECK(!scene.redacted(source)->has_audio);
  MemoryFootage again = footage();
  add_sound(again);
  scene.terms.redaction.keep_audio = true;
  const auto video = scene.redacted(again);
  INFO(video.status().ToString());
  REQUIRE(video.ok());
  CHECK(video->has_audio);
  CHECK(video->redacted == std::vector<std::string>{"moving"});
}

TEST_CASE("a frame outside what was granted fails the release") {
  Scene scene;
  scene.terms.interval.to = kStart + std::chrono::seconds{1};
  MemoryFootage source = footage();
  CHECK(absl::IsDataLoss(scene.redacted(source).status()));
}

TEST_CASE("footage that changes between the passes, or a worker that cheats, makes nothing") {
  Scene scene;
  MemoryFootage source = footage();
  source.second = source.units;
  source.second.pop_back();
  CHECK(!scene.redacted(source).ok());
  scene.settings.worker_program = "./latchstring-treacherous-worker";
  for (const char* how : {"nothing", "skip a frame", "region outside", "sound", "image",
                          "rewind early", "half of the second pass"}) {
    INFO(how);
    MemoryFootage other = footage(12);
    scene.terms.redaction.watermark = how;
    CHECK(absl::IsDataLoss(scene.redacted(other).status()));
  }
}

TEST_CASE("an untouched clip is the camera's own units, and nothing but kept ones") {
  Scene scene;
  scene.terms.redaction.classes.clear();
  scene.terms.native = true;
  MemoryFootage source = footage();
  const auto pass = [&](MemoryFootage& from) {
    return untouched_video(scene.settings, scene.terms, from, scene.sources, scene.cancel);
  };
  const auto video = pass(source);
  INFO(video.status().ToString());
  REQUIRE(video.ok());
  CHECK(!video->reencoded);
  CHECK(video->frames.size() == 40);
  CHECK(scene.probed(*video).substr(0, 7) == "h264,40");

  MemoryFootage lead_in = footage();
  lead_in.units[0].keep = false;
  CHECK(!pass(lead_in).ok());
  scene.terms.redaction.classes = {"moving"};
  MemoryFootage to_redact = footage();
  CHECK(!pass(to_redact).ok());
}

TEST_CASE("a viewing copy plays everywhere and says that it is one") {
  Scene scene;
  scene.terms.redaction.classes.clear();
  scene.terms.redaction.keep_audio = true;
  MemoryFootage source = hevc_footage(40, 20);
  add_sound(source, "mulaw");
  source.about = "a viewing copy of part 1";
  const auto copy = scene.redacted(source);
  INFO(copy.status().ToString());
  REQUIRE(copy.ok());
  CHECK(copy->reencoded);
  CHECK(copy->has_audio);
  CHECK(copy->codec.substr(0, 5) == "avc1.");
  CHECK(copy->notes == std::vector<std::string>{"a viewing copy of part 1"});
  CHECK(copy->redacted.empty());
  CHECK(scene.probed(*copy).substr(0, 7) == "h264,40");
}

TEST_CASE("sound that is missing is told, and not called hidden") {
  Scene scene;
  scene.terms.redaction.keep_audio = true;
  const auto without = [&] {
    MemoryFootage source = footage();
    source.stream.audio_caps = "audio/x-alaw,rate=8000,channels=1";  // and no packet of it
    return source;
  };
  const auto told = [](const ReleasedVideo& video) {
    return video.notes.size() == 1 && video.notes[0].find("there is no sound in it") == 0;
  };
  MemoryFootage source = without();
  const auto redacted = scene.redacted(source);
  REQUIRE(redacted.ok());
  CHECK(!redacted->has_audio);
  CHECK(told(*redacted));
  CHECK(redacted->redacted == std::vector<std::string>{"moving"});
  scene.terms.redaction.classes.clear();
  scene.terms.native = true;
  MemoryFootage again = without();
  const auto native =
      untouched_video(scene.settings, scene.terms, again, scene.sources, scene.cancel);
  REQUIRE(native.ok());
  CHECK(told(*native));
  CHECK(native->redacted.empty());
}

TEST_CASE("the spool gives back what went in, and the disk shows none of it") {
  Scene scene;
  auto writer = SpoolWriter::open(scene.settings.spool_folder);
  REQUIRE(writer.ok());
  const Bytes bytes(200'000, 0x5A);
  REQUIRE((*writer)->append(bytes).ok());
  CHECK(std::filesystem::is_empty(scene.settings.spool_folder));  // no name to find it by
  const auto spool = (*writer)->finish();
  REQUIRE(spool.ok());
  CHECK((*spool)->size_bytes() == bytes.size());
  Bytes part(100);
  REQUIRE((*spool)->read(199'900, part).ok());
  CHECK(part == Bytes(100, 0x5A));
  CHECK(!(*spool)->read(199'950, part).ok());
}

TEST_CASE("any film file: as many frames out as in, same size, a report") {
  Scene scene;
  MemoryFootage source = footage(30);
  RedactionPlan untouched;
  GrantTerms terms = scene.terms;
  terms.redaction = untouched;
  terms.native = true;
  const auto in = untouched_video(scene.settings, terms, source, {}, scene.cancel);
  REQUIRE(in.ok());
  scene.probed(*in);  // leaves out.mp4
  const Path from = scene.folder.path() / "out.mp4";
  const Path to = scene.folder.path() / "redacted.mp4";
  const Path report = scene.folder.path() / "regions.json";
  const auto made =
      redact_file(scene.settings, from, scene.terms.redaction, to, report, {}, scene.cancel);
  INFO(made.status().ToString());
  REQUIRE(made.ok());
  CHECK(made->frames == 30);
  CHECK(made->width == 320);
  CHECK(made->height == 240);
  CHECK(std::filesystem::file_size(to) > 1000);
  CHECK(read_file(report, 1'000'000)->find("\"frames\":[") != std::string::npos);
  // A name that cannot be taken: nothing is left behind.
  const Path taken = scene.folder.path() / "taken";
  REQUIRE(make_folder(taken / "by a folder").ok());
  CHECK(!redact_file(scene.settings, from, {}, taken, report, {}, scene.cancel).ok());
  CHECK(!std::filesystem::exists(taken.string() + ".new"));
  CHECK(!std::filesystem::exists(report));
  CHECK(!redact_file(scene.settings, "/none.mp4", {}, to, report, {}, scene.cancel).ok());
}

}  // namespace
}  // namespace latchstring::redact
