// Access units to an MP4 file for people: progressive, moov first, no edit list and no fragment, so
// that nothing in it can be hidden. NAL units and audio packets are written as they come.
// The sample data (the mdat's content) streams into a sink that only ever appends; the head (ftyp,
// moov, mdat header) is small, known at the end, and kept in memory: JoinedSpool puts the two
// together. So plaintext needs no seekable or temporary file.
// Limits: kClipSamplesMax; about 40 bytes of memory for each access unit.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gateway/base/footage.h"

namespace latchstring::media {

inline constexpr std::size_t kClipSamplesMax = 8'000'000;  // a day of 30 fps with sound

// Takes bytes in order. An error stops the writer for good.
using ByteSink = std::function<absl::Status(ByteView)>;

struct Mp4Head {
  Bytes bytes;                   // ftyp, moov, and the mdat's box header
  std::uint64_t body_bytes = 0;  // what went to the sink; the file is `bytes` and then that
  std::uint64_t frames = 0;      // video frames
  std::int64_t duration_ns = 0;  // of the video
  std::string codec;             // RFC 6381: avc1.64001f, hvc1.1.6.L93.B0
  bool has_audio = false;
};

class Mp4Writer {
 public:
  // InvalidArgument: a format that cannot stand in an MP4 file.
  static absl::StatusOr<std::unique_ptr<Mp4Writer>> open(const StreamInfo& info, ByteSink body);
  virtual ~Mp4Writer() = default;
  // In decoding order; the first picture must be an IDR. A unit with keep == false is refused: it
  // may not be released. Audio from before the first picture is dropped.
  virtual absl::Status add(const AccessUnit& unit) = 0;
  // At least one picture must have been added. Once only.
  virtual absl::StatusOr<Mp4Head> finish() = 0;
};

// All of a reader, from where it stands.
absl::StatusOr<Mp4Head> mux_mp4(FootageReader& reader, ByteSink body);

// A file of which the head is in memory and the body somewhere else.
class JoinedSpool final : public Spool {
 public:
  JoinedSpool(Bytes head, std::unique_ptr<Spool> body)
      : head_(std::move(head)), body_(std::move(body)) {}
  std::uint64_t size_bytes() const override { return head_.size() + body_->size_bytes(); }
  absl::Status read(std::uint64_t offset, std::span<std::uint8_t> out) const override;

 private:
  const Bytes head_;
  const std::unique_ptr<Spool> body_;
};

}  // namespace latchstring::media
