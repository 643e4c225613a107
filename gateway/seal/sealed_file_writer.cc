#include "gateway/seal/sealed_file_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::seal {

SealedFileWriter::SealedFileWriter(Path target)
    : target_(std::move(target)), temporary_(target_.string() + ".new") {}

absl::StatusOr<std::unique_ptr<SealedFileWriter>> SealedFileWriter::open(
    const Path& target, const std::vector<crypto::age::Recipient>& to) {
  std::unique_ptr<SealedFileWriter> writer(new SealedFileWriter(target));
  LS_ASSIGN(writer->fd_, open_file(writer->temporary_, O_RDWR | O_CREAT | O_TRUNC, 0600));
  SealedFileWriter& self = *writer;
  LS_ASSIGN(writer->age_, crypto::age::Writer::open(to, [&self](ByteView sealed) {
              self.sealed_.update(sealed);
              return write_all(self.fd_.get(), sealed);
            }));
  return writer;
}

SealedFileWriter::~SealedFileWriter() {
  if (keep_) return;
  ::unlink(temporary_.c_str());
  ::unlink(target_.c_str());
}

absl::Status SealedFileWriter::write(ByteView plain) {
  plain_.update(plain);
  plain_size_ += plain.size();
  return within(temporary_.string(), age_->write(plain));
}

absl::Status SealedFileWriter::write_zeros(std::uint64_t count) {
  static constexpr std::array<std::uint8_t, 64 * 1024> kZeros{};
  while (count > 0) {
    const std::size_t now = std::min<std::uint64_t>(count, kZeros.size());
    LS_RETURN_IF_ERROR(write(ByteView(kZeros).first(now)));
    count -= now;
  }
  return absl::OkStatus();
}

absl::StatusOr<SealedFile> SealedFileWriter::finish() {
  LS_RETURN_IF_ERROR(within(temporary_.string(), age_->finish()));
  if (::fsync(fd_.get()) != 0) {
    return errno_status(fmt::format("cannot sync `{}`", temporary_.string()));
  }
  const evidence::Digest written = sealed_.finish();
  LS_ASSIGN(const evidence::Digest found, evidence::digest_of(temporary_));
  if (found != written) {
    return data_loss("`{}` does not hold what was written to it", temporary_.string());
  }
  plain_sha256_ = crypto::to_hex(plain_.finish());
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    return errno_status(fmt::format("cannot rename `{}`", temporary_.string()));
  }
  LS_RETURN_IF_ERROR(sync_folder(target_.parent_path()));
  return SealedFile{target_.filename().string(), target_.string(), found.size, found.sha256,
                    found.merkle_root};
}

}  // namespace latchstring::seal
