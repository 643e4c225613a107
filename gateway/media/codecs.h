// GStreamer for a process that will lose the file system: exactly the plugins that decode and
// encode, loaded by path, without a registry (which would be read, checked and written).
#pragma once

#include <absl/status/status.h>

namespace latchstring::media {

// Before anything else of GStreamer in the process. Idempotent. NotFound names the missing plugin.
absl::Status start_codecs();

}  // namespace latchstring::media
