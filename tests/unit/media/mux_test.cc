// Muxing against ffmpeg: what stands in our files is what stood in the film, packet for packet.
#include "gateway/media/mux.h"

#include <sstream>

#include "gateway/media/file_reader.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/media/recording.h"

namespace latchstring::media {
namespace {

using test::output_of;

// `size,md5` of every packet, in order, and pts in milliseconds.
std::string packets_of(const std::string& file, const std::string& stream,
                       const char* options = "") {
  std::istringstream lines(output_of(
      fmt::format("ffmpeg -v error -nostdin {} -i '{}' -map 0:{} -c copy -f framehash -hash md5 -",
                  options, file, stream)));
  std::string line, out;
  while (std::getline(lines, line)) {
    if (!line.empty() && line[0] != '#')
      out += line.substr(line.rfind(',', line.rfind(',') - 1)) + "\n";
  }
  return out;
}

std::string pictures_of(const std::string& file) {
  return output_of(
      fmt::format("ffmpeg -v error -nostdin -i '{}' -map 0:v -vsync passthrough -f md5 -", file));
}

int frames_of(const std::string& file, const char* options = "") {
  return std::stoi(output_of(fmt::format(
      "ffprobe -v error {} -count_frames -select_streams v:0 -show_entries stream=nb_read_frames "
      "-of csv=p=0 '{}'",
      options, file)));
}

std::string make(const std::filesystem::path& folder, const std::string& codec) {
  const std::string file = (folder / "in.mp4").string();
  output_of(
      fmt::format("ffmpeg -v error -nostdin -y -f lavfi -i testsrc=size=320x240:rate=15 "
                  "-f lavfi -i sine=frequency=440:sample_rate=16000 -t 6 -pix_fmt yuv420p {} -g 30 "
                  "-shortest '{}'",
                  codec, file));
  return file;
}

struct Case {
  const char* name;
  const char* encoding;
  const char* codec;
};

TEST_CASE("a file read and muxed again has the same packets, moov first, and no edit list") {
  const Case cases[] = {
      {"baseline", "-c:v libx264 -preset ultrafast -bf 0 -c:a aac", "avc1.42c0"},
      {"reordered", "-c:v libx264 -preset medium -bf 3 -c:a aac", "avc1.6400"},
      {"h265", "-c:v libx265 -x265-params log-level=none -preset ultrafast -an", "hvc1.1."},
      {"no sound", "-c:v libx264 -preset ultrafast -an", "avc1."},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const test::TemporaryFolder folder;
    const std::string in = make(folder.path(), one.encoding);
    auto reader = read_file_footage(in, Instant{});
    INFO(reader.status().ToString());
    REQUIRE(reader.ok());
    Mp4Head head;
    const Bytes file = test::mux_to_memory(**reader, &head);
    const std::string out = (folder.path() / "out.mp4").string();
    test::write_file(out, file);
    CHECK(head.codec.rfind(one.codec, 0) == 0);
    CHECK(head.frames == 90);
    CHECK(std::llabs(head.duration_ns - 6'000'000'000) < 100'000'000);
    std::string ours = packets_of(out, "v:0", "-ignore_editlist 1");
    std::string theirs = packets_of(in, "v:0");
    if (head.codec[0] == 'h') {
      // h265parse puts the parameter sets before the first picture once more.
      ours.erase(0, ours.find('\n'));
      theirs.erase(0, theirs.find('\n'));
    }
    CHECK(ours == theirs);
    CHECK(pictures_of(out) == pictures_of(in));
    if (head.has_audio) {
      // The edit list of the input hides the encoder's first packet; ours has no list.
      const std::string sound = packets_of(out, "a:0", "-ignore_editlist 1");
      CHECK(sound.size() > 1000);
      CHECK(packets_of(in, "a:0", "-ignore_editlist 1").find(sound) != std::string::npos);
    }
    CHECK(frames_of(out) == 90);
    CHECK(frames_of(out, "-ignore_editlist 1") == 90);
    const std::string all(as_text(file));
    CHECK(all.find("moov") < all.find("mdat"));
    CHECK(all.substr(0, head.bytes.size()).find("edts") == std::string::npos);
    CHECK(all.substr(0, head.bytes.size()).find("moof") == std::string::npos);
    CHECK(output_of(fmt::format("ffmpeg -v warning -nostdin -i '{}' -f null -", out)).empty());

    REQUIRE((*reader)->rewind().ok());
    CHECK(test::mux_to_memory(**reader) == file);
  }
}

TEST_CASE("G.711 goes into the file sample by sample") {
  const test::TemporaryFolder folder;
  const std::string in = (folder.path() / "in.mkv").string();
  output_of(
      fmt::format("ffmpeg -v error -nostdin -y -f lavfi -i testsrc=size=320x240:rate=10 "
                  "-f lavfi -i sine=sample_rate=8000 -t 4 -c:v libx264 -preset ultrafast "
                  "-bf 0 -c:a pcm_mulaw '{}'",
                  in));
  auto reader = read_file_footage(in, Instant{});
  INFO(reader.status().ToString());
  REQUIRE(reader.ok());
  const std::string out = (folder.path() / "out.mp4").string();
  test::write_file(out, test::mux_to_memory(**reader));
  const auto sound = [](const std::string& file) {
    return output_of(fmt::format("ffmpeg -v error -nostdin -i '{}' -map 0:a -f md5 -", file));
  };
  CHECK(sound(out) == sound(in));
  CHECK(packets_of(out, "v:0") == packets_of(in, "v:0"));
}

TEST_CASE("the writer refuses what may not be released or cannot be played") {
  const test::TemporaryFolder folder;
  const std::string in = make(folder.path(), "-c:v libx264 -preset ultrafast -an");
  auto reader = read_file_footage(in, Instant{});
  REQUIRE(reader.ok());
  auto writer = Mp4Writer::open((*reader)->info(), [](ByteView) { return absl::OkStatus(); });
  REQUIRE(writer.ok());
  AccessUnit first = **(*reader)->next();
  AccessUnit second = **(*reader)->next();
  CHECK(absl::IsInvalidArgument((*writer)->add(second)));
  first.keep = false;
  CHECK(absl::IsPermissionDenied((*writer)->add(first)));
  CHECK(absl::IsInvalidArgument((*writer)->finish().status()));
  auto failing = Mp4Writer::open((*reader)->info(), [](ByteView) { return exhausted("full"); });
  first.keep = true;
  CHECK(absl::IsResourceExhausted((*failing)->add(first)));
}

TEST_CASE("files that are no footage are refused, saying why") {
  const test::TemporaryFolder folder;
  CHECK(absl::IsNotFound(read_file_footage(folder.path() / "none.mp4", Instant{}).status()));
  const auto text = folder.path() / "text.mp4";
  test::write_file(text, as_bytes("this is not a film, only a text that says so"));
  CHECK(absl::IsInvalidArgument(read_file_footage(text, Instant{}).status()));
  const std::string old = (folder.path() / "old.avi").string();
  output_of("ffmpeg -v error -nostdin -y -f lavfi -i testsrc -t 1 -c:v mpeg4 '" + old + "'");
  const absl::Status status = read_file_footage(old, Instant{}).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(message_of(status).find("video/mpeg") != std::string::npos);
}

}  // namespace
}  // namespace latchstring::media
