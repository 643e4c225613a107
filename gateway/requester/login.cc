#include "gateway/requester/login.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "gateway/base/status.h"
#include "gateway/link/mqtt.h"
#include "gateway/requester/secret_file.h"

namespace latchstring::requester {
namespace {

absl::StatusOr<Path> login_file(const Path& folder, std::string_view url) {
  LS_ASSIGN(const link::BrokerAddress address, link::parse_broker_url(url));
  return folder / "logins" / fmt::format("{}_{}", address.host, address.port);
}

bool is_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= ' '; });
}

}  // namespace

absl::Status keep_login(const Path& folder, std::string_view url, std::string_view user,
                        const crypto::Secret& secret) {
  LS_ASSIGN(const Path file, login_file(folder, url));
  if (user.empty() || user.size() > kLoginUserMax || !is_line(user)) {
    return invalid("`{}` is no name of a user", user);
  }
  if (secret.empty() || secret.size() > kLoginSecretMax || !is_line(as_text(secret.view()))) {
    return invalid("the secret is not one line of 1 to {} bytes", kLoginSecretMax);
  }
  crypto::Secret content(user.size() + 1 + secret.size());
  auto out = std::copy(user.begin(), user.end(), content.bytes().begin());
  *out++ = '\n';
  std::copy(secret.view().begin(), secret.view().end(), out);
  LS_RETURN_IF_ERROR(make_folder(file.parent_path(), 0700));
  return write_file_durably(file, as_text(content.view()), 0600);
}

absl::StatusOr<link::BrokerLogin> login_at(const Path& folder, std::string_view url) {
  LS_ASSIGN(const Path file, login_file(folder, url));
  const auto content = read_secret(file);
  if (absl::IsNotFound(content.status())) {
    return not_now("the ticket holds no secret, and no login is kept for the broker `{}`", url);
  }
  if (!content.ok()) return content.status();
  const ByteView bytes = content->view();
  const auto end = std::find(bytes.begin(), bytes.end(), '\n');
  if (end == bytes.begin() || bytes.end() - end < 2) {
    return data_loss("`{}` is not a login: keep it again", file.string());
  }
  return link::BrokerLogin{std::string(bytes.begin(), end),
                           crypto::Secret::copy_of({end + 1, bytes.end()})};
}

absl::StatusOr<crypto::Secret> read_secret_line(int fd) {
  crypto::Secret line(kLoginSecretMax);
  std::size_t size = 0;
  while (true) {
    std::uint8_t byte = 0;
    const ssize_t count = ::read(fd, &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_status("cannot read the secret");
    if (count == 0 || byte == '\n') break;
    if (size == line.size()) return invalid("the secret has more than {} bytes", line.size());
    line.bytes()[size++] = byte;
  }
  return crypto::Secret::copy_of(line.view().first(size));
}

}  // namespace latchstring::requester
