// STREAM of an age payload: chunks of kChunkPlain bytes under ChaCha20-Poly1305 (RFC 8439), each
// bound to its place and to being the last. libcrypto does the bulk work: it is about twice as fast
// as libsodium at it.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <memory>
#include <span>

#include "gateway/crypto/age.h"

namespace latchstring::crypto::age {

inline constexpr std::size_t kTag = kChunkSealed - kChunkPlain;
inline constexpr std::size_t kPayloadNonce = 16;
// Chunks handled between two calls of a Sink or ReadAt.
inline constexpr std::size_t kBatchChunks = 16;

class Stream {
 public:
  // `nonce`: kPayloadNonce bytes, from the file.
  Stream(const Secret& file_key, ByteView nonce);
  ~Stream();

  // sealed.size() == plain.size() + kTag.
  void seal(std::uint64_t chunk, bool is_last, ByteView plain, std::span<std::uint8_t> sealed);
  // False: not the chunk that was sealed there; `plain` is zeros then.
  [[nodiscard]] bool open(std::uint64_t chunk, bool is_last, ByteView sealed,
                          std::span<std::uint8_t> plain);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace latchstring::crypto::age
