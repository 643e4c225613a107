// How somebody else's broker is dialled: by gateway.yaml, and the files and the credential that it
// names. The start and `latchstringd --check` read them here: what one refuses, the other does.
// Thread: any.
#pragma once

#include <absl/status/statusor.h>

#include "gateway/config/config.h"
#include "gateway/link/mqtt.h"

namespace latchstring::daemon {

inline constexpr std::uint64_t kPemBytesMax = 256 * 1024;

// The configuration's broker is a remote one. An error says which file or credential, and why.
absl::StatusOr<link::MqttOptions> dial_options(const config::Config& config);

}  // namespace latchstring::daemon
