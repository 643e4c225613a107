#include <algorithm>
#include <optional>

#include "gateway/base/status.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/age_stanza.h"
#include "gateway/crypto/age_stream.h"

namespace latchstring::crypto::age {
namespace {

// Where the chunks of a payload lie. Of a damaged file: as far as its size says.
struct Layout {
  std::uint64_t start = 0;       // of the first chunk in the file
  std::uint64_t size_bytes = 0;  // of all chunks, sealed

  std::uint64_t chunks() const { return (size_bytes + kChunkSealed - 1) / kChunkSealed; }
  std::size_t sealed_bytes(std::uint64_t chunk) const {
    return static_cast<std::size_t>(
        std::min<std::uint64_t>(kChunkSealed, size_bytes - chunk * kChunkSealed));
  }
  std::size_t plain_bytes(std::uint64_t chunk) const { return sealed_bytes(chunk) - kTag; }
  bool is_last(std::uint64_t chunk) const { return chunk + 1 == chunks(); }
  std::uint64_t offset(std::uint64_t chunk) const { return start + chunk * kChunkSealed; }
};

absl::Status damaged(std::uint64_t chunk) {
  return data_loss("chunk {} of the age file is damaged, or the file was cut short", chunk);
}

class StreamReader final : public Reader {
 public:
  StreamReader(const Secret& file_key, ByteView nonce, const Layout& layout, ReadAt read_at)
      : layout_(layout), read_at_(std::move(read_at)), stream_(file_key, nonce) {}
  ~StreamReader() override { wipe(cached_plain_); }

  absl::Status authenticate_end();
  std::uint64_t plain_size() const override { return layout_.size_bytes - layout_.chunks() * kTag; }
  absl::Status read(std::uint64_t offset, std::span<std::uint8_t> out) override;

 private:
  absl::Status load(std::uint64_t chunk);
  absl::Status read_whole(std::uint64_t first, std::size_t count, std::span<std::uint8_t> out);
  std::size_t whole_chunks_in(std::uint64_t first, std::size_t bytes) const;

