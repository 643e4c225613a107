// The work of Sealer, without the stages: it makes no SealedClip, so nothing it writes can be
// offered. Private to seal and its tests.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "gateway/seal/seal.h"

namespace latchstring::seal {

struct SealedFiles {
  std::vector<SealedFile> files;  // the clip, the tar
  std::string delivery_jws;
};

absl::StatusOr<SealedFiles> seal_video(const GrantTerms& terms, const ReleasedVideo& video,
                                       int part, const Context& context,
                                       const crypto::SigningKey& key, const Path& folder,
                                       const std::function<bool()>& cancelled);

}  // namespace latchstring::seal
