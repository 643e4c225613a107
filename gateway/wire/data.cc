#include "gateway/wire/data.h"

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/wire/control.h"
#include "gateway/wire/objects.h"

namespace latchstring::wire {
namespace {

constexpr std::uint8_t kGetMark = 'G';
constexpr std::uint8_t kDataMark = 'D';
constexpr std::string_view kAgeMark = "age-encryption.org/v1\n";
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kGetBytes = 2 + kTransferIdBytes + 4 + 8 + 8;
constexpr std::size_t kDataHeadBytes = 2 + kTransferIdBytes + 8 + 1;
static_assert(kDataHeadBytes + kProofMax * kHashBytes + kChunkBytes <= kMessageMax);

template <class Number>
void put(Bytes& out, Number number) {
  for (int shift = static_cast<int>(sizeof number - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(number >> shift));
  }
}

// Reads from the front; the caller has checked the size.
struct Cursor {
  ByteView rest;

  ByteView take(std::size_t count) {
    const ByteView front = rest.first(count);
    rest = rest.subspan(count);
    return front;
  }
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(bytes)) value = value << 8 | byte;
    return value;
  }
  TransferId transfer() {
    TransferId id{};
    const ByteView bytes = take(id.size());
    std::copy(bytes.begin(), bytes.end(), id.begin());
    return id;
  }
};

absl::Status check_head(Cursor& cursor, std::uint8_t mark) {
  if (cursor.number(1) != mark) return invalid("not a message of this kind");
  const std::uint64_t version = cursor.number(1);
  if (version != kVersion) return invalid("version {} is not understood", version);
  return absl::OkStatus();
}

}  // namespace

std::string to_text(const TransferId& id) {
  return crypto::to_base64url(id);
}

absl::StatusOr<TransferId> transfer_id_from(std::string_view text) {
  LS_ASSIGN(const Bytes bytes, crypto::from_base64url(text));
  TransferId id{};
  if (bytes.size() != id.size()) return invalid("a transfer id has {} bytes", id.size());
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return id;
}

TransferId random_transfer_id() {
  TransferId id{};
  const Bytes bytes = crypto::random_bytes(id.size());
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return id;
}

Bytes encode(const Get& get) {
  Bytes out;
  out.reserve(kGetBytes);
  out.push_back(kGetMark);
  out.push_back(kVersion);
  out.insert(out.end(), get.transfer.begin(), get.transfer.end());
  put(out, get.counter);
  put(out, get.base);
  put(out, get.bitmap);
  return out;
}

Bytes encode(const Data& data) {
  ensure(data.proof.size() <= kProofMax && data.chunk.size() <= kChunkBytes);
  Bytes out;
  out.reserve(kDataHeadBytes + data.proof.size() * kHashBytes + data.chunk.size());
  out.push_back(kDataMark);
  out.push_back(kVersion);
  out.insert(out.end(), data.transfer.begin(), data.transfer.end());
  put(out, data.index);
  out.push_back(static_cast<std::uint8_t>(data.proof.size()));
  for (const ProofHash& hash : data.proof) out.insert(out.end(), hash.begin(), hash.end());
  out.insert(out.end(), data.chunk.begin(), data.chunk.end());
  return out;
}

absl::StatusOr<Get> decode_get(ByteView message) {
  if (message.size() != kGetBytes) return invalid("GET has {} bytes", kGetBytes);
  Cursor cursor{message};
  LS_RETURN_IF_ERROR(check_head(cursor, kGetMark));
  Get get;
  get.transfer = cursor.transfer();
  get.counter = static_cast<std::uint32_t>(cursor.number(4));
  get.base = cursor.number(8);
  get.bitmap = cursor.number(8);
  return get;
}

absl::StatusOr<Data> decode_data(ByteView message) {
  if (message.size() < kDataHeadBytes || message.size() > kMessageMax) {
    return invalid("DATA has {} to {} bytes", kDataHeadBytes, kMessageMax);
  }
  Cursor cursor{message};
  LS_RETURN_IF_ERROR(check_head(cursor, kDataMark));
  Data data;
  data.transfer = cursor.transfer();
  data.index = cursor.number(8);
  const std::uint64_t hashes = cursor.number(1);
  if (hashes > kProofMax || cursor.rest.size() < hashes * kHashBytes) {
    return invalid("DATA has a proof of at most {} hashes", kProofMax);
  }
  data.proof.resize(hashes);
  for (ProofHash& hash : data.proof) {
    const ByteView bytes = cursor.take(kHashBytes);
    std::copy(bytes.begin(), bytes.end(), hash.begin());
  }
  if (cursor.rest.size() > kChunkBytes) {
    return invalid("DATA carries at most {} bytes", kChunkBytes);
  }
  data.chunk.assign(cursor.rest.begin(), cursor.rest.end());
  return data;
}

Kind kind_of(ByteView message) {
  if (message.empty()) return Kind::unknown;
  if (message[0] == kGetMark) return Kind::get;
  if (message[0] == kDataMark) return Kind::data;
  return as_text(message).substr(0, kAgeMark.size()) == kAgeMark ? Kind::sealed : Kind::unknown;
}

}  // namespace latchstring::wire
