// How an officer logs in at a broker that somebody else runs: DIR/logins/HOST_PORT, mode 0600, two
// lines, user and secret. A household's own broker needs none: its tickets hold the secret.
// Threads: main. Limits: kLoginUserMax, kLoginSecretMax.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "gateway/base/files.h"
#include "gateway/crypto/secret.h"
#include "gateway/link/requester_link.h"

namespace latchstring::requester {

inline constexpr std::size_t kLoginUserMax = 200;    // bytes
inline constexpr std::size_t kLoginSecretMax = 200;  // bytes

// Takes the place of an earlier one for this broker (`mqtts://host[:port]`).
absl::Status keep_login(const Path& folder, std::string_view url, std::string_view user,
                        const crypto::Secret& secret);
// FailedPrecondition: none is kept for this broker.
absl::StatusOr<link::BrokerLogin> login_at(const Path& folder, std::string_view url);

// One line of a file descriptor that the caller opened; what follows it is left there.
absl::StatusOr<crypto::Secret> read_secret_line(int fd);

}  // namespace latchstring::requester
