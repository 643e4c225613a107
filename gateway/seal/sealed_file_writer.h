// One sealed file on its way to disk: plaintext in, an age file out, hashed as it goes by. Under a
// temporary name until finish(); removed again unless keep() is called.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/base/stages.h"
#include "gateway/crypto/age.h"
#include "gateway/evidence/digest.h"

namespace latchstring::seal {

class SealedFileWriter {
 public:
  static absl::StatusOr<std::unique_ptr<SealedFileWriter>> open(
      const Path& target, const std::vector<crypto::age::Recipient>& to);
  ~SealedFileWriter();
  SealedFileWriter(const SealedFileWriter&) = delete;
  SealedFileWriter& operator=(const SealedFileWriter&) = delete;

  absl::Status write(ByteView plain);
  absl::Status write_zeros(std::uint64_t count);
  // Synced, read again from the file and compared, then under its own name.
  absl::StatusOr<SealedFile> finish();
  void keep() { keep_ = true; }

  // Size and SHA-256 of the plaintext, once finished.
  std::uint64_t plain_size() const { return plain_size_; }
  const std::string& plain_sha256() const { return plain_sha256_; }

 private:
  explicit SealedFileWriter(Path target);

  const Path target_;
  const Path temporary_;
  UniqueFd fd_;
  std::unique_ptr<crypto::age::Writer> age_;
  evidence::Digester sealed_;
  crypto::Sha256 plain_;
  std::uint64_t plain_size_ = 0;
  std::string plain_sha256_;
  bool keep_ = false;
};

}  // namespace latchstring::seal
