// The file of one segment: an age file to the key of its day. Its plaintext is the recorder's
// fragmented MP4 with one box of ours after the header, which says whose footage it is; media sees
// the MP4 without it.
// Threads: one caller at a time.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "gateway/archive/segment.h"
#include "gateway/base/files.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/hash.h"
#include "gateway/media/demux.h"

namespace latchstring::archive {

// The recorder's own limit and room for our box and the header.
inline constexpr std::uint64_t kSegmentFileMax = media::kSegmentBytesHard + (4ULL << 20);

// Where a segment's file is, below the folder of the segments.
Path file_of(const Path& segments, const SegmentName& name);
// The same while it is being written.
Path part_of(const Path& segments, const SegmentName& name);
// Whether the file of a segment is surely not there; not so where that cannot be said.
bool is_gone(const Path& segments, const SegmentName& name);

struct Written {
  std::uint64_t size_bytes = 0;
  std::string sha256;  // of the plaintext, lower-case hex
};

class SegmentWriter {
 public:
  // Makes `temporary`, which finish() renames to `final_name`; both in one folder. On an error
  // there is no file.
  static absl::StatusOr<std::unique_ptr<SegmentWriter>> create(
      Path temporary, Path final_name, const crypto::age::Recipient& recipient);
  // Hashed, encrypted, written. ResourceExhausted past kSegmentFileMax.
  absl::Status write(ByteView plain);
  absl::Status sync();
  // The last chunk, fsync, rename, fsync of the folder. Without it the temporary file stays.
  absl::StatusOr<Written> finish();
  absl::Status discard();

 private:
  SegmentWriter(Path temporary, Path final_name, UniqueFd fd)
      : temporary_(std::move(temporary)), final_(std::move(final_name)), fd_(std::move(fd)) {}
  absl::Status begin(const crypto::age::Recipient& recipient);

  const Path temporary_;
  const Path final_;
  const UniqueFd fd_;
  std::unique_ptr<crypto::age::Writer> age_;
  crypto::Sha256 hash_;
};

// A segment's plaintext as media wants it.
struct MediaView {
  media::ReadAt read_at;
  std::uint64_t size = 0;
  std::uint64_t box_at = 0;  // where our box stands in the plaintext
  std::uint64_t box_size = 0;

  // What stands at this offset of the view, in the plaintext.
  std::uint64_t plain_offset(std::uint64_t offset) const {
    return offset < box_at ? offset : offset + box_size;
  }
};

// DataLoss: there is no box of ours, or it names another segment.
absl::StatusOr<MediaView> media_view(media::ReadAt plain, std::uint64_t plain_size,
                                     const SegmentName& name);

// An encrypted file's plaintext; the reader lives as long as a copy of `read_at` (std::function
// wants copies, so they share it).
struct PlainFile {
  media::ReadAt read_at;
  std::uint64_t size = 0;
  std::uint64_t sealed_size = 0;
};
// DataLoss: damaged, or not for this identity. Any other error is the disk's and may pass.
absl::StatusOr<PlainFile> open_plain(const Path& file, const crypto::age::Identity& identity);

// False: its header is not for this identity. True where that cannot be said, as of a file that is
// no age file.
absl::StatusOr<bool> is_sealed_to(const Path& file, const crypto::age::Identity& identity);

// Both at once, errors naming the segment.
absl::StatusOr<MediaView> open_segment(const Path& segments, const SegmentName& name,
                                       const crypto::age::Identity& identity);

// Calls back with the plaintext in order, a chunk at a time.
absl::Status read_through(const PlainFile& plain,
                          const std::function<absl::Status(ByteView)>& take);

}  // namespace latchstring::archive
