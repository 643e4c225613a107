// GET and DATA: small binary messages, not signed. The transfer id is the capability; each chunk
// carries its inclusion proof. All integers big-endian. Layout: docs/ref/transfer.md.
//
// Transfer index i carries file chunk (i+1) mod n: the age header, chunk 0 of the file, goes last.
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/bytes.h"

namespace latchstring::wire {

// Several hosted brokers cut at 64 KiB: DATA as a whole stays within kMessageMax (61,440).
inline constexpr std::size_t kChunkBytes = 60'000;
inline constexpr std::size_t kProofMax = 40;  // hashes: 2^40 chunks
inline constexpr std::size_t kTransferIdBytes = 16;
inline constexpr std::uint64_t kGetWindow = 64;  // bits of the bitmap

using TransferId = std::array<std::uint8_t, kTransferIdBytes>;
// As it stands in JSON: base64url, 22 characters.
std::string to_text(const TransferId& id);
absl::StatusOr<TransferId> transfer_id_from(std::string_view text);
TransferId random_transfer_id();

using ProofHash = std::array<std::uint8_t, 32>;

struct Get {
  TransferId transfer{};
  std::uint32_t counter = 0;
  std::uint64_t base = 0;    // all indices below it are on the requester's disk
  std::uint64_t bitmap = 0;  // bit k: index base+k is wanted
};

struct Data {
  TransferId transfer{};
  std::uint64_t index = 0;       // transfer index
  std::vector<ProofHash> proof;  // RFC 6962 inclusion of the file chunk
  Bytes chunk;
};

Bytes encode(const Get& get);
Bytes encode(const Data& data);
absl::StatusOr<Get> decode_get(ByteView message);
absl::StatusOr<Data> decode_data(ByteView message);

// What a payload is: an age file (control or request), GET or DATA, by how it begins.
enum class Kind { sealed, get, data, unknown };
Kind kind_of(ByteView message);

constexpr std::uint64_t chunk_count(std::uint64_t size_bytes) {
  return size_bytes == 0 ? 1 : (size_bytes + kChunkBytes - 1) / kChunkBytes;
}
constexpr std::uint64_t file_chunk_of(std::uint64_t transfer_index, std::uint64_t chunks) {
  return (transfer_index + 1) % chunks;
}

}  // namespace latchstring::wire
