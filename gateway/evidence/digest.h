// Size, SHA-256 and chunk root of bytes that stream by, and of a whole file.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

#include "gateway/base/files.h"
#include "gateway/proof/merkle.h"

namespace latchstring::evidence {

struct Digest {
  std::uint64_t size = 0;
  std::string sha256;       // lower-case hex
  std::string merkle_root;  // RFC 6962 over wire::kChunkBytes chunks, lower-case hex
  friend bool operator==(const Digest&, const Digest&) = default;
};

class Digester {
 public:
  Digester();
  void update(ByteView bytes);
  Digest finish();  // once

 private:
  std::uint64_t size_ = 0;
  crypto::Sha256 sha256_;
  proof::ChunkTree tree_;
};

absl::StatusOr<Digest> digest_of(const Path& file);

}  // namespace latchstring::evidence
