// The small files that go with a clip, as the gateway makes them.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "gateway/base/terms.h"
#include "gateway/crypto/sign.h"
#include "gateway/evidence/sheet.h"
#include "gateway/evidence/ustar.h"

namespace latchstring::evidence {

struct Package {
  std::string manifest_jws;
  std::string frames_csv;
  std::string regions_json;
  std::string sheet_html;
  std::vector<TarFile> in_tar;  // views into the texts above: do not move them apart
};

// `facts.manifest` has everything but `files`; `clip` is the padded clip. An empty `regions_json`
// says that nothing was hidden in any picture. ResourceExhausted: the manifest is too large to be
// read again.
absl::StatusOr<std::unique_ptr<const Package>> make_package(SheetFacts facts,
                                                            const wire::NamedFile& clip,
                                                            const std::vector<FrameTime>& frames,
                                                            std::string regions_json,
                                                            const crypto::SigningKey& key);

}  // namespace latchstring::evidence
