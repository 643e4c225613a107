// A gift in a file: the household's own clip with its evidence as one ustar, in an age file that
// the passphrase alone opens. `age -d FILE | tar x` gives a folder that can be verified.
// It is made in two steps, since the ledger's proof goes into it: Sealer::pack() signs the
// manifests, the release is committed, then write_gift_file() writes.
// Threads: pack() on the release worker's; write_gift_file() on any, and it waits for the sink.
// Errors: the copy is not there; what the sink took is not a valid age file.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/evidence/evidence.h"
#include "gateway/seal/seal.h"

namespace latchstring::seal {

// A redacted clip with its signed manifest, made by Sealer::pack() alone; only write_gift_file()
// can do anything with it.
class PackedClip {
 public:
  const GrantTerms& terms() const { return clip_.terms(); }
  const ReleasedVideo& video() const { return clip_.video(); }
  int part() const { return part_; }
  Instant signed_at() const { return signed_at_; }
  const evidence::Package& package() const { return *package_; }
  std::string manifest_sha256() const;

 private:
  friend class Sealer;
  PackedClip(RedactedClip clip, int part, Instant signed_at,
             std::unique_ptr<const evidence::Package> package)
      : clip_(std::move(clip)), part_(part), signed_at_(signed_at), package_(std::move(package)) {}

  RedactedClip clip_;
  int part_;
  Instant signed_at_;
  std::unique_ptr<const evidence::Package> package_;
};

struct GiftFile {
  const crypto::Secret& passphrase;
  crypto::age::Sink sink;          // where the sealed file goes
  crypto::age::Recipient archive;  // the household's, for the copy
  Path copy;                       // the same ustar, sealed to it
};

struct WrittenGift {
  std::uint64_t bytes = 0;
  std::string sha256;  // of the sealed file
};

// One proof for each clip, in order. `cancelled` is asked between chunks.
absl::StatusOr<WrittenGift> write_gift_file(const std::vector<PackedClip>& clips,
                                            const std::vector<evidence::LedgerProof>& proofs,
                                            const GiftFile& file,
                                            const std::function<bool()>& cancelled);

}  // namespace latchstring::seal
