// What the tests of recording share: a sink in memory, files of its segments, readers of them.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/base/status.h"
#include "gateway/media/demux.h"
#include "gateway/media/mux.h"
#include "gateway/media/segment_sink.h"
#include "tests/support/catch.h"

namespace latchstring::test {

struct RecordedSegment {
  media::SegmentHead head;
  Bytes bytes;
  std::vector<media::FragmentMark> marks;
  bool ended = false;
  media::SegmentEnd end;
};

class MemorySink final : public media::SegmentSink {
 public:
  absl::Status begin(const media::SegmentHead& head) override {
    const std::lock_guard lock(mutex_);
    if (refuse_begin) return exhausted("no room");
    REQUIRE((segments_.empty() || segments_.back().ended));
    segments_.push_back({head, {}, {}, false, {}});
    return absl::OkStatus();
  }
  absl::Status write(ByteView bytes) override {
    const std::lock_guard lock(mutex_);
    Bytes& all = segments_.back().bytes;
    if (all.size() + bytes.size() > bytes_most) return exhausted("no room");
    all.insert(all.end(), bytes.begin(), bytes.end());
    return absl::OkStatus();
  }
  absl::Status fragment(const media::FragmentMark& mark) override {
    const std::lock_guard lock(mutex_);
    segments_.back().marks.push_back(mark);
    return absl::OkStatus();
  }
  absl::Status end(const media::SegmentEnd& end) override {
    const std::lock_guard lock(mutex_);
    REQUIRE(!segments_.back().ended);
    segments_.back().ended = true;
    segments_.back().end = end;
    return absl::OkStatus();
  }
  std::vector<RecordedSegment> segments() const {
    const std::lock_guard lock(mutex_);
    return segments_;
  }
  std::size_t frames() const {
    std::size_t count = 0;
    for (const RecordedSegment& segment : segments()) {
      for (const media::FragmentMark& mark : segment.marks) count += mark.frames;
    }
    return count;
  }

  std::size_t bytes_most = std::size_t{1} << 40;
  bool refuse_begin = false;

 private:
  mutable std::mutex mutex_;
  std::vector<RecordedSegment> segments_;
};

inline media::ReadAt reads(const Bytes& bytes) {
  return [&bytes](std::uint64_t offset, std::span<std::uint8_t> out) -> absl::Status {
    if (offset > bytes.size() || out.size() > bytes.size() - offset) return data_loss("too short");
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return absl::OkStatus();
  };
}

inline std::vector<AccessUnit> units_of(FootageReader& reader) {
  std::vector<AccessUnit> out;
  for (;;) {
    auto unit = reader.next();
    INFO(unit.status().ToString());
    REQUIRE(unit.ok());
    if (!*unit) return out;
    out.push_back(**std::move(unit));
  }
}

inline std::vector<AccessUnit> units_of(const RecordedSegment& segment) {
  auto reader = media::read_segment(reads(segment.bytes), segment.marks);
  INFO(reader.status().ToString());
  REQUIRE(reader.ok());
  CHECK((*reader)->info() == segment.head.info);
  return units_of(**reader);
}

inline void write_file(const std::filesystem::path& path, ByteView bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

// The whole file, head and body.
inline Bytes mux_to_memory(FootageReader& reader, media::Mp4Head* head_out = nullptr) {
  Bytes body;
  auto head = media::mux_mp4(reader, [&](ByteView bytes) {
    body.insert(body.end(), bytes.begin(), bytes.end());
    return absl::OkStatus();
  });
  INFO(head.status().ToString());
  REQUIRE(head.ok());
  REQUIRE(head->body_bytes == body.size());
  Bytes file = head->bytes;
  file.insert(file.end(), body.begin(), body.end());
  if (head_out != nullptr) *head_out = *head;
  return file;
}

inline std::string output_of(const std::string& command) {
  std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe))
    out.append(buffer, got);
  const int status = ::pclose(pipe);
  INFO(command << "\n" << out);
  REQUIRE(status == 0);
  return out;
}

}  // namespace latchstring::test
