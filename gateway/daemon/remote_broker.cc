#include "gateway/daemon/remote_broker.h"

#include <fcntl.h>

#include "gateway/base/status.h"
#include "gateway/crypto/x509.h"

namespace latchstring::daemon {
namespace {

absl::StatusOr<std::string> read_certificate(std::string_view key, const Path& file) {
  absl::StatusOr<std::string> pem = read_file(file, kPemBytesMax);
  if (!pem.ok()) return within(fmt::format("the broker's {}", key), pem.status());
  if (!crypto::certificate_validity(*pem).ok()) {
    return not_now("the broker's {}: `{}` holds no certificate in PEM form", key, file.string());
  }
  return pem;
}

}  // namespace

absl::StatusOr<link::MqttOptions> dial_options(const config::Config& config) {
  const config::RemoteBroker& remote = *config.broker.remote;
  link::MqttOptions options;
  LS_ASSIGN(options.address, link::parse_broker_url(remote.url));
  if (!remote.ca_file.empty()) {
    LS_ASSIGN(options.ca_pem, read_certificate("ca_file", remote.ca_file));
  }
  if (!remote.cert_file.empty()) {
    LS_RETURN_IF_ERROR(read_certificate("cert_file", remote.cert_file).status());
    // Of the key only that it is there: libmosquitto reads it by itself.
    LS_RETURN_IF_ERROR(
        within("the broker's key_file", open_file(remote.key_file, O_RDONLY).status()));
    options.cert_file = remote.cert_file;
    options.key_file = remote.key_file;
  }
  options.user = remote.user;
  if (!remote.password_credential.empty()) {
    const auto password = config::read_credential(config, remote.password_credential);
    if (!password.ok()) return within("the broker's password", password.status());
    options.password = crypto::Secret::copy_of(as_bytes(*password));
  }
  return options;
}

}  // namespace latchstring::daemon
