#include "gateway/redact/spool.h"

#include <fcntl.h>

#include <array>

#include "gateway/base/status.h"

namespace latchstring::redact {
namespace {

namespace age = crypto::age;

class EncryptedSpool final : public Spool {
 public:
  EncryptedSpool(UniqueFd file, age::Identity identity)
      : file_(std::move(file)), identity_(std::move(identity)) {}

  absl::Status open(std::uint64_t sealed_bytes) {
    const auto read_at = [this](std::uint64_t offset, std::span<std::uint8_t> out) {
      return pread_all(file_.get(), out, offset);
    };
    const std::array<const age::Identity*, 1> identities{&identity_};
    LS_ASSIGN(reader_, age::Reader::open(sealed_bytes, read_at, identities));
    return absl::OkStatus();
  }

  std::uint64_t size_bytes() const override { return reader_->plain_size(); }

  absl::Status read(std::uint64_t offset, std::span<std::uint8_t> out) const override {
    return within("the spooled clip", reader_->read(offset, out));
  }

 private:
  const UniqueFd file_;
  const age::Identity identity_;
  std::unique_ptr<age::Reader> reader_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SpoolWriter>> SpoolWriter::open(const Path& folder) {
  LS_RETURN_IF_ERROR(make_folder(folder));
  LS_ASSIGN(UniqueFd file, open_file(folder, O_TMPFILE | O_RDWR));
  std::unique_ptr<SpoolWriter> spool(new SpoolWriter(std::move(file)));
  const auto sink = [raw = spool.get()](ByteView bytes) -> absl::Status {
    LS_RETURN_IF_ERROR(pwrite_all(raw->file_.get(), bytes, raw->sealed_bytes_));
    raw->sealed_bytes_ += bytes.size();
    return absl::OkStatus();
  };
  LS_ASSIGN(spool->writer_, age::Writer::open({spool->identity_.recipient()}, sink));
  return spool;
}

absl::StatusOr<std::unique_ptr<Spool>> SpoolWriter::finish() {
  LS_RETURN_IF_ERROR(writer_->finish());
  auto spool = std::make_unique<EncryptedSpool>(std::move(file_), std::move(identity_));
  LS_RETURN_IF_ERROR(spool->open(sealed_bytes_));
  return spool;
}

}  // namespace latchstring::redact
