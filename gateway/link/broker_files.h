// The files of the managed Mosquitto: configuration, ACL, certificates, password hashes.
// Private to gateway/link. Threads: the owner's.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <string_view>

#include "gateway/link/broker.h"

namespace latchstring::link {

// All but the passwords. `options.port` is the real one.
absl::Status write_broker_files(const BrokerOptions& options, std::string_view gateway_user);

// The server's certificate and its key alone.
absl::Status write_certificate(const Path& folder, const crypto::CertifiedKey& server);

Path broker_config(const Path& folder);

// user -> its line of the password file, `user:$7$...`.
using PasswordLines = std::map<std::string, std::string>;
absl::StatusOr<PasswordLines> read_passwords(const Path& folder);  // none there: empty
absl::Status write_passwords(const Path& folder, const PasswordLines& lines);

// The salted hash, made by mosquitto_passwd, which reads the password from a 0600 file in `folder`
// that is gone afterwards: never from its arguments.
absl::StatusOr<std::string> password_line(const Path& folder, std::string_view user,
                                          const crypto::Secret& password);

}  // namespace latchstring::link
