#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/age_stanza.h"
#include "gateway/crypto/age_stream.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::crypto::age {
namespace {

class StreamWriter final : public Writer {
 public:
  StreamWriter(const Secret& file_key, ByteView nonce, Sink sink)
      : sink_(std::move(sink)), stream_(file_key, nonce) {
    pending_.reserve(kChunkPlain);
  }
  ~StreamWriter() override { wipe(pending_); }

  absl::Status start(const std::string& header, ByteView nonce) {
    LS_RETURN_IF_ERROR(put(as_bytes(header)));
    return put(nonce);
  }

  absl::Status write(ByteView plain) override;
  absl::Status finish() override;
  std::uint64_t plain_bytes() const override { return plain_bytes_; }
  std::uint64_t sealed_bytes() const override { return sealed_bytes_; }

 private:
  absl::Status put(ByteView sealed);
  void seal(ByteView plain, bool is_last);
  void hold(ByteView plain) { pending_.insert(pending_.end(), plain.begin(), plain.end()); }
  absl::Status flush();

  Sink sink_;
  Stream stream_;
  Bytes pending_;  // plain bytes of the chunk that is not known to be whole, or not the last
  Bytes batch_;    // sealed; its first batch_used_ bytes count
  std::size_t batch_used_ = 0;
  std::uint64_t next_chunk_ = 0;
  std::uint64_t plain_bytes_ = 0;
  std::uint64_t sealed_bytes_ = 0;
  bool closed_ = false;  // finished, or stopped by an error
};

absl::Status StreamWriter::put(ByteView sealed) {
  absl::Status status = sink_(sealed);
  if (!status.ok()) closed_ = true;
  sealed_bytes_ += sealed.size();
  return status;
}

absl::Status StreamWriter::flush() {
  if (batch_used_ == 0) return absl::OkStatus();
  const ByteView sealed = ByteView(batch_).first(batch_used_);
  batch_used_ = 0;
  return put(sealed);
}

void StreamWriter::seal(ByteView plain, bool is_last) {
  const std::size_t size = plain.size() + kTag;
  if (batch_.size() < batch_used_ + size) batch_.resize(batch_used_ + size);
  stream_.seal(next_chunk_++, is_last, plain, std::span(batch_).subspan(batch_used_, size));
  batch_used_ += size;
}

absl::Status StreamWriter::write(ByteView plain) {
  if (closed_) return not_now("this age file is already closed");
  plain_bytes_ += plain.size();
  // A whole chunk is sealed only when more follows: the last one is marked as such.
  while (pending_.size() + plain.size() > kChunkPlain) {
    const ByteView part = plain.first(kChunkPlain - pending_.size());
    if (pending_.empty()) {
      seal(part, false);
    } else {
      hold(part);
      seal(pending_, false);
      pending_.clear();
    }
    plain = plain.subspan(part.size());
    if (batch_used_ >= kBatchChunks * kChunkSealed) LS_RETURN_IF_ERROR(flush());
  }
  hold(plain);
  return flush();
}

absl::Status StreamWriter::finish() {
  if (closed_) return not_now("this age file is already closed");
  seal(pending_, true);
  closed_ = true;
  wipe(pending_);
  pending_.clear();
  return flush();
}

absl::StatusOr<std::unique_ptr<Writer>> start(const std::vector<Stanza>& stanzas,
                                              const Secret& file_key, Sink sink) {
  const Bytes nonce = random_bytes(kPayloadNonce);
  auto writer = std::make_unique<StreamWriter>(file_key, nonce, std::move(sink));
  LS_RETURN_IF_ERROR(writer->start(encode_header(stanzas, file_key), nonce));
  return writer;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Writer>> Writer::open(const std::vector<Recipient>& to, Sink sink) {
  if (to.empty()) return invalid("an age file needs a recipient");
  if (to.size() > kAgeStanzasMax) {
    return exhausted("an age file for more than {} recipients", kAgeStanzasMax);
  }
  const Secret file_key = Secret::random(kFileKeyBytes);
  std::vector<Stanza> stanzas;
  for (const Recipient& recipient : to) {
    LS_ASSIGN(Stanza stanza, make_x25519_stanza(recipient, file_key));
    stanzas.push_back(std::move(stanza));
  }
  return start(stanzas, file_key, std::move(sink));
}

absl::StatusOr<std::unique_ptr<Writer>> Writer::open_with_passphrase(const Secret& passphrase,
                                                                     Sink sink, int log2_work) {
  if (passphrase.empty()) return invalid("an empty passphrase");
  const Secret file_key = Secret::random(kFileKeyBytes);
  LS_ASSIGN(const Stanza stanza, make_scrypt_stanza(passphrase, log2_work, file_key));
  return start({stanza}, file_key, std::move(sink));
}

absl::StatusOr<Bytes> seal(ByteView plain, const std::vector<Recipient>& to) {
  Bytes sealed;
  const auto append = [&sealed](ByteView part) {
    sealed.insert(sealed.end(), part.begin(), part.end());
    return absl::OkStatus();
  };
  LS_ASSIGN(const std::unique_ptr<Writer> writer, Writer::open(to, append));
  LS_RETURN_IF_ERROR(writer->write(plain));
  LS_RETURN_IF_ERROR(writer->finish());
  return sealed;
}

std::uint64_t sealed_size(std::uint64_t plain_bytes, std::uint64_t header_bytes) {
  const std::uint64_t chunks = plain_bytes == 0 ? 1 : (plain_bytes + kChunkPlain - 1) / kChunkPlain;
  return header_bytes + kPayloadNonce + plain_bytes + chunks * kTag;
}

}  // namespace latchstring::crypto::age