  const Layout layout_;
  const ReadAt read_at_;
  Stream stream_;
  Bytes sealed_;
  Bytes cached_plain_;
  std::optional<std::uint64_t> cached_;  // which chunk cached_plain_ is
};

absl::Status StreamReader::authenticate_end() {
  if (layout_.size_bytes < kTag) return data_loss("the age file ends before its first chunk");
  const std::uint64_t last = layout_.chunks() - 1;
  const std::size_t size = layout_.sealed_bytes(last);
  // An empty last chunk is allowed for an empty file only.
  if (size < kTag || (size == kTag && last > 0)) return damaged(last);
  return load(last);
}

absl::Status StreamReader::load(std::uint64_t chunk) {
  if (cached_ == chunk) return absl::OkStatus();
  cached_.reset();
  cached_plain_.resize(layout_.plain_bytes(chunk));
  LS_RETURN_IF_ERROR(read_whole(chunk, 1, cached_plain_));
  cached_ = chunk;
  return absl::OkStatus();
}

// Decrypts chunks straight into `out`, which has room for exactly their plaintext.
absl::Status StreamReader::read_whole(std::uint64_t first, std::size_t count,
                                      std::span<std::uint8_t> out) {
  const std::uint64_t last = first + count - 1;
  const std::size_t size = (count - 1) * kChunkSealed + layout_.sealed_bytes(last);
  if (sealed_.size() < size) sealed_.resize(size);
  LS_RETURN_IF_ERROR(read_at_(layout_.offset(first), std::span(sealed_).first(size)));
  for (std::uint64_t chunk = first; chunk <= last; ++chunk) {
    const ByteView sealed =
        ByteView(sealed_).subspan((chunk - first) * kChunkSealed, layout_.sealed_bytes(chunk));
    if (!stream_.open(chunk, layout_.is_last(chunk), sealed, out.first(sealed.size() - kTag))) {
      return damaged(chunk);
    }
    out = out.subspan(sealed.size() - kTag);
  }
  return absl::OkStatus();
}

std::size_t StreamReader::whole_chunks_in(std::uint64_t first, std::size_t bytes) const {
  const std::uint64_t left = layout_.chunks() - first;
  const std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(left, kBatchChunks));
  std::size_t count = 0;
  while (count < most && bytes >= layout_.plain_bytes(first + count)) {
    bytes -= layout_.plain_bytes(first + count);
    ++count;
  }
  return count;
}

absl::Status StreamReader::read(std::uint64_t offset, std::span<std::uint8_t> out) {
  if (offset > plain_size() || out.size() > plain_size() - offset) {
    return data_loss("the age file has {} bytes; {} from byte {} were asked for", plain_size(),
                     out.size(), offset);
  }
  while (!out.empty()) {
    const std::uint64_t chunk = offset / kChunkPlain;
    const auto skip = static_cast<std::size_t>(offset % kChunkPlain);
    const std::size_t whole =
        skip == 0 && cached_ != chunk ? whole_chunks_in(chunk, out.size()) : 0;
    std::size_t done = 0;
    if (whole > 0) {
      done = (whole - 1) * kChunkPlain + layout_.plain_bytes(chunk + whole - 1);
      LS_RETURN_IF_ERROR(read_whole(chunk, whole, out.first(done)));
    } else {
      LS_RETURN_IF_ERROR(load(chunk));
      done = std::min(out.size(), cached_plain_.size() - skip);
      std::copy_n(cached_plain_.begin() + static_cast<std::ptrdiff_t>(skip), done, out.begin());
    }
    out = out.subspan(done);
    offset += done;
  }
  return absl::OkStatus();
}

absl::StatusOr<Header> read_header(std::uint64_t sealed_size, const ReadAt& read_at,
                                   std::size_t stanzas_max) {
  Bytes start(static_cast<std::size_t>(std::min<std::uint64_t>(sealed_size, kAgeHeaderMax)));
  LS_RETURN_IF_ERROR(read_at(0, start));
  return parse_header(as_text(start), stanzas_max);
}

struct Opened {
  Secret file_key;
  Bytes nonce;
  Layout layout;
};

// `unwrap` finds the file key in the header.
template <class Unwrap>
absl::StatusOr<Opened> open_payload(std::uint64_t sealed_size, const ReadAt& read_at,
                                    const Unwrap& unwrap,
                                    std::size_t stanzas_max = kAgeStanzasMax) {
  LS_ASSIGN(const Header header, read_header(sealed_size, read_at, stanzas_max));
  Opened opened;
  LS_ASSIGN(opened.file_key, unwrap(header));
  LS_RETURN_IF_ERROR(check_mac(header, opened.file_key));
  if (sealed_size - header.size_bytes < kPayloadNonce) {
    return invalid("the age file ends before its payload");
  }
  opened.nonce.resize(kPayloadNonce);
  LS_RETURN_IF_ERROR(read_at(header.size_bytes, opened.nonce));
  opened.layout.start = header.size_bytes + kPayloadNonce;
  opened.layout.size_bytes = sealed_size - opened.layout.start;
  return opened;
}

absl::StatusOr<std::unique_ptr<Reader>> make_reader(const Opened& opened, ReadAt read_at) {
  auto reader = std::make_unique<StreamReader>(opened.file_key, opened.nonce, opened.layout,
                                               std::move(read_at));
  LS_RETURN_IF_ERROR(reader->authenticate_end());
  return reader;
}

absl::StatusOr<std::unique_ptr<Reader>> open_for(std::uint64_t sealed_size, ReadAt read_at,
                                                 std::span<const Identity* const> identities,
                                                 std::size_t stanzas_max) {
  const auto unwrap = [&](const Header& header) { return unwrap_file_key(header, identities); };
  LS_ASSIGN(const Opened opened, open_payload(sealed_size, read_at, unwrap, stanzas_max));
  return make_reader(opened, std::move(read_at));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reader>> Reader::open(std::uint64_t sealed_size, ReadAt read_at,
                                                     std::span<const Identity* const> identities) {
  return open_for(sealed_size, std::move(read_at), identities, kAgeStanzasMax);
}

absl::StatusOr<std::unique_ptr<Reader>> Reader::open_with_passphrase(std::uint64_t sealed_size,
                                                                     ReadAt read_at,
                                                                     const Secret& passphrase) {
  const auto unwrap = [&](const Header& header) { return unwrap_file_key(header, passphrase); };
  LS_ASSIGN(const Opened opened, open_payload(sealed_size, read_at, unwrap));
  return make_reader(opened, std::move(read_at));
}

absl::StatusOr<Bytes> recover_truncated(std::uint64_t sealed_size, const ReadAt& read_at,
                                        const Identity& identity, std::uint64_t limit_bytes) {
  const Identity* const identities[] = {&identity};
  const auto unwrap = [&](const Header& header) { return unwrap_file_key(header, identities); };
  LS_ASSIGN(const Opened opened, open_payload(sealed_size, read_at, unwrap));
  const Layout& layout = opened.layout;
  Stream stream(opened.file_key, opened.nonce);
  Bytes plain;
  Bytes sealed;
  for (std::uint64_t chunk = 0; chunk < layout.chunks(); ++chunk) {
    sealed.resize(layout.sealed_bytes(chunk));
    if (sealed.size() < kTag) break;
    LS_RETURN_IF_ERROR(read_at(layout.offset(chunk), sealed));
    Bytes part(sealed.size() - kTag);
    const bool goes_on = sealed.size() == kChunkSealed && stream.open(chunk, false, sealed, part);
    if (!goes_on && !stream.open(chunk, true, sealed, part)) break;
    if (plain.size() + part.size() > limit_bytes) {
      return exhausted("more than {} bytes to recover", limit_bytes);
    }
    plain.insert(plain.end(), part.begin(), part.end());
    if (!goes_on) break;  // sealed as the last one: what follows is not of this file
  }
  return plain;
}

absl::StatusOr<Secret> open(ByteView sealed, const Identity& identity, std::size_t limit_bytes,
                            std::size_t stanzas_max) {
  const auto read_at = [sealed](std::uint64_t offset, std::span<std::uint8_t> out) {
    const ByteView part = sealed.subspan(static_cast<std::size_t>(offset), out.size());
    std::copy(part.begin(), part.end(), out.begin());
    return absl::OkStatus();
  };
  const Identity* const identities[] = {&identity};
  LS_ASSIGN(const std::unique_ptr<Reader> reader,
            open_for(sealed.size(), read_at, identities, stanzas_max));
  if (reader->plain_size() > limit_bytes) {
    return exhausted("an age file with more than {} bytes", limit_bytes);
  }
  Secret plain(static_cast<std::size_t>(reader->plain_size()));
  LS_RETURN_IF_ERROR(reader->read(0, plain.bytes()));
  return plain;
}

}  // namespace latchstring::crypto::age
