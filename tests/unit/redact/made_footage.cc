#include "tests/unit/redact/made_footage.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/media/file_reader.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::redact {

absl::StatusOr<std::optional<AccessUnit>> MemoryFootage::next() {
  const auto& from = rewound_ && !second.empty() ? second : units;
  if (next_ == fail_at) return data_loss("the stored footage is damaged");
  if (next_ == from.size()) return std::nullopt;
  return from[next_++];
}

absl::Status MemoryFootage::rewind() {
  next_ = 0;
  rewound_ = true;
  return absl::OkStatus();
}

std::string caps_of(const media::PictureFormat& format, const Bytes& codec_data) {
  std::string hex;
  for (const std::uint8_t byte : codec_data) hex += fmt::format("{:02x}", byte);
  return fmt::format(
      "video/x-h264,stream-format=avc,alignment=au,width={},height={},codec_data=(buffer){}",
      format.width, format.height, hex);
}

MemoryFootage footage_of(const media::PictureFormat& format, int count, double rate,
                         const Paint& paint) {
  const auto encoder = media::Encoder::open({format, rate, 2});
  ensure(encoder.ok());
  MemoryFootage footage;
  const auto drain = [&] {
    for (;;) {
      auto unit = (*encoder)->pull();
      ensure(unit.ok());
      if (!unit->has_value()) return;
      (*unit)->utc =
          kStart + std::chrono::duration_cast<Duration>(std::chrono::nanoseconds{(*unit)->pts_ns});
      (*unit)->duration_ns = static_cast<std::int64_t>(1e9 / rate);
      footage.units.push_back(**std::move(unit));
    }
  };
  for (int n = 0; n < count; ++n) {
    media::Picture picture(format);
    picture.pts_ns = static_cast<std::int64_t>(n * 1e9 / rate);
    paint(picture, n);
    ensure((*encoder)->push(std::move(picture)).ok());
    drain();
  }
  ensure((*encoder)->finish().ok());
  drain();
  footage.stream.video_caps = caps_of(format, (*encoder)->codec_data());
  return footage;
}

void add_sound(MemoryFootage& footage, const std::string& codec) {
  const bool opus = codec == "opus";
  footage.stream.audio_caps = opus ? "audio/x-opus,channel-mapping-family=0,rate=48000,channels=1"
                                   : fmt::format("audio/x-{},rate=8000,channels=1", codec);
  std::vector<AccessUnit> both;
  std::int64_t next_ns = 0;
  for (const AccessUnit& unit : footage.units) {
    both.push_back(unit);
    AccessUnit sound;
    sound.track = Track::audio;
    sound.is_key = true;
    sound.keep = unit.keep;
    // In order, whatever the order of the pictures.
    sound.pts_ns = sound.dts_ns = next_ns;
    sound.utc =
        kStart + std::chrono::duration_cast<Duration>(std::chrono::nanoseconds{sound.pts_ns});
    next_ns += unit.duration_ns;
    sound.data = opus ? Bytes{0xF8, 0xFF, 0xFE}  // silence
                      : Bytes(static_cast<std::size_t>(unit.duration_ns / 125'000), 0x2A);
    both.push_back(sound);
  }
  footage.units = std::move(both);
}

MemoryFootage hevc_footage(int count, double rate) {
  const test::TemporaryFolder folder;
  const Path file = folder.path() / "film.mp4";
  const std::string command = fmt::format(
      "ffmpeg -v error -f lavfi -i testsrc=s=320x240:r={} -frames:v {} -pix_fmt yuv420p "
      "-c:v libx265 -x265-params log-level=none:keyint=20:bframes=2:pools=1 -tag:v hvc1 {} "
      "</dev/null",
      rate, count, file.string());
  ensure(std::system(command.c_str()) == 0);
  const auto reader = media::read_file_footage(file, kStart);
  ensure(reader.ok());
  MemoryFootage footage;
  footage.stream = (*reader)->info();
  for (;;) {
    auto unit = (*reader)->next();
    ensure(unit.ok());
    if (!unit->has_value()) return footage;
    (*unit)->duration_ns = static_cast<std::int64_t>(1e9 / rate);
    footage.units.push_back(**std::move(unit));
  }
}

MemoryFootage film(double from, double seconds) {
  const char* const path = std::getenv("LATCHSTRING_FILM");
  if (path == nullptr || std::fopen(path, "rb") == nullptr) return {};
  constexpr int width = 768;
  constexpr int height = 576;
  const std::string command =
      fmt::format("ffmpeg -v error -ss {} -i '{}' -t {} -f rawvideo -pix_fmt yuv420p - </dev/null",
                  from, path, seconds);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"),
                                                             ::pclose);
  const int count = static_cast<int>(seconds * 10);
  return footage_of({width, height, 1, 1, "bt601"}, count, 10, [&](media::Picture& picture, int) {
    for (const media::Plane& plane : picture.planes()) {
      const auto bytes = static_cast<std::size_t>(plane.width * plane.height);
      ensure(std::fread(plane.data, 1, bytes, pipe.get()) == bytes);
    }
  });
}

absl::Status Collected::format(const OutputFormat& format) {
  made = format;
  return absl::OkStatus();
}

absl::Status Collected::frame(std::uint64_t index, const AccessUnit& unit,
                              const FrameRegions& hidden) {
  indices.push_back(index);
  units.push_back(unit);
  regions.push_back(hidden);
  return absl::OkStatus();
}

absl::Status Collected::sound(const AccessUnit& unit) {
  sounds.push_back(unit);
  return absl::OkStatus();
}

absl::Status Collected::image(ByteView bytes, const FrameRegions&) {
  picture.assign(bytes.begin(), bytes.end());
  return absl::OkStatus();
}

std::vector<media::Picture> decoded(const std::string& caps, const std::vector<AccessUnit>& units) {
  const auto decoder = media::Decoder::open(caps, 2);
  ensure(decoder.ok());
  std::vector<media::Picture> pictures;
  const auto drain = [&] {
    for (;;) {
      auto picture = (*decoder)->pull();
      ensure(picture.ok());
      if (!picture->has_value()) return;
      pictures.push_back(**std::move(picture));
    }
  };
  for (const AccessUnit& unit : units) {
    if (unit.track == Track::video) ensure((*decoder)->push(unit).ok());
    drain();
  }
  ensure((*decoder)->finish().ok());
  drain();
  return pictures;
}

std::vector<media::Picture> decoded(const Collected& output) {
  return decoded(caps_of(output.made.picture, output.made.codec_data), output.units);
}

double filled_part(const media::Picture& picture, int x, int y, int width, int height) {
  const media::Plane& luma = picture.planes()[0];
  int filled = 0;
  for (int row = y; row < y + height; ++row) {
    for (int column = x; column < x + width; ++column) {
      if (std::abs(luma.data[row * luma.stride + column] - kFill.y) <= 8) ++filled;
    }
  }
  return static_cast<double>(filled) / (width * height);
}

}  // namespace latchstring::redact
