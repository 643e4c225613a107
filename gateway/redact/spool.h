// Private to redact: the clip's sample data on disk, as an age file under an identity that lives in
// memory only and dies with the spool. The file has no name: it is gone when it is closed, also
// after a crash. Threads: one at a time.
#pragma once

#include <absl/status/statusor.h>

#include <memory>

#include "gateway/base/files.h"
#include "gateway/base/footage.h"
#include "gateway/crypto/age.h"

namespace latchstring::redact {

class SpoolWriter {
 public:
  // `folder` is made when it does not exist.
  static absl::StatusOr<std::unique_ptr<SpoolWriter>> open(const Path& folder);
  SpoolWriter(const SpoolWriter&) = delete;
  SpoolWriter& operator=(const SpoolWriter&) = delete;

  absl::Status append(ByteView bytes) { return writer_->write(bytes); }
  // No more bytes; the writer is empty then.
  absl::StatusOr<std::unique_ptr<Spool>> finish();

 private:
  explicit SpoolWriter(UniqueFd file)
      : file_(std::move(file)), identity_(crypto::age::Identity::generate()) {}

  UniqueFd file_;
  crypto::age::Identity identity_;
  std::uint64_t sealed_bytes_ = 0;
  std::unique_ptr<crypto::age::Writer> writer_;
};

}  // namespace latchstring::redact
