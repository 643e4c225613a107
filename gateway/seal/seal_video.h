// The work of Sealer, without the stages: it makes no SealedClip, so nothing it writes can be
// offered. Private to seal and its tests.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "gateway/seal/gift_file.h"
#include "gateway/seal/seal.h"
#include "gateway/wire/objects.h"

namespace latchstring::seal {

// The manifest but for its files and frames.
wire::Manifest manifest_of(const GrantTerms& terms, const ReleasedVideo& video, int part,
                           const Context& context, const crypto::SigningKey& key);
// What must hold of every release, whoever cut and redacted it.
absl::Status check(const GrantTerms& terms, const ReleasedVideo& video, const Context& context);

// The same for a gift in a file (gift_file.h).
struct GiftPart {
  const GrantTerms& terms;
  const ReleasedVideo& video;
  int part;
  Instant signed_at;
  const evidence::Package& package;
};
absl::StatusOr<std::unique_ptr<const evidence::Package>> pack_video(const GrantTerms& terms,
                                                                    const ReleasedVideo& video,
                                                                    int part,
                                                                    const Context& context,
                                                                    const crypto::SigningKey& key);
absl::StatusOr<WrittenGift> write_gift(const std::vector<GiftPart>& parts,
                                       const std::vector<evidence::LedgerProof>& proofs,
                                       const GiftFile& file,
                                       const std::function<bool()>& cancelled);

struct SealedFiles {
  std::vector<SealedFile> files;  // the clip, the tar
  std::string delivery_jws;
};

absl::StatusOr<SealedFiles> seal_video(const GrantTerms& terms, const ReleasedVideo& video,
                                       int part, const Context& context,
                                       const crypto::SigningKey& key, const Path& folder,
                                       const std::function<bool()>& cancelled);

}  // namespace latchstring::seal
