#include "gateway/requester/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/base/status.h"

namespace latchstring::requester {
namespace {

constexpr std::string_view kKeyLine = "AGE-SECRET-KEY-1";

}  // namespace

absl::StatusOr<crypto::Secret> read_secret(const Path& file) {
  LS_ASSIGN(const UniqueFd fd, open_file(file, O_RDONLY));
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) {
    return errno_status(fmt::format("cannot read `{}`", file.string()));
  }
  if (!S_ISREG(found.st_mode)) return not_now("`{}` is not a file", file.string());
  if ((found.st_mode & 077) != 0) {
    return not_now("`{}` is a secret that others may read: chmod 600 it", file.string());
  }
  const auto size = static_cast<std::uint64_t>(found.st_size);
  if (size > kSecretFileMax) return exhausted("`{}` is too large for a key", file.string());
  crypto::Secret secret(size);
  LS_RETURN_IF_ERROR(within(file.string(), pread_all(fd.get(), secret.bytes(), 0)));
  return secret;
}

absl::Status write_new_secret(const Path& file, const crypto::Secret& secret) {
  const auto fd = open_file(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (absl::IsAlreadyExists(fd.status())) {
    return not_now("`{}` is there already; a key is never overwritten", file.string());
  }
  if (!fd.ok()) return fd.status();
  LS_RETURN_IF_ERROR(within(file.string(), write_all(fd->get(), secret.view())));
  if (::fsync(fd->get()) != 0) return errno_status(fmt::format("cannot sync `{}`", file.string()));
  return sync_folder(file.parent_path());
}

absl::StatusOr<crypto::SigningKey> read_signing_key(const Path& file) {
  LS_ASSIGN(const crypto::Secret seed, read_secret(file));
  if (seed.size() != 32) {
    return data_loss("`{}` is damaged: a signing key has 32 bytes, this has {}", file.string(),
                     seed.size());
  }
  return crypto::SigningKey::from_seed(seed.view());
}

absl::StatusOr<crypto::age::Identity> read_identity(const Path& file) {
  LS_ASSIGN(const crypto::Secret content, read_secret(file));
  const std::string_view text = as_text(content.view());
  const std::size_t start = text.find(kKeyLine);
  if (start == std::string_view::npos)
    return data_loss("`{}` is damaged: it holds no age identity", file.string());
  const std::string_view line = text.substr(start, text.find_first_of("\r\n", start) - start);
  auto identity = crypto::age::Identity::parse(as_bytes(line));
  if (identity.ok()) return identity;
  return data_loss("`{}` is damaged: {}", file.string(), message_of(identity.status()));
}

crypto::Secret identity_file(const crypto::age::Identity& identity, std::string_view comment) {
  const crypto::Secret key = identity.text();
  const std::string head =
      fmt::format("# {}\n# public key: {}\n", comment, identity.recipient().text());
  crypto::Secret content(head.size() + key.size() + 1);
  auto out = std::copy(head.begin(), head.end(), content.bytes().begin());
  out = std::copy(key.view().begin(), key.view().end(), out);
  *out = '\n';
  return content;
}

}  // namespace latchstring::requester
